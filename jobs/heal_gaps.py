"""Ask GitHub for deliveries that never arrived, or were lost after they had."""

from __future__ import annotations

import logging
from datetime import datetime

from bot.engine.context import Context
from bot.model.events import Lane
from bot.scale.gaps import find_gaps, look_from
from bot.spec import Payload, Submission, job
from jobs.scan_repository import ScanRepository

logger = logging.getLogger(__name__)

CURSOR = ("cursor", "hook-deliveries")
"""Where the time of the last look is kept; when it is lost, GitHub's whole log is read."""

HEALED = "healed"
"""Where the GUIDs of missing events are kept that were turned into scans."""


class HealGaps(Payload):
    """Nothing to say: the whole App is looked at.

    Args:
        whole_window: read all that GitHub still has, as after the ledger was lost.
    """

    whole_window: bool = False

    @property
    def key(self) -> str:
        """One at a time."""
        return "heal-gaps"


@job("heal-gaps", payload=HealGaps, timeout_s=240, every_s=300, lane=Lane.SWEEP)
def heal_gaps(payload: HealGaps, context: Context) -> None:
    """Compare GitHub's delivery log with the ledger and bring in what is missing.

    Any number may run: a redelivery keeps its GUID, so the ledger takes it once.
    """
    runtime = context.runtime
    now = runtime.clock.now()
    kind, name = CURSOR
    kept = runtime.store.cached(kind, [name]).get(name)
    last = datetime.fromisoformat(kept) if kept and not payload.whole_window else None
    log = list(runtime.github.hook_deliveries(since=look_from(now, last)))
    guids = sorted({entry.guid for entry in log})
    known = runtime.ledger.known_guids(guids) | runtime.store.cached(HEALED, guids).keys()
    gaps = find_gaps(log, known)
    for number in gaps.redeliver:
        context.guard.check()
        runtime.github.redeliver(number)
    runtime.submit(
        Submission(
            ScanRepository(installation_id=installation, repository_id=repository, pull_requests=True),
            Lane.SWEEP,
        )
        for installation, repository in gaps.scans
    )
    # A redelivery makes itself known to the ledger; what became a scan is remembered here.
    runtime.store.cache(HEALED, dict.fromkeys(gaps.scanned, True))
    if gaps.missed:
        logger.warning("deliveries had been missed", extra={"missed": gaps.missed})
    runtime.metrics.count("events_missed_total", gaps.missed)
    runtime.store.cache(kind, {name: now.isoformat()})
