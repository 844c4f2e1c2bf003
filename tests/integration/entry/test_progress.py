"""Who waits at a terminal sees what is waited for; programs that read the output do not."""

from __future__ import annotations

import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from bot.entry.progress import SLOW_S
from tests.terminal import shown_in_a_terminal

PROGRAM = Path(sys.executable).with_name("plumbline")
SCRIPT = """
import sys, time
from bot.entry.progress import progress

with progress("Waiting [for] it", after_s=float(sys.argv[1])) as tell:
    time.sleep(1.5)
    tell("Nearly done")
    time.sleep(float(sys.argv[2]))
"""


@pytest.fixture
def slow_server() -> Iterator[int]:
    """A port where somebody listens who says nothing for longer than a second, and then hangs up."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    time.sleep(SLOW_S + 1)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
    thread.join()


def script(after_s: float, rest_s: float) -> list[str]:
    """A program that waits."""
    return [sys.executable, "-c", SCRIPT, str(after_s), str(rest_s)]


def test_it_is_shown_to_those_who_wait() -> None:
    """As it is now, markup shown as it is; the line is taken away at the end."""
    seen = shown_in_a_terminal(script(0.1, 0.6)).decode()

    assert "Waiting [for] it" in seen
    assert "Nearly done" in seen
    assert seen.endswith(("\x1b[2K", "\x1b[?25h", "\r"))


def test_nothing_is_shown_to_those_who_do_not_wait() -> None:
    """Nor is anybody kept until it would be shown."""
    assert shown_in_a_terminal(script(30, 0)) == b""


def test_nothing_is_shown_to_programs() -> None:
    """Errors and results are all that they read."""
    told = subprocess.run(script(0, 0.2), capture_output=True, timeout=30, check=True)

    assert (told.stdout, told.stderr) == (b"", b"")


def test_migrate_says_that_it_waits_for_the_database(environment: dict[str, str], tmp_path: Path) -> None:
    """Another process holds it for a while."""
    shown_in_a_terminal([PROGRAM, "migrate"], **environment)
    (database,) = (tmp_path / "home").glob("*.sqlite3")
    other = sqlite3.connect(database, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN EXCLUSIVE")

    def let_go(seen: bytes) -> None:
        if said in seen and other.in_transaction:
            other.execute("ROLLBACK")

    said = b"Bringing the database to this version"
    seen = shown_in_a_terminal([PROGRAM, "migrate"], watch=let_go, **environment)

    other.close()
    assert said in seen
    assert b"the database is up to date" in seen


def test_doctor_says_that_it_waits_for_an_answer(environment: dict[str, str], slow_server: int) -> None:
    """Between what it has found."""
    address = f"http://127.0.0.1:{slow_server}"
    environment |= {"PLUMBLINE_GITHUB_URL": address, "COLUMNS": "200"}
    seen = shown_in_a_terminal([PROGRAM, "doctor"], code=1, **environment)

    assert b"Waiting for an answer" in seen
    assert b"clock" in seen


@pytest.mark.parametrize("command", ["job", "receive", "parked"])
def test_others_say_that_they_wait_for_redis(
    command: str, environment: dict[str, str], slow_server: int, tmp_path: Path
) -> None:
    """Which does not answer in the end, and that is said too."""
    payload = tmp_path / "payload.json"
    payload.write_text("{}", encoding="utf-8")
    arguments = {"job": ["heal-gaps"], "receive": ["star", str(payload)], "parked": ["replay", "--all"]}[
        command
    ]
    redis = f"redis://127.0.0.1:{slow_server}/0"

    seen = shown_in_a_terminal([PROGRAM, command, *arguments], code=2, **environment, REDIS_URL=redis)

    assert b"Waiting for Redis" in seen
    assert b"error: " in seen
