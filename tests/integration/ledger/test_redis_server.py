"""The embedded redis-server."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

from bot.adapters import redis_server, tied
from bot.adapters.redis_client import connect
from bot.adapters.redis_server import EmbeddedRedis, check_server, find_redis_server
from bot.model.errors import LedgerUnavailable, SettingsError


def test_keeps_its_data_over_a_restart_and_is_private(tmp_path: Path) -> None:
    first = EmbeddedRedis(tmp_path)
    first.start()
    connect(first.url).set("key", "value")
    assert (first.directory.stat().st_mode & 0o777, first.socket.stat().st_mode & 0o777) == (0o700, 0o700)
    first.stop()

    second = EmbeddedRedis(tmp_path)
    second.start()

    assert connect(second.url).get("key") == b"value"
    second.stop()


def test_writes_before_it_answers_and_syncs_each_second(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Also when a rewrite has just taken the file away, and when the disk is broken."""
    outcomes: list[OSError | None] = [None, FileNotFoundError(), OSError(5, "Input/output error")]
    synced = threading.Event()

    def fsync(file: int) -> None:
        outcome = outcomes.pop(0) if outcomes else None
        if outcome:
            raise outcome
        if not outcomes:
            synced.set()

    monkeypatch.setattr(redis_server, "SYNC_S", 0.01)
    monkeypatch.setattr(redis_server.os, "fsync", fsync)
    server = EmbeddedRedis(tmp_path)
    server.start()
    client = connect(server.url)

    assert client.config_get("append*")["appendfsync"] == "no"
    client.set("key", "value")
    assert b"value" in (server.directory / "appendonly.aof").read_bytes()
    assert synced.wait(5)
    assert "can not be synced" in caplog.text
    server.stop()


def test_one_home_has_one_server(tmp_path: Path) -> None:
    first = EmbeddedRedis(tmp_path)
    first.start()

    with pytest.raises(SettingsError, match="PLUMBLINE_HOME"):
        EmbeddedRedis(tmp_path).start()

    first.stop()


def test_a_long_path_gets_a_short_socket(tmp_path: Path) -> None:
    """The kernel takes 107 bytes; the temporary directory is private and goes away."""
    home = tmp_path / ("d" * 120)
    server = EmbeddedRedis(home)
    server.start()
    socket = server.socket

    assert connect(server.url).ping()
    assert len(str(socket)) < 100
    assert socket.parent.stat().st_mode & 0o777 == 0o700
    server.stop()
    assert not socket.parent.exists()


def test_a_server_that_can_not_start_names_its_log(tmp_path: Path) -> None:
    with pytest.raises(LedgerUnavailable, match=r"redis\.log"):
        EmbeddedRedis(tmp_path, ("--no-such-option", "1")).start(timeout_s=0.5)


def test_without_a_program_the_message_names_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redis_server.importlib.util, "find_spec", lambda _: None)
    monkeypatch.setenv("PATH", "")

    with pytest.raises(SettingsError, match=r"redis-server .*REDIS_URL"):
        find_redis_server()


def test_a_program_on_the_path_will_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "redis-server"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setattr(redis_server.importlib.util, "find_spec", lambda _: None)
    monkeypatch.setenv("PATH", str(tmp_path))

    assert find_redis_server() == str(program)


@pytest.mark.parametrize("setpriv", [pytest.param(True, id="by setpriv"), pytest.param(False, id="by prctl")])
def test_dies_with_a_parent_that_was_killed(tmp_path: Path, setpriv: bool) -> None:
    program = (
        "import os, sys, time, pathlib\n"
        "from bot.adapters import tied\n"
        f"if not {setpriv}: tied.shutil.which = lambda name: None\n"
        "from bot.adapters.redis_server import EmbeddedRedis\n"
        "server = EmbeddedRedis(pathlib.Path(sys.argv[1]))\n"
        "server.start()\n"
        "print(server.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE, text=True, cwd=Path.cwd()
    )
    assert parent.stdout is not None
    child = psutil.Process(int(parent.stdout.readline()))
    parent.kill()
    parent.wait()
    parent.stdout.close()

    deadline = time.monotonic() + 30
    while child.is_running() and child.status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_elsewhere_a_child_is_not_tied(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tied.sys, "platform", "darwin")

    assert tied.tied(["true"], os.getpid()) == ["true"]


class _Client:
    """A Redis that tells what it is told to."""

    def __init__(self, **info: object) -> None:
        self._info = info

    def info(self) -> dict[str, object]:
        return self._info

    def config_get(self, name: str) -> dict[bytes, bytes]:
        raise redis_server.RedisError("unknown command CONFIG")


@pytest.mark.parametrize(
    ("info", "error", "warning"),
    [
        pytest.param({"redis_version": "6.0.9", "aof_enabled": 1}, "too old", "", id="old"),
        pytest.param(
            {"redis_version": "7.4.0", "cluster_enabled": 1, "aof_enabled": 1}, "cluster", "", id="cluster"
        ),
        pytest.param({"redis_version": "7.4.0"}, "", "not at all", id="hosted, CONFIG forbidden"),
        pytest.param(
            {"redis_version": "6.2.0", "aof_enabled": 1, "aof_last_write_status": "err"},
            "",
            "aof_last_write_status",
            id="disk full",
        ),
    ],
)
def test_judges_a_server(info: dict[str, object], error: str, warning: str) -> None:
    found = check_server(_Client(**info))  # type: ignore[arg-type]

    assert (len(found.errors), len(found.warnings)) == (bool(error), bool(warning))
    assert error in "".join(found.errors)
    assert warning in "".join(found.warnings)


def test_a_server_that_does_not_answer_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(LedgerUnavailable):
        check_server(connect(f"unix://{tmp_path}/none.sock"))
