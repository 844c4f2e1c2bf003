"""One publisher at a time for what one repository shows.

A look at one repository and a look at many may end at the same moment. Both look before they
write, so without turns both could find nothing and write twice.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from bot.engine.context import Context
from bot.model.errors import LeaseLost, Unavailable
from bot.model.work import Claim
from bot.ports import Guard, Ledger

TURN_S = 60.0
"""A turn ends by itself after this, should its holder have vanished; every write extends it."""

PATIENCE_S = 20.0
POLL_S = 0.1


@dataclass(frozen=True, slots=True)
class _TurnGuard:
    """Before every write: the work is still ours, and so is the turn."""

    guard: Guard
    ledger: Ledger
    name: str
    holder: str

    def check(self) -> None:
        """See ``Guard``."""
        self.guard.check()
        if not self.ledger.take_turn(self.name, self.holder, lifetime_s=TURN_S):
            raise LeaseLost("another worker publishes for this repository now")


@contextmanager
def turn(
    context: Context, repository_id: int, scope: str, *, sleep: Callable[[float], None] = time.sleep
) -> Iterator[Context]:
    """A context whose writes are the only ones to what a repository shows in a scope.

    Waits for the one who writes now, some seconds at most.

    Raises:
        Unavailable: it took too long; the work is tried again.
    """
    ledger = context.runtime.ledger
    name, holder = f"{repository_id}:{scope}", _holder(context.claim)
    waited = 0.0
    while not ledger.take_turn(name, holder, lifetime_s=TURN_S):
        if waited >= PATIENCE_S:
            raise Unavailable(f"another worker publishes for repository {repository_id} for too long")
        sleep(POLL_S)
        waited += POLL_S
    try:
        yield replace(context, guard=_TurnGuard(context.guard, ledger, name, holder))
    finally:
        ledger.take_turn(name, holder, lifetime_s=0)


def _holder(claim: Claim) -> str:
    return f"{claim.id}:{claim.fence}"
