"""``plumbline up`` as a person starts and stops it."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import requests

from bot.adapters.redis_server import EmbeddedRedis
from bot.testing.deliveries import BODY, headers


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Up:
    """A running ``plumbline up``."""

    def __init__(self, environment: dict[str, str], log: Path) -> None:
        self.port, self.metrics_port = free_port(), free_port()
        self.log = log
        env = environment | {"PORT": str(self.port), "PLUMBLINE_METRICS_PORT": str(self.metrics_port)}
        with log.open("wb") as sink:
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-m", "bot.entry.cli", "up", "--workers", "2"],
                env=env,
                stdout=sink,
                stderr=sink,
            )

    def text(self) -> str:
        return self.log.read_text()

    def status(self, path: str, port: int | None = None) -> int:
        try:
            return requests.get(f"http://127.0.0.1:{port or self.port}{path}", timeout=5).status_code
        except requests.ConnectionError:
            assert self.process.poll() is None, self.text()
            return 0

    def until(self, condition, what: str, within_s: float = 100) -> None:
        deadline = time.monotonic() + within_s
        while not condition():
            assert time.monotonic() < deadline, f"{what} did not happen: {self.text()}"
            time.sleep(0.05)


@pytest.fixture
def up(environment: dict[str, str], tmp_path: Path) -> Iterator[Up]:
    running = Up(environment, tmp_path / "log")
    yield running
    if running.process.poll() is None:
        running.process.send_signal(signal.SIGTERM)
        running.process.wait(40)


def test_takes_deliveries_routes_them_and_stops_cleanly(up: Up, plumbline, environment) -> None:
    """One command: receiver, workers and clock are there; Ctrl-C leaves nothing behind."""
    up.until(lambda: up.status("/readyz") == 200, "readiness")
    answer = requests.post(
        f"http://127.0.0.1:{up.port}/webhook", data=BODY, headers=headers(x_github_event="ping"), timeout=5
    )
    assert answer.status_code == 202

    def counted() -> bool:
        text = requests.get(f"http://127.0.0.1:{up.metrics_port}/metrics", timeout=5).text
        return "plumbline_deliveries_routed_total" in text and "plumbline_ledger_parked" in text

    up.until(counted, "routing of the delivery and a look at the ledger")
    listed = plumbline("parked", "list")
    assert (listed.returncode, listed.stdout) == (0, "nothing is parked\n")
    home = Path(environment["PLUMBLINE_HOME"])
    assert stat.S_IMODE((home / "secret-keys").stat().st_mode) == 0o600
    assert stat.S_IMODE(home.stat().st_mode) == 0o700

    children = psutil.Process(up.process.pid).children(recursive=True)
    assert len(children) >= 5
    up.process.send_signal(signal.SIGINT)
    assert up.process.wait(40) == 0
    assert [child for child in children if child.is_running()] == []
    assert not (home / "redis.url").exists()
    text = up.text()
    assert "Traceback" not in text
    assert "up; Ctrl-C stops it" in text
    assert "no process is left" in text


def test_killed_leaves_no_process(up: Up) -> None:
    """Nobody could clean up; the kernel does."""
    up.until(lambda: up.status("/readyz") == 200, "readiness")
    children = psutil.Process(up.process.pid).children(recursive=True)
    up.process.kill()
    up.process.wait()

    _, alive = psutil.wait_procs(children, timeout=20)
    assert alive == []


def test_children_that_are_killed_come_back(up: Up) -> None:
    up.until(lambda: up.status("/readyz") == 200, "readiness")
    before = {child.pid for child in psutil.Process(up.process.pid).children(recursive=True)}
    for child in psutil.Process(up.process.pid).children():
        os.kill(child.pid, signal.SIGKILL)
    # Gone first, so that the readiness below is that of the successors.
    up.until(lambda: not before & set(psutil.pids()), "the end of all children")

    up.until(lambda: up.status("/readyz") == 200, "readiness after a kill")
    up.until(lambda: len(psutil.Process(up.process.pid).children()) == 5, "all children")


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"PLUMBLINE_PRIVATE_KEY": None}, id="some credentials, not all"),
        pytest.param(
            {
                "PLUMBLINE_APP_ID": None,
                "PLUMBLINE_PRIVATE_KEY": None,
                "PLUMBLINE_WEBHOOK_SECRET": None,
                "PLUMBLINE_PAGES": "nobody",
            },
            id="none, and no pages to be led by",
        ),
    ],
)
def test_says_in_one_sentence_what_to_set(plumbline, changes: dict[str, str | None]) -> None:
    """Without any credential it would offer set-up."""
    told = plumbline("up", **changes)

    assert told.returncode == 2
    assert told.stderr.count("\n") == 1
    for name in ("PLUMBLINE_APP_ID", "PLUMBLINE_PRIVATE_KEY", "PLUMBLINE_WEBHOOK_SECRET"):
        assert name in told.stderr


def test_a_taken_port_is_named(plumbline) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        told = plumbline("up", PORT=str(taken.getsockname()[1]))

    assert told.returncode == 2
    assert "set HOST and PORT" in told.stderr


def test_logs_are_json_when_asked_for(environment, tmp_path: Path) -> None:
    running = Up(environment | {"PLUMBLINE_LOG_FORMAT": "json"}, tmp_path / "log")
    running.until(lambda: running.status("/readyz") == 200, "readiness")
    running.until(lambda: "worker process started" in running.text(), "the start of a worker")
    running.until(lambda: "clock started" in running.text(), "the start of the clock")
    running.process.send_signal(signal.SIGTERM)
    assert running.process.wait(40) == 0

    events = [json.loads(line) for line in running.text().splitlines()]
    assert {"up", "web", "worker", "clock"} <= {event["process"] for event in events}


def test_parents_look_at_redis_without_loading_what_their_children_need(environment, tmp_path: Path) -> None:
    """Each would keep it in memory for as long as it runs."""
    redis = EmbeddedRedis(tmp_path / "redis")
    (tmp_path / "redis").mkdir()
    redis.start()
    script = (
        "import sys\n"
        "from pathlib import Path\n"
        "from bot.config.settings import Settings\n"
        "from bot.entry import up, wiring, worker\n"
        "import bot.adapters.supervisor\n"
        "wiring.check_redis(Settings(home=Path('.'), redis_url=sys.argv[1]))\n"
        "print(sorted({'rq', 'sqlalchemy', 'github', 'flask'} & set(sys.modules)))\n"
    )
    try:
        told = subprocess.run(
            [sys.executable, "-P", "-c", script, redis.url], capture_output=True, text=True, timeout=60
        )
    finally:
        redis.stop()

    assert (told.stdout, told.returncode) == ("[]\n", 0), told.stderr


def test_worker_processes_come_back_and_stop_on_a_signal(environment, tmp_path: Path) -> None:
    """``plumbline worker`` on a Redis of its own kind: killed processes return, SIGTERM ends all."""
    redis = EmbeddedRedis(tmp_path / "redis")
    (tmp_path / "redis").mkdir()
    redis.start()
    log = tmp_path / "log"
    with log.open("wb") as sink:
        worker = subprocess.Popen(
            [sys.executable, "-P", "-m", "bot.entry.cli", "worker", "--processes", "2", "--threads", "2"],
            env=environment | {"REDIS_URL": redis.url, "PLUMBLINE_LOG_FORMAT": "json"},
            stdout=sink,
            stderr=sink,
        )

    def until_started(count: int) -> None:
        deadline = time.monotonic() + 100
        while log.read_text().count("worker process started") < count:
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)

    try:
        until_started(2)
        children = psutil.Process(worker.pid).children()
        children[0].kill()
        until_started(3)
        children = psutil.Process(worker.pid).children(recursive=True)
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(60) == 0
        assert [child for child in children if child.is_running()] == []
    finally:
        worker.kill()
        redis.stop()
    assert "Traceback" not in log.read_text()


def test_a_worker_process_without_redis_ends_and_says_why(environment) -> None:
    """The supervisor starts it again until Redis is there."""
    told = subprocess.run(
        [sys.executable, "-P", "-m", "bot.entry.worker", "2"],
        env=environment | {"REDIS_URL": "redis://127.0.0.1:9/0", "PLUMBLINE_LOG_FORMAT": "json"},
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert told.returncode == 1
    assert "worker process can not start" in told.stderr
    assert "Traceback" not in told.stderr
