"""Keeping within GitHub's size limits by leaving out data, never by cutting what is written.

Sizes are counted in UTF-8 bytes: never fewer than characters, whichever of the two GitHub means.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")

CHECK_RUN_TEXT = 65_535
"""Limit of a check run's summary, and of its text."""

ISSUE_BODY = 60_000
"""Below the 65,536 that GitHub accepts, so that what GitHub itself adds still fits."""


def size(markdown: str) -> int:
    """Bytes in UTF-8."""
    return len(markdown) if markdown.isascii() else len(markdown.encode("utf-8", "surrogatepass"))


class Page:
    """Lines that together stay within a limit; whoever adds is told whether it fitted.

    Args:
        limit: bytes, line ends included; less than nothing is nothing.
    """

    def __init__(self, limit: int) -> None:
        self.left = limit
        self.lines: list[str] = []

    @property
    def used(self) -> int:
        """Bytes of the lines so far, line ends included."""
        return sum(size(line) + 1 for line in self.lines)

    def add(self, *lines: str) -> bool:
        """Add all of these lines, or none when they do not fit."""
        cost = sum(size(line) + 1 for line in lines)
        if cost > self.left:
            return False
        self.left -= cost
        self.lines += lines
        return True

    def fill(
        self, items: Sequence[T], write: Callable[[T], Sequence[str]], more: Callable[[int], str]
    ) -> int:
        """Add what ``write`` makes of each item, in order, as long as it fits.

        Args:
            write: item -> lines; never asked about items after the first one that did not fit.
            more: (number of items left out) -> the line that says so; room for it is kept.

        Returns:
            How many items were left out.
        """
        reserve = size(more(len(items))) + 1
        if items and reserve > self.left:
            return len(items)
        for at, item in enumerate(items):
            last = at == len(items) - 1
            kept = 0 if last else reserve
            lines = write(item)
            cost = sum(size(line) + 1 for line in lines)
            if cost > self.left - kept:
                left_out = len(items) - at
                self.add(more(left_out))
                return left_out
            self.left -= cost
            self.lines += lines
        return 0

    def __str__(self) -> str:
        """The page, without a line end after its last line."""
        return "\n".join(self.lines)


def shorten(items: Sequence[T], most: int) -> tuple[Sequence[T], int]:
    """The first ``most`` items, and how many there are beyond them."""
    return items[:most], max(0, len(items) - most)
