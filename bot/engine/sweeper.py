"""Gives the hints again that were lost, and ends the leases of workers that vanished."""

from __future__ import annotations

from bot.engine.context import Runtime
from bot.model.events import Lane

LONG_QUEUE = 1000
"""Hints waiting in all lanes; with so many, more would only be in the way."""
LIMIT = 500


def sweep_once(runtime: Runtime) -> int:
    """One pass, every few seconds, by any number of processes; returns how many hints it gave."""
    waiting = sum(runtime.queue.depth(lane) for lane in Lane)
    found = runtime.ledger.sweep(LIMIT if waiting < LONG_QUEUE else 0)
    works = [(lane, id_) for kind, lane, id_ in found if kind == "work"]
    runtime.queue.hint_work(works)
    drains = int(len(works) < len(found))
    if drains:
        runtime.queue.hint_drain()
    runtime.metrics.count("hints_again_total", len(works), kind="work")
    runtime.metrics.count("hints_again_total", drains, kind="drain")
    return len(works) + drains
