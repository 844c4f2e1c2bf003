"""Hints for drains: at once when it is quiet, bundled when it is not, harmless when they fail."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from bot.testing.deliveries import AcceptingLedger, CountingQueue, MemoryMetrics
from bot.web.hinter import Hinter


class Signalling(CountingQueue):
    """Lets a test wait for a hint."""

    def __init__(self) -> None:
        super().__init__()
        self.hinted = threading.Event()

    def hint_drain(self) -> None:
        try:
            super().hint_drain()
        finally:
            self.hinted.set()


@pytest.fixture
def ports() -> tuple[AcceptingLedger, Signalling, MemoryMetrics]:
    return AcceptingLedger(), Signalling(), MemoryMetrics()


@pytest.fixture
def hinter(ports) -> Iterator[Hinter]:
    hinter = Hinter(*ports, pause_s=60)
    yield hinter
    hinter.stop()


def test_a_burst_becomes_one_question(ports, hinter: Hinter) -> None:
    """During the pause nothing is asked; the last notice is not lost, it waits."""
    _, queue, _ = ports
    hinter.notify()
    assert queue.hinted.wait(5)
    for _ in range(100):
        hinter.notify()

    assert queue.drains == 1


def test_hints_nothing_while_a_drain_is_asked_for_already(ports, hinter: Hinter) -> None:
    ledger, queue, metrics = ports
    ledger.drain_wanted = False
    hinter.notify()
    hinter.stop()

    assert queue.drains == 0
    assert metrics.counts == {}


def test_a_hint_that_fails_is_counted_and_the_next_one_is_tried(ports) -> None:
    ledger, queue, metrics = ports
    queue.error = RuntimeError("queue away")
    hinter = Hinter(ledger, queue, metrics, pause_s=0)
    hinter.notify()
    assert queue.hinted.wait(5)
    queue.error = None
    queue.hinted.clear()
    hinter.notify()
    assert queue.hinted.wait(5)
    hinter.stop()

    assert metrics.counts["hints_failed_total",] == 1
    assert queue.drains >= 1
