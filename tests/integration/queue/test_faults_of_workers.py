"""Workers that are killed, stopped, hung or poisoned: every effect comes about, and once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from redis import Redis

from bot.adapters.ledger import RedisLedger
from bot.adapters.queue import RqQueue
from bot.adapters.redis_server import EmbeddedRedis
from bot.model.errors import LedgerUnavailable
from bot.model.events import Delivery, Lane
from bot.model.work import State

pytestmark = pytest.mark.fault

FLEET = Path(__file__).with_name("fleet.py")
LEASE_S = 1.0
KEPT = {"LEASE_S": "10"}
"""For a worker that keeps what it claims, however busy the machine is."""


class Fleet:
    """Starts processes and ends all of them."""

    def __init__(self, home: Path, server: EmbeddedRedis, client: Redis) -> None:
        self.home = home
        self.server = server
        self.ledger = RedisLedger(client)
        self.queue = RqQueue(client)
        self.processes: list[subprocess.Popen[bytes]] = []

    def start(self, role: str, **env: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, str(FLEET), role],
            env=os.environ
            | {"REDIS_URL": self.server.url, "FLEET_HOME": str(self.home), "LEASE_S": str(LEASE_S)}
            | env,
            process_group=0,
        )
        self.processes.append(process)
        return process

    def push(self, about: str, **payload: object) -> str:
        delivery = Delivery(
            "9", about, "push", Lane.EVENT, "1", json.dumps({"about": about} | payload).encode()
        )
        self.ledger.accept(delivery)
        self.queue.hint_drain()
        return delivery.id

    def effects(self) -> list[str]:
        file = self.home / "effects"
        return sorted(file.read_text().split()) if file.exists() else []

    def settled(self) -> bool:
        stats = self.ledger.stats()
        waiting = sum(stats.open_work.values()) + stats.open_deliveries
        return waiting + stats.leased_deliveries + stats.leased_work == 0

    def end(self) -> None:
        for process in self.processes:
            children = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
            process.kill()
            process.wait()
            for child in children:
                if child.is_running():
                    child.kill()


@pytest.fixture
def fleet(tmp_path: Path, server: EmbeddedRedis, client: Redis) -> Iterator[Fleet]:
    fleet = Fleet(tmp_path, server, client)
    yield fleet
    fleet.end()


def eventually(condition: Callable[[], object], timeout_s: float = 60) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "it did not come about in time"
        time.sleep(0.02)


@pytest.mark.parametrize("step", ["dequeue", "claim", "before write", "after write", "before complete"])
def test_kb1_a_worker_killed_at_any_step_finishes_once(fleet: Fleet, step: str) -> None:
    """Killed at each step; finished once within the lease and 10 s of its death."""
    fleet.start("supervise", WORKERS="1", FAULT=step)
    id_ = fleet.push("a")

    eventually((fleet.home / "died").exists)
    eventually(fleet.settled, LEASE_S + 10)

    record = fleet.ledger.record(id_)
    assert record is not None
    assert record.state is State.DONE
    assert [fleet.ledger.record(work).state for work in record.works] == [State.DONE]  # type: ignore[union-attr]
    assert fleet.effects() == ["a"]


def test_kb2_a_killed_worker_takes_its_children_along_and_the_attempt_counts(fleet: Fleet) -> None:
    worker = fleet.start("worker")
    clock = fleet.start("clock")
    id_ = fleet.push("a", act="child")
    eventually(lambda: (fleet.home / f"at-gate-{worker.pid}").exists())
    child = psutil.Process(int((fleet.home / "child").read_text()))

    worker.kill()

    eventually(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)
    record = fleet.ledger.record(id_)
    assert record is not None
    (work_id,) = record.works
    eventually(lambda: fleet.ledger.record(work_id).state is State.OPEN)  # type: ignore[union-attr]
    assert fleet.ledger.record(work_id).attempts == 1  # type: ignore[union-attr]
    assert clock.poll() is None


def test_kb3_an_idle_fleet_takes_over_from_a_machine_that_vanished(fleet: Fleet) -> None:
    """No traffic and nobody to notice but the clock."""
    first = fleet.start("worker")
    fleet.push("a", act="gate")
    eventually(lambda: (fleet.home / f"at-gate-{first.pid}").exists())
    fleet.start("worker")
    fleet.start("clock")
    first.kill()
    (fleet.home / "gate").touch()

    eventually(fleet.settled)

    assert fleet.effects() == ["a"]


def test_kb4_a_stopped_worker_that_wakes_up_is_fenced_off(fleet: Fleet) -> None:
    """It was past its look when it was stopped; its write does not come through."""
    first = fleet.start("worker")
    fleet.push("a", act="gate")
    eventually(lambda: (fleet.home / f"at-gate-{first.pid}").exists())
    os.kill(first.pid, signal.SIGSTOP)
    second = fleet.start("worker")
    fleet.start("clock")
    eventually(lambda: (fleet.home / f"at-gate-{second.pid}").exists())
    (fleet.home / "gate").touch()
    eventually(fleet.settled)
    # The first one would not find the effect now: only its fence can keep it from writing.
    (fleet.home / "effects").write_text("")

    os.kill(first.pid, signal.SIGCONT)
    first.terminate()
    first.wait(30)
    fleet.push("b")
    eventually(lambda: fleet.effects() != [] and fleet.settled())

    assert fleet.effects() == ["b"]


@pytest.mark.parametrize("signals", [1, 2])
def test_kb7_a_work_resumes_elsewhere_once_after_sigterm(fleet: Fleet, signals: int) -> None:
    """To the whole group, once, and twice within two seconds; the work had not ended by then."""
    fleet.start("clock")
    first = fleet.start("worker", GRACE_S="0.5", **KEPT)
    fleet.push("a", act="gate")
    eventually(lambda: (fleet.home / f"at-gate-{first.pid}").exists())
    for _ in range(signals):
        os.killpg(first.pid, signal.SIGTERM)
        if signals == 2:
            time.sleep(1.1)
    assert first.wait(30) in (0, 3)
    fleet.start("worker")
    (fleet.home / "gate").touch()

    eventually(fleet.settled)

    assert fleet.effects() == ["a"]


def test_kb7_a_worker_that_is_idle_stops_at_once(fleet: Fleet) -> None:
    """It would have longer than this test to end a work; the one that it had is done."""
    fleet.start("clock")
    worker = fleet.start("worker", GRACE_S="300")
    fleet.push("a")
    eventually(lambda: fleet.effects() == ["a"] and fleet.settled())
    worker.terminate()

    assert worker.wait(30) == 0


def test_kb8_poison_is_set_aside_and_the_others_go_on(fleet: Fleet) -> None:
    """A delivery whose handler and a work whose job kill their process every time."""
    fleet.start("supervise", WORKERS="1", LEASE_S="0.5")
    bad_delivery = fleet.push("x", poison=True)
    bad_work = fleet.push("y", act="poison")
    for n in range(5):
        fleet.push(f"good-{n}")

    eventually(lambda: len(fleet.ledger.parked()) == 2 and fleet.settled(), 90)

    record = fleet.ledger.record(bad_work)
    assert record is not None
    assert {parked.id for parked in fleet.ledger.parked()} == {bad_delivery, *record.works}
    assert all(parked.attempts == 3 for parked in fleet.ledger.parked())
    assert fleet.effects() == [f"good-{n}" for n in range(5)]


def test_kb11_a_hung_job_is_ended_and_its_process_replaced(fleet: Fleet) -> None:
    """A loop with ``except Exception`` and a deadline of 1 s; the other work is not disturbed."""
    fleet.start("supervise", WORKERS="1", TIMEOUT_S="1", GRACE_S="1")
    fleet.push("a", act="hang")
    eventually(lambda: (fleet.home / "hung-1").exists())
    fleet.push("b")

    eventually(lambda: fleet.effects() == ["a", "b"] and fleet.settled(), 10)


def test_kc2_workers_and_clock_come_back_by_themselves(fleet: Fleet) -> None:
    """Redis is killed, and hung for a second, while work comes in."""
    fleet.start("supervise", WORKERS="2")
    accepted = []
    for n in range(30):
        if n == 10:
            assert fleet.server.pid is not None
            os.kill(fleet.server.pid, signal.SIGKILL)
        if n == 20 and fleet.server.pid is not None:
            os.kill(fleet.server.pid, signal.SIGSTOP)
            time.sleep(1)
            os.kill(fleet.server.pid, signal.SIGCONT)
        try:
            fleet.push(f"p{n}")
            accepted.append(f"p{n}")
        except LedgerUnavailable:
            time.sleep(0.05)

    def done() -> bool:
        try:
            return fleet.settled() and set(accepted) <= set(fleet.effects())
        except LedgerUnavailable:
            return False

    eventually(done)

    assert len(set(fleet.effects())) == len(fleet.effects())


def test_kc7_a_wiped_redis_in_flight_makes_no_double(fleet: Fleet) -> None:
    """The running work's guard stops it; what comes later goes on as ever."""
    worker = fleet.start("worker", **KEPT)
    fleet.start("clock")
    fleet.push("a", act="gate")
    eventually(lambda: (fleet.home / f"at-gate-{worker.pid}").exists())
    fleet.ledger._client.flushall()
    (fleet.home / "gate").touch()
    fleet.push("b")

    eventually(lambda: fleet.effects() == ["b"])
    fleet.push("a")

    eventually(lambda: fleet.effects() == ["a", "b"])


def test_ka11_a_storm_of_one_installation_is_not_lost(fleet: Fleet) -> None:
    """300 pushes to 30 branches by two workers: each has its effect once."""
    fleet.start("supervise", WORKERS="2")
    for n in range(300):
        body = json.dumps({"about": f"branch-{n % 30:02}"}).encode()
        fair = "666" if n % 10 else str(n)
        fleet.ledger.accept(Delivery("9", f"g{n}", "push", Lane.EVENT, fair, body))
    fleet.queue.hint_drain()

    eventually(fleet.settled)

    assert set(fleet.effects()) == {f"branch-{n:02}" for n in range(30)}
    assert fleet.ledger.parked() == []


def test_no_process_outlives_a_killed_supervisor(fleet: Fleet) -> None:
    supervisor = fleet.start("supervise", WORKERS="2")
    eventually(lambda: len(psutil.Process(supervisor.pid).children(recursive=True)) >= 3)
    children = psutil.Process(supervisor.pid).children(recursive=True)
    supervisor.kill()
    supervisor.wait()

    eventually(lambda: not any(c.is_running() and c.status() != psutil.STATUS_ZOMBIE for c in children))
