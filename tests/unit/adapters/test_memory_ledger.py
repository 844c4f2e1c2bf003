"""The ledger of a process that works alone."""

from __future__ import annotations

from datetime import timedelta

from bot.adapters.ledger.memory import MemoryLedger, NoQueue
from bot.testing.clocks import ManualClock


def test_an_occurrence_is_taken_once() -> None:
    """By its job and tick."""
    ledger = MemoryLedger(ManualClock())
    taken = [ledger.take_occurrence(job, tick, lifetime_s=1) for job, tick in (("a", 1), ("a", 1), ("b", 1))]

    assert taken == [True, False, True]


def test_an_older_result_never_replaces_a_newer_one() -> None:
    """In each scope of each repository; the same generation may publish again."""
    ledger = MemoryLedger(ManualClock())
    older, newer = ledger.next_generation(1), ledger.next_generation(1)

    assert ledger.claim_publication(1, "health", newer)
    assert not ledger.claim_publication(1, "health", older)
    assert ledger.claim_publication(1, "health", newer)
    assert ledger.claim_publication(1, "pull:7", older)
    assert ledger.claim_publication(2, "health", older)


def test_a_pause_ends_by_itself() -> None:
    """At its moment."""
    clock = ManualClock()
    ledger = MemoryLedger(clock)
    until = clock.now() + timedelta(seconds=10)
    ledger.pause(7, "core", until)

    assert ledger.paused_until(7, "core") == until
    assert ledger.paused_until(7, "graphql") is None
    clock.advance(10)
    assert ledger.paused_until(7, "core") is None
    assert ledger.now() == clock.now()


def test_nobody_waits_for_work() -> None:
    """Turns are always ours, and what is submitted is nobody's to do."""
    ledger, queue = MemoryLedger(ManualClock()), NoQueue()
    queue.hint_drain()
    queue.hint_work([])

    assert ledger.take_turn("42:health", "me", lifetime_s=1)
    assert ledger.submit([]) == []
    assert queue.depth("event") == 0
