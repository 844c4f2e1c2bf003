"""Pages stay within their limit, and say what they left out."""

from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.report.budget import Page, shorten, size


def more(left: int) -> str:
    """The line that tells what is missing."""
    return f"and {left} more"


@settings(max_examples=300, deadline=None)
@given(
    items=st.lists(st.text(alphabet="aé日🎉 ", max_size=30), max_size=30),
    limit=st.integers(-5, 400),
    before=st.integers(0, 50),
)
def test_a_page_never_exceeds_its_limit_and_counts_what_is_missing(
    items: list[str], limit: int, before: int
) -> None:
    """Each item is shown whole or counted, whatever the limit."""
    page = Page(limit)
    page.add("x" * before)
    had = len(page.lines)
    left_out = page.fill(items, lambda item: [f"- {item}"], more)
    shown = page.lines[had:]

    assert size("\n".join(page.lines)) <= max(limit, 0)
    assert page.used + page.left == limit
    assert [line for line in shown if line.startswith("- ")] == [
        f"- {i}" for i in items[: len(items) - left_out]
    ]
    told = [int(m[1]) for line in shown if (m := re.fullmatch(r"and (\d+) more", line))]
    assert told in ([left_out], []) if left_out else told == []


def test_says_what_is_missing_whenever_the_saying_itself_fits() -> None:
    """Room for the line is kept while items are added."""
    page = Page(40)

    assert page.fill(["a" * 10] * 5, lambda item: [item], more) == 3
    assert page.lines == ["a" * 10, "a" * 10, "and 3 more"]


def test_the_last_item_may_use_the_room_that_was_kept() -> None:
    """When nothing is left out, nothing needs to be said."""
    page = Page(22)

    assert page.fill(["a" * 10] * 2, lambda item: [item], more) == 0


def test_adds_all_lines_or_none() -> None:
    """A piece of several lines is never parted."""
    page = Page(10)

    assert not page.add("12345", "12345")
    assert page.add("12345")
    assert str(page) == "12345"


def test_counts_bytes_and_survives_broken_unicode() -> None:
    """Bytes are never fewer than characters."""
    assert size("é") == 2
    assert size("\udc80") == 3


def test_shortens() -> None:
    """The first few, and how many there are beyond."""
    assert shorten([1, 2, 3], 2) == ([1, 2], 1)
    assert shorten([1], 2) == ([1], 0)
