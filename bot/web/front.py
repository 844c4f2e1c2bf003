"""What granian calls (RSGI): buffers each request within limits, then hands it to a thread.

A WSGI server gives a thread to each request before its body is there, so that a few slow senders
take all threads. Here the body is read by the event loop, against a deadline and a budget of
bytes; a thread is used only for what is complete. ``docs/decisions/0001-web-server.md`` has the
measurements.
"""

from __future__ import annotations

import asyncio
import io
import logging
import queue
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Protocol

from bot.web.app import ALIVE
from bot.web.receiver import MAX_BODY, Answer, Head, Receiver

log = logging.getLogger(__name__)

BATCH = 64
"""Deliveries recorded in one round trip at most."""

WSGIApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class Headers(Protocol):
    """Request headers as granian gives them; names in lower case."""

    def get_all(self, name: str) -> list[str]:
        """All values of a header."""
        ...

    def items(self) -> list[tuple[str, str]]:
        """Names and values, repeated headers repeated."""
        ...


class Scope(Protocol):
    """A request's head."""

    method: str
    path: str
    query_string: str
    scheme: str
    server: str
    client: str
    http_version: str
    headers: Headers


class HTTPProtocol(Protocol):
    """A request's body and the way to answer."""

    async def __call__(self) -> bytes:
        """The whole body. Raises RuntimeError when the sender went away."""
        ...

    def __aiter__(self) -> AsyncIterator[bytes]:
        """The body in pieces."""
        ...

    def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        """Answer."""
        ...


@dataclass(frozen=True, slots=True)
class Limits:
    """What one process allows.

    Args:
        body_s: seconds from a request's head to the end of its body; GitHub waits for 10 s.
        answer_s: seconds from a complete delivery to its answer.
        page_s: the same for all other routes.
        whole_bytes: bodies up to this are read in one go.
        page_bytes: the largest body of a request that is no delivery.
        held_bytes: larger bodies held at once, counted as they arrive.
    """

    body_s: float = 10.0
    answer_s: float = 1.9
    page_s: float = 30.0
    whole_bytes: int = 64 * 1024
    page_bytes: int = 1024 * 1024
    held_bytes: int = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class _Task:
    head: Head
    body: bytes
    answer: asyncio.Future[Answer]


class Front:
    """The RSGI application of one process.

    Args:
        receiver: takes deliveries; called in threads.
        pages: the WSGI application for everything else.
        threads: how many record deliveries; each takes all that waits at once, which spares most
            round trips and wake-ups under load. More than one gained nothing.
    """

    def __init__(
        self, receiver: Receiver, pages: WSGIApp, *, threads: int = 1, limits: Limits | None = None
    ) -> None:
        self._receiver = receiver
        self._pages = pages
        self._threads = threads
        self._limits = limits or Limits()
        self._held = 0
        self._tasks: queue.SimpleQueue[_Task | None] = queue.SimpleQueue()
        self._pool = ThreadPoolExecutor(4, thread_name_prefix="page")

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Start the recording threads; granian calls this once in each process."""
        for number in range(self._threads):
            threading.Thread(target=self._record, args=(loop,), name=f"record-{number}", daemon=True).start()

    def __rsgi_del__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Let the recording threads end."""
        for _ in range(self._threads):
            self._tasks.put(None)
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def __rsgi__(self, scope: Scope, protocol: HTTPProtocol) -> None:
        """Answer one request."""
        try:
            answer = await self._answer(scope, protocol)
        except Exception:
            log.exception("request failed", extra={"path": scope.path})
            answer = Answer(500, b"internal error\n")
        protocol.response_bytes(answer.status, list(answer.headers), answer.body)

    async def _answer(self, scope: Scope, protocol: HTTPProtocol) -> Answer:
        if scope.path == "/healthz" and scope.method == "GET":
            return ALIVE
        if scope.path == "/webhook" and scope.method == "POST":
            head = self._receiver.admit(scope.headers.get_all)
            if isinstance(head, Answer):
                return head
            body = await self._body(protocol, head.length, MAX_BODY)
            return body if isinstance(body, Answer) else await self._deliver(head, body)
        length = scope.headers.get_all("content-length")
        known = int(length[0]) if length and length[0].isdigit() else None
        body = await self._body(protocol, known, self._limits.page_bytes)
        return body if isinstance(body, Answer) else await self._page(scope, body)

    async def _body(self, protocol: HTTPProtocol, length: int | None, most: int) -> bytes | Answer:
        """The body, or the answer to one that is too large, too slow, cut, or one too many."""
        try:
            async with asyncio.timeout(self._limits.body_s):
                if length is not None and length <= self._limits.whole_bytes:
                    return await protocol()
                return await self._stream(protocol, most)
        except TimeoutError:
            return self._receiver.refuse(
                408, "slow", f"the body did not arrive within {self._limits.body_s:g} s"
            )
        except RuntimeError:
            # granian's word for a sender that went away; nobody will read this answer.
            return self._receiver.refuse(400, "cut", "the body ended early")

    async def _stream(self, protocol: HTTPProtocol, most: int) -> bytes | Answer:
        body, counted = bytearray(), 0
        try:
            async for piece in protocol:
                counted += len(piece)
                self._held += len(piece)
                if counted > most:
                    return self._receiver.too_large()
                if self._held > self._limits.held_bytes:
                    return self._receiver.unavailable("too many large bodies at once")
                body += piece
            return bytes(body)
        finally:
            self._held -= counted

    async def _deliver(self, head: Head, body: bytes) -> Answer:
        """Record in a thread; an answer that takes too long becomes 503.

        The record may be written all the same: the sender comes again with the same id, and the
        ledger knows it.
        """
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._tasks.put(_Task(head, body, answer))
        self._held += len(body)
        try:
            async with asyncio.timeout(self._limits.answer_s):
                return await answer
        except TimeoutError:
            return self._receiver.unavailable("the ledger did not answer in time")
        finally:
            self._held -= len(body)

    async def _page(self, scope: Scope, body: bytes) -> Answer:
        environ = _environ(scope, body)
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._limits.page_s):
                return await loop.run_in_executor(self._pool, _call, self._pages, environ)
        except TimeoutError:
            return Answer(503, b"no answer in time\n")

    def _record(self, loop: asyncio.AbstractEventLoop) -> None:
        while True:
            batch = self._take()
            # Who was told to come again is left out: asking a hung ledger would delay the others.
            tasks = [task for task in batch if task is not None and not task.answer.cancelled()]
            answers = self._receive(tasks)
            try:
                loop.call_soon_threadsafe(_resolve, tasks, answers)
            except RuntimeError:
                return  # The loop is closed: this process ends, nobody waits for an answer.
            if None in batch:
                return

    def _take(self) -> list[_Task | None]:
        batch = [self._tasks.get()]
        try:
            while len(batch) < BATCH and batch[-1] is not None:
                batch.append(self._tasks.get_nowait())
        except queue.Empty:
            pass
        return batch

    def _receive(self, tasks: Sequence[_Task]) -> list[Answer]:
        try:
            return self._receiver.receive_many([(task.head, task.body) for task in tasks])
        except Exception:
            log.exception("deliveries failed", extra={"deliveries": [task.head.guid for task in tasks]})
            return [Answer(500, b"internal error\n")] * len(tasks)


def _resolve(tasks: Sequence[_Task], answers: Sequence[Answer]) -> None:
    for task, answer in zip(tasks, answers, strict=True):
        if not task.answer.done():
            task.answer.set_result(answer)


def _environ(scope: Scope, body: bytes) -> dict[str, Any]:
    """A WSGI environment. Of the connection's own address nothing is replaced by a header."""
    host, _, port = scope.server.rpartition(":")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": scope.path.encode().decode("latin-1"),
        "QUERY_STRING": scope.query_string,
        "SERVER_NAME": host or "localhost",
        "SERVER_PORT": port or "80",
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "REMOTE_ADDR": scope.client.rpartition(":")[0],
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.scheme,
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for name, value in scope.headers.items():
        if "_" in name:
            continue
        key = f"HTTP_{name.upper().replace('-', '_')}"
        environ[key] = f"{environ[key]},{value}" if key in environ else value
    environ["CONTENT_TYPE"] = environ.pop("HTTP_CONTENT_TYPE", "")
    environ.pop("HTTP_CONTENT_LENGTH", None)
    environ["CONTENT_LENGTH"] = str(len(body))
    return environ


def _call(pages: WSGIApp, environ: dict[str, Any]) -> Answer:
    status, headers = 500, []

    def start(line: str, values: list[tuple[str, str]], _error: Any = None) -> None:
        nonlocal status, headers
        status, headers = int(line.split(" ", 1)[0]), values

    parts = pages(environ, start)
    try:
        body = b"".join(parts)
    finally:
        close = getattr(parts, "close", None)
        if close is not None:
            close()
    return Answer(status, body, tuple((name.lower(), value) for name, value in headers))
