"""Deliveries as GitHub sends them, and ports that remember what the receiver asked of them."""

from __future__ import annotations

import hmac
import uuid
from collections.abc import Sequence

from bot.model.errors import LedgerUnavailable
from bot.model.events import Acceptance, Delivery

SECRET = "a-webhook-secret-of-32-characters"
BODY = b'{"ref":"refs/heads/main","installation":{"id":4711,"node_id":"x"}}'


def sign(body: bytes, secret: str = SECRET) -> str:
    """The value of ``X-Hub-Signature-256``."""
    return "sha256=" + hmac.digest(secret.encode(), body, "sha256").hex()


def headers(body: bytes = BODY, *, app_id: int = 42, **changes: str | None) -> dict[str, str]:
    """Headers in lower case; ``x_github_event=None`` leaves one out, a text replaces it."""
    given: dict[str, str | None] = {
        "content-type": "application/json",
        "user-agent": "GitHub-Hookshot/044aadd",
        "x-github-event": "push",
        "x-github-delivery": str(uuid.uuid4()),
        "x-github-hook-id": "99",
        "x-github-hook-installation-target-type": "integration",
        "x-github-hook-installation-target-id": str(app_id),
        "x-hub-signature-256": sign(body),
    }
    given |= {name.replace("_", "-"): value for name, value in changes.items()}
    return {name: value for name, value in given.items() if value is not None}


class AcceptingLedger:
    """The part of a ledger that the receiver uses, in memory.

    ``error`` is raised when set; GUIDs in ``refused`` are answered by an error each.
    """

    def __init__(self) -> None:
        self.deliveries: dict[str, Delivery] = {}
        self.error: Exception | None = None
        self.drain_wanted = True
        self.refused: set[str] = set()
        self.calls = 0

    def accept_many(self, deliveries: Sequence[Delivery]) -> list[Acceptance | LedgerUnavailable]:
        """New once, open from then on."""
        self.calls += 1
        if self.error:
            raise self.error
        outcomes: list[Acceptance | LedgerUnavailable] = []
        for delivery in deliveries:
            known = delivery.id in self.deliveries
            self.deliveries[delivery.id] = delivery
            full = delivery.guid in self.refused
            outcomes.append(
                LedgerUnavailable("full") if full else Acceptance.OPEN if known else Acceptance.NEW
            )
        return outcomes

    def want_drain(self) -> bool:
        """As set."""
        return self.drain_wanted

    def ping(self) -> None:
        """Raises ``error`` when set."""
        if self.error:
            raise self.error


class CountingQueue:
    """Counts hints for a drain; ``error`` is raised when set."""

    def __init__(self) -> None:
        self.drains = 0
        self.error: Exception | None = None

    def hint_drain(self) -> None:
        """Count."""
        if self.error:
            raise self.error
        self.drains += 1


class MemoryMetrics:
    """Keeps what was counted, observed and set, by name and sorted labels."""

    def __init__(self) -> None:
        self.counts: dict[tuple[str, ...], float] = {}
        self.observed: dict[tuple[str, ...], list[float]] = {}
        self.gauges: dict[tuple[str, ...], float] = {}

    def count(self, name: str, amount: float = 1, **labels: str) -> None:
        """Add; the key is the name and the labels' values in the order of their names."""
        key = _key(name, labels)
        self.counts[key] = self.counts.get(key, 0) + amount

    def observe(self, name: str, value: float, **labels: str) -> None:
        """Append; keys as of ``count``."""
        self.observed.setdefault(_key(name, labels), []).append(value)

    def gauge(self, name: str, value: float, **labels: str) -> None:
        """Set."""
        self.gauges[_key(name, labels)] = value


def _key(name: str, labels: dict[str, str]) -> tuple[str, ...]:
    return (name, *(labels[label] for label in sorted(labels)))
