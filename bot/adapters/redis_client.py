"""Redis clients, built in one place: no call hangs longer than the promise of the ledger."""

from __future__ import annotations

from typing import Any

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.retry import Retry

TIMEOUT_S = 0.9
"""For connecting and for each answer. redis-py 8 would try ten times with five seconds each."""


def connect(url: str, *, timeout_s: float = TIMEOUT_S) -> Redis:
    """A client for ``redis://``, ``rediss://`` or ``unix://``.

    A refused or broken connection is tried once more at once (Redis was restarted); a time-out is
    not, so that every command ends within 2 s. Answers are bytes.
    """
    options: dict[str, Any] = {
        "socket_timeout": timeout_s,
        "socket_connect_timeout": timeout_s,
        "retry": Retry(NoBackoff(), 1, supported_errors=(RedisConnectionError,)),
        "protocol": 2,
        "health_check_interval": 0,
    }
    if not url.startswith("unix:"):
        options["socket_keepalive"] = True
    return Redis.from_url(url, **options)
