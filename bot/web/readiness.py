"""Whether this process can do its work now: asked often, tried once a second at most."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from threading import Lock

from bot.model.errors import PlumblineError

log = logging.getLogger(__name__)


class Readiness:
    """Caches the outcome of a check that may hang.

    Args:
        check: raises a PlumblineError when the process is not ready; may block.
        fresh_s: for how long an outcome is given again without asking.
        limit_s: how long a caller waits at most; an answer that takes longer counts as no.
    """

    def __init__(self, check: Callable[[], None], *, fresh_s: float = 1.0, limit_s: float = 1.9) -> None:
        self._check = check
        self._fresh_s = fresh_s
        self._limit_s = limit_s
        self._lock = Lock()
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="readiness")
        self._running: Future[str] | None = None
        self._reason = "not checked yet"
        self._checked_at = float("-inf")

    def reason(self) -> str:
        """Why the process is not ready; empty when it is."""
        with self._lock:
            if time.monotonic() - self._checked_at < self._fresh_s:
                return self._reason
            if self._running is None or self._running.done():
                self._running = self._pool.submit(self._ask)
            running = self._running
        try:
            reason = running.result(self._limit_s)
        except FutureTimeout:
            reason = f"no answer within {self._limit_s:g} s"
        with self._lock:
            self._reason, self._checked_at = reason, time.monotonic()
        return reason

    def _ask(self) -> str:
        try:
            self._check()
        except PlumblineError as error:
            return str(error) or type(error).__name__
        except Exception as error:
            log.exception("readiness check failed")
            return type(error).__name__
        return ""
