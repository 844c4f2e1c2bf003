"""Stands before ``emulate`` and adds what GitHub has and it lacks; all else passes unchanged.

- Paths below ``/repositories/ID/`` (it knows ``/repositories/ID`` alone) go to ``/repos/OWNER/NAME/``.
- ``GET /installation/repositories`` is answered from its search.
- ``GET /app/hook/deliveries`` is an empty list: it keeps no log of deliveries.
- Check runs name the App that made them: it says ``null``.
"""

from __future__ import annotations

import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

import requests

_KEPT = ("authorization", "accept", "content-type", "x-github-api-version", "user-agent")
_RETURNED = ("content-type", "link", "location", "x-ratelimit-limit", "x-ratelimit-remaining")


class Bridge:
    """Serves from ``__enter__`` to ``__exit__``; ``url`` is its API root.

    Args:
        app: the App's id and slug, put into check runs.
        owner: the organisation whose repositories the installation has.
    """

    def __init__(self, port: int, upstream: str, *, app: dict[str, Any], owner: str) -> None:
        self.upstream = upstream
        self.app = app
        self.owner = owner
        self.seen: list[tuple[str, str, int]] = []
        self._names: dict[str, str] = {}
        bridge = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_any(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                kept = {name: self.headers[name] for name in _KEPT if name in self.headers}
                status, headers, text = bridge.answer(self.command, self.path, kept, body)
                bridge.seen.append((self.command, self.path, status))
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = handle_any  # noqa: N815

            def log_message(self, *_: object) -> None:
                """Says nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> Bridge:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(
        self, method: str, target: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body for one request."""
        path = urlsplit(target).path
        if path == "/app/hook/deliveries":
            return 200, {"Content-Type": "application/json"}, b"[]"
        if path == "/installation/repositories":
            found = self._ask("GET", f"/search/repositories?q=org:{self.owner}", headers).json()
            listed = {"total_count": len(found["items"]), "repositories": found["items"]}
            return 200, {"Content-Type": "application/json"}, json.dumps(listed).encode()
        if path == f"/users/{self.owner}":
            # There, organisations are no accounts.
            told = self._ask("GET", f"/orgs/{self.owner}", headers)
            account = {**told.json(), "type": "Organization"}
            return told.status_code, {"Content-Type": "application/json"}, json.dumps(account).encode()
        below = re.match(r"/repositories/(\d+)(/.*)", target)
        if below:
            target = f"/repos/{self._name(below[1], headers)}{below[2]}"
        told = self._ask(method, target, headers, body)
        text = told.content
        if "/check-runs" in path and told.ok:
            text = json.dumps(self._named(told.json())).encode()
        return told.status_code, {k: told.headers[k] for k in _RETURNED if k in told.headers}, text

    def _ask(self, method: str, target: str, headers: dict[str, str], body: bytes = b"") -> requests.Response:
        return requests.request(
            method, self.upstream + target, headers=headers, data=body, timeout=30, allow_redirects=False
        )

    def _name(self, number: str, headers: dict[str, str]) -> str:
        if number not in self._names:
            self._names[number] = self._ask("GET", f"/repositories/{number}", headers).json()["full_name"]
        return self._names[number]

    def _named(self, answer: Any) -> Any:
        runs = answer.get("check_runs", [answer])
        for run in runs:
            run["app"] = run.get("app") or self.app
        return answer
