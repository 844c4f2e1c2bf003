"""``Ledger`` on Redis: every decision is a Lua script that runs by Redis' own clock.

What lies in Redis, and why it holds, is told at the top of ``common.lua``. Every key has a finite
lifetime. Redis 6.2 or newer; not Redis Cluster (the scripts build their keys).
"""

from __future__ import annotations

import json
import random
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from redis import Redis
from redis.exceptions import NoScriptError, RedisError

from bot.adapters.ledger.scripts import Script, load
from bot.adapters.redact import redact
from bot.model.errors import LeaseLost, LedgerUnavailable
from bot.model.events import Acceptance, Delivery, Lane
from bot.model.work import (
    WORK_VERSION,
    Claim,
    ClaimedDelivery,
    ClaimedWork,
    LedgerStats,
    Record,
    State,
    Work,
)

DAY = 86_400
LETTERS = {lane: lane.value[0] for lane in Lane}
LANES = {letter: lane for lane, letter in LETTERS.items()}
KINDS = {"d": "delivery", "w": "work"}
STATES = {state.value[0]: state for state in State}
ACCEPTANCES = {0: Acceptance.NEW, 1: Acceptance.OPEN, 2: Acceptance.REOPENED, 3: Acceptance.DONE}
MAX_ACTION = 50
MAX_TEXT = 500
"""Longest error or result that a record keeps, in characters."""


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """How long things are kept and when they are looked at again; seconds (``_s``) or milliseconds.

    Args:
        open_s: a record that waits or is worked on, since its last change.
        guid_s: a routed delivery: how long its GUID is remembered.
        done_s: a finished work.
        parked_s: a parked record, generations, publications, the epoch.
        look_ms: from a hint to the sweeper's first look; doubles with every look.
        backoff_ms: before the second attempt; doubles with every attempt, plus jitter.
        backoff_max_ms: ceiling of that.
        drain_flag_ms: how long one hint for a drain keeps others back.
    """

    open_s: int = 8 * DAY
    guid_s: int = 8 * DAY
    done_s: int = DAY
    parked_s: int = 30 * DAY
    look_ms: int = 10_000
    backoff_ms: int = 5_000
    backoff_max_ms: int = 600_000
    drain_flag_ms: int = 2_000


class RedisLedger:
    """The ledger of one Redis database; any number of processes and threads share it.

    Args:
        client: from ``bot.adapters.redis_client.connect``: its timeouts bound every call to 2 s.
        lease_s: how long a claim lasts unless renewed.
        attempts_cap: a record is parked when this many attempts have failed.
        jitter: draws from 0 to 1; spreads retries.
        body_limit: bodies of more bytes are not kept, only their reference.
        ledger_bytes: ceiling for all bodies together.
        work_version: newest version of work that this process knows.
    """

    def __init__(
        self,
        client: Redis,
        *,
        lease_s: float = 60,
        attempts_cap: int = 5,
        jitter: Callable[[], float] = random.random,
        body_limit: int = 256 * 1024,
        ledger_bytes: int = 256 * 1024 * 1024,
        work_version: int = WORK_VERSION,
        lifetimes: Lifetimes | None = None,
    ) -> None:
        self._client = client
        self._lease_ms = int(lease_s * 1000)
        self._cap = attempts_cap
        self._jitter = jitter
        self._body_limit = body_limit
        self._version = work_version
        self._lifetimes = lifetimes or Lifetimes()
        self._constants: dict[str, int] = {**asdict(self._lifetimes), "ceiling": ledger_bytes}
        self._scripts: dict[str, Script] = {}
        self._accept = load("accept", self._constants)

    @property
    def lease_s(self) -> float:
        """How long a claim lasts unless renewed."""
        return self._lease_ms / 1000

    def accept(self, delivery: Delivery) -> Acceptance:
        """Record a delivery once; raises LedgerUnavailable when the byte ceiling is reached."""
        with _translated():
            return _accepted(self._accept(self._client, *self._arguments(delivery)))

    def accept_many(self, deliveries: Sequence[Delivery]) -> list[Acceptance | LedgerUnavailable]:
        """Record each as ``accept`` does, all in one round trip; errors stand in their places."""
        with _translated(), self._client.pipeline(transaction=False) as pipeline:
            execute: Callable[..., Any] = pipeline.execute_command
            for delivery in deliveries:
                execute("EVALSHA", self._accept.sha, 0, *self._arguments(delivery))
            codes = pipeline.execute(raise_on_error=False)
        return [self._outcome(delivery, code) for delivery, code in zip(deliveries, codes, strict=True)]

    def _outcome(self, delivery: Delivery, code: Any) -> Acceptance | LedgerUnavailable:
        try:
            if isinstance(code, NoScriptError):
                return self.accept(delivery)
            with _translated():
                if isinstance(code, Exception):
                    raise code
                return _accepted(code)
        except LedgerUnavailable as error:
            return error

    def _arguments(self, delivery: Delivery) -> tuple[str | bytes, ...]:
        body = delivery.body if len(delivery.body) <= self._body_limit else b""
        return (delivery.id, delivery.event, LETTERS[delivery.lane], delivery.fairness_key, body)

    def claim_deliveries(self, limit: int) -> list[ClaimedDelivery]:
        """Lease due deliveries: interactive first, then event, then sweep; round robin inside."""
        return _deliveries(self._run("claim_deliveries", limit, self._lease_ms, ""))

    def claim_delivery(self, delivery_id: str) -> ClaimedDelivery | None:
        """Lease this delivery if it is open and due."""
        claimed = _deliveries(self._run("claim_deliveries", 1, self._lease_ms, delivery_id))
        return claimed[0] if claimed else None

    def complete_delivery(
        self, claim: Claim, works: Sequence[Work], *, action: str = "", repository_id: int = 0
    ) -> list[str]:
        """Write the works, mark the delivery done, drop its body; returns the works' ids in order."""
        about = f"{repository_id} {action[:MAX_ACTION]}"
        answer = self._run("complete_delivery", claim.id, claim.fence, about, *_flat(works))
        if not answer:
            raise LeaseLost(f"delivery {claim.id} is no longer ours")
        return [id_ for id_ in _text(answer[0]).split(",") if id_]

    def submit(self, works: Sequence[Work]) -> list[str]:
        """Write works, merging each with an equal one that waits; returns their ids in order."""
        if not works:
            return []
        return [_text(id_) for id_ in self._run("submit", *_flat(works))]

    def claim_work(self, lane: Lane, work_id: str | None = None) -> ClaimedWork | None:
        """Lease the named work, or else the lane's next due one."""
        answer = self._run("claim_work", LETTERS[lane], self._version, self._lease_ms, work_id or "")
        if not answer:
            return None
        id_, fence, attempt, job, key, letter, installation, payload, version, waited, alone = answer
        return ClaimedWork(
            claim=Claim("work", _text(id_), int(fence), int(attempt)),
            work=Work(
                job=_text(job),
                key=_text(key),
                lane=LANES[_text(letter)],
                installation_id=int(installation),
                payload=merge_payloads(_text(payload)),
                version=int(version),
            ),
            waited_s=max(0, int(waited)) / 1000,
            alone=alone == 1,
        )

    def renew(self, claims: Sequence[Claim]) -> list[bool]:
        """Extend leases; False for each that another claim or the sweeper has ended."""
        if not claims:
            return []
        parts: list[str | int] = []
        for claim in claims:
            parts += [claim.kind[0], claim.id, claim.fence]
        return [flag == 1 for flag in self._run("renew", self._lease_ms, *parts)]

    def holds(self, claim: Claim) -> bool:
        """The claim's fence is still the newest and its lease has not ended."""
        return bool(self._run("holds", claim.kind[0], claim.id, claim.fence) == 1)

    def complete_work(self, claim: Claim, result: str = "") -> None:
        """Mark done; the work that waits behind it becomes due."""
        if self._run("complete_work", claim.id, claim.fence, redact(result)[:MAX_TEXT]) != 1:
            raise LeaseLost(f"work {claim.id} is no longer ours")

    def postpone(self, claim: Claim, until: datetime, reason: str) -> None:
        """Give back until a date without counting the attempt."""
        due = int(until.timestamp() * 1000)
        if self._run("postpone", claim.kind[0], claim.id, claim.fence, due, redact(reason)[:MAX_TEXT]) != 1:
            raise LeaseLost(f"{claim.kind} {claim.id} is no longer ours")

    def fail(self, claim: Claim, error: str, *, permanent: bool = False) -> bool:
        """Give back with back-off, or park; True when it is parked now."""
        code = self._run(
            "fail",
            claim.kind[0],
            claim.id,
            claim.fence,
            redact(error)[:MAX_TEXT],
            int(permanent),
            self._cap,
            self._jitter(),
        )
        if code < 0:
            raise LeaseLost(f"{claim.kind} {claim.id} is no longer ours")
        return bool(code == 1)

    def sweep(self, limit: int = 500) -> list[tuple[str, Lane, str]]:
        """End lost leases (always); return at most ``limit`` works, and one delivery of each lane."""
        flat = [_text(part) for part in self._run("sweep", limit, self._cap, self._jitter())]
        return [(KINDS[k], LANES[lane], id_) for k, lane, id_ in zip(*[iter(flat)] * 3, strict=True)]

    def want_drain(self) -> bool:
        """True once in 2 s at most: the caller shall hint a drain."""
        with _translated():
            return bool(self._client.set("pl:drain", 1, nx=True, px=self._lifetimes.drain_flag_ms))

    def drain_done(self) -> None:
        """Clear the flag of ``want_drain``."""
        with _translated():
            self._client.delete("pl:drain")

    def due_deliveries(self) -> int:
        """How many deliveries wait for routing now."""
        return int(self._run("stats")[-1])

    def parked(self, limit: int = 100) -> list[Record]:
        """Parked records, newest first."""
        with _translated():
            members: list[Any] = self._client.zrevrange("pl:parked", 0, limit - 1)
        records = (self._record(*_text(member).split(":", 1)) for member in members)
        return [record for record in records if record and record.state is State.PARKED]

    def record(self, record_id: str) -> Record | None:
        """One record of any state: a delivery's id has a colon, a work's has none."""
        return self._record(_kind(record_id), record_id)

    def recent(self, kind: str, limit: int = 50) -> list[Record]:
        """The newest records of a kind, newest first; bodies are left out."""
        letter, last = kind[0], limit - 1
        with _translated():
            asked = self._client.pipeline(transaction=False)
            for name in ("leases:{}", "open:{}:i", "open:{}:e", "open:{}:s"):
                asked.zrevrange(f"pl:{name.format(letter)}", 0, last)
            asked.lrange(f"pl:recent:{letter}", 0, last)
            found: list[Any] = [id_ for part in asked.execute() for id_ in part]
            found += [record.id for record in self.parked(limit) if record.kind == kind]
            ids = list(dict.fromkeys(_text(id_) for id_ in found))
            asked = self._client.pipeline(transaction=False)
            for id_ in ids:
                asked.hgetall(f"pl:{letter}:{id_}")
            rows: list[Any] = asked.execute()
        records = [_as_record(letter, id_, raw, None) for id_, raw in zip(ids, rows, strict=True) if raw]
        return sorted(records, key=lambda record: record.accepted_at, reverse=True)[:limit]

    def replay(self, record_id: str) -> bool:
        """Reopen a parked record with attempts 0; False when it is not parked."""
        return bool(self._run("replay", _kind(record_id), record_id) == 1)

    def drop(self, record_id: str) -> bool:
        """Give a parked record up; it counts as done from now on. False when it is not parked."""
        return bool(self._run("drop", _kind(record_id), record_id) == 1)

    def known_guids(self, hook_guids: Iterable[str]) -> set[str]:
        """Which of these GUIDs (any hook) the ledger has seen in the last 8 days."""
        guids = list(hook_guids)
        known: set[str] = set()
        for start in range(0, len(guids), 500):
            known.update(_text(guid) for guid in self._run("known_guids", *guids[start : start + 500]))
        return known

    def take_occurrence(self, job: str, tick: int, *, lifetime_s: int) -> bool:
        """True for the one caller that gets this tick of this schedule."""
        with _translated():
            return bool(self._client.set(f"pl:tick:{job}:{tick}", 1, nx=True, ex=lifetime_s))

    def next_generation(self, repository_id: int) -> int:
        """A number larger than all before it for this repository, also after Redis was emptied."""
        return int(self._run("generation", repository_id))

    def claim_publication(self, repository_id: int, scope: str, generation: int) -> bool:
        """True when no higher generation has published in this scope."""
        return bool(self._run("publication", repository_id, scope, generation) == 1)

    def take_turn(self, name: str, holder: str, *, lifetime_s: float) -> bool:
        """True when ``holder`` is the one whose turn it is, from now for ``lifetime_s``; 0 gives it back."""
        return bool(self._run("turn", name, holder, int(lifetime_s * 1000)) == 1)

    def epoch(self) -> tuple[str, bool]:
        """The ledger's birth id, and whether it was made just now."""
        id_, made = self._run("epoch", secrets.token_hex(8))
        return _text(id_), made == 1

    def pause(self, installation_id: int, resource: str, until: datetime) -> None:
        """Nobody shall call GitHub for this installation and resource before ``until``."""
        self._run("pause", installation_id, resource, int(until.timestamp() * 1000))

    def paused_until(self, installation_id: int, resource: str) -> datetime | None:
        """The end of a pause in force, else None; Redis forgets it when it is over."""
        with _translated():
            value = self._client.get(f"pl:pause:{installation_id}:{resource}")
        return _date(value) if value else None

    def now(self) -> datetime:
        """The time by Redis' clock, the one that all decisions go by."""
        with _translated():
            seconds, micros = self._client.time()
        return datetime.fromtimestamp(seconds + micros / 1e6, UTC)

    def stats(self) -> LedgerStats:
        """Counts."""
        numbers = [int(number) for number in self._run("stats")]
        opened, leased, *lanes = numbers[:5]
        works, parked, oldest, held, _due = numbers[5:]
        return LedgerStats(
            open_deliveries=opened,
            leased_deliveries=leased,
            open_work=dict(zip(Lane, lanes, strict=True)),
            leased_work=works,
            parked=parked,
            oldest_due_s=max(0, oldest) / 1000,
            bytes_held=held,
        )

    def ping(self) -> None:
        """Write a small key: a full, read-only, hung or absent Redis raises LedgerUnavailable."""
        with _translated():
            self._client.set("pl:ping", 1, ex=60)

    def _run(self, name: str, *args: str | int | float) -> Any:
        script = self._scripts.get(name)
        if script is None:
            script = self._scripts[name] = load(name, self._constants)
        with _translated():
            return script(self._client, *args)

    def _record(self, kind: str, id_: str) -> Record | None:
        with _translated():
            raw: Mapping[Any, Any] = self._client.hgetall(f"pl:{kind}:{id_}")
            body = self._client.get(f"pl:b:{id_}") if kind == "d" else None
        return _as_record(kind, id_, raw, body) if raw else None


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (RedisError, OSError) as error:
        raise LedgerUnavailable(f"Redis: {type(error).__name__}: {error}") from error


def _accepted(code: int) -> Acceptance:
    if code < 0:
        raise LedgerUnavailable("the ledger's byte ceiling is reached: deliveries come in faster than out")
    return ACCEPTANCES[code]


def _as_record(kind: str, id_: str, raw: Mapping[Any, Any], body: bytes | str | None) -> Record:
    fields = {_text(name): _text(value) for name, value in raw.items()}
    repository, _, action = fields.get("r", "0 ").partition(" ")
    return Record(
        kind=KINDS[kind],
        id=id_,
        state=STATES[fields["s"]],
        name=fields.get("e", ""),
        lane=LANES[fields["l"]],
        installation_id=fields.get("k", ""),
        attempts=int(fields.get("a", 0)),
        error=fields.get("x", ""),
        accepted_at=_date(fields["t"]),
        works=tuple(id_ for id_ in fields.get("w", "").split(",") if id_),
        payload=_text(body) if body else _shown(fields.get("p", "")),
        key=fields.get("y", ""),
        action=action,
        repository_id=int(repository),
    )


def _deliveries(flat: Sequence[Any]) -> list[ClaimedDelivery]:
    rows = zip(*[iter(flat)] * 7, strict=True)
    return [
        ClaimedDelivery(
            claim=Claim("delivery", _text(id_), int(fence), int(attempt)),
            event=_text(event),
            lane=LANES[_text(lane)],
            body=body,
            waited_s=max(0, int(waited)) / 1000,
        )
        for id_, fence, attempt, event, lane, body, waited in rows
    ]


def _shown(payloads: str) -> str:
    return json.dumps(merge_payloads(payloads), separators=(",", ":")) if payloads else ""


def merge_payloads(lines: str) -> dict[str, Any]:
    """One payload of several, given as JSON lines with the newest last.

    The newest wins, but for what it leaves empty or false: there an older one may have asked for
    more (a person's wish for a new check run, a look at the pull requests too). Lists of names are
    joined: everybody who waits for a result is told.
    """
    merged: dict[str, Any] = {}
    for line in lines.split("\n"):
        payload = json.loads(line)
        asked = {key: value for key, value in payload.items() if value not in ("", False, None, [])}
        joined = {
            key: list(dict.fromkeys([*merged[key], *value]))
            for key, value in asked.items()
            if _names(value) and _names(merged.get(key))
        }
        merged = {**payload, **merged, **asked, **joined}
    return merged


def _names(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(item, str) for item in value)


def _flat(works: Sequence[Work]) -> list[str | int]:
    parts: list[str | int] = []
    for work in works:
        payload = json.dumps(work.payload, separators=(",", ":"))
        parts += [work.job, work.key, LETTERS[work.lane], work.installation_id, payload, work.version]
    return parts


def _kind(record_id: str) -> str:
    return "d" if ":" in record_id else "w"


def _date(milliseconds: str | bytes) -> datetime:
    return datetime.fromtimestamp(int(milliseconds) / 1000, UTC)


def _text(value: bytes | str) -> str:
    return value if isinstance(value, str) else value.decode("utf-8", "replace")
