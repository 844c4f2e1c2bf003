"""``plumbline demo`` as a person starts and stops it."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import requests

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]


class Demo:
    """A running demo, with a place of its own for what it makes."""

    def __init__(self, tmp_path: Path) -> None:
        self.log = tmp_path / "log"
        # As short as it is on most machines: sockets lie below it.
        self.temporary = Path(tempfile.mkdtemp(prefix="pl-"))
        # The caller's own Plumbline must have no say in it.
        env = os.environ | {"TMPDIR": str(self.temporary), "COLUMNS": "100", "PLUMBLINE_PUBLISH": "observe"}
        env |= {
            "REDIS_URL": "redis://127.0.0.1:9/0",
            "DATABASE_URL": "postgresql://127.0.0.1:9/x",
            "PORT": "1",
        }
        with self.log.open("wb") as sink:
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-m", "bot.entry.cli", "demo", "--no-browser", "--workers", "1"],
                env=env,
                stdout=sink,
                stderr=sink,
            )

    def text(self) -> str:
        return self.log.read_text()

    def until(self, words: str, within_s: float = 110) -> None:
        deadline = time.monotonic() + within_s
        while words not in self.text():
            assert self.process.poll() is None, self.text()
            assert time.monotonic() < deadline, self.text()
            time.sleep(0.05)

    def left(self) -> list[Path]:
        return list(self.temporary.iterdir())


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    running = Demo(tmp_path)
    yield running
    if running.process.poll() is None:
        running.process.terminate()
        running.process.wait(60)
    shutil.rmtree(running.temporary)


def page_of_the_organisation(address: str) -> str:
    """The report among the issues of the policy's repository, as soon as it is there."""
    listed, deadline = f"{address}acme/.github-private/issues", time.monotonic() + 60
    while time.monotonic() < deadline:
        numbers = re.findall(
            r'href="/acme/.github-private/issues/(\d+)"', requests.get(listed, timeout=20).text
        )
        for number in numbers:
            text = requests.get(f"{listed}/{number}", timeout=20).text
            if "Scores by group and category" in text:
                return text
        time.sleep(0.2)
    raise AssertionError(f"no report of the organisation at {listed}")


def test_starts_everything_gives_one_address_and_leaves_nothing(demo: Demo) -> None:
    demo.until("Ctrl-C stops everything")
    text = demo.text()
    for step in (
        "Simulated GitHub",
        "Redis and database",
        "Plumbline: receiver",
        "First look at 13 repositories",
    ):
        assert f"✓ {step}" in text
    address = text.split("Open  ")[1].split()[0]
    answer = requests.get(f"{address}acme", headers={"Accept": "text/html"}, timeout=20)
    assert answer.text.count("Health issue") >= 5
    assert "13 repositories judged" in page_of_the_organisation(address)
    own = text.split("linked there too: ")[1].split()[0]
    assert "Repositories, the worst first" in requests.get(own, timeout=20).text
    children = psutil.Process(demo.process.pid).children(recursive=True)
    assert len(children) >= 4

    demo.process.send_signal(signal.SIGINT)
    assert demo.process.wait(60) == 0
    _, alive = psutil.wait_procs(children, timeout=10)
    assert alive == []
    assert demo.left() == []
    assert demo.text().endswith("Everything has stopped; nothing is left behind.\n")
    assert "Traceback" not in demo.text()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_can_be_stopped_before_it_has_started(demo: Demo, number: signal.Signals) -> None:
    deadline = time.monotonic() + 100
    while not demo.left():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    children = psutil.Process(demo.process.pid).children(recursive=True)
    demo.process.send_signal(number)

    code = demo.process.wait(60)
    assert code == 0, demo.text()
    _, alive = psutil.wait_procs(children, timeout=10)
    assert alive == []
    assert demo.left() == []
    assert "Traceback" not in demo.text()


def test_killed_leaves_no_process_and_the_next_one_tidies_up(demo: Demo) -> None:
    demo.until("✓ Redis and database")
    children = psutil.Process(demo.process.pid).children(recursive=True)
    demo.process.kill()
    demo.process.wait()
    _, alive = psutil.wait_procs(children, timeout=20)
    assert alive == []
    (left,) = demo.left()

    again = subprocess.Popen(
        [sys.executable, "-P", "-m", "bot.entry.cli", "demo", "--no-browser"],
        env=os.environ | {"TMPDIR": str(demo.temporary)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + 100
        while left.exists():
            assert time.monotonic() < deadline
            time.sleep(0.05)
    finally:
        again.terminate()
        assert again.wait(60) == 0
    assert demo.left() == []


def test_a_taken_port_is_named(plumbline) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        told = plumbline("demo", "--no-browser", "--port", str(taken.getsockname()[1]))

    assert told.returncode == 2
    assert "give another one with --port" in told.stderr
    assert told.stderr.count("\n") == 1
