"""Patterns for names of branches as GitHub's rules read them: Ruby's ``File.fnmatch`` with ``FNM_PATHNAME``.

``*`` and ``?`` do not reach over a slash, ``**/`` stands for any number of folders, ``[...]`` for one
character, and ``**`` that no slash follows is a plain ``*``. No part of a branch's name begins with
a dot, so what Ruby says of hidden files does not arise.

Sources: https://docs.ruby-lang.org/en/3.3/File.html#method-c-fnmatch and
https://docs.github.com/en/repositories/configuring-branches-and-merges-in-your-repository/managing-rulesets/creating-rulesets-for-a-repository#using-fnmatch-syntax
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

MOST_CHARACTERS = 1000
"""Longer patterns and names match nothing; GitHub takes no branch whose name is a third of that."""

WILDCARDS = frozenset("*?[]\\")
"""What makes a pattern more than a name."""


def matches(pattern: str, name: str) -> bool:
    """Whether a pattern stands for a name; both with or both without ``refs/heads/``.

    Takes time that grows with the product of both lengths at most.
    """
    if max(len(pattern), len(name)) > MOST_CHARACTERS:
        return False
    if not WILDCARDS & set(pattern):
        return pattern == name
    names = name.split("/")
    # reached[n]: what was read of the pattern can end after the first n parts of the name.
    reached = [True] + [False] * len(names)
    segments = pattern.split("/")
    for number, segment in enumerate(segments, 1):
        if not any(reached):
            return False
        if segment == "**" and number < len(segments):
            first = reached.index(True)
            reached = [n >= first for n in range(len(reached))]
            continue
        glob = _glob(segment)
        reached = [False, *(here and glob.fits(part) for here, part in zip(reached, names, strict=False))]
    return reached[-1]


class _Glob:
    """One segment, cut at its asterisks; each part has a fixed length, so nothing is tried twice."""

    def __init__(self, segment: str) -> None:
        parts: list[list[str]] = [[]]
        self._never = False
        for token in _tokens(segment):
            if token == "*":
                parts.append([])
            elif token == "":
                self._never = True
            else:
                parts[-1].append(token)
        self._parts = [re.compile("".join(part), re.DOTALL) for part in parts]
        self._widths = [len(part) for part in parts]

    def fits(self, name: str) -> bool:
        """The first part begins the name, the last ends it, the others follow each other between."""
        first, last = self._parts[0], self._parts[-1]
        if self._never:
            return False
        if len(self._parts) == 1:
            return first.fullmatch(name) is not None
        at, end = self._widths[0], len(name) - self._widths[-1]
        if end < at or not first.match(name) or not last.match(name, end):
            return False
        for part in self._parts[1:-1]:
            found = part.search(name, at, end)
            if found is None:
                return False
            at = found.end()
        return True


@lru_cache(maxsize=2048)
def _glob(segment: str) -> _Glob:
    return _Glob(segment)


def _tokens(segment: str) -> Iterator[str]:
    """``*``, or an expression for one character; empty for what matches nothing."""
    at = 0
    while at < len(segment):
        character = segment[at]
        at += 1
        if character == "*":
            yield "*"
        elif character == "?":
            yield "."
        elif character == "[":
            expression, at = _set(segment, at)
            yield expression
        elif character == "\\" and at < len(segment):
            yield re.escape(segment[at])
            at += 1
        else:
            yield re.escape(character)


def _set(segment: str, at: int) -> tuple[str, int]:
    """The expression for a set whose first character is at ``at``, and where it ends."""
    negated = segment[at : at + 1] in ("!", "^")
    at += negated
    members: list[str] = []
    while segment[at : at + 1] != "]":
        low, at = _member(segment, at)
        high = low
        if segment[at : at + 1] == "-" and segment[at + 1 : at + 2] not in ("", "]"):
            high, at = _member(segment, at + 1)
        if not low:
            return "", len(segment)
        # Of a range that runs backwards, Ruby takes the ends.
        members.append(
            f"{re.escape(low)}-{re.escape(high)}" if low <= high else re.escape(low) + re.escape(high)
        )
    if not members:
        return ("." if negated else ""), at + 1
    return f"[{'^' if negated else ''}{''.join(members)}]", at + 1


def _member(segment: str, at: int) -> tuple[str, int]:
    if segment[at : at + 1] == "\\" and at + 1 < len(segment):
        at += 1
    return segment[at : at + 1], at + 1
