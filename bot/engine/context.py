"""What a job is given: ports, never clients."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bot.config.settings import Settings
from bot.model.work import Claim
from bot.ports import (
    Clock,
    GitHub,
    Guard,
    Ledger,
    LicenceDetector,
    Metrics,
    Queue,
    Store,
    WorkflowAuditor,
)
from bot.registry import Registry
from bot.spec import Payload, Submission


@dataclass(frozen=True, slots=True)
class Runtime:
    """The ports of one process, built in ``bot.entry`` and shared by its threads."""

    registry: Registry
    settings: Settings
    ledger: Ledger
    queue: Queue
    store: Store
    github: GitHub
    auditor: WorkflowAuditor
    licences: LicenceDetector
    clock: Clock
    metrics: Metrics
    silent: bool = False
    """Nothing is written to the repositories that are judged, whatever policy says."""

    def submit(self, items: Iterable[Payload | Submission]) -> list[str]:
        """Record work in the ledger, then hint it; returns the work ids."""
        works = [self.registry.work(item) for item in items]
        ids = self.ledger.submit(works)
        self.queue.hint_work([(work.lane, id_) for work, id_ in zip(works, ids, strict=True)])
        return ids


@dataclass(frozen=True, slots=True)
class Context:
    """One run of one job."""

    runtime: Runtime
    claim: Claim
    guard: Guard
