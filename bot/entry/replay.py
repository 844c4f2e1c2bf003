"""``plumbline replay``: deliveries from GitHub's own log, taken in once more."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import click

from bot.config.settings import Settings, from_environment
from bot.entry import wiring
from bot.entry.progress import progress
from bot.entry.tables import printable, show, show_json
from bot.model.errors import Gone, UserError
from bot.model.events import Acceptance, Delivery, Lane
from bot.ports import HookDelivery
from bot.scale.gaps import WINDOW

if TYPE_CHECKING:
    from bot.adapters.github import GitHubApp

HOOK_ID = "0"
"""Of deliveries that a person brings in; GitHub's begin at 1."""

_SPAN = re.compile(r"(\d{1,5})([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}

_SAID = {
    Acceptance.NEW: "replayed",
    Acceptance.REOPENED: "replayed",
    Acceptance.OPEN: "waits already",
    Acceptance.DONE: "was replayed before (--again does it once more)",
}


@click.command("replay")
@click.argument("deliveries", nargs=-1, metavar="[DELIVERY]...")
@click.option(
    "--since", help="All that were sent since then: 90m, 12h, 3d, or a date such as 2026-03-14T09:26."
)
@click.option("--until", help="And before then; now when not given.")
@click.option("--event", help="Only this event, such as pull_request.")
@click.option("--failed", is_flag=True, help="Only those that were not answered with 2xx.")
@click.option("--dry-run", is_flag=True, help="List them and do nothing.")
@click.option("--again", is_flag=True, help="Also those that were replayed before.")
@click.option("--json", "as_json", is_flag=True, help="One JSON list.")
def replay(
    deliveries: tuple[str, ...],
    since: str | None,
    until: str | None,
    event: str | None,
    failed: bool,
    dry_run: bool,
    again: bool,
    as_json: bool,
) -> None:
    """Take deliveries in once more from GitHub's log, which goes back three days.

    DELIVERY is a GUID (X-GitHub-Delivery) or the number in the log; without one give --since. The
    ledger gets them as if they had just arrived, and the workers do what they ask for. That is
    harmless: what was published is found and not published twice.
    """
    if bool(deliveries) == bool(since):
        raise click.UsageError("name DELIVERIES, or give --since")
    now = datetime.now(UTC)
    wanted = Wanted(
        frozenset(deliveries),
        moment(since, now) if since else now - WINDOW,
        moment(until, now) if until else now,
        event,
        failed,
    )
    settings = from_environment(os.environ)
    with _github(settings) as (github, transport), progress("Reading the delivery log") as tell:
        found = chosen(github.hook_deliveries(since=wanted.since), wanted)
        missing = wanted.ids - {name for entry in found for name in (entry.guid, str(entry.id))}
        if missing:
            raise UserError(
                f"GitHub's log has no delivery {', '.join(sorted(missing))[:200]}; it goes back three days"
            )
        results = []
        for number, entry in enumerate(found, start=1):
            tell(f"Replaying {number} of {len(found)}")
            said = (
                "not replayed (dry run)" if dry_run else _replay(github, transport, entry, now, again=again)
            )
            results.append((entry, said))
        if not dry_run and found and transport.ledger.want_drain():
            transport.queue.hint_drain()
    _tell(results, as_json=as_json)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entries of the log are meant.

    Args:
        ids: GUIDs and numbers; empty means all of the time.
        event: None means any.
    """

    ids: frozenset[str]
    since: datetime
    until: datetime
    event: str | None = None
    failed: bool = False


def chosen(log: Iterable[HookDelivery], wanted: Wanted) -> list[HookDelivery]:
    """The entries that are meant, oldest first; of several attempts at one event the newest.

    Args:
        log: newest first.
    """
    attempts: dict[str, HookDelivery] = {}
    for entry in log:
        named = not wanted.ids or entry.guid in wanted.ids or str(entry.id) in wanted.ids
        timely = wanted.since <= entry.delivered_at <= wanted.until
        if named and timely and wanted.event in (None, entry.event):
            attempts.setdefault(entry.guid, entry)
    return [entry for entry in reversed(attempts.values()) if not (wanted.failed and entry.succeeded)]


def moment(text: str, now: datetime) -> datetime:
    """A moment from ``12h`` (before now) or an ISO date, in UTC unless it says otherwise.

    Raises:
        UserError: it is neither.
    """
    span = _SPAN.fullmatch(text.strip())
    if span:
        return now - timedelta(**{_UNITS[span[2]]: int(span[1])})
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        raise UserError(
            f"{text[:60]!r} is no time; write 90m, 12h, 3d, or a date such as 2026-03-14T09:26"
        ) from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


@contextmanager
def _github(settings: Settings) -> Iterator[tuple[GitHubApp, wiring.Transport]]:
    from bot.adapters import github
    from bot.adapters.clock import SystemClock
    from bot.adapters.metrics import PrometheusMetrics
    from bot.entry.environment import prepare_home

    settings = prepare_home(settings)
    wiring.require_credentials(settings)
    with wiring.redis_at_hand(settings) as found:
        transport = wiring.build_transport(found, check=False)
        try:
            app = github.build(
                found, ledger=transport.ledger, clock=SystemClock(), metrics=PrometheusMetrics()
            )
            yield app, transport
        finally:
            transport.client.close()


def _replay(
    github: GitHubApp, transport: wiring.Transport, entry: HookDelivery, now: datetime, *, again: bool
) -> str:
    from bot.web.receiver import fairness_key

    try:
        body = github.hook_delivery_body(entry.id)
    except Gone:
        return "GitHub has forgotten it"
    lane = wiring.load_registry().lanes.get(entry.event, Lane.EVENT)
    guid = entry.guid
    accepted = transport.ledger.accept(Delivery(HOOK_ID, guid, entry.event, lane, fairness_key(body), body))
    if accepted is Acceptance.DONE and again:
        guid = f"{entry.guid}-{now:%Y%m%dT%H%M%S}"
        accepted = transport.ledger.accept(
            Delivery(HOOK_ID, guid, entry.event, lane, fairness_key(body), body)
        )
    return _SAID[accepted]


def _tell(results: list[tuple[HookDelivery, str]], *, as_json: bool) -> None:
    if as_json:
        show_json([_plain(entry, said) for entry, said in results])
        return
    rows = [
        (
            entry.guid,
            str(entry.id),
            f"{entry.delivered_at:%Y-%m-%d %H:%M:%S}",
            f"{entry.event}.{entry.action}" if entry.action else entry.event,
            str(entry.status_code or "no answer"),
            said,
        )
        for entry, said in results
    ]
    show(("guid", "number", "sent (UTC)", "event", "answered", "now"), rows, empty="there are none")


def _plain(entry: HookDelivery, said: str) -> dict[str, object]:
    return {
        "guid": entry.guid,
        "id": entry.id,
        "delivered_at": entry.delivered_at.isoformat(timespec="seconds"),
        "event": entry.event,
        "action": entry.action or None,
        "status_code": entry.status_code,
        "installation_id": entry.installation_id,
        "repository_id": entry.repository_id,
        "now": printable(said),
    }
