"""Plumbline's own page: what arrived, what is being done, what was answered, how repositories are.

Read-only: there is no form on it, and GET changes nothing. Shown to a browser on this machine only
(``bot.web.loopback``), unless the operator says otherwise.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Lock
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, render_template, request

from bot import assets
from bot.config.settings import PagesFor
from bot.model.errors import LedgerUnavailable, PlumblineError
from bot.model.verdicts import Severity
from bot.model.work import LedgerStats, Record, State
from bot.ports import (
    CHECK_RUN_EFFECT,
    COMMAND_EFFECT,
    EVERYWHERE,
    Ledger,
    RecentEffect,
    Standing,
    Stop,
    Store,
)
from bot.web.loopback import why_not

ROWS = 25
"""Records in each table."""

REPOSITORIES = 200
"""Repositories shown; the worst first."""

SEEN = (CHECK_RUN_EFFECT, COMMAND_EFFECT, "config", "issue")
"""Kinds of effects that people see; the others are for our own memory."""

FRESH_S = 0.5
"""For how long one look at ledger and store serves everybody."""

_NUMBER = re.compile(r":(\d{1,19})(?::|$)")
_PULL = re.compile(r"pull:(\d+)")
_TONES = {
    "success": "success",
    "neutral": "neutral",
    "failure": "failure",
    State.OPEN.value: "pending",
    State.LEASED.value: "pending",
    State.DONE.value: "success",
    State.PARKED.value: "failure",
}


@dataclass(frozen=True, slots=True)
class Row:
    """A delivery or a work, with the repository that it is about."""

    record: Record
    repository: str
    address: str


@dataclass(frozen=True, slots=True)
class Answered:
    """Something of ours on GitHub, in words and with its address ("" when it has none)."""

    what: str
    tone: str
    repository: str
    text: str
    address: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that the page shows.

    Args:
        problems: why a part is missing, one sentence each.
    """

    now: datetime
    stats: LedgerStats | None = None
    deliveries: Sequence[Row] = ()
    works: Sequence[Row] = ()
    answers: Sequence[Answered] = ()
    standings: Sequence[Standing] = ()
    problems: Sequence[str] = field(default=())

    @property
    def open_work(self) -> int:
        """Works that wait, in all lanes."""
        return sum(self.stats.open_work.values()) if self.stats else 0

    @property
    def with_findings(self) -> int:
        """Repositories in which a check fails."""
        return sum(bool(standing.findings) for standing in self.standings)


class Watcher:
    """Looks at ledger and store for the page; safe to share between threads.

    Args:
        store: opened when somebody looks for the first time.
    """

    def __init__(
        self, ledger: Ledger, store: Callable[[], Store], *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._ledger = ledger
        self._open = store
        self._monotonic = monotonic
        self._lock = Lock()
        self._seen: Snapshot | None = None
        self._seen_at = float("-inf")

    def look(self) -> Snapshot:
        """The state of half a second ago, or of now."""
        with self._lock:
            if self._seen is None or self._monotonic() - self._seen_at > FRESH_S:
                self._seen = self._look()
                self._seen_at = self._monotonic()
            return self._seen

    def _look(self) -> Snapshot:
        problems: list[str] = []
        stats, deliveries, works = None, [], []
        try:
            stats = self._ledger.stats()
            deliveries, works = self._ledger.recent("delivery", ROWS), self._ledger.recent("work", ROWS)
        except LedgerUnavailable as error:
            problems.append(f"The ledger does not answer: {error}")
        answers: list[Answered] = []
        standings: list[Standing] = []
        names: Mapping[int, tuple[str, str]] = {}
        try:
            store = self._open()
            answers = [_answered(effect) for effect in store.recent_effects(SEEN, ROWS)]
            standings = sorted(store.standings(), key=_badness)[:REPOSITORIES]
            names = store.names(about(record) for record in (*deliveries, *works))
            problems += [_stopped(stop) for stop in store.stops()]
        except PlumblineError as error:
            problems.append(f"The database does not answer: {error}")
        return Snapshot(
            now=datetime.now(UTC),
            stats=stats,
            deliveries=[_row(record, names) for record in deliveries],
            works=[_row(record, names) for record in works],
            answers=answers,
            standings=standings,
            problems=problems,
        )


def _stopped(stop: Stop) -> str:
    where = "anywhere" if stop.installation_id == EVERYWHERE else f"for installation {stop.installation_id}"
    since = f"{stop.at:%Y-%m-%d %H:%M} UTC"
    return f"Nothing is written by itself {where} since {since}; `plumbline resume` ends that."


def about(record: Record) -> int:
    """The repository that a record is about, 0 when none can be told."""
    if record.repository_id:
        return record.repository_id
    if record.kind == "work" and record.payload:
        payload: Any = json.loads(record.payload)
        named = payload.get("repository_id") if isinstance(payload, Mapping) else None
        return named if isinstance(named, int) else 0
    # Payloads of finished works are not kept; keys of works on repositories name them first.
    found = _NUMBER.search(record.key)
    return int(found[1]) if found else 0


def _row(record: Record, names: Mapping[int, tuple[str, str]]) -> Row:
    name, address = names.get(about(record), ("", ""))
    return Row(record, name, address)


def _badness(standing: Standing) -> tuple[Any, ...]:
    worst = max(standing.findings, default=-1)
    return (-worst, -standing.findings.get(worst, 0), -sum(standing.findings.values()), standing.full_name)


def _answered(effect: RecentEffect) -> Answered:
    note = effect.note
    if effect.kind == CHECK_RUN_EFFECT:
        pull = _PULL.fullmatch(effect.key)
        where = f" on #{pull[1]}" if pull else ""
        conclusion = str(note.get("conclusion", ""))
        return _of(effect, f"check run{where}", _TONES.get(conclusion, "neutral"), note.get("title"), "runs")
    if effect.kind == "config":
        return _of(effect, "policy check", "neutral", "Said what is wrong with the policy", "runs")
    if effect.kind == "issue":
        closed = bool(note.get("closed_by_us"))
        text = "Closed, all is well" if closed else "Kept up to date"
        return _of(
            effect, f"health issue #{effect.number}", "success" if closed else "neutral", text, "issues"
        )
    done, issue = len(note.get("answers") or {}), note.get("issue")
    text = f"Answered {done} command{'' if done == 1 else 's'}"
    # Without a number the answer is not posted yet, or was before issues were kept.
    linked = isinstance(issue, int) and effect.number
    return _of(
        effect, "reply", "neutral", text, "issues" if linked else "", f"{issue}#issuecomment-{effect.number}"
    )


def _of(effect: RecentEffect, what: str, tone: str, text: Any, place: str, name: str = "") -> Answered:
    # Only a web address may become a link, whatever the store holds.
    fit = place and urlsplit(effect.html_url).scheme in ("http", "https")
    address = f"{effect.html_url}/{place}/{name or effect.number}" if fit else ""
    return Answered(what, tone, effect.full_name, str(text or ""), address, effect.saved_at)


def age(at: datetime, now: datetime) -> str:
    """How long ago, in one unit."""
    seconds = max(0, int((now - at).total_seconds()))
    for unit, size in (("d", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= size:
            return f"{seconds // size} {unit} ago"
    return f"{seconds} s ago" if seconds >= 2 else "now"


def web_root(api_root: str) -> str:
    """Where people look, from the root of the API."""
    if api_root == "https://api.github.com":
        return "https://github.com"
    return api_root.removesuffix("/api/v3")


def create_dashboard(watcher: Watcher, *, pages: PagesFor, github_url: str | Callable[[], str]) -> Blueprint:
    """The page at ``/`` and its assets under ``/-/``."""
    blueprint = Blueprint("dashboard", __name__, template_folder="templates")

    @blueprint.before_request
    def guard() -> tuple[str, int] | None:
        if pages is PagesFor.NOBODY:
            return "not found\n", 404
        reason = why_not(request) if pages is PagesFor.LOOPBACK else ""
        return (f"{reason}; see PLUMBLINE_PAGES\n", 403) if reason else None

    @blueprint.after_request
    def harden(response: Response) -> Response:
        for name, value in assets.PAGE_HEADERS.items():
            response.headers.setdefault(name, value)
        if response.mimetype == "text/html" and response.status_code >= 400:
            response.headers["Content-Type"] = "text/plain; charset=utf-8"
        return response

    @blueprint.get("/")
    def dashboard() -> str:
        return render_template(
            "dashboard.html",
            seen=watcher.look(),
            age=age,
            tones=_TONES,
            severities=sorted(Severity, reverse=True),
            github=web_root(github_url() if callable(github_url) else github_url),
            version=assets.version(),
        )

    @blueprint.get("/-/<name>")
    def asset(name: str) -> Response | tuple[str, int]:
        if name not in assets.TYPES:
            return "not found\n", 404
        response = Response(assets.read(name), content_type=assets.TYPES[name])
        response.headers["Cache-Control"] = assets.KEPT
        return response

    return blueprint
