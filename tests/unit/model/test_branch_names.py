"""Which names of branches say that they stay."""

from __future__ import annotations

from fnmatch import fnmatchcase

import pytest

from bot.model.branch_names import KEPT, LONG_LIVED, named


@pytest.mark.parametrize(
    "name",
    [
        "18",
        "5",
        "2024",
        "5.x",
        "3.11",
        "v2",
        "1-0-stable",
        "release-2.8",
        "releases/v6",
        "node-v20",
        "maint/7",
    ],
)
def test_versions_stay(name: str) -> None:
    """Fixes go into them, and they go nowhere."""
    assert named(name, LONG_LIVED)


@pytest.mark.parametrize(
    "name", ["8218-login-is-required", "1-fix", "2024-plan", "issue-755", "patch-1", "8218", "755"]
)
def test_branches_of_issues_are_work(name: str) -> None:
    """As GitHub's button *Create a branch* names them. Four digits alone may be a year."""
    assert named(name, KEPT) is (name == "8218")


@pytest.mark.parametrize("name", ["main", "Main", "a*b", "x/y", "release/1", "[z]", "z", "", "n\nn"])
@pytest.mark.parametrize(
    "patterns", [(), ("main",), ("a[*]b", "*/*"), ("[[]z]",), ("*a*a*", "rel*/?"), ("?", "n*"), LONG_LIVED]
)
def test_one_expression_says_what_single_patterns_say(name: str, patterns: tuple[str, ...]) -> None:
    """The standard library's own function is the judge."""
    assert named(name, patterns) is any(fnmatchcase(name, pattern) for pattern in patterns)
