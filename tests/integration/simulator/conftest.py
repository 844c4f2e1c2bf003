"""A receiver of webhooks, a running simulator, and callers of its API."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import jwt
import pytest
import requests

from bot.simulator.server import Simulator


@dataclass
class Received:
    """One delivery as the receiver got it; header names in lower case."""

    headers: Mapping[str, str]
    body: bytes

    @property
    def guid(self) -> str:
        return self.headers["x-github-delivery"]


@dataclass
class Receiver:
    """Takes deliveries and answers what it is told to."""

    url: str = ""
    status: int = 202
    gate: threading.Event = field(default_factory=threading.Event)
    received: queue.Queue[Received] = field(default_factory=queue.Queue)

    def next(self) -> Received:
        return self.received.get(timeout=10)

    def all(self) -> list[Received]:
        found = []
        while not self.received.empty():
            found.append(self.received.get())
        return found


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Listens on a free port; an unset gate holds answers back."""
    taking = Receiver()
    taking.gate.set()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            taking.received.put(Received({k.lower(): v for k, v in self.headers.items()}, body))
            taking.gate.wait(10)
            self.send_response(taking.status)
            self.end_headers()
            self.wfile.write(b"taken")

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    taking.url = f"http://127.0.0.1:{server.server_address[1]}/webhook?from=simulator"
    yield taking
    taking.gate.set()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def simulator(tmp_path: Path, receiver: Receiver) -> Iterator[Simulator]:
    """Acme with one repository, the App installed, all events acknowledged."""
    with Simulator(tmp_path / "simulator", webhook_url=receiver.url, webhook_secret="s3cret") as running:
        running.fake.create_organisation("acme")
        running.fake.create_repository("acme", "rocket", files={"README.md": "# Rocket\n"})
        running.fake.install("acme", permissions={**running.fake.app.permissions, "contents": "write"})
        assert running.hooks.flush()
        receiver.all()
        yield running


class Caller(requests.Session):
    """Calls the API by path."""

    def __init__(self, base_url: str, credential: str = "") -> None:
        super().__init__()
        self.base_url = base_url
        self.headers["User-Agent"] = "tests"
        if credential:
            self.headers["Authorization"] = f"Bearer {credential}"

    def request(self, method: Any, url: Any, *arguments: Any, **keywords: Any) -> requests.Response:
        keywords.setdefault("timeout", 20)
        keywords.setdefault("allow_redirects", False)
        return super().request(method, self.base_url + str(url), *arguments, **keywords)


def app_token(simulator: Simulator) -> str:
    now = int(time.time())
    claims = {"iat": now - 60, "exp": now + 300, "iss": str(simulator.fake.app.id)}
    return jwt.encode(claims, simulator.key_path.read_text(), algorithm="RS256")


@pytest.fixture
def call(simulator: Simulator) -> Iterator[Callable[..., Caller]]:
    """A session with an installation token, narrowed by keywords; ``app=True`` calls as the App."""
    sessions: list[Caller] = []

    def open_session(*, app: bool = False, **narrowed: Any) -> Caller:
        session = Caller(simulator.base_url, app_token(simulator))
        sessions.append(session)
        if app:
            return session
        (installation,) = simulator.fake.installations
        path = f"/app/installations/{installation}/access_tokens"
        answer = session.post(path, json=narrowed)
        assert answer.status_code == 201, answer.text
        sessions.append(Caller(simulator.base_url, answer.json()["token"]))
        return sessions[-1]

    yield open_session
    for session in sessions:
        session.close()
