"""Reads what is kept of many repositories at once, for those who look at all of an organisation."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.engine import Connection

from bot.adapters.store import tables
from bot.adapters.store.statements import chunks
from bot.model.verdicts import Outcome
from bot.ports import StoredEffect, StoredExemption, StoredFinding, StoredPolicy

FINDING_COLUMNS = StoredFinding._fields
EXEMPTION_COLUMNS = ("check", "reason", "until", "actor_id", "comment_id", "created_at")

AT_ONCE = 50
"""Facts that are held at once: 15 to 30 kB each as JSON, a few times that as values."""


def policies(connection: Connection, repository_ids: Sequence[int]) -> dict[int, StoredPolicy]:
    """See ``Store.policies``."""
    table = tables.policies
    found: dict[int, StoredPolicy] = {}
    for portion in chunks(repository_ids):
        statement = select(table.c.repository_id, table.c.oid, table.c.text, table.c.commit).where(
            table.c.repository_id.in_(portion)
        )
        for row in connection.execute(statement):
            found[row.repository_id] = StoredPolicy(row.oid, row.text, row.commit)
    return found


def exemptions(
    connection: Connection, repository_ids: Sequence[int]
) -> dict[int, tuple[StoredExemption, ...]]:
    """See ``Store.exemptions_of``."""
    table = tables.exemptions
    columns = [table.c[name] for name in EXEMPTION_COLUMNS]
    found: defaultdict[int, list[StoredExemption]] = defaultdict(list)
    for portion in chunks(repository_ids):
        statement = select(table.c.repository_id, *columns).where(table.c.repository_id.in_(portion))
        for number, *values in connection.execute(statement.order_by(table.c.repository_id, table.c.check)):
            found[number].append(StoredExemption(*values))
    return {number: tuple(given) for number, given in found.items()}


def effects(
    connection: Connection, repository_ids: Sequence[int], kind: str
) -> dict[int, dict[str, StoredEffect]]:
    """See ``Store.effects_of``."""
    table = tables.effects
    found: defaultdict[int, dict[str, StoredEffect]] = defaultdict(dict)
    for portion in chunks(repository_ids):
        statement = select(table).where(table.c.repository_id.in_(portion), table.c.kind == kind)
        for row in connection.execute(statement.order_by(table.c.repository_id, table.c.key)):
            found[row.repository_id][row.key] = StoredEffect(row.number, row.digest, row.note)
    return dict(found)


def findings(
    connection: Connection, repository_ids: Sequence[int], checks: Collection[str] | None
) -> dict[int, dict[str, StoredFinding]]:
    """See ``Store.findings``."""
    table = tables.verdicts
    columns = [table.c[name] for name in FINDING_COLUMNS]
    found: defaultdict[int, dict[str, StoredFinding]] = defaultdict(dict)
    for portion in chunks(repository_ids):
        statement = select(table.c.repository_id, *columns).where(table.c.repository_id.in_(portion))
        if checks is not None:
            named = table.c.check.in_(sorted(checks))
            statement = statement.where(or_(table.c.outcome == Outcome.FAIL.value, named))
        for number, *values in connection.execute(statement.where(table.c.off.is_(False))):
            verdict = StoredFinding(*values)
            found[number][verdict.check] = verdict._replace(fingerprints=tuple(verdict.fingerprints))
    return dict(found)


def facts(connection: Connection, repository_ids: Sequence[int]) -> Iterator[tuple[int, dict[str, Any]]]:
    """See ``Store.facts_of``."""
    table = tables.facts
    for start in range(0, len(repository_ids), AT_ONCE):
        portion = repository_ids[start : start + AT_ONCE]
        statement = select(table.c.repository_id, table.c.data).where(table.c.repository_id.in_(portion))
        yield from ((row.repository_id, row.data) for row in connection.execute(statement))
