"""The audit: one chain of events per installation, each hash covering the one before.

Changing, removing or inserting an event breaks the chain; ``audit_chains`` holds its newest link,
so that cutting its end shows too, and the link where retention cut its beginning.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, delete, func, select, update
from sqlalchemy.engine import Connection

from bot.adapters.store.codec import canonical, clean
from bot.adapters.store.statements import insert_missing
from bot.adapters.store.tables import audit_chains, audit_events

GENESIS = bytes(32)
"""What the first event of a chain follows."""


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """One event. ``actor`` and ``detail`` name accounts and repositories by numeric id only.

    Args:
        sequence: from 1, without gaps within an installation.
        hash: SHA-256 over the hash before and the canonical JSON of everything else, 32 bytes.
    """

    installation_id: int
    sequence: int
    at: datetime
    actor: str
    action: str
    detail: Mapping[str, Any]
    hash: bytes

    def follows(self, previous: bytes) -> bool:
        """Whether the hash is what it must be after ``previous``."""
        return self.hash == link(
            previous, self.installation_id, self.sequence, self.at, self.actor, self.action, self.detail
        )


@dataclass(frozen=True, slots=True)
class AuditVerification:
    """What checking a chain found.

    Args:
        events: how many were checked and found good.
        broken_at: sequence of the first event that is missing or does not follow; None when all do.
    """

    events: int
    broken_at: int | None = None

    @property
    def intact(self) -> bool:
        """Nothing was changed, removed or inserted."""
        return self.broken_at is None


def link(
    previous: bytes,
    installation_id: int,
    sequence: int,
    at: datetime,
    actor: str,
    action: str,
    detail: Mapping[str, Any],
) -> bytes:
    """The hash of an event that follows ``previous``."""
    content = canonical([installation_id, sequence, at.isoformat(), actor, action, detail])
    return hashlib.sha256(previous + content.encode("ascii")).digest()


def append(
    connection: Connection,
    installation_id: int,
    at: datetime,
    actor: str,
    action: str,
    detail: Mapping[str, Any],
) -> None:
    """Add an event; the chain's row is the lock that puts appenders in order."""
    insert_missing(
        connection,
        audit_chains,
        {
            "installation_id": installation_id,
            "sequence": 0,
            "hash": GENESIS,
            "purged_sequence": 0,
            "purged_hash": GENESIS,
        },
    )
    chain = connection.execute(
        select(audit_chains).where(audit_chains.c.installation_id == installation_id).with_for_update()
    ).one()
    sequence = chain.sequence + 1
    actor, action = clean(actor), clean(action)
    digest = link(chain.hash, installation_id, sequence, at, actor, action, detail)
    connection.execute(
        audit_events.insert(),
        {
            "installation_id": installation_id,
            "sequence": sequence,
            "at": at,
            "actor": actor,
            "action": action,
            "detail": detail,
            "hash": digest,
        },
    )
    connection.execute(
        update(audit_chains)
        .where(audit_chains.c.installation_id == installation_id)
        .values(sequence=sequence, hash=digest)
    )


def newest(connection: Connection, installation_id: int, limit: int) -> list[AuditEvent]:
    """The newest events, newest first."""
    rows = connection.execute(
        select(audit_events)
        .where(audit_events.c.installation_id == installation_id)
        .order_by(audit_events.c.sequence.desc())
        .limit(limit)
    )
    return [AuditEvent(**row._mapping) for row in rows]


def verify(connection: Connection, installation_id: int) -> AuditVerification:
    """Walk the chain from where retention cut it to its newest link; one snapshot is assumed."""
    chain = connection.execute(
        select(audit_chains).where(audit_chains.c.installation_id == installation_id)
    ).one_or_none()
    first = chain.purged_sequence if chain else 0
    previous = chain.purged_hash if chain else GENESIS
    expected = first
    events = (
        select(audit_events)
        .where(audit_events.c.installation_id == installation_id)
        .order_by(audit_events.c.sequence)
    )
    with connection.execute(events, execution_options={"yield_per": 1000}) as rows:
        for row in rows:
            expected += 1
            event = AuditEvent(**row._mapping)
            if event.sequence != expected or not event.follows(previous):
                return AuditVerification(expected - first - 1, broken_at=expected)
            previous = event.hash
    if (chain.sequence if chain else 0) != expected or (chain.hash if chain else GENESIS) != previous:
        return AuditVerification(expected - first, broken_at=expected + 1)
    return AuditVerification(expected - first)


def purge(connection: Connection, before: datetime) -> int:
    """Cut each chain before its first event that is not older than ``before``."""
    count = 0
    old = connection.execute(
        select(audit_events.c.installation_id)
        .where(audit_events.c.at < before)
        .group_by(audit_events.c.installation_id)
        .order_by(audit_events.c.installation_id)
    )
    for (installation_id,) in old.all():
        count += _cut(connection, installation_id, before)
    return count


def _cut(connection: Connection, installation_id: int, before: datetime) -> int:
    chain = connection.execute(
        select(audit_chains).where(audit_chains.c.installation_id == installation_id).with_for_update()
    ).one_or_none()
    # Clocks step back at times: an old event behind a young one stays until the young one is old.
    keep = connection.execute(
        select(func.min(audit_events.c.sequence)).where(
            audit_events.c.installation_id == installation_id, audit_events.c.at >= before
        )
    ).scalar_one()
    older = [audit_events.c.installation_id == installation_id]
    if keep is not None:
        older.append(audit_events.c.sequence < keep)
    last = connection.execute(
        select(audit_events.c.sequence, audit_events.c.hash)
        .where(and_(*older))
        .order_by(audit_events.c.sequence.desc())
        .limit(1)
    ).one_or_none()
    if last is None or chain is None:
        return 0
    connection.execute(
        update(audit_chains)
        .where(audit_chains.c.installation_id == installation_id)
        .values(purged_sequence=last.sequence, purged_hash=last.hash)
    )
    return connection.execute(delete(audit_events).where(and_(*older))).rowcount
