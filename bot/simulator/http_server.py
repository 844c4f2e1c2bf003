"""A small threaded HTTP/1.1 server: keep-alive, one write per answer, connections that can be cut."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from tempfile import SpooledTemporaryFile
from typing import IO, Any
from urllib.parse import parse_qsl

from bot.testing.http import Response

BODY_LIMIT = 256 * 1024 * 1024
_IN_MEMORY = 1024 * 1024
_REASONS = {code: text for code, (text, _) in BaseHTTPRequestHandler.responses.items()}


class TooLarge(Exception):
    """A request's body is larger than ``BODY_LIMIT``."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """A request as it came over the wire.

    Args:
        path: still percent-encoded, without the query.
        target: path and query as sent.
        query: decoded; the last value wins.
        headers: names in lower case.
        body: positioned at its start; closed by the server.
    """

    method: str
    path: str
    target: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: IO[bytes]
    length: int
    peer: str


@dataclass(slots=True)
class Streamed:
    """An answer whose length is not known yet; sent in chunks."""

    status: int
    headers: Mapping[str, str]
    portions: Iterator[bytes]
    close: Callable[[], None] = field(default=lambda: None)


Answer = Response | Streamed | None
"""None cuts the connection."""


def first_free(answer: Callable[[Arrived], Answer], ports: Sequence[int]) -> Server:
    """A server on the first of these ports that nobody else has; asking before would not keep it free.

    Raises:
        OSError: all are taken.
    """
    for port in ports[:-1]:
        with contextlib.suppress(OSError):
            return Server(answer, port)
    return Server(answer, ports[-1])


class Server(ThreadingHTTPServer):
    """Serves ``answer`` on the loopback interface from daemon threads.

    Args:
        port: 0 picks a free one.
    """

    daemon_threads = True
    block_on_close = False
    request_queue_size = 256
    allow_reuse_address = True

    def __init__(self, answer: Callable[[Arrived], Answer], port: int = 0) -> None:
        self.answer = answer
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        super().__init__(("127.0.0.1", port), _Handler)
        self._thread = threading.Thread(
            target=self.serve_forever, args=(0.05,), name="simulator", daemon=True
        )

    @property
    def url(self) -> str:
        """``http://127.0.0.1:PORT``."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def start(self) -> None:
        """Accept connections in the background."""
        self._thread.start()

    def stop(self) -> None:
        """Stop accepting and end every open connection."""
        self.shutdown()
        self._thread.join()
        self.server_close()
        with self._lock:
            connections = list(self._open)
        for connection in connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Remember the connection, then serve it from its own thread."""
        with self._lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Forget the connection and close it."""
        with self._lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is no news; anything else is a fault of the simulator."""
        import sys

        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Server

    def handle_one_request(self) -> None:
        try:
            self.raw_requestline = self.rfile.readline(65_537)
        except OSError:
            self.close_connection = True
            return
        if not self.raw_requestline:
            self.close_connection = True
            return
        if not self.parse_request():
            return
        with SpooledTemporaryFile(max_size=_IN_MEMORY) as body:
            try:
                length = self._read_body(body)
            except (TooLarge, ValueError) as error:
                self.close_connection = True
                status = 413 if isinstance(error, TooLarge) else 400
                self._send(Response(status, {"Content-Type": "text/plain"}, str(error).encode()))
                return
            body.seek(0)
            path, _, query = self.path.partition("?")
            arrived = Arrived(
                self.command,
                path,
                self.path,
                dict(parse_qsl(query, keep_blank_values=True)),
                {name.lower(): value for name, value in self.headers.items()},
                body,
                length,
                str(self.client_address[0]),
            )
            answer = self.server.answer(arrived)
            if answer is None:
                self.close_connection = True
            elif isinstance(answer, Streamed):
                self._stream(answer)
            else:
                self._send(answer)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it
        """The journal tells it all."""

    def _read_body(self, into: IO[bytes]) -> int:
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            total = 0
            while size := int(self.rfile.readline(64).split(b";")[0], 16):
                total += self._copy(into, size, total)
                self.rfile.readline(8)
            while self.rfile.readline(4096).strip():
                pass
            return total
        return self._copy(into, int(self.headers.get("Content-Length") or 0), 0)

    def _copy(self, into: IO[bytes], size: int, already: int) -> int:
        if size < 0 or already + size > BODY_LIMIT:
            raise TooLarge(f"the body is larger than {BODY_LIMIT} bytes")
        left = size
        while left:
            chunk = self.rfile.read(min(left, _IN_MEMORY))
            if not chunk:
                raise ValueError("the body ended early")
            into.write(chunk)
            left -= len(chunk)
        return size

    def _head(self, status: int, headers: Mapping[str, str], extra: Mapping[str, str]) -> bytes:
        lines = [f"HTTP/1.1 {status} {_REASONS.get(status, 'Unknown')}"]
        dated = {"Date": self.date_time_string(), **headers, **extra}
        lines += [f"{name}: {value}" for name, value in dated.items()]
        if self.close_connection:
            lines.append("Connection: close")
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")

    def _send(self, answer: Response) -> None:
        bare = answer.status in (204, 304)
        length = {} if bare else {"Content-Length": str(len(answer.body))}
        head = self._head(answer.status, answer.headers, length)
        self.wfile.write(head if bare or self.command == "HEAD" else head + answer.body)

    def _stream(self, answer: Streamed) -> None:
        try:
            self.wfile.write(self._head(answer.status, answer.headers, {"Transfer-Encoding": "chunked"}))
            for portion in answer.portions:
                self.wfile.write(b"%x\r\n%b\r\n" % (len(portion), portion))
            self.wfile.write(b"0\r\n\r\n")
        finally:
            answer.close()
