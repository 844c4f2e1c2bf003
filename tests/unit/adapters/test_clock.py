"""The machine's clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bot.adapters.clock import SystemClock


def test_tells_utc() -> None:
    now = SystemClock().now()

    assert now.tzinfo is UTC
    assert abs(datetime.now(UTC) - now) < timedelta(seconds=5)
