"""The machine's clock."""

from __future__ import annotations

from datetime import UTC, datetime


class SystemClock:
    """Tells the time of this machine; implements ``bot.ports.Clock``."""

    def now(self) -> datetime:
        """The present moment, timezone-aware UTC."""
        return datetime.now(UTC)
