"""Judge repositories anew when an exemption has ended, so that it ends aloud."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta

from bot.engine.context import Context
from bot.model.events import Lane
from bot.spec import Payload, job
from jobs.scan_shard import shards

TRIED = timedelta(days=7)
"""So long after its last day an exemption is looked at, should the repository not be judged."""


class ExpireExemptions(Payload):
    """Nothing to say: all of them are meant."""

    @property
    def key(self) -> str:
        """One at a time."""
        return "expire-exemptions"


@job("expire-exemptions", payload=ExpireExemptions, timeout_s=300, every_s=3600, lane=Lane.SWEEP)
def expire_exemptions(_: ExpireExemptions, context: Context) -> None:
    """Look anew at each repository in which an exemption was in force at the last look and is over now."""
    runtime = context.runtime
    today = runtime.clock.now().date()
    found: defaultdict[int, list[int]] = defaultdict(list)
    for installation, repository in runtime.store.exemptions_over(today, today - TRIED):
        found[installation].append(repository)
    for installation, repositories in found.items():
        runtime.submit(shards(installation, repositories))
