"""Sends the fake's events as GitHub sends webhooks: signed, once, in no promised order.

A failed delivery is recorded and never repeated, as at GitHub; only a redelivery that somebody asks
for sends it again, with the same GUID.
"""

from __future__ import annotations

import hashlib
import heapq
import hmac
import http.client
import itertools
import json
import random
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

from bot.testing.http import Emission

PAYLOAD_LIMIT = 25 * 1024 * 1024
"""Bytes; GitHub does not deliver a larger event at all."""


@dataclass(frozen=True, slots=True)
class HookFaults:
    """Shares of deliveries, 0 to 1, that meet a fault; drawn by a seed in the order of events.

    Args:
        lost: never arrive, and stand in the delivery log as failed.
        unrecorded: never arrive, and do not stand in the log either.
        doubled: arrive twice.
        late: arrive ``late_s`` seconds late.
        disordered: are overtaken by events of up to ``disorder_s`` seconds later.
    """

    lost: float = 0.0
    unrecorded: float = 0.0
    doubled: float = 0.0
    late: float = 0.0
    late_s: float = 5.0
    disordered: float = 0.0
    disorder_s: float = 0.5

    def __post_init__(self) -> None:
        """Refuse what is no share. Raises ValueError naming the field."""
        for name in ("lost", "unrecorded", "doubled", "late", "disordered"):
            value = getattr(self, name)
            if not isinstance(value, int | float) or not 0 <= value <= 1:
                raise ValueError(f"hook faults: `{name}` is {value!r}, give a number from 0 to 1")


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt to deliver an event, as the delivery log keeps it.

    Args:
        at: epoch seconds at which it began.
        status_code: of the receiver; 0 when no answer came.
        status: in words, ``OK`` or what went wrong.
        outcome: ``sent``, ``failed``, ``lost`` or ``unrecorded``.
    """

    emission: Emission
    redelivery: bool
    at: float
    duration_s: float = 0.0
    status_code: int = 0
    status: str = ""
    outcome: str = "sent"
    request_headers: Mapping[str, str] = field(default_factory=dict)
    response_headers: Mapping[str, str] = field(default_factory=dict)
    response_body: str = ""


@dataclass(frozen=True, slots=True)
class Hook:
    """Where an App's events go, and how they are signed. ``url`` "" sends nothing."""

    url: str
    secret: str = field(repr=False)
    id: int
    app_id: int
    timeout_s: float = 10.0


@dataclass(order=True, slots=True)
class _Waiting:
    due: float
    order: int
    emission: Emission = field(compare=False)
    redelivery: bool = field(compare=False, default=False)
    outcome: str = field(compare=False, default="sent")


def delivery_headers(hook: Hook, emission: Emission, body: bytes) -> dict[str, str]:
    """All headers that GitHub sends with a delivery of these bytes."""
    key = hook.secret.encode()
    return {
        "Accept": "*/*",
        "Content-Type": "application/json",
        "User-Agent": "GitHub-Hookshot/51a2b3c",
        "X-GitHub-Delivery": emission.guid,
        "X-GitHub-Event": emission.event,
        "X-GitHub-Hook-ID": str(hook.id),
        "X-GitHub-Hook-Installation-Target-ID": str(hook.app_id),
        "X-GitHub-Hook-Installation-Target-Type": "integration",
        "X-Hub-Signature": "sha1=" + hmac.new(key, body, hashlib.sha1).hexdigest(),
        "X-Hub-Signature-256": "sha256=" + hmac.new(key, body, hashlib.sha256).hexdigest(),
    }


def payload_bytes(payload: Mapping[str, Any]) -> bytes:
    """The body that is sent and signed: compact JSON in UTF-8."""
    text = json.dumps(payload, separators=(",", ":"), ensure_ascii=False)
    return text.encode("utf-8", "surrogatepass")


class WebhookSender:
    """Delivers from background threads; use ``close`` when done.

    ``hook`` is that of the App under test; ``add`` takes those of more Apps.

    Args:
        record: told of every attempt, also of what was kept from being sent, from a sending thread.
        seed: decides which deliveries meet a fault.
        threads: deliveries under way at the same time.
    """

    def __init__(
        self, hook: Hook, record: Callable[[Attempt], object], *, seed: int = 0, threads: int = 8
    ) -> None:
        self.hook = hook
        self._others: dict[int, Hook] = {}
        self._record = record
        self._faults = HookFaults()
        self._draw = random.Random(seed)  # noqa: S311 - a test double needs repeatable draws
        self._waiting: list[_Waiting] = []
        self._order = itertools.count()
        self._changed = threading.Condition()
        self._under_way = 0
        self._paused = False
        self._closed = False
        self._threads = [
            threading.Thread(target=self._work, name=f"webhook-sender-{n}", daemon=True)
            for n in range(threads)
        ]
        for thread in self._threads:
            thread.start()

    def __call__(self, emission: Emission) -> None:
        """Take an event; returns at once."""
        with self._changed:
            if not self.hook_of(emission).url or self._closed:
                return
            self._plan(emission)
            self._changed.notify_all()

    def redeliver(self, emission: Emission) -> None:
        """Send once more, with the same GUID and without faults."""
        with self._changed:
            self._put(emission, redelivery=True)
            self._changed.notify_all()

    def configure(self, *, faults: HookFaults | None = None, **hook: Any) -> None:
        """Change the faults, or parts of the hook (``url``, ``secret``, ``timeout_s``)."""
        with self._changed:
            if faults is not None:
                self._faults = faults
            self.hook = replace(self.hook, **hook)

    def add(self, hook: Hook) -> None:
        """Deliver to one more App."""
        with self._changed:
            self._others[hook.app_id] = hook

    def hook_of(self, emission: Emission) -> Hook:
        """Where an event goes."""
        return self._others.get(emission.app_id, self.hook)

    @property
    def faults(self) -> HookFaults:
        """The faults in force."""
        return self._faults

    @property
    def pending(self) -> int:
        """Deliveries that wait or are under way."""
        with self._changed:
            return len(self._waiting) + self._under_way

    def pause(self) -> None:
        """Hold deliveries back; those under way end."""
        with self._changed:
            self._paused = True

    def resume(self) -> None:
        """Go on with what was held back."""
        with self._changed:
            self._paused = False
            self._changed.notify_all()

    def flush(self, timeout_s: float = 30.0) -> bool:
        """Wait until everything was sent; False when time was up (or the sender is paused)."""
        deadline = time.monotonic() + timeout_s
        with self._changed:
            while self._waiting or self._under_way:
                left = deadline - time.monotonic()
                if left <= 0 or (self._paused and not self._under_way):
                    return False
                self._changed.wait(left)
        return True

    def close(self) -> None:
        """Drop what waits and end the threads."""
        with self._changed:
            self._closed = True
            self._waiting.clear()
            self._changed.notify_all()
        for thread in self._threads:
            thread.join(timeout=self.hook.timeout_s + 1)

    def _plan(self, emission: Emission) -> None:
        faults = self._faults
        # Always the same number of draws per event, so that one share does not shift the others.
        lost, unrecorded, doubled, late, disordered, size = (self._draw.random() for _ in range(6))
        if unrecorded < faults.unrecorded:
            self._put(emission, outcome="unrecorded")
            return
        if lost < faults.lost:
            self._put(emission, outcome="lost")
            return
        delay = faults.late_s if late < faults.late else 0.0
        if disordered < faults.disordered:
            delay += size * faults.disorder_s
        self._put(emission, delay=delay)
        if doubled < faults.doubled:
            self._put(emission, delay=delay)

    def _put(
        self, emission: Emission, *, delay: float = 0.0, redelivery: bool = False, outcome: str = "sent"
    ) -> None:
        due = time.monotonic() + delay
        heapq.heappush(self._waiting, _Waiting(due, next(self._order), emission, redelivery, outcome))

    def _next(self) -> _Waiting | None:
        """The next due delivery; waits for one. None when closed."""
        with self._changed:
            while not self._closed:
                left = self._waiting[0].due - time.monotonic() if self._waiting else None
                if left is not None and left <= 0 and not self._paused:
                    self._under_way += 1
                    return heapq.heappop(self._waiting)
                self._changed.wait(None if self._paused or left is None else left)
        return None

    def _work(self) -> None:
        while (waiting := self._next()) is not None:
            try:
                self._record(self._attempt(waiting))
            finally:
                with self._changed:
                    self._under_way -= 1
                    self._changed.notify_all()

    def _attempt(self, waiting: _Waiting) -> Attempt:
        hook, at = self.hook_of(waiting.emission), time.time()
        body = payload_bytes(waiting.emission.payload)
        headers = delivery_headers(hook, waiting.emission, body)
        attempt = Attempt(waiting.emission, waiting.redelivery, at, request_headers=headers)
        if len(body) > PAYLOAD_LIMIT:
            return replace(attempt, outcome="unrecorded", status="payload too large")
        if waiting.outcome != "sent":
            return replace(attempt, outcome=waiting.outcome, status="failed to connect to host")
        began = time.monotonic()
        try:
            status_code, status, answered, text = _post(hook, headers, body)
        except (OSError, http.client.HTTPException) as error:
            reason = "timed out" if isinstance(error, TimeoutError) else "failed to connect to host"
            return replace(attempt, duration_s=time.monotonic() - began, status=reason, outcome="failed")
        return replace(
            attempt,
            duration_s=time.monotonic() - began,
            status_code=status_code,
            status=status,
            outcome="sent" if status_code < 400 else "failed",
            response_headers=answered,
            response_body=text,
        )


def _post(hook: Hook, headers: Mapping[str, str], body: bytes) -> tuple[int, str, dict[str, str], str]:
    """One connection, one request. Raises OSError or HTTPException."""
    place = urlsplit(hook.url)
    kind = http.client.HTTPSConnection if place.scheme == "https" else http.client.HTTPConnection
    connection = kind(place.hostname or "", place.port, timeout=hook.timeout_s)
    try:
        target = (place.path or "/") + (f"?{place.query}" if place.query else "")
        connection.request("POST", target, body, dict(headers))
        response = connection.getresponse()
        text = response.read(65_536).decode("utf-8", "replace")
        return response.status, response.reason or "OK", dict(response.getheaders()), text
    finally:
        connection.close()
