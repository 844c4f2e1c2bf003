"""Real processes: a redis-server of our own and the receiver under granian."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import requests

from bot.adapters.ledger import RedisLedger
from bot.adapters.redis_client import connect
from bot.adapters.redis_server import EmbeddedRedis
from bot.testing.deliveries import BODY, SECRET, headers


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(condition: Callable[[], object], *, within_s: float = 60, what: str = "it") -> None:
    """Poll until something holds, or fail."""
    deadline = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(f"{what} did not happen within {within_s} s")
        time.sleep(0.02)


@dataclass
class Web:
    """A running ``plumbline web``."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path
    session: requests.Session = field(default_factory=requests.Session)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def deliver(self, body: bytes = BODY, *, timeout: float = 10, **changes: str | None) -> requests.Response:
        return self.session.post(
            f"{self.url}/webhook", data=body, headers=headers(body, **changes), timeout=timeout
        )

    def get(self, path: str) -> requests.Response:
        return requests.get(f"{self.url}{path}", timeout=10)

    def alive(self) -> bool:
        try:
            return self.get("/healthz").status_code == 200
        except requests.ConnectionError:
            assert self.process.poll() is None, self.log.read_text()
            return False

    def stop(self) -> int:
        self.session.close()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedRedis]:
    redis = EmbeddedRedis(tmp_path)
    redis.start()
    yield redis
    redis.stop()


@pytest.fixture
def ledger(server: EmbeddedRedis) -> Iterator[RedisLedger]:
    client = connect(server.url)
    yield RedisLedger(client)
    client.close()


@pytest.fixture
def start_web(tmp_path: Path) -> Iterator[Callable[..., Web]]:
    """Start the receiver on a Redis; any number, stopped at the end."""
    with ExitStack() as stack:

        def start(redis_url: str, *, processes: int = 1, target: tuple[str, ...] = (), **env: str) -> Web:
            port = free_port()
            log = tmp_path / f"web-{port}.log"
            given = os.environ | {
                "PLUMBLINE_HOME": str(tmp_path),
                "REDIS_URL": redis_url,
                "PLUMBLINE_APP_ID": "42",
                "PLUMBLINE_WEBHOOK_SECRET": SECRET,
                "PLUMBLINE_METRICS_PORT": "0",
                "PORT": str(port),
                **env,
            }
            command = [*target] or ["-m", "bot.entry.cli", "web", "--processes", str(processes)]
            with log.open("wb") as sink:
                process = subprocess.Popen([sys.executable, *command], env=given, stdout=sink, stderr=sink)
            web = Web(process, port, log)
            stack.callback(web.stop)
            until(web.alive, what="the start of the receiver")
            return web

        yield start
