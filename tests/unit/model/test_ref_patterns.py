"""Patterns as Ruby's ``File.fnmatch`` reads them with ``FNM_PATHNAME``."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.model.ref_patterns import MOST_CHARACTERS, matches


@pytest.mark.parametrize(
    ("pattern", "name", "expected"),
    [
        ("main", "main", True),
        ("main", "Main", False),
        ("release/*", "release/1.0", True),
        ("release/*", "release/1.0/hot", False),
        ("release*", "release/1.0", False),
        ("release/**/*", "release/1.0/hot", True),
        ("release/**/*", "release/1.0", True),
        ("release/**/*", "release", False),
        ("release/**", "release/1.0/hot", False),
        ("release/**", "release/1.0", True),
        ("**/*", "a/b/c", True),
        ("**/foo", "a/b/c/foo", True),
        ("**/**/foo", "foo", True),
        ("a**/b", "ax/b", True),
        ("a**/b", "a/x/b", False),
        ("*", "a/b", False),
        ("?", "a", True),
        ("?", "/", False),
        ("v[0-9]*", "v12", True),
        ("v[0-9]*", "vx", False),
        ("[!a-t]", "s", False),
        ("[^a-t]", "u", True),
        ("[/]", "/", False),
        ("[\\]]", "]", True),
        ("[a-]", "-", True),
        ("[z-a]", "m", False),
        ("[z-a]", "z", True),
        ("[^]", "x", True),
        ("[]", "x", False),
        ("[a", "[a", False),
        ("[a", "a", False),
        ("\\*", "*", True),
        ("\\*", "x", False),
        ("a\\", "a\\", True),
        ("*a*b", "xaxab", True),
        ("*ab*ab", "ab", False),
        ("", "", True),
        ("{a,b}", "a", False),
        ("{a,b}", "{a,b}", True),
    ],
)
def test_reads_a_pattern_as_ruby_does(pattern: str, name: str, expected: bool) -> None:
    """Braces are no alternatives, and two asterisks without a slash are one."""
    assert matches(pattern, name) is expected


def slowly(pattern: str, name: str) -> bool:
    """The same without sets, tried in all ways: an independent second opinion."""
    if not pattern:
        return not name
    if pattern.startswith("**/"):
        rest = pattern[3:]
        tails = [name, *(name[n + 1 :] for n, c in enumerate(name) if c == "/")]
        return any(slowly(rest, tail) for tail in tails)
    head, rest = pattern[0], pattern[1:]
    if head == "*":
        # Only a whole part may be two asterisks, so what is left of them here is plain.
        rest = rest.lstrip("*")
        ends = range(len(name.split("/")[0]) + 1)
        return any(within(rest, name[end:]) for end in ends)
    if not name:
        return False
    if head == "?":
        return name[0] != "/" and within(rest, name[1:])
    return head == name[0] and (slowly if head == "/" else within)(rest, name[1:])


def within(pattern: str, name: str) -> bool:
    """Inside a part, ``**/`` is a plain asterisk before a slash."""
    return slowly("*" + pattern[2:] if pattern.startswith("**/") else pattern, name)


@given(st.text(alphabet="ab*?/", max_size=9), st.text(alphabet="ab/", max_size=8))
def test_agrees_with_trying_all_ways(pattern: str, name: str) -> None:
    """Both say the same of every name."""
    assert matches(pattern, name) is slowly(pattern, name)


@given(st.text(alphabet="ab*?/[]!^\\-\0é\n", max_size=30), st.text(alphabet="ab/-]é\n", max_size=20))
def test_any_pattern_is_read(pattern: str, name: str) -> None:
    """None breaks it."""
    assert matches(pattern, name) in (True, False)


@pytest.mark.fault
@pytest.mark.parametrize("bait", ["*a", "**/", "*?", "[a-z]*", "[", "\\", "?*/"])
@pytest.mark.untraced
def test_time_grows_with_the_product_of_the_lengths_only(bait: str) -> None:
    """Also for patterns that were made to be slow."""
    pattern = (bait * MOST_CHARACTERS)[: MOST_CHARACTERS - 1] + "b"
    start = time.process_time()
    matches(pattern, "a" * MOST_CHARACTERS)
    matches(pattern, "a/" * (MOST_CHARACTERS // 2))

    assert time.process_time() - start < 2


def test_what_is_too_long_matches_nothing() -> None:
    """Not even itself."""
    assert not matches("a" * (MOST_CHARACTERS + 1), "a" * (MOST_CHARACTERS + 1))
