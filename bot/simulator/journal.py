"""What really happened at the simulated GitHub: the only witness that the oracles believe.

Every request, git exchange, event, delivery attempt and act of a person is one ``Entry``, kept in
memory and appended to a file as one JSON line, flushed at once. Tokens appear as digests only.
"""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, TextIO

from bot.testing.http import Response

GRAPHQL = "/graphql"
"""The path of GraphQL; every other path is REST."""


@dataclass(frozen=True, slots=True)
class Limit:
    """A refusal for calling too often.

    Args:
        resource: ``core``, ``graphql``, ``search``, ``content``, or ``all`` for secondary limits.
        until: epoch seconds; no call before.
    """

    resource: str
    until: float


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened.

    Args:
        seq: from 1, in the order of completion.
        kind: ``request``, ``git``, ``event``, ``delivery``, ``act`` or ``control``.
        at: epoch seconds at which it began.
        duration_s: until the last byte of the answer was sent.
        auth: ``app`` (JWT), ``installation``, ``none`` or ``unknown`` (a token we never minted).
        token: digest of the token, "" without one.
        installation_id: of the token.
        token_repository_ids: repositories that the token was narrowed to; None means all of its
            installation.
        permissions: of the token.
        repository_id: the repository that the path names, by id or by its name at that time.
        owner_installation_id: the installation that this repository belongs to.
        body: parsed JSON of a write.
        applied: the status that the fake gave; None when the request was never carried out.
        applied_at: epoch seconds at which it was carried out.
        status: the status that was sent; None when the connection was cut.
        fault: label of the fault rule that hit.
        result: ids in the fake's true answer (id, number, ...).
        limit: set when what was sent tells the caller to stay away.
        problems: where request or answer break GitHub's published description.
        detail: what else the kind knows (guid, ref, name of the act, ...); of a GraphQL document that was
            carried out: ``points``, connection ``requests``, ``nodes``, ids of ``repositories``, and
            the installations that these belong to (``owners``).
    """

    seq: int
    kind: str
    at: float
    duration_s: float = 0.0
    method: str = ""
    path: str = ""
    query: Mapping[str, str] = field(default_factory=dict)
    auth: str = "none"
    token: str = ""
    installation_id: int | None = None
    token_repository_ids: tuple[int, ...] | None = None
    permissions: Mapping[str, str] = field(default_factory=dict)
    repository_id: int | None = None
    owner_installation_id: int | None = None
    body: Any = None
    body_digest: str = ""
    applied: int | None = None
    applied_at: float = 0.0
    status: int | None = None
    fault: str = ""
    result: Mapping[str, Any] = field(default_factory=dict)
    limit: Limit | None = None
    problems: tuple[str, ...] = ()
    detail: Mapping[str, Any] = field(default_factory=dict)

    @property
    def wrote(self) -> bool:
        """A request that changed something: not a read, carried out, and successful."""
        return (
            self.kind == "request"
            and self.method not in ("GET", "HEAD")
            # The simulated GraphQL has no mutations.
            and self.path != GRAPHQL
            and self.applied is not None
            and 200 <= self.applied < 300
        )

    def to_json(self) -> dict[str, Any]:
        """As a JSON object; what is empty is left out."""
        values = {name: getattr(self, name) for name in _NAMES}
        if self.limit is not None:
            values["limit"] = asdict(self.limit)
        return {name: value for name, value in values.items() if value not in _EMPTY}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Entry:
        """The inverse of ``to_json``."""
        arguments = dict(value)
        if arguments.get("limit"):
            arguments["limit"] = Limit(**arguments["limit"])
        for name in ("token_repository_ids", "problems"):
            if arguments.get(name) is not None:
                arguments[name] = tuple(arguments[name])
        return cls(**arguments)


_NAMES = tuple(part.name for part in fields(Entry))
_EMPTY: tuple[object, ...] = (None, "", 0, {}, ())


class Journal:
    """Appends entries; thread-safe.

    Args:
        path: the JSON-lines file; it is continued when it exists. None keeps entries in memory only.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._entries: list[Entry] = []
        self._changed = threading.Condition()
        self._file: TextIO | None = path.open("a", encoding="utf-8") if path else None

    def append(self, kind: str, *, at: float | None = None, **values: Any) -> Entry:
        """Add an entry and return it; it is in the file when this returns."""
        with self._changed:
            entry = Entry(len(self._entries) + 1, kind, time.time() if at is None else at, **values)
            self._entries.append(entry)
            if self._file is not None:
                self._file.write(json.dumps(entry.to_json(), separators=(",", ":"), default=str) + "\n")
                self._file.flush()
            self._changed.notify_all()
        return entry

    def entries(self, *, since: int = 0, kind: str | None = None) -> list[Entry]:
        """Entries with a higher number than ``since``, oldest first."""
        with self._changed:
            chosen = self._entries[since:]
        return [entry for entry in chosen if kind is None or entry.kind == kind]

    def wait_for(
        self, condition: Callable[[Entry], bool], *, timeout_s: float, since: int = 0
    ) -> Entry | None:
        """The first entry that meets the condition; waits for it at most so long."""
        deadline = time.monotonic() + timeout_s
        seen = since
        while True:
            with self._changed:
                if len(self._entries) <= seen:
                    self._changed.wait(max(0.0, deadline - time.monotonic()))
                fresh = self._entries[seen:]
            for entry in fresh:
                if condition(entry):
                    return entry
            seen += len(fresh)
            if not fresh and time.monotonic() >= deadline:
                return None

    def close(self) -> None:
        """Close the file; entries stay readable."""
        with self._changed:
            if self._file is not None:
                self._file.close()
                self._file = None


def read_journal(path: Path) -> list[Entry]:
    """The entries of a journal file; a last line that was cut by a crash is left out."""
    entries = []
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            entries.append(Entry.from_json(json.loads(line)))
        except ValueError:
            break
    return entries


def digest(secret: str | bytes) -> str:
    """Names a token or body without telling it: 16 hexadecimal digits of its SHA-256."""
    raw = secret.encode() if isinstance(secret, str) else secret
    return hashlib.sha256(raw).hexdigest()[:16]


def limit_of(response: Response, at: float) -> Limit | None:
    """Whether an answer tells the caller to stay away, and until when.

    Retry-After wins; else, with nothing remaining, the reset; else 60 seconds, as GitHub's
    documentation on rate limits asks of clients.

    Args:
        at: epoch seconds at which the answer was sent.
    """
    headers = {name.lower(): value for name, value in response.headers.items()}
    spent = headers.get("x-ratelimit-remaining") == "0"
    text = response.body[:600].decode("utf-8", "replace")
    refused = response.status == 429 or (
        response.status == 403 and (spent or "retry-after" in headers or "rate limit" in text)
    )
    if not refused and not (response.status == 200 and spent and '"RATE_LIMITED"' in text):
        return None
    resource = headers.get("x-ratelimit-resource", "core") if spent else "all"
    if "content creation" in text:
        resource = "content"
    if "retry-after" in headers:
        return Limit(resource, at + float(headers["retry-after"]))
    if spent and "x-ratelimit-reset" in headers:
        return Limit(resource, float(headers["x-ratelimit-reset"]))
    return Limit(resource, at + 60)


@dataclass(frozen=True, slots=True)
class Traffic:
    """How GitHub was asked.

    Args:
        rest: calls of REST, without those that mint tokens.
        graphql: documents.
        points: that the documents cost, as GitHub rounds them.
        per_repository: repository -> its part of the documents' cost, in points, not rounded.
    """

    rest: int
    graphql: int
    points: int
    per_repository: Mapping[int, float]


def traffic(entries: Iterable[Entry]) -> Traffic:
    """Count calls, REST and GraphQL apart."""
    rest = graphql = points = 0
    shares: dict[int, float] = {}
    for entry in entries:
        if entry.kind != "request":
            continue
        if entry.path != GRAPHQL:
            rest += not entry.path.endswith("/access_tokens")
            continue
        graphql += 1
        points += entry.detail.get("points", 0)
        repositories = entry.detail.get("repositories", ())
        for repository in repositories:
            share = entry.detail["requests"] / 100 / len(repositories)
            shares[repository] = shares.get(repository, 0.0) + share
    return Traffic(rest, graphql, points, shares)


@dataclass(frozen=True, slots=True)
class CheckRunEffect:
    """A check run that people see.

    Args:
        conclusion: as last written; None while in progress.
    """

    id: int
    repository_id: int | None
    head_sha: str
    name: str
    external_id: str
    conclusion: str | None
    seq: int


@dataclass(frozen=True, slots=True)
class IssueEffect:
    """An issue that people see, as our writes left it."""

    number: int
    repository_id: int | None
    title: str
    body: str
    labels: tuple[str, ...]
    open: bool
    seq: int


def in_order(entries: Iterable[Entry]) -> list[Entry]:
    """Entries in the order in which they took effect."""
    return sorted(entries, key=lambda entry: (entry.applied_at or entry.at, entry.seq))


def check_runs(entries: Iterable[Entry]) -> list[CheckRunEffect]:
    """The check runs that were created, with the conclusion that was written last."""
    runs: dict[int, CheckRunEffect] = {}
    for entry in in_order(entries):
        if not entry.wrote or not isinstance(entry.body, Mapping):
            continue
        tail = _tail(entry.path)
        run_id = entry.result.get("id")
        if entry.method == "POST" and tail == ("check-runs",) and isinstance(run_id, int):
            runs[run_id] = CheckRunEffect(
                run_id,
                entry.repository_id,
                str(entry.body.get("head_sha", "")),
                str(entry.body.get("name", "")),
                str(entry.body.get("external_id") or ""),
                entry.body.get("conclusion"),
                entry.seq,
            )
        elif entry.method == "PATCH" and tail[:1] == ("check-runs",) and int(tail[1]) in runs:
            before = runs[int(tail[1])]
            runs[before.id] = CheckRunEffect(
                before.id,
                before.repository_id,
                before.head_sha,
                str(entry.body.get("name") or before.name),
                str(entry.body.get("external_id") or before.external_id),
                entry.body.get("conclusion") or before.conclusion,
                entry.seq,
            )
    return list(runs.values())


def issues(entries: Iterable[Entry]) -> list[IssueEffect]:
    """The issues that were created, as the last write left them.

    What people close or reopen (acts of the control plane) counts too.
    """
    found: dict[tuple[int | None, int], IssueEffect] = {}
    for entry in in_order(entries):
        if entry.kind == "event" and entry.detail.get("event") == "issues":
            _issue_event(found, entry)
        if not entry.wrote or not isinstance(entry.body, Mapping):
            continue
        tail = _tail(entry.path)
        number = entry.result.get("number")
        if entry.method == "POST" and tail == ("issues",) and isinstance(number, int):
            found[entry.repository_id, number] = IssueEffect(
                number,
                entry.repository_id,
                str(entry.body.get("title", "")),
                str(entry.body.get("body") or ""),
                tuple(map(str, entry.body.get("labels") or ())),
                True,
                entry.seq,
            )
        elif entry.method == "PATCH" and len(tail) == 2 and tail[0] == "issues" and tail[1].isdigit():
            before = found.get((entry.repository_id, int(tail[1])))
            if before is not None:
                found[entry.repository_id, before.number] = IssueEffect(
                    before.number,
                    before.repository_id,
                    str(entry.body.get("title", before.title)),
                    str(entry.body.get("body", before.body) or ""),
                    tuple(map(str, entry.body.get("labels", before.labels) or ())),
                    {"open": True, "closed": False}.get(str(entry.body.get("state")), before.open),
                    entry.seq,
                )
    return list(found.values())


def effects(entries: Iterable[Entry]) -> tuple[list[CheckRunEffect], list[IssueEffect]]:
    """Everything of ours that people see: (check runs, issues)."""
    kept = list(entries)
    return check_runs(kept), issues(kept)


def _issue_event(found: dict[tuple[int | None, int], IssueEffect], entry: Entry) -> None:
    number = entry.detail.get("number")
    key = (entry.repository_id, number) if isinstance(number, int) else None
    state = {"closed": False, "deleted": False, "transferred": False, "reopened": True}
    action = str(entry.detail.get("action"))
    if key is not None and key in found and action in state:
        found[key] = replace(found[key], open=state[action])


def _tail(path: str) -> tuple[str, ...]:
    """The segments after the repository: ``/repos/o/r/issues/7`` gives ("issues", "7")."""
    parts = path.strip("/").split("/")
    skipped = {"repos": 3, "repositories": 2}.get(parts[0], 0)
    return tuple(parts[skipped:])
