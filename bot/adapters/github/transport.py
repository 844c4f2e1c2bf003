"""Sends requests to GitHub through PyGithub's Requester and judges what comes back.

The Requester builds URLs and headers. What it would do with the answer (follow 301 without the
query, take 307 for the object, sleep on limits, repeat POST on 5xx, wait for ever on 202, read
without a bound) is replaced here: it is handed a connection of ours that reads the answer itself,
within a byte cap and a deadline. See ``docs/decisions/0003-pygithub-requester.md``.
"""

from __future__ import annotations

import http.client
import io
import logging
import os
import random
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Protocol
from urllib.parse import urljoin, urlsplit

import requests
import urllib3
from github.Auth import Auth
from github.Requester import HTTPRequestsConnectionClass, Requester
from requests.utils import get_environ_proxies, parse_header_links

from bot import __version__
from bot.adapters.github.errors import Answer, clean, exhausted_until, limit_reached
from bot.model.errors import Ambiguous, Gone, LimitReached, Malformed, PlumblineError, Unavailable
from bot.ports import Clock, Guard, Metrics

logger = logging.getLogger(__name__)

RESERVE = 0.1
"""Share of the hour's REST calls that reading of settings does not touch."""

API_VERSION = "2022-11-28"
MIB = 1024 * 1024


class Pauses(Protocol):
    """The part of the ledger that keeps GitHub's requests to come back later."""

    def pause(self, installation_id: int, resource: str, until: datetime) -> None:
        """Nobody shall call for this installation and resource before ``until``."""
        ...

    def paused_until(self, installation_id: int, resource: str) -> datetime | None:
        """The end of a pause in force, else None."""
        ...


@dataclass(frozen=True, slots=True)
class Bounds:
    """How long and how much; seconds and bytes.

    Args:
        connect_s, read_s: for one connection and one wait for data.
        call_s: for one call with its repeats, redirects and its whole body.
        attempts: how often a read is sent at most.
        backoff_s: mean wait before the first repeat, doubled for each further one.
        pages: of one listing.
        redirects: of one call.
    """

    connect_s: float = 3.0
    read_s: float = 10.0
    call_s: float = 30.0
    attempts: int = 3
    backoff_s: float = 0.3
    answer_bytes: int = 10 * MIB
    pages: int = 1000
    redirects: int = 3


@dataclass(frozen=True, slots=True)
class Call:
    """One request.

    Args:
        path: below the API root, percent-encoded, or an absolute URL on the same host.
        query: values are encoded when sent.
        body: JSON-able; None sends none.
        repeatable: sending it twice does no harm. Writes that are not repeatable are sent once.
        guard: asked immediately before each sending.
        within: paths that the answer may redirect or page to start with this.
        answer_bytes: cap on the decompressed body; None means the default.
        attempts: how often it is sent at most; None means the default.
    """

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None
    repeatable: bool = False
    guard: Guard | None = None
    within: str = "/"
    answer_bytes: int | None = None
    attempts: int | None = None

    @property
    def once(self) -> bool:
        """The call changes something at GitHub, so it must not be sent a second time unseen."""
        return self.method != "GET" and not self.repeatable

    @property
    def what(self) -> str:
        """Method and path, for messages."""
        return f"{self.method} {clean(urlsplit(self.path).path)}"


class _Clockwork(threading.local):
    """Deadline of the call that the current thread is making, in monotonic seconds."""

    ends: float = float("inf")
    read_s: float = 10.0


_clockwork = _Clockwork()


class _BoundedFile(io.RawIOBase):
    """Reads a socket, each wait no longer than what is left of the call's deadline.

    A socket's own timeout starts anew with every byte, so a server that trickles one byte a second
    could hold a worker for hours.
    """

    def __init__(self, raw: io.RawIOBase, sock: socket.socket) -> None:
        self._raw = raw
        self._sock = sock

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = _clockwork.ends - time.monotonic()
        if left <= 0:
            raise TimeoutError("the call's deadline has passed")
        self._sock.settimeout(min(left, _clockwork.read_s))
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _BoundedResponse(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp = io.BufferedReader(_BoundedFile(self.fp.detach(), sock))


class _HttpConnection(urllib3.connection.HTTPConnection):
    response_class = _BoundedResponse


class _HttpsConnection(urllib3.connection.HTTPSConnection):
    response_class = _BoundedResponse


class _HttpPool(urllib3.HTTPConnectionPool):
    ConnectionCls = _HttpConnection


class _HttpsPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _HttpsConnection


class _Adapter(requests.adapters.HTTPAdapter):
    """Keeps one connection per host and never repeats or redirects by itself."""

    def __init__(self) -> None:
        super().__init__(pool_connections=1, pool_maxsize=1, max_retries=0)
        self.poolmanager.pool_classes_by_scheme = {"http": _HttpPool, "https": _HttpsPool}

    def proxy_manager_for(self, proxy: str, **proxy_kwargs: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **proxy_kwargs)
        manager.pool_classes_by_scheme = {"http": _HttpPool, "https": _HttpsPool}
        return manager


class _TooLarge(Exception):
    """The body is larger than the cap."""


class _Handled:
    """What the Requester gets to see of an answer: nothing that it could act on."""

    status = 200

    def getheaders(self) -> tuple[tuple[str, str], ...]:
        return ()

    def read(self) -> str:
        return ""


class _Connection(HTTPRequestsConnectionClass):
    """The connection handed to PyGithub's Requester; keeps the raw answer for ourselves."""

    def __init__(self, origin: str, bounds: Bounds) -> None:
        self._origin = origin
        self._bounds = bounds
        self._adapter = _Adapter()
        self._proxies = get_environ_proxies(origin)
        self._verify: bool | str = (
            os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or True
        )
        self.cap = bounds.answer_bytes
        self.answer: tuple[int, dict[str, str], bytes] | None = None

    def getresponse(self) -> Any:
        self.answer = None
        request = requests.PreparedRequest()
        headers = {**self.headers, "Accept-Encoding": "gzip"}
        request.prepare(method=self.verb, url=self._origin + self.url, headers=headers, data=self.input)
        response = self._adapter.send(
            request,
            stream=True,
            timeout=(self._bounds.connect_s, self._bounds.read_s),
            verify=self._verify,
            proxies=self._proxies,
        )
        try:
            body = self._read(response.raw)
        except BaseException:
            # Unread bytes must never be taken for the next answer, whatever interrupted us.
            response.raw.close()
            raise
        response.raw.release_conn()
        self.answer = response.status_code, {k.lower(): v for k, v in response.headers.items()}, body
        return _Handled()

    def _read(self, raw: Any) -> bytes:
        body = bytearray()
        for chunk in raw.stream(65536, decode_content=True):
            body += chunk
            if len(body) > self.cap:
                raise _TooLarge
        return bytes(body)

    def close(self) -> None:
        self._adapter.close()


class _SwappedAuth(Auth):
    """Whoever the current call speaks for; one Requester serves all installations of a thread."""

    def __init__(self) -> None:
        self.secret = ""

    @property
    def token_type(self) -> str:
        return "Bearer"

    @property
    def token(self) -> str:
        return self.secret


class _Wire:
    """One thread's Requester with its connection; never shared, as neither is safe to share."""

    def __init__(self, root: str, bounds: Bounds) -> None:
        parts = urlsplit(root)
        self._auth = _SwappedAuth()
        self._connection = _Connection(f"{parts.scheme}://{parts.netloc}", bounds)
        self._bounds = bounds
        self._requester = Requester(
            auth=self._auth,
            base_url=root,
            timeout=int(bounds.read_s) or 1,
            user_agent=f"plumbline/{__version__}",
            per_page=100,
            verify=True,
            retry=0,
            pool_size=1,
            seconds_between_requests=None,
            seconds_between_writes=None,
            api_version=API_VERSION,
        )

    def exchange(self, call: Call, secret: str, ends: float) -> Answer:
        """Send once and read the whole answer, whatever its status."""
        _clockwork.ends, _clockwork.read_s = ends, self._bounds.read_s
        self._auth.secret = secret
        self._connection.cap = call.answer_bytes or self._bounds.answer_bytes
        try:
            self._requester.requestJson(
                call.method,
                call.path,
                dict(call.query),
                {"Accept": "application/vnd.github+json"},
                call.body,
                self._connection,
            )
        finally:
            self._auth.secret = ""
            _clockwork.ends = float("inf")
        if self._connection.answer is None:
            raise Malformed(f"{call.what} gave no answer")
        status, headers, body = self._connection.answer
        self._connection.answer = None
        return Answer(status, headers, body, call.what, self._connection.url)


class Transport:
    """Makes calls: pinned host, bounded in time and bytes, reads repeated, writes never.

    Args:
        root: the API root, ``https://api.github.com`` or ``https://HOST/api/v3``.
        pauses: where limits are kept, shared by all workers.
        sleep: waits before a read is repeated; seconds.
    """

    def __init__(
        self,
        root: str,
        *,
        pauses: Pauses,
        clock: Clock,
        metrics: Metrics,
        bounds: Bounds | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.root = root.rstrip("/")
        self.bounds = bounds or Bounds()
        self.sleep = sleep
        self._pauses = pauses
        self._clock = clock
        self._metrics = metrics
        self._left: dict[tuple[int, str], tuple[int, int]] = {}
        self._threads = threading.local()
        self._random = random.SystemRandom()
        parts = urlsplit(self.root)
        self._origin = (parts.scheme, parts.hostname, parts.port or _default_port(parts.scheme))
        self._prefix = parts.path

    def send(self, call: Call, secret: str, payer: int) -> Answer:
        """Make a call.

        Args:
            secret: a token or JWT, sent as ``Bearer``.
            payer: installation whose limits it counts against; 0 for the App itself.

        Returns:
            An answer of status 2xx or 4xx; 4xx of any kind but limits is the caller's to judge.

        Raises:
            LimitReached: refused by GitHub, or by ourselves while a pause is in force.
            Unavailable: a read failed; a write was certainly not sent.
            Ambiguous: a write was sent and its outcome is not known.
            Malformed: a redirect or size that is not allowed.
            Gone: a redirect leads out of ``call.within``.
        """
        ends = time.monotonic() + self.bounds.call_s
        attempts = call.attempts or self.bounds.attempts
        for attempt in range(1, attempts + 1):
            try:
                return self._follow(call, secret, payer, ends)
            except _Transient as error:
                if call.once:
                    raise Ambiguous(f"{call.what}: {error}; whether it was done is not known") from error
                wait = self.bounds.backoff_s * 2 ** (attempt - 1) * self._random.uniform(0.5, 1.5)
                if attempt == attempts or time.monotonic() + wait >= ends:
                    raise Unavailable(f"{call.what}: {error}") from error
                self._metrics.count("github_repeats")
                logger.info(
                    "repeating a read", extra={"what": call.what, "attempt": attempt, "why": str(error)}
                )
                self.sleep(wait)
        raise Unavailable(f"{call.what} was not sent: no attempt is allowed")

    def pages(self, first: Answer, call: Call, again: Callable[[Call], Answer]) -> Iterator[Answer]:
        """The first page and all that follow, by the ``Link`` header.

        Raises:
            Malformed: pages go in a circle, leave the host, or are more than the cap.
        """
        page, seen = first, {first.url}
        for _ in range(self.bounds.pages):
            yield page
            target = link(page, "next")
            if target is None:
                return
            self._check_target(target, call, "the next page", outside=Malformed)
            page = again(replace(call, path=target, query={}))
            if page.url in seen:
                raise Malformed(f"{call.what}: the pages go in a circle")
            seen.add(page.url)
        raise Malformed(f"{call.what}: more than {self.bounds.pages} pages")

    def _follow(self, call: Call, secret: str, payer: int, ends: float) -> Answer:
        what = call.what
        for _ in range(self.bounds.redirects + 1):
            answer = self._exchange(call, secret, payer, ends)
            if answer.status not in (301, 302, 303, 307, 308):
                return answer
            target = urljoin(self._origin_text() + answer.url, answer.headers.get("location", ""))
            if answer.status == 303 or not answer.headers.get("location"):
                raise Malformed(f"{what}: a redirect ({answer.status}) that can not be followed")
            self._check_target(target, call, "a redirect")
            call = replace(call, path=target, query={} if urlsplit(target).query else call.query)
        raise Malformed(f"{what}: more than {self.bounds.redirects} redirects")

    def _exchange(self, call: Call, secret: str, payer: int, ends: float) -> Answer:
        bucket = self._bucket(call)
        self._refuse_while_paused(call, payer, bucket)
        if call.guard is not None:
            call.guard.check()
        started = time.perf_counter()
        outcome = "failed"
        try:
            answer = self._wire().exchange(call, secret, ends)
            outcome = f"{answer.status // 100}xx"
        except _TooLarge:
            cap = call.answer_bytes or self.bounds.answer_bytes
            text = f"{call.what}: the answer is larger than {cap} bytes"
            raise (Ambiguous(text) if call.once else Malformed(text)) from None
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            raise _network_error(call, error) from error
        finally:
            self._metrics.count("github_requests", method=call.method, outcome=outcome)
            self._metrics.observe("github_request_seconds", time.perf_counter() - started)
        self._note_limits(answer, payer, bucket)
        return self._judge(call, answer)

    def _judge(self, call: Call, answer: Answer) -> Answer:
        status = answer.status
        if status in (502, 503, 504) or (status == 202 and call.method == "GET"):
            raise _Transient(f"status {status}")
        if status >= 500:
            text = f"{call.what}: status {status}"
            raise Ambiguous(f"{text}; whether it was done is not known") if call.once else Unavailable(text)
        if not call.once and not answer.body and status == 200 and "content-length" not in answer.headers:
            # Python takes an answer that was cut within its headers for a whole one.
            raise _Transient("an answer without a body")
        if status < 200 or status in (300, 304, 305, 306):
            raise Malformed(f"{call.what}: status {status}, which nothing asked for")
        return answer

    def _note_limits(self, answer: Answer, payer: int, bucket: str) -> None:
        now = self._clock.now()
        limit = limit_reached(answer, now, bucket)
        if limit is not None:
            self._pauses.pause(payer, limit.resource, limit.until)
            self._metrics.count("github_limits", resource=limit.resource)
            logger.warning(
                "GitHub asks to come back later",
                extra={"installation": payer, "resource": limit.resource, "until": limit.until.isoformat()},
            )
            raise limit
        told = tuple(_count(answer.headers.get(f"x-ratelimit-{name}", "")) for name in ("remaining", "limit"))
        if told[0] is not None and told[1]:
            self._left[payer, bucket] = (told[0], told[1])
        until = exhausted_until(answer, now)
        if until is not None:
            self._pauses.pause(payer, bucket, until)

    def _refuse_while_paused(self, call: Call, payer: int, bucket: str) -> None:
        creates = call.method != "GET" and bucket != "graphql"
        resources = (bucket, "secondary", "content") if creates else (bucket, "secondary")
        for resource in resources:
            until = self._pauses.paused_until(payer, resource)
            if until is not None and until > self._clock.now():
                raise LimitReached(
                    f"{call.what} was not sent: GitHub asked to wait until {until.isoformat()}",
                    until=until,
                    resource=resource,
                )

    def _bucket(self, call: Call) -> str:
        """Which of GitHub's limits a call counts against."""
        if call.path == self.graph_url:
            return "graphql"
        return "search" if call.path.startswith("/search/") else "core"

    @property
    def graph_url(self) -> str:
        """Where GraphQL is: beside the REST root, which on GHES ends in ``/api/v3``."""
        if self._prefix:
            return f"{self._origin_text()}{self._prefix.removesuffix('/v3')}/graphql"
        return "/graphql"

    def scarce(self, payer: int) -> bool:
        """Whether so little is left of this hour's REST calls that it is kept for answers to people.

        A GitHub that tells no limit (GHES by default) has none.
        """
        remaining, limit = self._left.get((payer, "core"), (1, 1))
        return remaining < limit * RESERVE

    def now(self) -> datetime:
        """The time by our clock."""
        return self._clock.now()

    def pause(self, payer: int, resource: str, until: datetime) -> None:
        """Nobody shall call for this installation and resource before ``until``."""
        self._pauses.pause(payer, resource, until)
        self._metrics.count("github_limits", resource=resource)

    def note_points(self, points: int) -> None:
        """Count what a document cost."""
        self._metrics.count("github_points", points)

    def _check_target(self, target: str, call: Call, what: str, outside: type[PlumblineError] = Gone) -> None:
        try:
            parts = urlsplit(target)
            origin = (parts.scheme, parts.hostname, parts.port or _default_port(parts.scheme))
        except ValueError as error:
            raise Malformed(f"{call.what}: {what} that is no URL") from error
        if origin != self._origin or not parts.path.startswith(f"{self._prefix}/"):
            raise Malformed(
                f"{call.what}: {what} leads to another place than {self.root}; nothing was sent there"
            )
        inside = parts.path.removeprefix(self._prefix)
        if not f"{inside}/".startswith(f"{call.within.rstrip('/')}/") or "/../" in f"{inside}/":
            raise outside(f"{call.what}: {what} leads to {clean(inside)}")

    def _origin_text(self) -> str:
        parts = urlsplit(self.root)
        return f"{parts.scheme}://{parts.netloc}"

    def _wire(self) -> _Wire:
        # A forked child must not speak on its parent's sockets, hence the process id.
        kept: tuple[int, _Wire] | None = getattr(self._threads, "wire", None)
        if kept is None or kept[0] != os.getpid():
            kept = (os.getpid(), _Wire(self.root, self.bounds))
            self._threads.wire = kept
        return kept[1]


class _Transient(Exception):
    """A named passing fault: connection, time-out, 502, 503, 504, or 202 on a read."""


def link(answer: Answer, relation: str) -> str | None:
    """The URL of a relation in the ``Link`` header."""
    for entry in parse_header_links(answer.headers.get("link", "")):
        if relation in entry.get("rel", "").split():
            return entry.get("url")
    return None


def _network_error(call: Call, error: Exception) -> Exception:
    name = type(error).__name__
    if call.once and _not_sent(error):
        return Unavailable(f"{call.what} was not sent: {name}")
    if isinstance(error, requests.exceptions.SSLError) and _not_sent(error):
        return Unavailable(f"{call.what}: the server's certificate is not trusted")
    if isinstance(error, (requests.exceptions.InvalidURL, requests.exceptions.InvalidHeader)):
        return Malformed(f"{call.what}: {name}")
    return _Transient(name)


def _not_sent(error: Exception) -> bool:
    """The request can not have reached GitHub: there was no connection to send it on."""
    reason = getattr(error.args[0], "reason", None) if error.args else None
    if isinstance(error, requests.exceptions.ConnectTimeout):
        return True
    if isinstance(reason, urllib3.exceptions.SSLError):
        return any(isinstance(a, ssl.SSLCertVerificationError) for a in reason.args)
    return isinstance(reason, (urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError))


def _count(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _default_port(scheme: str) -> int:
    return 443 if scheme == "https" else 80
