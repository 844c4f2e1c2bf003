"""The clock's loop: each duty in its rhythm, none stopped by another's failure."""

from __future__ import annotations

import threading
from types import SimpleNamespace

from bot.entry.clock import Duty, keep, show
from bot.model.errors import LedgerUnavailable
from bot.model.events import Lane
from bot.model.work import LedgerStats
from bot.testing.deliveries import MemoryMetrics


class Stop(threading.Event):
    """A stop event whose waits move a clock; set after so many seconds."""

    def __init__(self, after_s: float) -> None:
        super().__init__()
        self.now, self._after_s = 0.0, after_s

    def wait(self, timeout: float | None = None) -> bool:
        self.now += max(timeout or 0.0, 0.001)
        if self.now >= self._after_s:
            self.set()
        return self.is_set()


def test_each_duty_keeps_its_rhythm() -> None:
    done: list[str] = []
    stop = Stop(after_s=10)
    duties = [
        Duty("fast", 1, lambda: done.append("fast")),
        Duty("slow", 5, lambda: done.append("slow")),
    ]

    keep(duties, stop, lambda: stop.now)

    assert (done.count("fast"), done.count("slow")) == (10, 2)


def test_a_failure_is_told_once_and_stops_nothing(caplog) -> None:
    errors: list[Exception | None] = [LedgerUnavailable("away")] * 3 + [None, ValueError("bug"), None]
    done: list[str] = []
    stop = Stop(after_s=6)

    def fail() -> None:
        error = errors.pop(0) if errors else None
        if error:
            raise error

    with caplog.at_level("INFO"):
        keep([Duty("bad", 1, fail), Duty("good", 1, lambda: done.append("good"))], stop, lambda: stop.now)

    assert len(done) == 6
    messages = [record.message for record in caplog.records]
    assert messages == ["the ledger is away", "a duty works again", "a duty failed", "a duty works again"]


def test_shows_the_ledgers_counts() -> None:
    metrics = MemoryMetrics()
    stats = LedgerStats(3, 1, {Lane.EVENT: 5, Lane.SWEEP: 7}, 2, 4, 12.5, 1000)
    runtime = SimpleNamespace(
        ledger=SimpleNamespace(stats=lambda: stats),
        queue=SimpleNamespace(depth=lambda lane: 9),
        metrics=metrics,
    )

    show(runtime)  # type: ignore[arg-type]

    assert metrics.gauges["ledger_deliveries", "open"] == 3
    assert metrics.gauges["ledger_open_work", "sweep"] == 7
    assert metrics.gauges["queue_depth", "event"] == 9
    assert metrics.gauges["ledger_parked",] == 4
    assert metrics.gauges["ledger_oldest_due_seconds",] == 12.5
