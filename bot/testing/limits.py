"""GitHub's rate limits: the primary one always, the documented secondary ones when switched on."""

from __future__ import annotations

import threading
from collections import defaultdict, deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from bot.testing.routing import Refusal

_SECONDARY = (
    "You have exceeded a secondary rate limit. Please wait a few minutes before you try again. "
    "If you reach out to GitHub Support for help, please include the request ID."
)
_CONTENT = (
    "You have exceeded a secondary rate limit and have been temporarily blocked from content creation. "
    "Please retry your request again later."
)
_DOCUMENTATION = (
    "https://docs.github.com/rest/overview/rate-limits-for-the-rest-api#about-secondary-rate-limits"
)


@dataclass
class Secondary:
    """The documented secondary limits; none of them can be queried."""

    concurrent: int = 100
    points_per_minute: int = 900
    graphql_points_per_minute: int = 2_000
    content_per_minute: int = 80
    content_per_hour: int = 500


@dataclass
class _Bucket:
    started: datetime
    used: int = 0


class Limits:
    """Counts requests, and the points of GraphQL.

    ``core`` overrides the hourly number of requests of every bucket, ``graphql`` that of points;
    ``secondary`` is None until switched on.
    """

    def __init__(self) -> None:
        self.core: int | None = None
        self.graphql: int | None = None
        self.secondary: Secondary | None = None
        self._buckets: dict[str, _Bucket] = {}
        self._points: defaultdict[str, deque[tuple[float, int]]] = defaultdict(deque)
        self._content: defaultdict[str, deque[float]] = defaultdict(deque)
        self._running = 0
        self._lock = threading.Lock()

    def hourly(self, repositories: int) -> int:
        """Requests an hour for an installation with so many repositories."""
        return _by_size(repositories) if self.core is None else self.core

    def hourly_points(self, repositories: int) -> int:
        """Points of GraphQL an hour for an installation with so many repositories."""
        return _by_size(repositories) if self.graphql is None else self.graphql

    def _bucket(self, name: str, now: datetime) -> _Bucket:
        bucket = self._buckets.get(name)
        if bucket is None or (now - bucket.started).total_seconds() >= 3600:
            bucket = self._buckets[name] = _Bucket(now)
        return bucket

    def headers(self, name: str, limit: int, now: datetime, resource: str = "core") -> dict[str, str]:
        """``x-ratelimit-*`` as things stand."""
        bucket = self._bucket(name, now)
        return {
            "X-RateLimit-Limit": str(limit),
            "X-RateLimit-Remaining": str(max(0, limit - bucket.used)),
            "X-RateLimit-Used": str(bucket.used),
            "X-RateLimit-Reset": str(int(bucket.started.timestamp()) + 3600),
            "X-RateLimit-Resource": resource,
        }

    def charge(self, name: str, limit: int, now: datetime) -> None:
        """Take one request from the hour. Raises Refusal 403 when none is left."""
        bucket = self._bucket(name, now)
        if bucket.used >= limit:
            raise Refusal(
                403,
                f"API rate limit exceeded for {name}. If you reach out to GitHub Support for help, "
                "please include the request ID.",
                documentation_url="https://docs.github.com/rest/overview/rate-limits-for-the-rest-api",
            )
        bucket.used += 1

    def exhausted(self, name: str, limit: int, now: datetime) -> bool:
        """Nothing is left of the hour."""
        return self._bucket(name, now).used >= limit

    def spend(self, name: str, points: int, now: datetime) -> None:
        """Take points from the hour, more than are left too."""
        self._bucket(name, now).used += points

    def state(self, name: str, limit: int, now: datetime) -> tuple[int, int, int]:
        """(remaining, reset in epoch seconds, used)."""
        bucket = self._bucket(name, now)
        return max(0, limit - bucket.used), int(bucket.started.timestamp()) + 3600, bucket.used

    def refund(self, name: str, now: datetime) -> None:
        """Give one request back: a 304 costs nothing."""
        bucket = self._bucket(name, now)
        bucket.used = max(0, bucket.used - 1)

    def check_secondary(self, name: str, method: str, endpoint: str, *, content: bool, now: datetime) -> None:
        """Count points and content. Raises Refusal 403 with ``Retry-After``."""
        rules = self.secondary
        if rules is None:
            return
        at = now.timestamp()
        points = self._points[f"{name} {endpoint}"]
        while points and points[0][0] <= at - 60:
            points.popleft()
        graphql = endpoint == "POST /graphql"
        # A document that only reads costs one, and this fake has no mutations.
        cost = 1 if graphql or method in ("GET", "HEAD", "OPTIONS") else 5
        most = rules.graphql_points_per_minute if graphql else rules.points_per_minute
        if sum(spent for _, spent in points) + cost > most:
            raise _refused(_SECONDARY)
        points.append((at, cost))
        if content:
            self._check_content(rules, self._content[name], at)

    @staticmethod
    def _check_content(rules: Secondary, made: deque[float], at: float) -> None:
        while made and made[0] <= at - 3600:
            made.popleft()
        if len(made) >= rules.content_per_hour:
            raise _refused(_CONTENT)
        if sum(moment > at - 60 for moment in made) >= rules.content_per_minute:
            raise _refused(_CONTENT)
        made.append(at)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Count a request while it runs. Raises Refusal 403 when too many run at once."""
        with self._lock:
            self._running += 1
            busy = self.secondary is not None and self._running > self.secondary.concurrent
        try:
            if busy:
                raise _refused(_SECONDARY)
            yield
        finally:
            with self._lock:
                self._running -= 1

    def overview(self, name: str, limit: int, points: int, now: datetime) -> dict[str, object]:
        """The body of ``GET /rate_limit``; ``points`` is the hourly number of GraphQL's."""
        bucket = self._bucket(name, now)
        core = {
            "limit": limit,
            "used": bucket.used,
            "remaining": max(0, limit - bucket.used),
            "reset": int(bucket.started.timestamp()) + 3600,
            "resource": "core",
        }
        search = {"limit": 30, "used": 0, "remaining": 30, "reset": core["reset"], "resource": "search"}
        remaining, reset, used = self.state(f"graphql {name}", points, now)
        graphql = {
            "limit": points,
            "used": used,
            "remaining": remaining,
            "reset": reset,
            "resource": "graphql",
        }
        return {"resources": {"core": core, "search": search, "graphql": graphql}, "rate": core}


def _by_size(repositories: int) -> int:
    return min(5_000 + 50 * max(0, repositories - 20), 12_500)


def _refused(message: str) -> Refusal:
    return Refusal(403, message, headers={"Retry-After": "60"}, documentation_url=_DOCUMENTATION)
