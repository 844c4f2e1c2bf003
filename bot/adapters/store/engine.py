"""Connections: one engine per process for SQLite or PostgreSQL, and errors in our own words."""

from __future__ import annotations

import os
import sqlite3
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, event
from sqlalchemy.engine import URL, Connection, Engine, make_url
from sqlalchemy.exc import ArgumentError, DataError, DBAPIError, SQLAlchemyError, StatementError
from sqlalchemy.pool import Pool

from bot.adapters.store import host
from bot.config.settings import Settings
from bot.model.errors import Malformed, SettingsError, Unavailable

FILE_NAME = "plumbline.sqlite3"
BUSY_TIMEOUT_S = 10.0
STATEMENT_TIMEOUT_S = 30
POOL_SIZE = 10
POOL_OVERFLOW = 20

BEGIN = "plumbline_begin"
"""Execution option: how a transaction begins on SQLite."""

_INHERITED_POOLS: list[Pool] = []


def open_engine(settings: Settings) -> Engine:
    """An engine for the configured database; SQLite's file is made, PostgreSQL is not asked yet.

    Raises:
        SettingsError: the URL is wrong, its driver is not installed, the file can not be used, or
            it belongs to another machine.
    """
    url = _url(settings)
    engine = _sqlite(url) if url.get_backend_name() == "sqlite" else _postgresql(url)
    _leave_to_parent_after_fork(engine)
    return engine


@contextmanager
def translated() -> Iterator[None]:
    """Turn what the library raises into ``Malformed`` or ``Unavailable``."""
    try:
        yield
    except (DataError, OverflowError) as error:
        raise Malformed(f"the database refuses a value: {_reason(error)}") from error
    except SQLAlchemyError as error:
        if isinstance(error, StatementError) and not isinstance(error, DBAPIError) and error.orig:
            # A value that can not become a column is the caller's mistake and speaks for itself.
            raise error.orig from error
        raise Unavailable(f"the database can not be used: {_reason(error)}") from error


def _reason(error: BaseException) -> str:
    # The first line only: PostgreSQL's further lines may repeat values of the row.
    cause = error.orig if isinstance(error, DBAPIError) and error.orig else error
    first = str(cause).strip().partition("\n")[0]
    return f"{type(cause).__name__}: {first[:300]}"


def _url(settings: Settings) -> URL:
    if not settings.database_url:
        return URL.create("sqlite", database=str(settings.home.absolute() / FILE_NAME))
    try:
        url = make_url(settings.database_url)
    except (ArgumentError, ValueError):
        # The value may hold a password, so the message does not repeat it.
        raise SettingsError(
            "DATABASE_URL is not a URL; it should look like postgresql://USER:PASSWORD@HOST/NAME"
        ) from None
    if url.get_backend_name() not in ("sqlite", "postgresql"):
        raise SettingsError("DATABASE_URL must start with postgresql:// or sqlite:///")
    return url


def _postgresql(url: URL) -> Engine:
    arguments: dict[str, Any] = {"connect_timeout": 5, "application_name": "plumbline"}
    if "options" not in url.query:
        arguments["options"] = (
            f"-c timezone=utc -c statement_timeout={STATEMENT_TIMEOUT_S}s "
            f"-c lock_timeout={BUSY_TIMEOUT_S:.0f}s"
        )
    try:
        return create_engine(
            url.set(drivername="postgresql+psycopg"),
            connect_args={k: v for k, v in arguments.items() if k not in url.query},
            pool_pre_ping=True,
            pool_recycle=1800,
            pool_size=POOL_SIZE,
            max_overflow=POOL_OVERFLOW,
            hide_parameters=True,
        )
    except ModuleNotFoundError:
        raise SettingsError(
            "DATABASE_URL names a PostgreSQL database, but its driver is not installed: "
            "install plumbline[postgresql]"
        ) from None


def _sqlite(url: URL) -> Engine:
    if not url.database or url.database.startswith((":memory:", "file:")):
        raise SettingsError(
            "DATABASE_URL=sqlite must name a file: sqlite:////var/lib/plumbline/plumbline.sqlite3"
        )
    path = Path(url.database).absolute()
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        host.claim(path, host.this_host())
        path.touch(mode=0o600)
        _write_ahead(path)
    except OSError as error:
        raise SettingsError(
            f"the database {path} can not be used: {error.strerror}; set PLUMBLINE_HOME (or DATABASE_URL) "
            "to a place that this user may write to"
        ) from error
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        connect_args={"timeout": BUSY_TIMEOUT_S},
        pool_size=POOL_SIZE,
        max_overflow=POOL_OVERFLOW,
        hide_parameters=True,
    )
    event.listen(engine, "connect", _configure_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _write_ahead(path: Path) -> None:
    """Switch the file to WAL, once for all; the switch itself does not wait for a busy file."""
    deadline = time.monotonic() + BUSY_TIMEOUT_S
    while True:
        connection = sqlite3.connect(path, timeout=BUSY_TIMEOUT_S, isolation_level=None)
        try:
            (mode,) = connection.execute("PRAGMA journal_mode=WAL").fetchone()
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise SettingsError(f"the database {path} can not be used: {error}") from error
            time.sleep(0.02)
            continue
        except sqlite3.DatabaseError as error:
            raise SettingsError(
                f"{path} is not a usable SQLite database ({error}): move it away or restore a backup"
            ) from error
        finally:
            connection.close()
        if mode != "wal":
            raise SettingsError(
                f"{path} lies on a file system without shared memory, which SQLite needs here: "
                "set PLUMBLINE_HOME to a local disk or DATABASE_URL to a PostgreSQL database"
            )
        return


def _configure_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    # The driver's own transaction handling begins late and lets DDL escape; ``_begin_sqlite`` begins.
    connection.isolation_level = None
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute("PRAGMA synchronous=NORMAL")


def _begin_sqlite(connection: Connection) -> None:
    kind = connection.get_execution_options().get(BEGIN, "IMMEDIATE")
    connection.exec_driver_sql(f"BEGIN {kind}")


def _leave_to_parent_after_fork(engine: Engine) -> None:
    """A forked child opens connections of its own and never closes its parent's."""
    reference = weakref.ref(engine)

    def forget() -> None:
        inherited = reference()
        if inherited is not None:
            _INHERITED_POOLS.append(inherited.pool)
            inherited.dispose(close=False)

    os.register_at_fork(after_in_child=forget)
