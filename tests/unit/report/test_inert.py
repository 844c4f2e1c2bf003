"""Foreign text is shown as it is and does nothing."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.report import inert

PIECES = [
    *("@org/team", "@dependabot merge", "user@", "#1", "org/repo#1", "GH-1", "gh-22", "fixes ", "CVE-2024-1"),
    *("a5c3785ed8d6a35868bc169f07e40e889087fd2e", "deadbeef", "jlord@a5c3785", "abc1234...def5678"),
    *("http://", "https://evil.example/x", "ftp://", "://", "//", "www.evil.example", "mailto:a@b.cc"),
    *(
        "xmpp:a@b.cc",
        "a@b.cc",
        "![x](",
        "[x](y)",
        "[x]: y",
        "]",
        "(",
        ")",
        "<img src=x>",
        "<a href=x>",
        "<!--",
    ),
    *("-->", "```", "``", "`", "~~~", "~~", "*", "**", "_", "__", "\\", "&#64;", "&copy;", "&", "$", "$`"),
    *("\n", "\r\n", "\t", " ", "    ", "# ", "## ", "- ", "+ ", "1. ", "12) ", "> ", "| a |", "|--|", "---"),
    *("===", ":--", ":tada:", ":+1:", "/approve", "[ ] x", "[^1]", "\x1b[31m", "\x00", "\x7f", "\u202e"),
    *(
        "\u200b",
        "\u2066",
        "\ufeff",
        "\u2028",
        "\udc80",
        "\ud800",
        "\U000e0041",
        "é",
        "e\u0301",
        "日本",
        "x",
        "7",
    ),
]
foreign = st.one_of(
    st.lists(st.sampled_from(PIECES), max_size=8).map("".join),
    st.text(alphabet=st.characters(), max_size=60),
    st.text(alphabet="`$@#:/<>[]()!*_~\\&|-+=.\n abcdef0123456789wh", max_size=60),
)
LONG = 10_000


@settings(max_examples=400, deadline=None)
@given(said=foreign)
def test_text_renders_as_itself_and_does_nothing(said: str, assert_inert: Callable[..., Any]) -> None:
    """What a reader sees is the text, one line of it, and nothing in it is active."""
    seen = assert_inert(inert.text(said, limit=LONG))

    collapsed = re.sub(r"\s+", " ", said).strip()
    assert "".join(seen.texts).replace(inert.BREAK, "") == inert.visible(collapsed)
    assert seen.blocks in (["paragraph_open", "inline", "paragraph_close"], [])


@settings(max_examples=400, deadline=None)
@given(said=foreign)
def test_code_shows_every_character_in_one_span(said: str, assert_inert: Callable[..., Any]) -> None:
    """Whatever stands beside it, a name stays within its code span and is complete."""
    shown = inert.code(said, limit=LONG)
    seen = assert_inert(f"a\\`{shown}\\` b")

    assert seen.codes == ([inert.visible(said)] if said else [])


@settings(max_examples=300, deadline=None)
@given(said=foreign)
def test_prose_keeps_names_in_code_and_the_rest_inert(said: str, assert_inert: Callable[..., Any]) -> None:
    """Backticks make code; they never let anything else through, and never open a block."""
    seen = assert_inert(inert.prose(said, limit=LONG))

    assert seen.blocks in (["paragraph_open", "inline", "paragraph_close"], [])


@settings(max_examples=300, deadline=None)
@given(said=foreign)
def test_block_is_one_fence_with_a_gutter(said: str, read: Callable[[str], Any]) -> None:
    """Nothing in a block ends it, and none of its lines begins with foreign text."""
    markdown = inert.block(said)
    seen = read(f"before\n\n{markdown}\n\nafter")

    assert seen.blocks.count("fence") == 1
    assert seen.texts == ["before", "after"]
    assert all(line.startswith("│ ") for line in markdown.split("\n")[1:-1])


@settings(max_examples=200, deadline=None)
@given(said=foreign)
def test_plain_text_is_one_line_without_hidden_characters(said: str) -> None:
    """Titles and annotations are no Markdown; they get no escapes and no recognisable reference."""
    shown = inert.plain(said, limit=LONG)

    assert shown.replace(inert.BREAK, "").isprintable()
    assert not re.search(r"@\w|#\d|://", shown)
    assert shown.replace(inert.BREAK, "") == inert.visible(re.sub(r"\s+", " ", said).strip())


@settings(max_examples=200, deadline=None)
@given(said=foreign, limit=st.integers(0, 40))
def test_what_is_cut_is_counted(said: str, limit: int) -> None:
    """Shown and left-out characters add up; nothing longer than the limit is shown."""
    kept, rest = inert.cut(said, limit)
    said_left = re.search(r"\(([\d,]+) more", rest)

    assert len(kept) <= limit
    assert len(kept) + (int(said_left[1].replace(",", "")) if said_left else 0) == len(said)


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        pytest.param("a\x1b[31mb", "a␛[31mb", id="ANSI"),
        pytest.param("a\u202eb", "a⟨U+202E⟩b", id="right-to-left override"),
        pytest.param("a\udcffb", "a⟨0xFF⟩b", id="a byte that is not UTF-8"),
        pytest.param("a\u3164b", "a⟨U+3164⟩b", id="a letter that shows nothing"),
        pytest.param("a\u00a0b", "a b", id="no-break space"),
        pytest.param("a\x7fb", "a␡b", id="delete"),
        pytest.param("naïve 日本 🎉", "naïve 日本 🎉", id="what shows is left alone"),
    ],
)
def test_makes_hidden_characters_visible(said: str, shown: str) -> None:
    """A reader can tell two names apart that look the same."""
    assert inert.visible(said) == shown


@pytest.mark.parametrize(
    ("said", "markdown"),
    [
        pytest.param("main", "`main`", id="plain"),
        pytest.param("a`b", "``a`b``", id="one backtick inside"),
        pytest.param("`a", "`` `a ``", id="backtick at the edge"),
        pytest.param(" a ", "`  a  `", id="spaces at the edges are kept"),
        pytest.param("a\nb", "`a␊b`", id="a line break is part of a name"),
        pytest.param("", "(empty)", id="nothing"),
        pytest.param("abcdef", "`abcd`… (2 more characters)", id="cut"),
    ],
)
def test_writes_code_spans(said: str, markdown: str) -> None:
    """The fence is longer than any run of backticks inside."""
    assert inert.code(said, limit=4) == markdown


def test_never_parts_a_letter_from_its_accent() -> None:
    """A cut falls before the letter, not between it and its combining mark."""
    assert inert.cut("abe\u0301z", 3)[0] == "ab"


def test_prose_makes_code_of_single_and_double_backticks() -> None:
    """Docstrings write names in double backticks, checks in single ones."""
    assert inert.prose("set ``max`` or `min`", limit=99) == "set `max` or `min`"


def test_a_command_does_not_begin_a_line() -> None:
    """Other bots read commands from the raw text of a body."""
    for said in ("/approve", "- /approve", "\n/approve"):
        for shown in (inert.text(said, limit=99), inert.prose(said, limit=99), inert.block(said)):
            assert not re.search(r"^\s*/approve", shown, re.MULTILINE)


def test_foreign_text_does_not_make_an_image_of_our_link(read: Callable[[str], Any]) -> None:
    """An exclamation mark before a link would."""
    assert read(inert.text("stop!", limit=99) + "[x](y)").images == []


def test_foreign_text_stays_within_its_cell(read: Callable[[str], Any]) -> None:
    """A bar would open another column."""
    table = f"| a |\n|---|\n| {inert.text('x | y', limit=99)} |"

    assert read(table).blocks.count("td_open") == 1
