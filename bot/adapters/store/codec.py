"""How values become columns: compressed JSON, canonical JSON, clean text, UTC times."""

from __future__ import annotations

import json
import re
import zlib
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import DateTime, LargeBinary, Text
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

NOT_STORABLE = re.compile("[\x00\ud800-\udfff]")
"""PostgreSQL refuses NUL in text, and no database takes a lone surrogate."""

COMPRESSION_LEVEL = 3
"""Level 6 makes facts 5 % smaller and takes twice as long."""


def canonical(value: Any) -> str:
    """JSON of which there is one spelling only: sorted keys, no blanks, ASCII.

    Raises:
        TypeError, ValueError: the value is not JSON-able (NaN and infinities are not).
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def clean(text: str) -> str:
    """Replace what no database can keep by U+FFFD."""
    return NOT_STORABLE.sub("\ufffd", text)


class CleanText(TypeDecorator[str]):
    """Text from outside."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, _dialect: Dialect) -> str | None:
        """Clean on the way in, also when comparing."""
        return None if value is None else clean(value)


class JsonText(TypeDecorator[Any]):
    """A small JSON value, readable in the database."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, _dialect: Dialect) -> str:
        """Canonical JSON; escapes keep NUL and surrogates."""
        return canonical(value)

    def process_result_value(self, value: str | None, _dialect: Dialect) -> Any:
        """The value again."""
        return None if value is None else json.loads(value)


class CompressedJson(TypeDecorator[Any]):
    """A large JSON value, compressed with zlib."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: Any, _dialect: Dialect) -> bytes:
        """Canonical JSON, compressed."""
        return zlib.compress(canonical(value).encode("ascii"), COMPRESSION_LEVEL)

    def process_result_value(self, value: bytes | None, _dialect: Dialect) -> Any:
        """The value again."""
        return None if value is None else json.loads(zlib.decompress(value))


class UtcDateTime(TypeDecorator[datetime]):
    """A moment: timezone-aware in, UTC out, on both databases."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        """As UTC. Raises ValueError when the value has no timezone."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no timezone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        """SQLite keeps no timezone, PostgreSQL answers in the session's."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
