"""Work: a small JSON value naming a job and its arguments, and what the ledger says of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from bot.model.events import Lane

WORK_VERSION = 1
"""Version of the work format; a worker leaves work of a higher version alone."""


class State(StrEnum):
    """Where a ledger record stands."""

    OPEN = "open"
    LEASED = "leased"
    DONE = "done"
    PARKED = "parked"


@dataclass(frozen=True, slots=True)
class Work:
    """One thing to do. Equal keys that wait are merged: the newest payload wins.

    Args:
        job: name of the registered job.
        key: identity for merging and for mutual exclusion (``scan:42``); two works of one key
            never run at the same time.
        payload: JSON-able arguments of the job.
        installation_id: for fairness and for pausing; 0 when none is meant.
    """

    job: str
    key: str
    lane: Lane
    installation_id: int
    payload: Mapping[str, Any]
    version: int = WORK_VERSION


@dataclass(frozen=True, slots=True)
class Claim:
    """A lease on a record: only the holder of the newest fence may complete it.

    Args:
        kind: ``delivery`` or ``work``.
        id: the record's id.
        fence: grows with every claim of the record.
        attempt: from 1.
    """

    kind: str
    id: str
    fence: int
    attempt: int


@dataclass(frozen=True, slots=True)
class ClaimedDelivery:
    """A delivery leased for routing; ``body`` is None when only a reference was kept."""

    claim: Claim
    event: str
    lane: Lane
    body: bytes | None = field(repr=False)
    waited_s: float = 0.0
    """From becoming due to being claimed, by the ledger's clock."""


@dataclass(frozen=True, slots=True)
class ClaimedWork:
    """A work leased for running."""

    claim: Claim
    work: Work
    waited_s: float = 0.0
    """From becoming due to being claimed, by the ledger's clock."""
    alone: bool = False
    """Its last worker vanished, perhaps by its fault: nothing else shall run beside it."""


@dataclass(frozen=True, slots=True)
class Record:
    """A ledger record as operators see it (``plumbline parked show``)."""

    kind: str
    id: str
    state: State
    name: str
    lane: Lane
    installation_id: str
    attempts: int
    error: str
    accepted_at: datetime
    works: tuple[str, ...] = ()
    payload: str = ""
    key: str = ""
    """Of a work: the key under which equal works are merged."""
    action: str = ""
    """Of a routed delivery: the payload's ``action``."""
    repository_id: int = 0
    """Of a routed delivery: the repository that the payload names; 0 for none."""


@dataclass(frozen=True, slots=True)
class LedgerStats:
    """Counts for metrics and ``doctor``; ages in seconds."""

    open_deliveries: int
    leased_deliveries: int
    open_work: Mapping[Lane, int]
    leased_work: int
    parked: int
    oldest_due_s: float
    bytes_held: int
