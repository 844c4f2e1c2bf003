"""The page on which people register an App from a manifest, as GitHub's looks to a browser and to us.

A POST from another site only shows the page; the App is made by the button on it.

Source: GitHub Docs, "Registering a GitHub App from a manifest".
"""

from __future__ import annotations

import json
import re
import secrets
from html import escape
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from bot.simulator.http_server import Arrived
from bot.testing.http import Response
from bot.testing.registration import problems_of
from bot.testing.state import Account

if TYPE_CHECKING:
    from bot.simulator.server import Simulator

FORM_LIMIT = 1024 * 1024
_PATH = re.compile(r"(?:/organizations/([^/]+))?/settings/apps/(new|create)")
_POLICY = "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'"
_TOKEN = secrets.token_hex(16)
"""Of the page's own form; good for one process."""


def is_registration(path: str) -> bool:
    """An address below which Apps are registered."""
    return _PATH.fullmatch(path) is not None


def answer(simulator: Simulator, arrived: Arrived) -> Response:
    """Show the page, or make the App and lead the browser back with a code."""
    found = _PATH.fullmatch(arrived.path)
    login = unquote(found[1]) if found and found[1] else "octocat"
    owner = simulator.fake.accounts.get(login.lower())
    if owner is None or (found and found[1] and owner.type != "Organization"):
        return _page(404, "Not found", f"<p>There is no organisation {escape(login)}.</p>")
    if arrived.length > FORM_LIMIT:
        return _page(413, "Too large", "<p>The form is too large.</p>")
    form = dict(parse_qsl(arrived.body.read().decode("utf-8", "replace"), keep_blank_values=True))
    if found and found[2] == "create":
        return _create(simulator, arrived, owner, form)
    return _show(simulator, arrived, owner, form)


def _show(simulator: Simulator, arrived: Arrived, owner: Account, form: dict[str, str]) -> Response:
    if arrived.method != "POST":
        text = "<p>This GitHub registers Apps from a manifest only: POST one here as the field manifest.</p>"
        return _page(200, "Register new GitHub App", text)
    manifest = _parsed(form.get("manifest", ""))
    problems = problems_of(manifest, frozenset(app.slug for app in simulator.fake.apps.values()))
    if problems and not _only_name(problems):
        listed = "".join(f"<li>{escape(problem)}</li>" for problem in problems)
        return _page(422, "Invalid GitHub App configuration", f'<ul role="alert">{listed}</ul>')
    path = arrived.path.removesuffix("/new") + "/create"
    return _form(
        200, path, owner, manifest, form.get("manifest", ""), arrived.query.get("state", ""), problems
    )


def _create(simulator: Simulator, arrived: Arrived, owner: Account, form: dict[str, str]) -> Response:
    own = simulator.base_url.partition("://")[2]
    foreign = urlsplit(arrived.headers.get("origin", f"http://{own}")).netloc != own
    if arrived.method != "POST" or foreign or form.get("token") != _TOKEN:
        return _page(422, "Nothing was done", "<p>This form did not come from the page that shows it.</p>")
    manifest = _parsed(form.get("manifest", ""))
    chosen = {**manifest, "name": form.get("name", "")} if isinstance(manifest, dict) else {}
    try:
        code = simulator.fake.register_app(owner.login, chosen, actor=(owner.owner or owner).login)
    except ValueError as error:
        return _form(
            422, arrived.path, owner, chosen, form.get("manifest", ""), form.get("state", ""), [str(error)]
        )
    simulator.journal.append("act", detail={"name": "register_app", "arguments": {"owner": owner.login}})
    query = {"code": code} | ({"state": form["state"]} if form.get("state") else {})
    place = str(chosen["redirect_url"])
    return Response(302, {"Location": f"{place}{'&' if '?' in place else '?'}{urlencode(query)}"})


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _only_name(problems: list[str]) -> bool:
    return all(problem.startswith("Name ") for problem in problems)


def _form(
    status: int, path: str, owner: Account, manifest: Any, raw: str, state: str, problems: list[str]
) -> Response:
    permissions = manifest.get("default_permissions") or {}
    rows = "".join(f"<li>{escape(name)}: {escape(level)}</li>" for name, level in permissions.items())
    said = "".join(f'<p role="alert">{escape(problem)}</p>' for problem in problems)
    hidden = "".join(
        f'<input type="hidden" name="{name}" value="{escape(value)}">'
        for name, value in (("manifest", raw), ("state", state), ("token", _TOKEN))
    )
    return _page(
        status,
        f"Create GitHub App for {escape(owner.login)}",
        f"""{said}<p>It asks for</p><ul>{rows}</ul>
<form method="post" action="{escape(path)}">{hidden}
<p><label for="name">GitHub App name</label>
<input id="name" name="name" value="{escape(str(manifest.get("name", "")))}" required></p>
<button class="button primary">Create GitHub App for {escape(owner.login)}</button></form>""",
    )


def _page(status: int, title: str, content: str) -> Response:
    body = f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title} · Simulated GitHub</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><link rel="stylesheet" href="/-/site.css"></head>
<body><main><h1>{title}</h1>{content}</main></body></html>
"""
    headers = {
        "Content-Type": "text/html; charset=utf-8",
        "Content-Security-Policy": _POLICY,
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
    }
    return Response(status, headers, body.encode())
