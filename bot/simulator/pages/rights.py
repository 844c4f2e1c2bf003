"""What a role is worth, as on github.com."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

ORDER = ("", "read", "triage", "write", "maintain", "admin")

MEANING: Mapping[str, str] = MappingProxyType(
    {
        "": "sees nothing of it",
        "read": "reads, comments, opens issues",
        "triage": "also closes and reopens issues",
        "write": "also pushes, merges, ticks boxes, presses buttons",
        "maintain": "also looks after the repository",
        "admin": "may do everything",
    }
)


def at_least(role: str, needed: str) -> bool:
    """``role`` includes what ``needed`` allows."""
    return ORDER.index(role) >= ORDER.index(needed)
