"""Listings page by page, and names as parts of paths."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

from bot.adapters.github import answers
from bot.adapters.github.errors import Answer, clean, ok
from bot.adapters.github.transport import Call, Transport
from bot.model.errors import Gone, Malformed

Send = Callable[[Call], Answer]
"""Makes a call as somebody; answers of 2xx and 4xx come back."""


def take(transport: Transport, send: Send, call: Call, limit: int) -> tuple[list[tuple[Any, str]], bool]:
    """At most ``limit`` items of a listing with the name of their call, and whether there are more.

    Items that moved to a later page while we read are returned once.
    """
    found: list[tuple[Any, str]] = []
    seen: set[object] = set()
    for item, what in items(transport, send, call):
        identity = _identity(item)
        if identity is not None and identity in seen:
            continue
        if len(found) == limit:
            return found, True
        seen.add(identity)
        found.append((item, what))
    return found, False


def items(transport: Transport, send: Send, call: Call, key: str = "") -> Iterator[tuple[Any, str]]:
    """All items of a listing, page after page; ``key`` when the list lies within an object."""

    def again(next_call: Call) -> Answer:
        return ok(send(next_call))

    for page in transport.pages(again(call), call, again):
        for item in answers.listing(page.json(), key, page.what):
            yield item, page.what


def object_id(oid: str) -> str:
    if not answers.is_oid(oid):
        raise Malformed(f"{clean(oid, 80)!r} is not an object id (40 or 64 hexadecimal digits)")
    return oid


def segment(name: str) -> str:
    """A name as one path segment.

    Raises:
        Gone: no branch or account can have this name, and it would change the path.
    """
    if name in ("", ".", "..") or any(ord(c) < 32 or ord(c) == 127 for c in name):
        raise Gone(f"there is nothing of the name {clean(name, 80)!r}")
    try:
        return quote(name, safe="")
    except UnicodeEncodeError as error:
        raise Gone("there is nothing of a name that is not Unicode") from error


def _identity(item: Any) -> object:
    if not isinstance(item, dict):
        return None
    return item.get("id") or item.get("name")
