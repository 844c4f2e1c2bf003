"""Opening databases, and errors in our own words."""

from __future__ import annotations

import json
import sqlite3
import stat
import sys
from pathlib import Path

import pytest
from sqlalchemy import exc

from bot.adapters.store import engine, open_store
from bot.config.settings import Settings, from_environment
from bot.model.errors import Malformed, PlumblineError, SettingsError, Unavailable

SECRET = "hunter2-canary"


def test_sqlite_lies_under_home_and_is_private(tmp_path: Path) -> None:
    """Nobody else on the machine reads what private repositories are found wanting in."""
    store = open_store(Settings(home=tmp_path / "new" / "home"))
    store.migrate()

    file = tmp_path / "new" / "home" / "plumbline.sqlite3"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    with sqlite3.connect(file) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()
    store.close()


def test_sqlite_lies_where_the_url_says(tmp_path: Path) -> None:
    """A DATABASE_URL may name a file."""
    settings = from_environment(
        {"PLUMBLINE_HOME": str(tmp_path), "DATABASE_URL": f"sqlite:///{tmp_path}/else/where.db"}
    )
    open_store(settings).close()

    assert (tmp_path / "else" / "where.db").exists()


def test_sqlite_enforces_foreign_keys(tmp_path: Path) -> None:
    """On every connection: the pragma is not kept in the file."""
    opened = engine.open_engine(Settings(home=tmp_path))
    readers = opened.execution_options(**{engine.BEGIN: "DEFERRED"})
    with readers.connect() as one, readers.connect() as two:
        for connection in (one, two):
            assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
    opened.dispose()


@pytest.mark.parametrize(
    ("url", "says"),
    [
        pytest.param("sqlite:", "DATABASE_URL", id="sqlite without a file"),
        pytest.param("sqlite:///:memory:", "must name a file", id="sqlite in memory"),
        pytest.param("sqlite:///file:x?mode=memory", "must name a file", id="sqlite file URI"),
        pytest.param(f"postgresql://u:{SECRET}@h:port/x", "not a URL", id="port is no number"),
        pytest.param(f"mysql://u:{SECRET}@h/x", "must start with", id="another database"),
        pytest.param(SECRET, "not a URL", id="no URL"),
    ],
)
def test_refuses_a_wrong_url_without_repeating_it(tmp_path: Path, url: str, says: str) -> None:
    """It may hold a password."""
    with pytest.raises(SettingsError, match=says) as caught:
        open_store(Settings(home=tmp_path, database_url=url))

    assert SECRET not in str(caught.value)


def test_refuses_a_second_machine(tmp_path: Path) -> None:
    """Before anything of the database is opened."""
    open_store(Settings(home=tmp_path)).close()
    marker = tmp_path / "plumbline.sqlite3.host"
    marker.write_text(json.dumps({"name": "elsewhere", "machine": "m", "boot": "b"}), encoding="ascii")
    (tmp_path / "plumbline.sqlite3").unlink()

    with pytest.raises(SettingsError, match="'elsewhere'"):
        open_store(Settings(home=tmp_path))
    assert not (tmp_path / "plumbline.sqlite3").exists()


def test_refuses_a_file_that_is_no_database(tmp_path: Path) -> None:
    """The file is named and left as it is."""
    file = tmp_path / "plumbline.sqlite3"
    file.write_bytes(b"my diary, volume one\n" * 100)

    with pytest.raises(SettingsError, match=r"plumbline\.sqlite3 is not a usable SQLite database"):
        open_store(Settings(home=tmp_path))
    assert file.read_bytes().startswith(b"my diary")


def test_refuses_a_home_that_is_a_file(tmp_path: Path) -> None:
    """Names the variable that moves it."""
    (tmp_path / "home").write_text("x", encoding="ascii")

    with pytest.raises(SettingsError, match="PLUMBLINE_HOME"):
        open_store(Settings(home=tmp_path / "home"))


def test_waits_for_a_busy_file_before_it_gives_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Switching to WAL needs the file alone; a reader that stays is an operator's problem."""
    monkeypatch.setattr(engine, "BUSY_TIMEOUT_S", 0.05)
    file = tmp_path / "plumbline.sqlite3"
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("CREATE TABLE t (x)")
    other.execute("BEGIN EXCLUSIVE")

    with pytest.raises(SettingsError, match="locked"):
        open_store(Settings(home=tmp_path))
    other.close()
    open_store(Settings(home=tmp_path)).close()


def test_a_writer_that_stays_makes_it_unavailable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The work is tried again later; readers go on meanwhile."""
    monkeypatch.setattr(engine, "BUSY_TIMEOUT_S", 0.05)
    store = open_store(Settings(home=tmp_path))
    store.migrate()
    other = sqlite3.connect(tmp_path / "plumbline.sqlite3", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    with pytest.raises(Unavailable, match="database is locked"):
        store.cache("k", {"a": 1})
    assert store.cached("k", ["a"]) == {}
    store.ping()

    other.execute("ROLLBACK")
    other.close()
    store.cache("k", {"a": 1})

    assert store.cached("k", ["a"]) == {"a": 1}
    store.close()


def test_an_unreachable_server_is_unavailable(tmp_path: Path) -> None:
    """Quickly, and without the password."""
    pytest.importorskip("psycopg", reason="needs plumbline[postgresql]")
    url = f"postgresql+psycopg://u:{SECRET}@/x?host={tmp_path}"
    store = open_store(Settings(home=tmp_path, database_url=url))

    with pytest.raises(Unavailable, match="OperationalError") as caught:
        store.ping()
    with pytest.raises(Unavailable):
        store.migrate()
    assert SECRET not in str(caught.value)
    store.close()


def test_names_the_extra_that_brings_the_driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A plain installation has SQLite only."""
    monkeypatch.setitem(sys.modules, "psycopg", None)

    with pytest.raises(SettingsError, match=r"plumbline\[postgresql\]"):
        open_store(Settings(home=tmp_path, database_url="postgresql+psycopg://u@h/x"))


@pytest.mark.parametrize(
    ("raised", "becomes", "text"),
    [
        pytest.param(
            exc.OperationalError("SELECT 1", {}, sqlite3.OperationalError("disk I/O error\nrow: secret")),
            Unavailable,
            "the database can not be used: OperationalError: disk I/O error",
            id="operational, first line only",
        ),
        pytest.param(exc.TimeoutError(), Unavailable, "TimeoutError", id="no connection became free"),
        pytest.param(
            exc.DataError("SELECT 1", {}, sqlite3.DataError("integer out of range")),
            Malformed,
            "integer out of range",
            id="value",
        ),
        pytest.param(OverflowError("too large"), Malformed, "too large", id="number"),
        pytest.param(
            exc.StatementError("x", "", {}, ValueError("no timezone")), ValueError, "no timezone", id="ours"
        ),
    ],
)
def test_speaks_of_errors_in_our_own_words(raised: Exception, becomes: type[Exception], text: str) -> None:
    """Nothing of the library crosses the border."""
    with pytest.raises(becomes) as caught, engine.translated():
        raise raised

    assert type(caught.value) is becomes
    assert text in str(caught.value)
    assert "secret" not in str(caught.value)


def test_leaves_our_own_errors_alone() -> None:
    """What is raised inside stays what it is."""
    with pytest.raises(PlumblineError, match="mine"), engine.translated():
        raise PlumblineError("mine")
