"""The same store on both databases; PostgreSQL only where a server is named."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url

from bot.adapters.store import SqlStore, open_store
from bot.adapters.store.engine import open_engine
from bot.adapters.store.tables import metadata
from bot.config.settings import Settings

VARIABLE = "PLUMBLINE_TEST_POSTGRESQL_URL"
MIDSUMMER = datetime(2026, 6, 21, 12, 0, 0, 123456, tzinfo=UTC)


@dataclass
class HandClock:
    """Moves when told."""

    moment: datetime = field(default=MIDSUMMER)

    def now(self) -> datetime:
        """The moment it was set to."""
        return self.moment

    def forward(self, **units: float) -> datetime:
        """Move by a timedelta, given in its units."""
        self.moment += timedelta(**units)
        return self.moment


@pytest.fixture
def clock() -> HandClock:
    """A clock that stands still."""
    return HandClock()


def _admin_url() -> str:
    url = os.environ.get(VARIABLE, "")
    if not url:
        pytest.skip(f"needs a PostgreSQL server: {VARIABLE} is not set (.ci/run sets it)")
    return url


@pytest.fixture(scope="session")
def new_postgresql() -> Iterator[Callable[[], str]]:
    """Makes empty databases, each with a name of its own, and drops them at the end."""
    made: list[str] = []
    admin = _admin_url()

    def make() -> str:
        name = f"plumbline_test_{secrets.token_hex(6)}"
        with psycopg.connect(admin, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        made.append(name)
        url = make_url(admin).set(drivername="postgresql+psycopg", database=name)
        return url.render_as_string(hide_password=False)

    yield make
    with psycopg.connect(admin, autocommit=True) as connection:
        for name in made:
            connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def postgresql_url(new_postgresql: Callable[[], str], tmp_path_factory: pytest.TempPathFactory) -> str:
    """One migrated database for all tests that need no fresh one."""
    url = new_postgresql()
    store = open_store(Settings(home=tmp_path_factory.mktemp("home"), database_url=url))
    store.migrate()
    store.close()
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """Settings of a migrated, empty database."""
    if request.param == "sqlite":
        made = Settings(home=tmp_path / "home")
        fresh = open_store(made)
        fresh.migrate()
        fresh.close()
        return made
    made = Settings(home=tmp_path / "home", database_url=request.getfixturevalue("postgresql_url"))
    engine = open_engine(made)
    with engine.begin() as connection:
        names = ", ".join(table.name for table in metadata.sorted_tables)
        connection.execute(text(f"TRUNCATE {names} RESTART IDENTITY CASCADE"))
    engine.dispose()
    return made


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """Settings of a database without any table."""
    if request.param == "sqlite":
        return Settings(home=tmp_path / "home")
    make = request.getfixturevalue("new_postgresql")
    return Settings(home=tmp_path / "home", database_url=make())


@pytest.fixture
def store(settings: Settings, clock: HandClock) -> Iterator[SqlStore]:
    """A store on a migrated, empty database."""
    opened = open_store(settings, clock=clock)
    yield opened
    opened.close()
