"""The RSGI application, driven without a server."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from bot.model.errors import LedgerUnavailable
from bot.testing.deliveries import BODY, headers
from bot.web.app import create_app
from bot.web.front import Front, Limits
from bot.web.readiness import Readiness
from bot.web.receiver import MAX_BODY


@dataclass
class Headers:
    given: list[tuple[str, str]]

    def get_all(self, name: str) -> list[str]:
        return [value for key, value in self.given if key == name]

    def items(self) -> list[tuple[str, str]]:
        return self.given


@dataclass
class Scope:
    path: str = "/webhook"
    method: str = "POST"
    headers: Headers = field(default_factory=lambda: Headers([]))
    query_string: str = ""
    scheme: str = "http"
    server: str = "127.0.0.1:8000"
    client: str = "203.0.113.7:5000"
    http_version: str = "1.1"


class Protocol:
    """A body in pieces: bytes, seconds to wait, or an error; then the answer."""

    def __init__(self, *pieces: bytes | float | Exception) -> None:
        self._pieces = pieces
        self.answer: tuple[int, dict[str, str], bytes] = (0, {}, b"")

    async def __call__(self) -> bytes:
        return b"".join([piece async for piece in self])

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self._pieces:
            if isinstance(piece, Exception):
                raise piece
            if isinstance(piece, float):
                await asyncio.sleep(piece)
            else:
                yield piece

    def response_bytes(self, status: int, given: list[tuple[str, str]], body: bytes) -> None:
        self.answer = (status, dict(given), body)


def scope(body: bytes = BODY, *, length: int | None = None, **changes: Any) -> Scope:
    given = headers(body) | {"content-length": str(len(body) if length is None else length)}
    return Scope(headers=Headers(list(given.items())), **changes)


Serve = Callable[..., list[tuple[int, dict[str, str], bytes]]]


@pytest.fixture
def serve(world) -> Serve:
    """Answer requests, all at once; gives (status, headers, body) of each."""

    def run(*requests: tuple[Scope, Protocol], limits: Limits | None = None, pages: Any = None):
        app = pages or create_app(world.receiver, Readiness(world.ledger.ping))

        async def answer() -> list[tuple[int, dict[str, str], bytes]]:
            front = Front(world.receiver, app, limits=limits)
            loop = asyncio.get_running_loop()
            front.__rsgi_init__(loop)
            try:
                await asyncio.gather(*(front.__rsgi__(scope, protocol) for scope, protocol in requests))
            finally:
                front.__rsgi_del__(loop)
            assert front._held == 0, "all bytes that were counted are given back"
            return [protocol.answer for _, protocol in requests]

        return asyncio.run(answer())

    return run


def test_takes_deliveries(world, serve: Serve) -> None:
    answers = serve(*((scope(), Protocol(BODY)) for _ in range(100)))

    assert {status for status, _, _ in answers} == {202}
    assert len(world.ledger.deliveries) == 100


@pytest.mark.parametrize(
    ("path", "method", "status"),
    [
        ("/healthz", "GET", 200),
        ("/readyz", "GET", 200),
        ("/webhook", "GET", 405),
        ("/metrics", "GET", 404),
        ("/webhook/", "POST", 404),
    ],
)
def test_serves_the_other_routes(serve: Serve, path: str, method: str, status: int) -> None:
    ((answered, given, _),) = serve((Scope(path, method), Protocol()))

    assert answered == status
    assert given["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("length", "pieces", "limits", "status"),
    [
        pytest.param(MAX_BODY + 1, (), {}, 413, id="too long by its length"),
        pytest.param(None, (b"x" * 2**20,) * 28, {}, 413, id="too long in pieces"),
        pytest.param(100, (b"{", 60.0), {"body_s": 0.05}, 408, id="silent"),
        pytest.param(None, (b"{", 60.0), {"body_s": 0.05}, 408, id="silent in pieces"),
        pytest.param(100, (b"{", RuntimeError("transport is closed")), {}, 400, id="cut"),
        pytest.param(200_000, (b"x" * 100_000,) * 2, {"held_bytes": 150_000}, 503, id="no room"),
        pytest.param(200_000, (b"x" * 100_000,) * 2, {}, 401, id="large and forged"),
    ],
)
def test_bounds_bodies(world, serve: Serve, length, pieces, limits, status: int) -> None:
    asked = scope(length=length or 0)
    if length is None:
        asked.headers.given = [h for h in asked.headers.given if h[0] != "content-length"]

    ((answered, _, _),) = serve((asked, Protocol(*pieces)), limits=Limits(**limits))

    assert answered == status
    assert world.ledger.calls == 0


def test_bodies_of_pages_are_bounded_lower(serve: Serve) -> None:
    asked = Scope("/elsewhere", headers=Headers([("content-length", str(2 * 2**20))]))

    ((status, _, _),) = serve((asked, Protocol(*[b"x" * 2**20] * 2)))

    assert status == 413


@pytest.mark.fault
def test_ka9_a_hung_ledger_is_503_for_all_who_wait(world, serve: Serve) -> None:
    """Those behind the one that hangs are told in time too, and are not tried when it is over."""
    release = threading.Event()
    accept = world.ledger.accept_many

    def hang(deliveries):
        release.wait(30)
        return accept(deliveries)

    world.ledger.accept_many = hang
    threading.Timer(0.5, release.set).start()

    answers = serve(*((scope(), Protocol(BODY)) for _ in range(30)), limits=Limits(answer_s=0.1))

    assert {status for status, _, _ in answers} == {503}
    assert {given["retry-after"] for _, given, _ in answers} == {"30"}
    assert world.ledger.calls <= 2


def test_an_unavailable_ledger_is_503(world, serve: Serve) -> None:
    world.ledger.error = LedgerUnavailable("away")

    ((status, _, _),) = serve((scope(), Protocol(BODY)))

    assert status == 503


def test_a_fault_of_ours_is_500_and_logged(world, serve: Serve, caplog) -> None:
    world.ledger.error = RuntimeError("a bug")
    broken = scope()
    broken.headers.get_all = None  # type: ignore[assignment]

    answers = serve((scope(), Protocol(BODY)), (broken, Protocol(BODY)))

    assert [status for status, _, _ in answers] == [500, 500]
    assert "deliveries failed" in caplog.text
    assert "request failed" in caplog.text


def test_pages_see_the_connections_own_address_and_no_smuggled_header(serve: Serve) -> None:
    """Proxy headers replace nothing; a header with an underscore can not pose as one with a dash."""
    seen: dict[str, Any] = {}
    closed: list[bool] = []

    class Parts(list):
        def close(self) -> None:
            closed.append(True)

    def pages(environ, start):
        seen.update(environ, body=environ["wsgi.input"].read())
        start("200 OK", [("X-Test", "1")])
        return Parts([b"a", b"b"])

    given = [
        ("x-forwarded-for", "10.0.0.1"),
        ("x_forwarded_host", "evil"),
        ("x-twice", "1"),
        ("x-twice", "2"),
        ("content-type", "text/plain"),
    ]
    asked = Scope("/päge", "PUT", Headers(given), query_string="a=1")

    ((status, answered, body),) = serve((asked, Protocol(b"hello")), pages=pages)

    assert (status, answered, body) == (200, {"x-test": "1"}, b"ab")
    assert seen["REMOTE_ADDR"] == "203.0.113.7"
    assert "HTTP_X_FORWARDED_HOST" not in seen
    assert seen["HTTP_X_TWICE"] == "1,2"
    assert seen["PATH_INFO"].encode("latin-1").decode() == "/päge"
    assert (seen["CONTENT_TYPE"], seen["CONTENT_LENGTH"], seen["body"]) == ("text/plain", "5", b"hello")
    assert (seen["SERVER_NAME"], seen["SERVER_PORT"], seen["QUERY_STRING"]) == ("127.0.0.1", "8000", "a=1")
    assert closed == [True]


def test_a_page_that_hangs_is_given_up(serve: Serve) -> None:
    release = threading.Event()

    def pages(environ, start):
        release.wait(10)
        start("200 OK", [])
        return []

    threading.Timer(0.3, release.set).start()
    ((status, _, _),) = serve((Scope("/slow", "GET"), Protocol()), limits=Limits(page_s=0.05), pages=pages)

    assert status == 503
