"""Patterns of strangers: the same answers as Python's, in time that no pattern can stretch."""

from __future__ import annotations

import contextlib
import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.model.line_patterns import (
    PATTERN_LIMIT,
    REPEAT_LIMIT,
    Effort,
    PatternError,
    TooMuchWork,
    line_pattern,
)

PARTS = [
    *(
        "a",
        "b",
        "0",
        " ",
        ".",
        "^",
        "$",
        "|",
        "(",
        ")",
        "(?:",
        "[ab]",
        "[^a]",
        "[a-c0]",
        "[]a]",
        "[-a]",
        "[a-]",
    ),
    *(
        r"\d",
        r"\w",
        r"\W",
        r"\s",
        r"\S",
        r"\.",
        r"[\d.]",
        "*",
        "+",
        "?",
        "{2}",
        "{1,2}",
        "{,2}",
        "{1,}",
        "*?",
        "{",
    ),
]


@settings(max_examples=500, deadline=None)
@given(
    pattern=st.lists(st.sampled_from(PARTS), max_size=8).map("".join), line=st.text("ab0 .{]-^", max_size=8)
)
def test_finds_what_the_standard_library_finds(pattern: str, line: str) -> None:
    """Whatever it takes; it may refuse what the other takes, but not the other way round."""
    try:
        ours = line_pattern(pattern)
    except PatternError:
        return
    assert ours.in_line(line, Effort()) is (re.search(pattern, line, re.ASCII) is not None)


@settings(max_examples=300, deadline=None)
@given(pattern=st.text(max_size=30), line=st.text(max_size=30))
def test_any_text_is_a_pattern_or_refused(pattern: str, line: str) -> None:
    """With a reason of one line; nothing crashes."""
    said = "good"
    try:
        line_pattern(pattern).in_line(line, Effort())
    except PatternError as error:
        said = str(error)
    assert 0 < len(said) < 200
    assert said.isprintable()


@pytest.mark.parametrize(
    ("pattern", "line", "found"),
    [
        pytest.param("root", "the root of it", True, id="anywhere"),
        pytest.param("^root", "the root", False, id="at the beginning"),
        pytest.param("root$", "the root", True, id="at the end"),
        pytest.param("^$", "", True, id="an empty line"),
        pytest.param("^$", " ", False, id="a line that is not empty"),
        pytest.param("(?i)ROOT = true", "Root = TRUE", True, id="either case"),
        pytest.param("(?i)[a-c]x", "Bx", True, id="either case in a range"),
        pytest.param("a{2,3}b", "ab", False, id="too few"),
        pytest.param("^a{2,3}b", "aaaab", False, id="too many"),
        pytest.param("{{ name }}", "x: {{ name }}", True, id="braces that count nothing"),
        pytest.param("v1.[0-9]+", "v1.x", False, id="one at least"),
        pytest.param("é", "café", True, id="beyond ASCII"),
    ],
)
def test_reads_as_everybody_reads(pattern: str, line: str, found: bool) -> None:
    """One line at a time."""
    assert line_pattern(pattern).in_line(line, Effort()) is found


@pytest.mark.parametrize(
    ("pattern", "says"),
    [
        ("", "empty"),
        ("a" * (PATTERN_LIMIT + 1), "201 characters and may have 200"),
        ("(a", "`\\(` for the character"),
        ("a)", "without its `(`"),
        ("[a", "without its `]`"),
        ("[b-a]", "lower to the higher"),
        ("a**", "two repetitions"),
        ("a*+", "possessive"),
        ("*a", "nothing to repeat"),
        ("{2}", "nothing to repeat"),
        ("^*", "can not be repeated"),
        ("(?=a)", "only `(?: )`"),
        ("(?P<n>a)", "only `(?: )`"),
        ("a(?i)b", "only `(?: )`"),
        (r"(a)\1", "`\\1` is not understood"),
        (r"\bword", "`\\b` is not understood"),
        (r"[\D]", "within `[ ]`"),
        ("a\\", "lone backslash"),
        (f"a{{{REPEAT_LIMIT + 1}}}", "up to 100"),
        ("a{3,2}", "wrong way round"),
        ("((a{50}){50}){50}", "too large"),
        ("(" * 30 + "a" + ")" * 30, "nested deeper"),
    ],
)
def test_refuses_what_it_does_not_understand(pattern: str, says: str) -> None:
    """In words that help."""
    with pytest.raises(PatternError) as caught:
        line_pattern(pattern)
    assert says in str(caught.value)


@pytest.mark.fault
@pytest.mark.parametrize(
    ("pattern", "line"),
    [
        ("(a*)*b", "a" * 60_000),
        ("^(([a-z])+.)+[A-Z]([a-z])+$", "a" * 60_000),
        ("(a|a)*(a|b)*(a?){50}c", "ab" * 30_000),
        (".*.*.*.*.*.*x", "y" * 60_000),
        ("(x+x+)+y", "x" * 60_000),
    ],
)
@pytest.mark.untraced
def test_no_pattern_makes_it_slow(pattern: str, line: str) -> None:
    """Those that keep others busy for years take as long as any other, or stop."""
    before = time.process_time()
    with contextlib.suppress(TooMuchWork):
        assert not line_pattern(pattern).in_line(line, Effort())
    assert time.process_time() - before < 5


def test_the_effort_is_bounded() -> None:
    """A line that is as long as what is allowed is still searched."""
    pattern = line_pattern("b")

    assert not pattern.in_line("a" * 50, Effort(100))
    with pytest.raises(TooMuchWork):
        pattern.in_line("a" * 150, Effort(100))


def test_forgets_states_before_they_are_too_many() -> None:
    """And goes on finding."""
    pattern = line_pattern("[ab]{0,60}a[ab]{9}c")
    line = "".join("ab"[n % 7 % 2] for n in range(3000)) + "a" + "b" * 9 + "c"

    assert pattern.in_line(line, Effort())
    assert not pattern.in_line(line[:-1], Effort())
