"""Submits the jobs that recur. Any number of clocks may run: each tick is taken once."""

from __future__ import annotations

import logging
from datetime import datetime

from bot.engine.context import Runtime

log = logging.getLogger(__name__)

DAY = 86_400


def tick(runtime: Runtime, now: datetime | None = None) -> list[str]:
    """Submit every recurring job whose present tick nobody has taken; returns the work ids.

    Ticks are counted from 1970 by the ledger's clock, so a machine with a wrong clock schedules
    nothing early. After a gap only the present tick is made up for; the gap is logged and counted.

    Args:
        now: for tests; the ledger's clock otherwise.
    """
    moment = now or runtime.ledger.now()
    ids = []
    for spec in runtime.registry.jobs.values():
        if not spec.every_s:
            continue
        number = int(moment.timestamp()) // spec.every_s
        lifetime_s = max(3 * spec.every_s, DAY)
        if not runtime.ledger.take_occurrence(spec.name, number, lifetime_s=lifetime_s):
            continue
        newborn = runtime.ledger.take_occurrence(f"{spec.name}-ever", 0, lifetime_s=8 * DAY)
        if runtime.ledger.take_occurrence(spec.name, number - 1, lifetime_s=lifetime_s) and not newborn:
            log.warning("a recurring job missed its last tick", extra={"job": spec.name})
            runtime.metrics.count("ticks_missed_total", job=spec.name)
        ids += runtime.submit([spec.payload()])
    return ids
