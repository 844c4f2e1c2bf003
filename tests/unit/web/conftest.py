"""A receiver over ports in memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from bot.model.events import Lane
from bot.testing.deliveries import SECRET, AcceptingLedger, MemoryMetrics
from bot.web.receiver import Receiver


@dataclass
class World:
    """A receiver and what it was given."""

    receiver: Receiver = field(init=False)
    ledger: AcceptingLedger = field(default_factory=AcceptingLedger)
    hints: list[str] = field(default_factory=list)
    metrics: MemoryMetrics = field(default_factory=MemoryMetrics)


@pytest.fixture
def make_world() -> Callable[..., World]:
    def make(**options: Any) -> World:
        world = World()
        given: dict[str, Any] = {
            "lanes": {"push": Lane.EVENT, "issue_comment": Lane.INTERACTIVE},
            "secrets": (SECRET, "the-previous-secret"),
            "app_id": 42,
        }
        ports: Any = {
            "ledger": world.ledger,
            "metrics": world.metrics,
            "hint": lambda: world.hints.append("drain"),
        }
        world.receiver = Receiver(**ports, **(given | options))
        return world

    return make


@pytest.fixture
def world(make_world: Callable[..., World]) -> World:
    return make_world()
