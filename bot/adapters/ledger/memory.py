"""The part of the ledger that publishing asks, for a process that works alone and then ends."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.model.work import Work
from bot.ports import Clock


class MemoryLedger:
    """Generations, turns, occurrences and pauses of one process with one worker.

    It takes in no deliveries and keeps no work: what is submitted is nobody's to do.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._generation = 0
        self._published: dict[tuple[int, str], int] = {}
        self._taken: set[tuple[str, int]] = set()
        self._pauses: dict[tuple[int, str], datetime] = {}

    def submit(self, works: Sequence[Work]) -> list[str]:
        """See ``Ledger``."""
        return ["" for _ in works]

    def take_occurrence(self, job: str, tick: int, *, lifetime_s: int) -> bool:  # noqa: ARG002
        """See ``Ledger``."""
        if (job, tick) in self._taken:
            return False
        self._taken.add((job, tick))
        return True

    def next_generation(self, repository_id: int) -> int:  # noqa: ARG002
        """See ``Ledger``."""
        self._generation += 1
        return self._generation

    def claim_publication(self, repository_id: int, scope: str, generation: int) -> bool:
        """See ``Ledger``."""
        if generation < self._published.get((repository_id, scope), 0):
            return False
        self._published[repository_id, scope] = generation
        return True

    def take_turn(self, name: str, holder: str, *, lifetime_s: float) -> bool:  # noqa: ARG002
        """See ``Ledger``; there is nobody else."""
        return True

    def pause(self, installation_id: int, resource: str, until: datetime) -> None:
        """See ``Ledger``."""
        self._pauses[installation_id, resource] = until

    def paused_until(self, installation_id: int, resource: str) -> datetime | None:
        """See ``Ledger``."""
        until = self._pauses.get((installation_id, resource))
        return until if until is not None and self.now() < until else None

    def now(self) -> datetime:
        """See ``Ledger``."""
        return self._clock.now()


class NoQueue:
    """``Queue`` where nobody waits for hints."""

    def hint_drain(self) -> None:
        """Nothing."""

    def hint_work(self, works: Sequence[tuple[object, str]]) -> None:
        """Nothing."""

    def depth(self, lane: object) -> int:  # noqa: ARG002
        """Nothing waits."""
        return 0
