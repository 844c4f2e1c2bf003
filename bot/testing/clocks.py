"""Clocks for tests: one that stands still until moved, and the real one."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta


class ManualClock:
    """Stands still until moved; safe to share between threads.

    Args:
        start: where it stands, timezone-aware.
    """

    def __init__(self, start: datetime = datetime(2026, 1, 1, 12, tzinfo=UTC)) -> None:
        self._now = start
        self._lock = threading.Lock()

    def now(self) -> datetime:
        """The moment it was last moved to."""
        with self._lock:
            return self._now

    def advance(self, seconds: float) -> None:
        """Move forward (or back, when negative)."""
        with self._lock:
            self._now += timedelta(seconds=seconds)


class SystemClock:
    """The machine's clock in UTC."""

    def now(self) -> datetime:
        """The present moment."""
        return datetime.now(UTC)
