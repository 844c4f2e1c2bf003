"""A scripted GitHub on a loopback socket: every answer is chosen by the test, every request kept."""

from __future__ import annotations

import dataclasses
import json
import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from bot.adapters.github import Bounds, GitHubApp, SealedCache, build
from bot.config.settings import Settings
from bot.testing.clocks import ManualClock
from bot.testing.http import Request

INSTALLATION = 77
REPOSITORY = 42
APP = 4711
SHA = "a" * 40
SHA2 = "b" * 40
TREE = "c" * 40
BLOB = "d" * 40


@dataclass(frozen=True)
class Seen:
    """A request as it came."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any

    @property
    def request(self) -> Request:
        """The same as the fake would see it."""
        path = self.path.removeprefix("/api/v3")
        body = b"" if self.body is None else json.dumps(self.body).encode()
        return Request(self.method, path, self.query, self.headers, body)

    @property
    def secret(self) -> str:
        return self.headers.get("authorization", "").removeprefix("Bearer ")


@dataclass(frozen=True)
class Reply:
    """An answer, or a way not to answer.

    Args:
        data: sent as JSON unless ``body`` is given.
        cut: close the connection after that many bytes of the whole answer; None sends it all.
        stall: wait for the end of the test before answering.
        trickle: send one byte at a time with this pause, seconds.
    """

    status: int = 200
    data: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    cut: int | None = None
    stall: bool = False
    trickle: float = 0.0


Script = Reply | Callable[[Seen], Reply]


class ScriptedGitHub:
    """Answers by (method, path): a list of replies in turn, the last one for ever.

    Installation tokens are minted without being told to.
    """

    def __init__(self, clock: ManualClock) -> None:
        self.clock = clock
        self.requests: list[Seen] = []
        self.minted = 0
        self.connections = 0
        self._routes: dict[tuple[str, str], list[Script]] = {}
        self._lock = threading.Lock()
        self.end = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def on(self, method: str, path: str, *replies: Script) -> None:
        """Set the replies of a route."""
        self._routes[method, path] = list(replies)

    def on_repository(self, method: str, path: str, *replies: Script) -> None:
        """Set the replies of a route below the repository."""
        self.on(method, f"/repositories/{REPOSITORY}{path}", *replies)

    def sent(self, method: str, ending: str = "") -> list[Seen]:
        """Requests of that method whose path ends so; mints are left out."""
        return [
            r
            for r in self.requests
            if r.method == method and r.path.endswith(ending) and not r.path.endswith("/access_tokens")
        ]

    @property
    def mints(self) -> list[Seen]:
        return [r for r in self.requests if r.path.endswith("/access_tokens")]

    def close(self) -> None:
        self.end.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    def _answer(self, seen: Seen) -> Reply:
        with self._lock:
            self.requests.append(seen)
            replies = self._routes.get((seen.method, seen.path))
            if replies is None:
                return self._default(seen)
            script = replies.pop(0) if len(replies) > 1 else replies[0]
        return script(seen) if callable(script) else script

    def _default(self, seen: Seen) -> Reply:
        if seen.method == "POST" and seen.path.endswith("/access_tokens"):
            self.minted += 1
            return Reply(201, token(f"ghs_{self.minted:036d}", self.clock.now(), seen.body["permissions"]))
        return Reply(404, {"message": "Not Found"})

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        world = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self) -> None:
                world.connections += 1
                self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                super().setup()

            def handle_one(self) -> None:
                length = int(self.headers.get("content-length") or 0)
                raw = self.rfile.read(length)
                parts = urlsplit(self.path)
                seen = Seen(
                    self.command,
                    parts.path,
                    dict(parse_qsl(parts.query, keep_blank_values=True)),
                    {k.lower(): v for k, v in self.headers.items()},
                    json.loads(raw) if raw else None,
                )
                self._send(world._answer(seen))

            do_GET = do_POST = do_PATCH = handle_one  # noqa: N815

            def _send(self, reply: Reply) -> None:
                if reply.stall:
                    world.end.wait(20)
                    self.close_connection = True
                    return
                body = reply.body if reply.body is not None else b""
                headers = dict(reply.headers)
                if reply.body is None and reply.status != 204:
                    body = json.dumps(reply.data).encode()
                    headers.setdefault("Content-Type", "application/json; charset=utf-8")
                headers.setdefault("Content-Length", str(len(body)))
                head = f"HTTP/1.1 {reply.status} Said\r\n"
                head += "".join(f"{k}: {v}\r\n" for k, v in headers.items()) + "\r\n"
                whole = head.encode("latin-1") + body
                if reply.cut is not None:
                    self.wfile.write(whole[: reply.cut])
                    self.close_connection = True
                elif reply.trickle:
                    self._trickle(whole, reply.trickle)
                else:
                    self.wfile.write(whole)

            def _trickle(self, whole: bytes, pause: float) -> None:
                self.close_connection = True
                for i in range(len(whole)):
                    try:
                        self.wfile.write(whole[i : i + 1])
                    except OSError:
                        return
                    if world.end.wait(pause):
                        return

            def log_message(self, *args: object) -> None:
                """Stay silent."""

            def handle(self) -> None:
                try:
                    super().handle()
                except OSError:
                    self.close_connection = True

        return Handler


def token(secret: str, now: datetime, permissions: Mapping[str, str]) -> dict[str, Any]:
    """GitHub's answer to a mint."""
    return {
        "token": secret,
        "expires_at": (now + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "permissions": dict(permissions),
        "repository_selection": "all",
    }


class Pauses:
    """The ledger's part, in memory."""

    def __init__(self, clock: ManualClock) -> None:
        self._clock = clock
        self.kept: dict[tuple[int, str], datetime] = {}

    def pause(self, installation_id: int, resource: str, until: datetime) -> None:
        self.kept[installation_id, resource] = until

    def paused_until(self, installation_id: int, resource: str) -> datetime | None:
        until = self.kept.get((installation_id, resource))
        return until if until is not None and until > self._clock.now() else None


class Counts:
    """Metrics that only add up."""

    def __init__(self) -> None:
        self.counted: dict[str, float] = {}

    def count(self, name: str, amount: float = 1, **labels: str) -> None:
        self.counted[name] = self.counted.get(name, 0) + amount
        for value in labels.values():
            self.counted[f"{name}:{value}"] = self.counted.get(f"{name}:{value}", 0) + amount

    def observe(self, name: str, value: float, **labels: str) -> None:
        """Nothing to add up."""

    def gauge(self, name: str, value: float, **labels: str) -> None:
        """Nothing to add up."""


class Cache:
    """A shared token cache in memory."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    def get(self, key: str) -> bytes | None:
        return self.kept.get(key)

    def set(self, key: str, value: bytes, ttl_s: int) -> None:
        self.kept[key] = value

    def delete(self, key: str) -> None:
        self.kept.pop(key, None)


class Guard:
    """Counts how often it was asked; raises what it is given."""

    def __init__(self) -> None:
        self.asked = 0
        self.error: Exception | None = None

    def check(self) -> None:
        self.asked += 1
        if self.error is not None:
            raise self.error


@dataclass
class Desk:
    """A scripted GitHub with an adapter built against it."""

    server: ScriptedGitHub
    clock: ManualClock
    pauses: Pauses
    counts: Counts
    settings: Settings
    slept: list[float]
    app: GitHubApp
    guard: Guard = field(default_factory=Guard)

    def another(
        self,
        *,
        cache: SealedCache | None = None,
        bounds: Bounds | None = None,
        path: str = "",
        **changes: Any,
    ) -> GitHubApp:
        """A further process: the same pauses, its own memory."""
        changes = {"github_url": self.server.url + path, **changes}
        return build(
            dataclasses.replace(self.settings, **changes),
            ledger=self.pauses,
            clock=self.clock,
            metrics=self.counts,
            cache=cache,
            bounds=bounds or BOUNDS,
            sleep=self.slept.append,
        )

    def reader(self, app: GitHubApp | None = None) -> Any:
        return (app or self.app).reader(INSTALLATION, REPOSITORY).__enter__()

    def writer(self, app: GitHubApp | None = None) -> Any:
        return (app or self.app).writer(INSTALLATION, REPOSITORY, self.guard).__enter__()

    def grow_old(self) -> None:
        """Mint a token now and let it be older than a fresh one."""
        self.server.on("GET", f"/repositories/{REPOSITORY}/git/ref/heads/warm", ref("warm"))
        self.reader().head("warm")
        self.clock.advance(60)
        self.server.requests.clear()


BOUNDS = Bounds(connect_s=1.0, read_s=1.0, call_s=3.0, backoff_s=0.001)


def ref(branch: str, sha: str = SHA) -> Reply:
    """An answer to ``git/ref/heads/<branch>``."""
    return Reply(200, {"ref": f"refs/heads/{branch}", "object": {"sha": sha, "type": "commit"}})


def repository(id_: int = REPOSITORY, **changes: Any) -> dict[str, Any]:
    """A repository as GitHub sends it."""
    return {
        "id": id_,
        "node_id": "R_1",
        "name": "repo",
        "full_name": "acme/repo",
        "private": True,
        "visibility": "private",
        "default_branch": "main",
        "archived": False,
        "disabled": False,
        "fork": False,
        "has_issues": True,
        "size": 12,
        "html_url": "https://github.com/acme/repo",
        "pushed_at": "2026-01-01T00:00:00Z",
        **changes,
    }


def issue(number: int, **changes: Any) -> dict[str, Any]:
    """An issue of ours as GitHub sends it."""
    return {
        "number": number,
        "title": "Health",
        "body": "text",
        "state": "open",
        "state_reason": None,
        "locked": False,
        "user": {"login": "plumbline[bot]", "type": "Bot"},
        "labels": [{"name": "plumbline"}],
        **changes,
    }


APP_ANSWER = {
    "id": APP,
    "slug": "plumbline",
    "permissions": {"metadata": "read", "checks": "write"},
    "events": ["push"],
}
