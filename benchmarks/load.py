"""Sends signed deliveries to a receiver and prints what it saw as one JSON line.

    python -m benchmarks.load closed PORT PATH SECONDS CONNECTIONS
    python -m benchmarks.load open PORT PATH SECONDS RATE

*Closed*: each connection sends its next delivery when the last was answered. *Open*: deliveries are
due at a fixed rate, and latency counts from the moment one was due, so that a receiver that stalls
can not hide its queue. Half are pushes of 8 kB, half pull requests of 24 kB, each with an id of its
own; recorded payloads are used where npm's ``@octokit/webhooks-examples`` is installed.
"""

from __future__ import annotations

import json
import os
import select
import socket
import sys
import time
import uuid
from collections import deque
from pathlib import Path

from bot.testing.deliveries import headers

EXAMPLES = "@octokit/webhooks-examples/api.github.com/index.json"
SIZES = {"push": 8_000, "pull_request": 24_000}


def payloads() -> dict[str, bytes]:
    """Event -> body."""
    for root in (os.environ.get("PLUMBLINE_SCHEMAS"), ".cache/npm/node_modules"):
        if root and (Path(root) / EXAMPLES).is_file():
            return dict(_recorded(Path(root) / EXAMPLES))
    return {event: _synthetic(size) for event, size in SIZES.items()}


def _recorded(path: Path):
    examples = {entry["name"]: entry["examples"] for entry in json.loads(path.read_bytes())}
    for event in SIZES:
        fitting = (
            e for e in examples[event] if e.get("installation") and e.get("action") in (None, "opened")
        )
        yield event, json.dumps(next(fitting), separators=(",", ":")).encode()


def _synthetic(size: int) -> bytes:
    return b'{"x":"' + b"a" * size + b'","installation":{"id":1}}'


def requests(port: int, path: str) -> list[tuple[bytes, bytes]]:
    """(all up to the delivery's id, the rest) of each kind of request."""
    made = []
    for event, body in payloads().items():
        given = headers(body, x_github_event=event, x_github_delivery=None)
        lines = [f"POST {path} HTTP/1.1", f"host: 127.0.0.1:{port}", f"content-length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in given.items()]
        made.append(("\r\n".join([*lines, "x-github-delivery: "]).encode(), b"\r\n\r\n" + body))
    return made


class Load:
    """Connections and what came back over them."""

    def __init__(self, port: int, path: str) -> None:
        self._port = port
        self._requests = requests(port, path)
        self._prefix = uuid.uuid4().hex[:20].encode()
        self._poll = select.epoll()
        self._busy: dict[int, tuple[socket.socket, float]] = {}
        self._partial: dict[int, bytes] = {}
        self._idle: deque[socket.socket] = deque()
        self._sent = 0
        self.latencies: list[float] = []
        self.errors = 0

    def send(self, since: float) -> None:
        """Send one delivery over an idle or new connection; its latency counts from ``since``."""
        connection = self._idle.pop() if self._idle else self._connect()
        before, after = self._requests[self._sent % len(self._requests)]
        self._sent += 1
        connection.sendall(before + self._prefix + b"%012d" % self._sent + after)
        self._busy[connection.fileno()] = (connection, since)

    def receive(self, timeout: float) -> int:
        """Take the answers that are there; returns how many."""
        answered = 0
        for descriptor, _ in self._poll.poll(timeout):
            if descriptor not in self._busy:
                continue
            connection, since = self._busy[descriptor]
            piece = connection.recv(65536)
            answer = self._partial.pop(descriptor, b"") + piece
            if piece and not _whole(answer):
                self._partial[descriptor] = answer
                continue
            del self._busy[descriptor]
            self.latencies.append(time.perf_counter() - since)
            self.errors += answer[9:10] != b"2"
            answered += 1
            if answer and b"connection: close" not in answer.lower():
                self._idle.append(connection)
            else:
                self._poll.unregister(descriptor)
                connection.close()
        return answered

    @property
    def waiting(self) -> int:
        """Deliveries without an answer."""
        return len(self._busy)

    def _connect(self) -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", self._port))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._poll.register(connection, select.EPOLLIN)
        return connection


def _whole(answer: bytes) -> bool:
    """All of an answer is there: its head and as many bytes as the head says."""
    head, end, body = answer.partition(b"\r\n\r\n")
    _, told, length = head.lower().partition(b"content-length:")
    return bool(end) and (not told or len(body) >= int(length.partition(b"\r\n")[0]))


def closed(load: Load, seconds: float, connections: int) -> float:
    """Keep that many deliveries under way; returns the seconds it took."""
    began = time.perf_counter()
    for _ in range(connections):
        load.send(time.perf_counter())
    while time.perf_counter() - began < seconds:
        for _ in range(load.receive(1)):
            load.send(time.perf_counter())
    return time.perf_counter() - began


def open_loop(load: Load, seconds: float, rate: float) -> float:
    """Send at a fixed rate; returns the seconds until the last answer."""
    began = time.perf_counter()
    for number in range(int(seconds * rate)):
        due = began + number / rate
        while (left := due - time.perf_counter()) > 0:
            load.receive(left)
        load.send(due)
        load.receive(0)
    deadline = time.perf_counter() + 10
    while load.waiting and time.perf_counter() < deadline:
        load.receive(0.1)
    load.errors += load.waiting
    return time.perf_counter() - began


def main() -> None:
    """See the module."""
    kind, port, path, seconds, amount = sys.argv[1:]
    load = Load(int(port), path)
    run = closed if kind == "closed" else open_loop
    took = run(load, float(seconds), int(amount))
    ordered = sorted(load.latencies) or [0.0]
    print(
        json.dumps(
            {
                "count": len(load.latencies),
                "errors": load.errors,
                "per_s": len(load.latencies) / took,
                "p50_ms": ordered[len(ordered) // 2] * 1000,
                "p99_ms": ordered[int(len(ordered) * 0.99)] * 1000,
            }
        )
    )


if __name__ == "__main__":
    main()
