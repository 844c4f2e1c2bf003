"""``/metrics`` on a listener of its own, so that it can stay inside when the webhook is public."""

from __future__ import annotations

import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from bot.model.errors import SettingsError
from bot.web.receiver import SECURITY_HEADERS


class MetricsListener:
    """Serves one text over HTTP in a thread.

    Args:
        render: makes the text, called for each request.
        port: 0 lets the system choose; see ``port`` of the object.

    Raises:
        SettingsError: the address can not be bound.
    """

    def __init__(self, render: Callable[[], bytes], *, host: str, port: int) -> None:
        class Handler(BaseHTTPRequestHandler):
            timeout = 5
            server_version = "plumbline"
            sys_version = ""

            def do_GET(self) -> None:
                found = self.path.partition("?")[0] == "/metrics"
                body = render() if found else b"not found\n"
                self.send_response(200 if found else 404)
                self.send_header("content-type", "text/plain; version=0.0.4; charset=utf-8")
                self.send_header("content-length", str(len(body)))
                for name, value in SECURITY_HEADERS:
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                """Scrapes are not news."""

        try:
            self._server = ThreadingHTTPServer((host, port), Handler)
        except OSError as error:
            raise SettingsError(
                f"metrics can not be served on {host}:{port} ({error.strerror}); "
                "set PLUMBLINE_METRICS_PORT to a free port for each process on this machine, or to 0"
            ) from error
        self._server.daemon_threads = True
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, name="metrics", daemon=True)

    def start(self) -> None:
        """Begin to serve."""
        self._thread.start()

    def stop(self) -> None:
        """End; waits for the listening thread."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()
