"""Migrations: together, killed on the way, newer than the code, and equal to the tables in the code."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect, text

from bot.adapters.store import SqlStore, open_store
from bot.adapters.store.engine import open_engine
from bot.adapters.store.migrate import head
from bot.adapters.store.tables import metadata
from bot.config.settings import Settings
from bot.model.errors import SettingsError
from bot.model.facts import Repository

MIGRATE = """
import os, signal, sys
from pathlib import Path
from sqlalchemy import event
from bot.adapters.store import open_store
from bot.config.settings import Settings

home, url, die_at = sys.argv[1:]
store = open_store(Settings(home=Path(home), database_url=url))
seen = 0

def die(connection, cursor, statement, *rest):
    global seen
    seen += statement.lstrip().startswith("CREATE TABLE")
    if seen == int(die_at):
        os.kill(os.getpid(), signal.SIGKILL)

event.listen(store._engine, "after_cursor_execute", die)
print("ready", flush=True)
sys.stdin.readline()
store.migrate()
"""

AUDIT = """
import json, sys
from pathlib import Path
from bot.adapters.store import open_store
from bot.config.settings import Settings

home, url, actor = sys.argv[1:]
store = open_store(Settings(home=Path(home), database_url=url))
store.migrate()
print("ready", flush=True)
sys.stdin.readline()
for n in range(50):
    store.audit(7, actor, "x", {"n": n})
    store.save_facts(1, actor, {"n": n}, store.audit_events(7, limit=1)[0].at)
"""


def start(program: str, settings: Settings, argument: str) -> subprocess.Popen[str]:
    """A process that waits for a line before it does its work."""
    process = subprocess.Popen(
        [sys.executable, "-c", program, str(settings.home), settings.database_url, argument],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n", process.communicate()
    return process


def go(*processes: subprocess.Popen[str]) -> list[tuple[int, str]]:
    """Let all go at once; (exit code, what they said on standard error) of each."""
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    ends = []
    for process in processes:
        _, errors = process.communicate(timeout=60)
        ends.append((process.returncode, errors))
    return ends


def usable(settings: Settings) -> SqlStore:
    """Migrate and write something."""
    store = open_store(settings)
    store.migrate()
    store.ping()
    store.save_repositories(7, [Repository(1, "acme/r1", "main")])
    return store


def test_two_processes_migrate_at_once(empty_settings: Settings) -> None:
    """The second waits for the first and finds nothing to do."""
    ends = go(*(start(MIGRATE, empty_settings, "-1") for _ in range(2)))

    assert ends == [(0, ""), (0, "")]
    usable(empty_settings).close()


@pytest.mark.parametrize("die_at", [1, 2, 7])
def test_a_migration_killed_on_the_way_leaves_nothing_behind(empty_settings: Settings, die_at: int) -> None:
    """Killed after any table was made, the database is as before and the next try succeeds."""
    ends = go(start(MIGRATE, empty_settings, str(die_at)))

    assert ends == [(-signal.SIGKILL, "")]
    engine = open_engine(empty_settings)
    assert inspect(engine).get_table_names() == []
    engine.dispose()
    usable(empty_settings).close()


def test_migrating_twice_changes_nothing(empty_settings: Settings) -> None:
    """Every start migrates."""
    store = usable(empty_settings)
    store.migrate()

    assert store.repository(1) == (7, Repository(1, "acme/r1", "main"))
    store.close()


def test_refuses_a_database_newer_than_the_code(empty_settings: Settings) -> None:
    """Says both revisions and what to do; nothing is touched."""
    usable(empty_settings).close()
    engine = open_engine(empty_settings)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    store = open_store(empty_settings)

    with pytest.raises(SettingsError, match=f"'9999'.*{head()!r}.*newer version of Plumbline"):
        store.migrate()
    with engine.connect() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one() == "9999"
    store.close()
    engine.dispose()


def test_migrations_lead_to_the_tables_in_the_code(settings: Settings) -> None:
    """Whoever changes ``tables`` writes a step."""
    engine = open_engine(settings)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": _same_storage})

        assert compare_metadata(context, metadata) == []
    engine.dispose()


def _same_storage(context: Any, _column: Any, _other: Any, inspected: Any, declared: Any) -> bool:
    # Our types store themselves as plain ones; what counts is the column that comes out.
    return bool(inspected.compile(context.dialect) != declared.compile(context.dialect))


def test_two_processes_write_at_once(empty_settings: Settings) -> None:
    """Both append to one chain, and it holds."""
    store = usable(empty_settings)

    ends = go(*(start(AUDIT, empty_settings, actor) for actor in ("1", "2")))

    assert ends == [(0, ""), (0, "")]
    assert store.verify_audit(7).events == 100
    assert store.verify_audit(7).intact
    store.close()


def test_the_steps_are_part_of_the_package() -> None:
    """An installed copy must be able to migrate."""
    import bot.adapters.store.migrations as package

    here = Path(package.__file__).parent

    assert sorted(p.name for p in (here / "versions").glob("r*.py"))[0].startswith("r0001")
    assert (here / "env.py").is_file()
    assert json.dumps(head())
