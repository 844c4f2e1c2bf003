"""Reading webhook payloads, which are untrusted, without trusting their shape."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

SHA = re.compile(r"^[0-9a-f]{40}([0-9a-f]{24})?$")


def value(payload: Mapping[str, Any], *path: str) -> Any:
    """What lies at the path, None when any part is missing or not an object."""
    here: Any = payload
    for key in path:
        if not isinstance(here, Mapping):
            return None
        here = here.get(key)
    return here


def text(payload: Mapping[str, Any], *path: str) -> str:
    """The string at the path; empty when there is none."""
    found = value(payload, *path)
    return found if isinstance(found, str) else ""


def number(payload: Mapping[str, Any], *path: str) -> int:
    """The positive whole number at the path; 0 when there is none."""
    found = value(payload, *path)
    return found if isinstance(found, int) and not isinstance(found, bool) and found > 0 else 0


def sha(payload: Mapping[str, Any], *path: str) -> str:
    """The object id at the path; empty when it is not one, or all zeros."""
    found = text(payload, *path)
    return found if SHA.match(found) and set(found) != {"0"} else ""


def branch_of(ref: str) -> str:
    """``main`` of ``refs/heads/main``; empty for tags and anything else."""
    return ref.removeprefix("refs/heads/") if ref.startswith("refs/heads/") else ""
