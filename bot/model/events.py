"""Deliveries as received, and events as handlers see them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

MAX_ID = 2**63 - 1
"""GitHub's ids are 64-bit; what is larger is none, and no database takes it."""


class Lane(StrEnum):
    """How urgent something is; each lane is a queue with a guaranteed minimum share."""

    INTERACTIVE = "interactive"
    EVENT = "event"
    SWEEP = "sweep"


class Acceptance(StrEnum):
    """What the ledger did with a delivery."""

    NEW = "new"
    OPEN = "open"
    REOPENED = "reopened"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Delivery:
    """A signed request as it arrived; the body is not parsed yet.

    Args:
        hook_id: value of ``X-GitHub-Hook-ID``, or ``-`` when the header is missing.
        guid: value of ``X-GitHub-Delivery``; names the event, redeliveries repeat it.
        event: value of ``X-GitHub-Event``.
        fairness_key: installation id as found by a byte search; a scheduling hint only.
        body: raw bytes.
    """

    hook_id: str
    guid: str
    event: str
    lane: Lane
    fairness_key: str
    body: bytes

    @property
    def id(self) -> str:
        """The ledger's key for this delivery."""
        return f"{self.hook_id}:{self.guid}"


@dataclass(frozen=True, slots=True)
class Event:
    """A parsed delivery.

    Args:
        name: ``push``, ``pull_request``, ...
        action: the top-level ``action`` or an empty string.
        delivery: the ledger's id of the delivery it came from.
        payload: the JSON object, untrusted.
        app_id: of our own App, so that our echoes can be told; 0 when it is not known.
    """

    name: str
    action: str
    delivery: str
    payload: Mapping[str, Any] = field(repr=False)
    app_id: int = 0

    @property
    def installation_id(self) -> int | None:
        """``installation.id`` of the payload, None when absent or not a positive 64-bit integer."""
        return self._id("installation")

    @property
    def repository_id(self) -> int | None:
        """``repository.id`` of the payload, None when absent or not a positive 64-bit integer."""
        return self._id("repository")

    @property
    def sender_is_bot(self) -> bool:
        """The account that caused it is of type ``Bot``."""
        sender = self.payload.get("sender")
        return isinstance(sender, Mapping) and sender.get("type") == "Bot"

    def _id(self, key: str) -> int | None:
        part = self.payload.get(key)
        value = part.get("id") if isinstance(part, Mapping) else None
        if not isinstance(value, int) or isinstance(value, bool) or not 0 < value <= MAX_ID:
            return None
        return value
