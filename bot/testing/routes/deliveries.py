"""The App's delivery log."""

from __future__ import annotations

import re
from datetime import timedelta
from urllib.parse import urlencode

from bot.testing.routing import Answer, Call, Refusal, invalid, not_found, route
from bot.testing.state import LoggedDelivery

WINDOW = timedelta(days=3)


def _kept(call: Call) -> list[LoggedDelivery]:
    """The deliveries of the last three days, newest first."""
    oldest = call.world.now() - WINDOW
    return [
        logged
        for logged in reversed(call.world.deliveries)
        if logged.delivered_at >= oldest and logged.app_id == call.app.id
    ]


@route("GET", "/app/hook/deliveries", who="app")
def deliveries(call: Call) -> Answer:
    """A page of the log by cursor; ``status`` is success or failure."""
    wanted = call.query("status")
    if wanted not in ("", "success", "failure"):
        raise invalid("HookDelivery", "invalid", "status", f"'{wanted}' is not success or failure")
    found = _kept(call)
    if wanted:
        found = [d for d in found if (200 <= d.status_code < 400) == (wanted == "success")]
    cursor = call.query("cursor")
    if cursor:
        match = re.fullmatch(r"v1_([0-9]{1,18})", cursor)
        if match is None:
            raise Refusal(400, "Invalid cursor")
        found = [d for d in found if d.id < int(match[1])]
    size = call.page_size()[1]
    shown, headers = found[:size], {}
    if len(found) > size:
        query = urlencode({**call.request.query, "cursor": f"v1_{shown[-1].id}"})
        headers["Link"] = f'<{call.world.base_url}/app/hook/deliveries?{query}>; rel="next"'
    return Answer(200, [call.world.render.delivery(d) for d in shown], headers)


@route("GET", "/app/hook/config", who="app")
def config(call: Call) -> Answer:
    """Where the App's events go."""
    body = {"content_type": "json", "insecure_ssl": "0", "secret": "********"}
    return Answer(200, body | ({"url": call.app.webhook_url} if call.app.webhook_url else {}))


def _delivery(call: Call) -> LoggedDelivery:
    wanted = call.number("delivery_id")
    found = next((d for d in _kept(call) if d.id == wanted), None)
    if found is None:
        raise not_found()
    return found


@route("GET", "/app/hook/deliveries/{delivery_id}", who="app")
def delivery(call: Call) -> Answer:
    """One delivery with the bodies of request and answer."""
    return Answer(200, call.world.render.full_delivery(_delivery(call)))


@route("POST", "/app/hook/deliveries/{delivery_id}/attempts", who="app")
def attempt(call: Call) -> Answer:
    """Ask for another delivery of the same event; it is sent after this answer."""
    found = _delivery(call)
    call.world.after(lambda: call.world.redeliver(found.id))
    return Answer(202, {})
