"""Draining and working over ports that are lists in memory."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from bot.config.settings import Settings
from bot.engine import dispatch, schedule, sweeper
from bot.engine.context import Context, Runtime
from bot.engine.crew import Run, WorkGuard
from bot.engine.dispatch import Dispatcher
from bot.model.errors import (
    Ambiguous,
    Gone,
    InstallationGone,
    LeaseLost,
    LedgerUnavailable,
    LimitReached,
    Malformed,
    PermissionMissing,
    PlumblineError,
    Rejected,
    Unavailable,
    UserError,
)
from bot.model.events import Event, Lane
from bot.model.work import Claim, ClaimedDelivery, ClaimedWork, Record, State, Work
from bot.ports import HookDelivery
from bot.registry import Registry
from bot.spec import SPEC_ATTRIBUTE, Payload, job, on
from bot.testing.clocks import SystemClock
from jobs import entry

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)


class Scan(Payload):
    repository: int = 0

    @property
    def key(self) -> str:
        return f"scan:{self.repository}"


@on("push")
def scan_pushed(event: Event) -> list[Scan]:
    """One scan; a payload without a repository is a fault of this handler."""
    return [Scan(repository=event.payload["repository"]["id"], installation_id=event.installation_id or 0)]


@on("push")
def scan_again(event: Event) -> list[Scan]:
    """Asks for the same work."""
    return [Scan(repository=event.payload["repository"]["id"])]


@dataclass
class FakeLedger:
    """Remembers what it was told; ``due`` and ``works`` are what it has to give."""

    due: list[ClaimedDelivery] = field(default_factory=list)
    works: dict[Lane, list[ClaimedWork]] = field(default_factory=lambda: {lane: [] for lane in Lane})
    calls: list[tuple[str, Any]] = field(default_factory=list)
    occurrences: set[tuple[str, int]] = field(default_factory=set)
    lost: set[str] = field(default_factory=set)
    away: set[str] = field(default_factory=set)
    parks: bool = False
    swept: list[tuple[str, Lane, str]] = field(default_factory=list)
    found: Record | None = None

    def _told(self, name: str, value: Any, claim: Claim | None = None) -> None:
        if name in self.away:
            raise LedgerUnavailable(name)
        if claim is not None and claim.id in self.lost:
            raise LeaseLost(claim.id)
        self.calls.append((name, value))

    def told(self, name: str) -> list[Any]:
        return [value for what, value in self.calls if what == name]

    def now(self) -> datetime:
        return NOW

    def claim_deliveries(self, limit: int) -> list[ClaimedDelivery]:
        if "claim_deliveries" in self.away:
            raise LedgerUnavailable("claim_deliveries")
        batch, self.due[:] = self.due[:limit], self.due[limit:]
        return batch

    def complete_delivery(
        self, claim: Claim, works: Sequence[Work], *, action: str = "", repository_id: int = 0
    ) -> list[str]:
        self._told("complete_delivery", (claim.id, list(works)), claim)
        return [f"w-{work.key}" for work in works]

    def submit(self, works: Sequence[Work]) -> list[str]:
        self._told("submit", list(works))
        return [f"w-{work.key}" for work in works]

    def claim_work(self, lane: Lane, work_id: str | None = None) -> ClaimedWork | None:
        queue = self.works[lane]
        if work_id is None:
            return queue.pop(0) if queue else None
        named = [claimed for claimed in queue if claimed.claim.id == work_id]
        for claimed in named:
            queue.remove(claimed)
        return named[0] if named else None

    def renew(self, claims: Sequence[Claim]) -> list[bool]:
        self._told("renew", [claim.id for claim in claims])
        return [claim.id not in self.lost for claim in claims]

    def holds(self, claim: Claim) -> bool:
        return claim.id not in self.lost

    def complete_work(self, claim: Claim, result: str = "") -> None:
        self._told("complete_work", (claim.id, result), claim)

    def postpone(self, claim: Claim, until: datetime, reason: str) -> None:
        self._told("postpone", (claim.id, until, reason), claim)

    def fail(self, claim: Claim, error: str, *, permanent: bool = False) -> bool:
        self._told("fail", (claim.id, error, permanent), claim)
        return permanent or self.parks

    def sweep(self, limit: int = 500) -> list[tuple[str, Lane, str]]:
        self._told("sweep", limit)
        return self.swept if limit else []

    def drain_done(self) -> None:
        self._told("drain_done", None)

    def due_deliveries(self) -> int:
        return len(self.due)

    def record(self, record_id: str) -> Record | None:
        return self.found

    def take_occurrence(self, job: str, tick: int, *, lifetime_s: int) -> bool:
        if (job, tick) in self.occurrences:
            return False
        self.occurrences.add((job, tick))
        return True


@dataclass
class FakeQueue:
    drains: int = 0
    works: list[tuple[Lane, str]] = field(default_factory=list)
    trips: int = 0
    waiting: int = 0

    def hint_drain(self) -> None:
        self.drains += 1

    def hint_work(self, works: Sequence[tuple[Lane, str]]) -> None:
        self.trips += 1
        self.works += works

    def depth(self, lane: Lane) -> int:
        return self.waiting


@dataclass
class FakeGitHub:
    log: list[HookDelivery] = field(default_factory=list)
    bodies: dict[int, bytes] = field(default_factory=dict)
    error: PlumblineError | None = None
    since: datetime | None = None

    def hook_deliveries(self, *, since: datetime) -> Iterator[HookDelivery]:
        self.since = since
        if self.error:
            raise self.error
        yield from self.log

    def hook_delivery_body(self, delivery_id: int) -> bytes:
        return self.bodies[delivery_id]


class Counts:
    def __init__(self) -> None:
        self.counter: Counter[str] = Counter()

    def count(self, name: str, amount: float = 1, **labels: str) -> None:
        self.counter[":".join([name, *labels.values()])] += int(amount)

    def observe(self, name: str, value: float, **labels: str) -> None:
        assert value >= 0

    def gauge(self, name: str, value: float, **labels: str) -> None: ...


@dataclass
class World:
    ledger: FakeLedger
    queue: FakeQueue
    github: FakeGitHub
    counts: Counts
    runtime: Runtime

    def deliver(self, body: bytes | None, event: str = "push", id_: str = "9:g") -> None:
        claim = Claim("delivery", id_, 1, 1)
        self.ledger.due.append(ClaimedDelivery(claim, event, Lane.EVENT, body))

    def add_work(self, id_: str, lane: Lane = Lane.EVENT, job: str = "scan", **payload: object) -> None:
        work = Work(job, f"key-{id_}", lane, 1, payload)
        self.ledger.works[lane].append(ClaimedWork(Claim("work", id_, 1, 1), work))

    def outcome(self, name: str, value: str) -> int:
        return sum(
            n for key, n in self.counts.counter.items() if key.startswith(name) and key.endswith(value)
        )


Job = Callable[[Scan, Context], None]


def make_world(function: Job = lambda payload, context: None, *, timeout_s: int = 30, **spec: Any) -> World:
    marked = job("scan", payload=Scan, timeout_s=timeout_s, **spec)(lambda p, c: function(p, c))
    handlers = tuple(getattr(h, SPEC_ATTRIBUTE) for h in (scan_again, scan_pushed))
    ledger, queue, github, counts = FakeLedger(), FakeQueue(), FakeGitHub(), Counts()
    nothing = cast(Any, None)
    runtime = Runtime(
        registry=Registry({}, {}, handlers, {"scan": getattr(marked, SPEC_ATTRIBUTE)}),
        settings=Settings(home=Path()),
        ledger=cast(Any, ledger),
        queue=queue,
        store=nothing,
        github=cast(Any, github),
        auditor=nothing,
        licences=nothing,
        clock=SystemClock(),
        metrics=counts,
    )
    return World(ledger, queue, github, counts, runtime)


@pytest.fixture
def world() -> World:
    return make_world()


def push(repository: int = 1, **more: object) -> bytes:
    return json.dumps({"repository": {"id": repository}, "installation": {"id": 5}} | more).encode()


class TestDrain:
    def test_routes_and_hints_in_one_trip(self, world: World) -> None:
        """Two handlers ask for the same work: it is written once."""
        world.deliver(push(1), id_="9:a")
        world.deliver(push(2), id_="9:b")
        world.deliver(push(1), id_="9:c")

        assert dispatch.drain(world.runtime) == 3

        written = [
            (id_, [work.key for work in works]) for id_, works in world.ledger.told("complete_delivery")
        ]
        assert written == [("9:a", ["scan:1"]), ("9:b", ["scan:2"]), ("9:c", ["scan:1"])]
        assert world.queue.works == [(Lane.EVENT, "w-scan:1"), (Lane.EVENT, "w-scan:2")]
        assert (world.queue.trips, world.queue.drains) == (1, 0)

    @pytest.mark.fault
    @pytest.mark.parametrize("event", ["ping", "sponsorship", "not-yet-invented"])
    def test_ka12_ping_and_unknown_events_end_done_and_are_counted(self, world: World, event: str) -> None:
        world.deliver(b"{}", event=event)

        dispatch.drain(world.runtime)

        assert world.ledger.told("complete_delivery") == [("9:g", [])]
        label = "ping" if event == "ping" else "other"
        assert world.counts.counter[f"deliveries_routed_total:{label}:unhandled"] == 1

    @pytest.mark.fault
    def test_ka12_a_missing_installation_is_no_error(self, world: World) -> None:
        world.deliver(b'{"repository": {"id": 1}}')

        dispatch.drain(world.runtime)

        ((_, works),) = world.ledger.told("complete_delivery")
        assert works[0].installation_id == 0

    @pytest.mark.fault
    @pytest.mark.parametrize(
        ("body", "says"),
        [
            pytest.param(b"[" * 200_000 + b"]" * 200_000, "too deeply", id="depth 200k"),
            pytest.param(b'{"a":' * 200_000 + b"1" + b"}" * 200_000, "too deeply", id="objects 200k"),
            pytest.param(b'{"id": ' + b"9" * 5000 + b"}", "5000 digits", id="5000-digit id"),
            pytest.param(b'{"a": NaN}', "NaN", id="NaN"),
            pytest.param(b'{"a": -Infinity}', "Infinity", id="infinity"),
            pytest.param(b'{"a": "\\ud800"}', "lone surrogate", id="lone surrogate"),
            pytest.param(b'{"\\uDFFF": 1}', "lone surrogate", id="lone surrogate as key"),
            pytest.param(b'{"a": 1, "b": 2, "a": 3}', "'a' twice", id="duplicate key"),
            pytest.param(b'{"x": {"a": 1, "a": 1}}', "'a' twice", id="duplicate key inside"),
            pytest.param(b"\xff\xfe{}", "UTF-8 at byte 0", id="not UTF-8"),
            pytest.param(b'{"a": ', "not JSON", id="truncated"),
            pytest.param(b"", "not JSON", id="empty"),
            pytest.param(b"[1]", "JSON list", id="not an object"),
            pytest.param(b"null", "JSON NoneType", id="null"),
        ],
    )
    def test_ka5_hostile_json_is_parked_with_a_clear_error(
        self, world: World, body: bytes, says: str
    ) -> None:
        world.deliver(body)
        world.deliver(push(), id_="9:good")

        dispatch.drain(world.runtime)

        ((id_, error, permanent),) = world.ledger.told("fail")
        assert (id_, permanent) == ("9:g", True)
        assert says in error
        assert len(world.ledger.told("complete_delivery")) == 1

    @pytest.mark.parametrize(
        "body",
        [
            pytest.param(
                b'{"repository": {"id": 1}, "a": "\\ud83d\\ude00"}', id="a pair of surrogates is text"
            ),
            pytest.param(b'{"repository": {"id": 1}, "id": 18446744073709551615}', id="64 bits"),
            pytest.param(b'{"repository": {"id": 1}, "action": {"x": 1}}', id="action of a wrong type"),
        ],
    )
    def test_what_is_only_odd_is_routed(self, world: World, body: bytes) -> None:
        world.deliver(body)

        dispatch.drain(world.runtime)

        assert len(world.ledger.told("complete_delivery")) == 1

    @pytest.mark.fault
    @pytest.mark.parametrize(
        "payload", [b'{"repository": null}', b'{"repository": [1]}', b'{"repository": {}}']
    )
    def test_ka5_a_handler_that_fails_is_tried_again_alone(self, world: World, payload: bytes) -> None:
        """Wrong types reach the handler; its neighbour is routed all the same."""
        world.deliver(payload)
        world.deliver(push(), id_="9:good")

        dispatch.drain(world.runtime)

        ((id_, _, permanent),) = world.ledger.told("fail")
        assert (id_, permanent) == ("9:g", False)
        assert [id_ for id_, _ in world.ledger.told("complete_delivery")] == ["9:good"]

    def test_a_lost_lease_is_passed_over(self, world: World) -> None:
        world.deliver(push())
        world.ledger.lost.add("9:g")

        assert dispatch.drain(world.runtime) == 1
        assert world.outcome("deliveries_routed_total", "lost") == 1

    def test_takes_at_most_200_and_asks_for_the_next_drain(self, world: World) -> None:
        for n in range(230):
            world.deliver(push(n), id_=f"9:{n}")

        assert dispatch.drain(world.runtime) == 200

        assert world.queue.drains == 1
        assert len(world.ledger.told("drain_done")) == 1

    def test_stops_after_a_second(self, world: World) -> None:
        times = iter([0.0, 0.1, 5.0])
        for n in range(120):
            world.deliver(push(n), id_=f"9:{n}")

        assert Dispatcher(world.runtime, monotonic=lambda: next(times)).drain() == 50
        assert world.queue.drains == 1

    def test_a_large_body_is_read_from_githubs_log(self, world: World) -> None:
        """After all others, with the lease renewed, by GUID, a little further back than our record."""
        world.deliver(None, id_="9:large")
        world.deliver(push(2), id_="9:small")
        world.ledger.found = Record("delivery", "9:large", State.LEASED, "push", Lane.EVENT, "1", 1, "", NOW)
        logged = HookDelivery(1, "other", NOW, False, 202, "push", "", 5, 1)
        world.github.log = [logged, replace(logged, id=2, guid="large")]
        world.github.bodies = {2: push(7)}

        dispatch.drain(world.runtime)

        assert [id_ for id_, _ in world.ledger.told("complete_delivery")] == ["9:small", "9:large"]
        assert world.ledger.told("renew") == [["9:large"]]
        assert world.github.since == NOW - timedelta(minutes=10)

    @pytest.mark.parametrize(
        ("error", "call"),
        [
            pytest.param(None, "fail", id="not in the log yet"),
            pytest.param(Unavailable("502"), "fail", id="unavailable"),
            pytest.param(LimitReached("limit", until=NOW + timedelta(hours=1)), "postpone", id="limit"),
        ],
    )
    def test_a_large_body_that_can_not_be_read_waits(
        self, world: World, error: PlumblineError | None, call: str
    ) -> None:
        world.deliver(None)
        world.github.error = error

        dispatch.drain(world.runtime)

        assert len(world.ledger.told(call)) == 1
        assert world.ledger.told("complete_delivery") == []

    def test_an_absent_ledger_while_reading_the_log_goes_up(self, world: World) -> None:
        world.deliver(None)
        world.github.error = LedgerUnavailable("away")

        with pytest.raises(LedgerUnavailable):
            dispatch.drain(world.runtime)


def run(world: World, lane: Lane = Lane.EVENT, id_: str = "w1", **options: Any) -> Dispatcher:
    dispatcher = Dispatcher(
        world.runtime, **{"renew_s": 0.02, "grace_s": 0.05, "http_timeout_s": 1} | options
    )
    dispatcher.run_work(lane, id_)
    return dispatcher


class TestWork:
    def test_does_the_named_work_then_what_is_due(self) -> None:
        done: list[int] = []
        world = make_world(lambda payload, context: done.append(payload.repository))
        for n in range(20):
            world.add_work(f"w{n}", repository=n)
        world.add_work("i", lane=Lane.INTERACTIVE, repository=100)
        world.add_work("s", lane=Lane.SWEEP, repository=200)

        assert dispatch.run_work(world.runtime, Lane.EVENT, "w7") == 22

        assert sorted(done) == [*range(20), 100, 200]
        assert {id_ for id_, _ in world.ledger.told("complete_work")} == {f"w{n}" for n in range(20)} | {
            "i",
            "s",
        }
        assert world.counts.counter["work_total:event:scan:done"] == 20

    def test_runs_several_at_once(self) -> None:
        """Each waits for all others: only together can they pass."""
        barrier = threading.Barrier(8)
        world = make_world(lambda payload, context: barrier.wait(5) and None)
        for n in range(8):
            world.add_work(f"w{n}")

        assert dispatch.run_work(world.runtime, Lane.EVENT, "w0") == 8
        assert len(world.ledger.told("complete_work")) == 8

    def test_what_may_have_killed_its_process_runs_alone(self) -> None:
        """It waits for the others with its lease kept, and they wait for it."""
        running, together = [0], []
        lock = threading.Lock()

        def look(payload: Scan, context: Context) -> None:
            with lock:
                running[0] += 1
                together.append((context.claim.id, running[0]))
            time.sleep(0.3 if context.claim.id == "a" else 0.05)
            with lock:
                running[0] -= 1

        world = make_world(look)
        for id_ in ("a", "suspect", "b"):
            world.add_work(id_)
        queue = world.ledger.works[Lane.EVENT]
        queue[1] = replace(queue[1], alone=True)

        dispatch.run_work(world.runtime, Lane.EVENT, "a")

        assert together == [("a", 1), ("suspect", 1), ("b", 1)]
        assert ["suspect"] in world.ledger.told("renew")

    def test_never_runs_more_than_its_threads(self) -> None:
        lock, now, most = threading.Lock(), 0, 0

        def function(payload: Scan, context: Context) -> None:
            nonlocal now, most
            with lock:
                now += 1
                most = max(most, now)
            time.sleep(0.005)
            with lock:
                now -= 1

        world = make_world(function)
        for n in range(30):
            world.add_work(f"w{n}")

        run(world, threads=3).close(5)

        assert most == 3
        assert len(world.ledger.told("complete_work")) == 30

    def test_nothing_due_is_nothing(self, world: World) -> None:
        assert dispatch.run_work(world.runtime, Lane.EVENT, "w1") == 0

    def test_routes_deliveries_while_it_waits(self) -> None:
        """A long work does not hold up what comes in."""
        routed = threading.Event()

        def function(payload: Scan, context: Context) -> None:
            world.deliver(push())
            assert routed.wait(5)

        world = make_world(function)
        original = world.ledger.complete_delivery

        def complete(claim: Claim, works: Sequence[Work], **about: Any) -> list[str]:
            routed.set()
            return original(claim, works, **about)

        world.ledger.complete_delivery = complete  # type: ignore[method-assign]
        world.add_work("w1")

        run(world).close(5)

        assert len(world.ledger.told("complete_delivery")) == 1
        assert world.outcome("work_total", "done") == 1

    def test_a_work_that_outlasts_the_slice_goes_on_behind(self) -> None:
        go = threading.Event()
        world = make_world(lambda payload, context: go.wait(5) and None)
        world.add_work("w1")

        dispatcher = run(world, slice_s=0.05)
        assert (dispatcher.crew.busy, world.ledger.told("complete_work")) == (1, [])
        go.set()

        assert dispatcher.close(5)
        assert len(world.ledger.told("complete_work")) == 1

    def test_no_room_means_waiting_for_it_for_one_slice(self) -> None:
        go = threading.Event()
        world = make_world(lambda payload, context: go.wait(5) and None)
        world.add_work("w1")
        dispatcher = run(world, slice_s=0.05, threads=1)
        world.add_work("w2")

        assert dispatcher.run_work(Lane.EVENT, "w2") == 0
        go.set()
        dispatcher.close(5)

    @pytest.mark.parametrize(
        ("error", "call", "outcome"),
        [
            pytest.param(
                LimitReached("x", until=NOW + timedelta(hours=1)), "postpone", "postponed", id="limit"
            ),
            pytest.param(
                LimitReached("x", until=NOW - timedelta(hours=1)), "postpone", "postponed", id="past"
            ),
            pytest.param(InstallationGone("x", suspended=True), "complete_work", "gone", id="suspended"),
            pytest.param(InstallationGone("x"), "complete_work", "gone", id="uninstalled"),
            pytest.param(Gone("x"), "complete_work", "gone", id="gone"),
            pytest.param(PermissionMissing("x"), "complete_work", "no-permission", id="permission"),
            pytest.param(Rejected("x", status=422), "fail", "parked", id="rejected"),
            pytest.param(UserError("x"), "fail", "parked", id="user error"),
            pytest.param(Unavailable("x"), "fail", "failed", id="unavailable"),
            pytest.param(Malformed("x"), "fail", "failed", id="malformed"),
            pytest.param(Ambiguous("x"), "fail", "failed", id="ambiguous"),
            pytest.param(LedgerUnavailable("x"), "fail", "failed", id="ledger"),
            pytest.param(KeyError("x"), "fail", "failed", id="a fault of ours"),
            pytest.param(LeaseLost("no time left"), "fail", "failed", id="deadline too close"),
        ],
    )
    def test_every_error_has_its_end(self, error: Exception, call: str, outcome: str) -> None:
        def function(payload: Scan, context: Context) -> None:
            raise error

        world = make_world(function)
        world.add_work("w1")

        run(world).close(5)

        settled = [name for name, _ in world.ledger.calls if name in ("postpone", "complete_work", "fail")]
        assert settled == [call]
        assert world.counts.counter[f"work_total:event:scan:{outcome}"] == 1

    def test_a_limit_gives_its_date(self) -> None:
        def function(payload: Scan, context: Context) -> None:
            raise LimitReached("x", until=NOW + timedelta(hours=1 if payload.repository else -1))

        world = make_world(function)
        world.add_work("w0", repository=0)
        world.add_work("w1", repository=1)

        run(world).close(5)

        dates = {id_: until for id_, until, _ in world.ledger.told("postpone")}
        assert dates == {"w0": NOW + timedelta(seconds=1), "w1": NOW + timedelta(hours=1)}

    def test_a_suspended_installation_leaves_a_note(self) -> None:
        def function(payload: Scan, context: Context) -> None:
            raise InstallationGone("x", suspended=True)

        world = make_world(function)
        world.add_work("w1")

        run(world).close(5)

        assert world.ledger.told("complete_work") == [("w1", "installation suspended")]

    def test_parking_is_logged(self, caplog: pytest.LogCaptureFixture) -> None:
        def function(payload: Scan, context: Context) -> None:
            raise ValueError("one\ntwo\x1b[31m")

        world = make_world(function)
        world.ledger.parks = True
        world.add_work("w1")
        with caplog.at_level(logging.ERROR):
            run(world).close(5)

        assert "a work was parked" in caplog.text
        assert world.ledger.told("fail") == [("w1", "ValueError: one two�[31m", False)]
        assert world.outcome("work_total", "parked") == 1

    def test_a_lost_lease_ends_without_a_trace(self) -> None:
        def function(payload: Scan, context: Context) -> None:
            world.ledger.lost.add("w1")
            context.guard.check()

        world = make_world(function)
        world.add_work("w1")

        run(world).close(5)

        assert [name for name, _ in world.ledger.calls] == []
        assert world.outcome("work_total", "lost") == 1

    def test_an_absent_ledger_at_the_end_is_survived(self) -> None:
        world = make_world()
        world.ledger.away.add("complete_work")
        world.add_work("w1")

        run(world).close(5)

        assert world.outcome("work_total", "unsettled") == 1

    def test_a_ledger_that_breaks_is_survived(self, caplog: pytest.LogCaptureFixture) -> None:
        """A fault of the ledger itself must not leave a slot taken for ever."""
        world = make_world()
        world.ledger.complete_work = None  # type: ignore[assignment, method-assign]
        world.add_work("w1")

        assert run(world).close(5)

        assert "could not be settled" in caplog.text

    def test_a_payload_that_does_not_fit_parks(self, world: World) -> None:
        world.add_work("w1", repository="secret text")

        run(world).close(5)

        ((_, error, permanent),) = world.ledger.told("fail")
        assert permanent
        assert "repository" in error
        assert "secret text" not in error

    @pytest.mark.fault
    @pytest.mark.parametrize(
        ("age", "call"), [(timedelta(minutes=59), "postpone"), (timedelta(minutes=61), "fail")]
    )
    def test_kb18_a_job_of_a_newer_worker_is_left_to_it_for_an_hour(
        self, world: World, age: timedelta, call: str
    ) -> None:
        world.ledger.found = Record("work", "w1", State.LEASED, "new", Lane.EVENT, "1", 1, "", NOW - age)
        world.add_work("w1", job="new")

        run(world).close(5)

        assert len(world.ledger.told(call)) == 1

    def test_leases_are_renewed_together_while_works_run(self) -> None:
        renewed = threading.Event()
        world = make_world(lambda payload, context: renewed.wait(5) and None)
        original = world.ledger.renew

        def renew(claims: Sequence[Claim]) -> list[bool]:
            if len(claims) == 3:
                renewed.set()
            return original(claims)

        world.ledger.renew = renew  # type: ignore[method-assign]
        for n in range(3):
            world.add_work(f"w{n}")

        run(world).close(5)

        assert ["w0", "w1", "w2"] in [sorted(ids) for ids in world.ledger.told("renew")]

    def test_a_renewal_that_fails_is_tried_again(self) -> None:
        """An absent ledger first, then a lost lease, which stops the job at its guard."""

        def function(payload: Scan, context: Context) -> None:
            world.ledger.away.add("renew")
            time.sleep(0.1)
            world.ledger.lost.add("w1")
            world.ledger.away.clear()
            deadline = time.monotonic() + 5
            while time.monotonic() < deadline:
                context.guard.check()

        world = make_world(function)
        world.add_work("w1")

        run(world).close(5)

        assert world.outcome("work_total", "lost") == 1

    @pytest.mark.fault
    def test_kb11_a_job_that_swallows_everything_is_given_up(self) -> None:
        """Failed at its deadline plus grace; the process is no longer healthy; its writes are refused."""
        go, refused = threading.Event(), threading.Event()

        def function(payload: Scan, context: Context) -> None:
            go.wait(10)
            try:
                context.guard.check()
            except LeaseLost:
                refused.set()

        world = make_world(function, timeout_s=0)
        world.add_work("w1")
        began = time.monotonic()

        dispatcher = run(world)
        assert dispatcher.crew.wait(5, below=1)

        assert time.monotonic() - began < 3
        assert dispatcher.crew.hung == 1
        assert not dispatcher.close(0)
        ((_, error, _),) = world.ledger.told("fail")
        assert "deadline" in error
        go.set()
        assert refused.wait(5)

    @pytest.mark.fault
    def test_kb7_what_does_not_end_in_time_is_given_back_uncounted(self) -> None:
        go = threading.Event()
        world = make_world(lambda payload, context: go.wait(5) and None)
        world.add_work("w1")
        dispatcher = run(world, slice_s=0.02)

        assert not dispatcher.close(0.02)

        assert world.ledger.told("postpone") == [("w1", NOW, "its worker stopped")]
        assert dispatcher.run_work(Lane.EVENT, "w1") == 0
        go.set()


class TestGuard:
    @pytest.mark.parametrize(
        ("left", "lost", "refused"),
        [
            pytest.param(10.0, False, False, id="an HTTP timeout is left"),
            pytest.param(9.9, False, True, id="less than an HTTP timeout is left"),
            pytest.param(100.0, True, True, id="another worker has it"),
        ],
    )
    def test_stands_before_a_write(self, world: World, left: float, lost: bool, refused: bool) -> None:
        claimed = ClaimedWork(Claim("work", "w1", 1, 1), Work("scan", "k", Lane.EVENT, 1, {}))
        if lost:
            world.ledger.lost.add("w1")
        guard = WorkGuard(world.runtime, Run(claimed, deadline=left), 10.0, lambda: 0.0)
        if not refused:
            guard.check()
            return
        with pytest.raises(LeaseLost):
            guard.check()

    def test_remembers_a_loss(self, world: World) -> None:
        """Also when the ledger is away by then."""
        claimed = ClaimedWork(Claim("work", "w1", 1, 1), Work("scan", "k", Lane.EVENT, 1, {}))
        world.ledger.lost.add("w1")
        guard = WorkGuard(world.runtime, Run(claimed, deadline=99.0), 1.0, lambda: 0.0)
        with pytest.raises(LeaseLost):
            guard.check()
        world.ledger.lost.clear()

        with pytest.raises(LeaseLost):
            guard.check()


class TestSweeper:
    def test_gives_hints_again(self, world: World) -> None:
        world.ledger.swept = [("delivery", Lane.EVENT, "9:g"), ("work", Lane.SWEEP, "w1")]

        assert sweeper.sweep_once(world.runtime) == 2
        assert (world.queue.drains, world.queue.works) == (1, [(Lane.SWEEP, "w1")])

    def test_ends_leases_but_gives_no_hints_when_the_queue_is_long(self, world: World) -> None:
        world.ledger.swept = [("work", Lane.SWEEP, "w1")]
        world.queue.waiting = sweeper.LONG_QUEUE

        assert sweeper.sweep_once(world.runtime) == 0
        assert world.ledger.told("sweep") == [0]


class TestSchedule:
    @pytest.mark.fault
    def test_kb14_two_clocks_submit_a_tick_once(self) -> None:
        world = make_world(every_s=60)

        first, second = (schedule.tick(world.runtime, NOW) for _ in range(2))

        assert (first, second) == (["w-scan:0"], [])
        assert schedule.tick(world.runtime, NOW + timedelta(seconds=59)) == []
        assert schedule.tick(world.runtime, NOW + timedelta(seconds=60)) == ["w-scan:0"]
        assert len(world.ledger.told("submit")) == 2

    @pytest.mark.fault
    def test_kb15_a_gap_of_three_ticks_is_made_up_for_once_and_shown(self) -> None:
        world = make_world(every_s=60)
        schedule.tick(world.runtime, NOW)
        schedule.tick(world.runtime, NOW + timedelta(seconds=60))
        before = world.counts.counter["ticks_missed_total:scan"]

        late = [schedule.tick(world.runtime, NOW + timedelta(seconds=240 + n)) for n in range(3)]

        assert late == [["w-scan:0"], [], []]
        assert world.counts.counter["ticks_missed_total:scan"] == before + 1

    @pytest.mark.fault
    def test_kb13_goes_by_the_ledgers_clock(self) -> None:
        world = make_world(every_s=3600)

        schedule.tick(world.runtime)

        assert ("scan", int(NOW.timestamp()) // 3600) in world.ledger.occurrences

    def test_a_job_without_a_schedule_is_left_alone(self, world: World) -> None:
        assert schedule.tick(world.runtime, NOW) == []


class TestEntry:
    @pytest.fixture(autouse=True)
    def _uninstalled(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(entry, "_dispatcher", None)

    def test_follows_the_two_hints(self, world: World) -> None:
        entry.install(world.runtime)
        world.deliver(push())
        world.add_work("w1")

        entry.perform("drain", {})
        entry.perform("work", {"lane": "event", "id": "w1"})

        assert entry.close(5)
        assert len(world.ledger.told("complete_delivery")) == len(world.ledger.told("complete_work")) == 1

    @pytest.mark.parametrize(
        ("name", "payload"),
        [
            ("work", {}),
            ("work", {"lane": "express", "id": "w1"}),
            ("work", {"lane": "event", "id": ""}),
            ("os.system", {"lane": "event", "id": "w1"}),
        ],
    )
    def test_refuses_what_is_no_hint(self, world: World, name: str, payload: dict[str, str]) -> None:
        entry.install(world.runtime)

        with pytest.raises(UserError, match="hint"):
            entry.perform(name, payload)

    def test_without_a_runtime_it_says_so(self) -> None:
        with pytest.raises(UserError, match="install"):
            entry.perform("drain", {})
        entry.stop()
        assert entry.close(0)
        assert entry.healthy()

    def test_an_absent_ledger_is_no_error(self, world: World, caplog: pytest.LogCaptureFixture) -> None:
        entry.install(world.runtime)
        world.ledger.away.add("claim_deliveries")

        entry.perform("drain", {})

        assert "the ledger is away" in caplog.text

    def test_after_stop_nothing_is_claimed(self, world: World) -> None:
        entry.install(world.runtime)
        world.deliver(push())
        entry.stop()

        entry.perform("drain", {})

        assert entry.healthy()
        assert len(world.ledger.due) == 1
