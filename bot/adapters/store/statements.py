"""Statements that both databases understand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

T = TypeVar("T")

CHUNK = 500
"""Values in one IN list; SQLite takes 32,766 parameters, PostgreSQL 65,535."""


def upsert(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows, or replace the columns they name where the primary key is known.

    Rows are written in the order of their keys, so that two writers never wait for each other.
    """
    if not rows:
        return
    keys = [column.name for column in table.primary_key]
    statement = _insert(connection, table)
    named = [name for name in rows[0] if name not in keys]
    statement = statement.on_conflict_do_update(
        index_elements=keys, set_={name: statement.excluded[name] for name in named}
    )
    connection.execute(statement, sorted(rows, key=lambda row: tuple(row[key] for key in keys)))


def insert_missing(connection: Connection, table: Table, row: Mapping[str, Any]) -> None:
    """Insert a row unless its primary key is known."""
    connection.execute(_insert(connection, table).on_conflict_do_nothing(), row)


def chunks(items: Sequence[T] | Iterator[T]) -> Iterator[list[T]]:
    """Portions of at most ``CHUNK``."""
    rest = iter(items)
    while portion := list(islice(rest, CHUNK)):
        yield portion


def _insert(connection: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    return sqlite.insert(table) if connection.dialect.name == "sqlite" else postgresql.insert(table)
