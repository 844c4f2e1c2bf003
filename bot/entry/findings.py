"""What an examination says: one finding for each thing, how it is and what to do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from bot.model.errors import PlumblineError


class Status(StrEnum):
    """How something is."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line.

    Args:
        name: what was looked at.
        text: how it is.
        fix: what to do; "" when all is well.
        details: more for programs; JSON-able.
    """

    name: str
    status: Status
    text: str
    fix: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)


def guarded(name: str, look: Callable[[], Finding], status: Status = Status.FAIL) -> Finding:
    """What ``look`` finds; an error that it raises is the finding."""
    try:
        return look()
    except PlumblineError as error:
        return Finding(name, status, str(error))
    except Exception as error:  # noqa: BLE001  The finding is how it is told.
        return Finding(name, Status.UNKNOWN, f"could not be looked at: {type(error).__name__}: {error}")


def some(names: list[str], most: int = 4) -> str:
    """Names in one phrase, no more than ``most`` of them."""
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")


def age(seconds: float) -> str:
    """How long ago, in one unit: ``5 min ago``."""
    for unit, size in (("days", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit} ago"
    return f"{max(0, seconds):.0f} s ago"
