"""FakeGitHub behind a loopback socket, so that the adapter's whole way is used."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

from bot.testing.fake import FakeGitHub
from bot.testing.http import Request, Response

Fault = Callable[[Request, Response], Response]


class Loopback:
    """Serves a fake.

    Attributes:
        journal: every request.
        after: gets every request with the fake's answer, when it is already carried out; what it
            returns is sent.
    """

    def __init__(self, fake: FakeGitHub) -> None:
        self.fake = fake
        self.journal: list[Request] = []
        self.after: Fault = lambda request, response: response
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        fake.base_url = self.url

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    def writes(self, ending: str) -> list[Request]:
        """POST and PATCH requests whose path ends so."""
        return [r for r in self.journal if r.method != "GET" and r.path.endswith(ending)]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        loopback = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self) -> None:
                self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                super().setup()

            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                parts = urlsplit(self.path)
                request = Request(
                    self.command,
                    parts.path,
                    dict(parse_qsl(parts.query, keep_blank_values=True)),
                    {k.lower(): v for k, v in self.headers.items()},
                    body,
                )
                loopback.journal.append(request)
                response = loopback.after(request, loopback.fake.handle(request))
                self.send_response_only(response.status)
                for name, value in response.headers.items():
                    if name.lower() != "content-length":
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(response.body)))
                self.end_headers()
                self.wfile.write(response.body)

            do_GET = do_POST = do_PATCH = answer  # noqa: N815

            def log_message(self, *args: object) -> None:
                """Stay silent."""

        return Handler
