"""Connections: pages of sequences, and their cursors."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Any

_PREFIX = "cursor:v2:"


class Page:
    """A connection: the whole sequence's ``total_count`` and one page of it.

    Args:
        items: of the page.
        start: place of its first item in the whole.
        total: length of the whole.
    """

    __slots__ = ("nodes", "page_info", "start", "total_count", "whole")

    def __init__(self, whole: Sequence[Any], start: int, end: int) -> None:
        self.whole = whole
        self.start = start
        self.nodes = whole[start:end]
        self.total_count = len(whole)
        self.page_info = {
            "startCursor": cursor(start) if self.nodes else None,
            "endCursor": cursor(end - 1) if self.nodes else None,
            "hasNextPage": end < len(whole),
            "hasPreviousPage": start > 0,
        }

    @property
    def edges(self) -> list[dict[str, Any]]:
        """The nodes with their cursors."""
        return [
            {"cursor": cursor(place), "node": node} for place, node in enumerate(self.nodes, start=self.start)
        ]


def page(
    items: Sequence[Any], first: int | None, last: int | None, after: str | None, before: str | None
) -> Page:
    """Cut a page.

    Raises:
        ValueError: with the cursor that is none.
    """
    start, end = 0, len(items)
    if after:
        start = min(end, _place(after) + 1)
    if before:
        end = max(start, min(end, _place(before)))
    if first is not None:
        end = min(end, start + first)
    if last is not None:
        start = max(start, end - last)
    return Page(items, start, end)


def cursor(place: int) -> str:
    """The opaque name of a place in a connection."""
    return base64.b64encode(f"{_PREFIX}{place}".encode()).decode()


def _place(text: str) -> int:
    try:
        told = base64.b64decode(text, validate=True).decode()
    except (binascii.Error, ValueError):
        raise ValueError(text) from None
    number = told.removeprefix(_PREFIX)
    if not told.startswith(_PREFIX) or not (number.isascii() and number.isdigit()):
        raise ValueError(text)
    return int(number)
