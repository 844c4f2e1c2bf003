"""Brings a database to the code's revision, once, however many processes start at the same time."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.engine import Connection, Engine

from bot.adapters.store.engine import translated
from bot.model.errors import SettingsError

MIGRATIONS = Path(__file__).with_name("migrations")

ADVISORY_LOCK = 0x706C756D62
"""Names our migrations among PostgreSQL's advisory locks."""


def head() -> str:
    """The newest revision that this code knows."""
    revision = ScriptDirectory(str(MIGRATIONS)).get_current_head()
    assert revision is not None
    return revision


def migrate(engine: Engine) -> None:
    """Run what is missing in one transaction, alone.

    A process that dies on the way leaves the database as it was; one that comes second waits and
    finds nothing to do.

    Raises:
        SettingsError: the database was made by a newer Plumbline.
        Unavailable: the database is away, or another process migrates for too long.
    """
    with translated(), engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SET LOCAL lock_timeout = '60s'"))
            connection.execute(text("SET LOCAL statement_timeout = 0"))
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ADVISORY_LOCK})
        _refuse_newer(connection)
        command.upgrade(config(connection), "head")


def config(connection: Connection) -> Config:
    """Alembic's configuration for a connection inside a transaction."""
    made = Config(attributes={"connection": connection})
    made.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return made


def _refuse_newer(connection: Connection) -> None:
    known = {script.revision for script in ScriptDirectory(str(MIGRATIONS)).walk_revisions()}
    for revision in MigrationContext.configure(connection).get_current_heads():
        if revision not in known:
            raise SettingsError(
                f"the database is at revision {revision!r}, which this version does not know (it knows "
                f"{head()!r}): run the newer version of Plumbline again, or restore a backup made before it"
            )
