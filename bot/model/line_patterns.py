"""Regular expressions that strangers may write: searched in time linear in the text, whatever they say.

A subset of what everybody knows, matched by stepping through all possibilities at once instead of
trying them one after the other (a Thompson automaton whose states are made when they are needed).
So no pattern and no text can make it slow; ``Effort`` bounds even the linear time.

Understood: literals, ``.``, ``[a-z]``, ``[^...]``, ``\\d \\w \\s`` and their opposites (ASCII), ``\\t``,
``^`` and ``$`` (of a line), ``( )``, ``(?: )``, ``|``, ``* + ?``, ``{m,n}``, and ``(?i)`` at the very
beginning. Not understood, and said so: back-references, looking around, ``\\b``, named groups.

Source: Cox, Regular Expression Matching Can Be Simple And Fast (2007), https://swtch.com/~rsc/regexp/regexp1.html
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

PATTERN_LIMIT = 200
"""Characters of a pattern."""

PROGRAM_LIMIT = 600
"""Steps of a compiled pattern; what is repeated counts as often as it may be repeated."""

REPEAT_LIMIT = 100
DEPTH_LIMIT = 20
STATES_LIMIT = 500
"""States that are kept; more are made anew each time."""

_DIGITS = (("0", "9"),)
_WORD = (("0", "9"), ("A", "Z"), ("_", "_"), ("a", "z"))
_SPACE = ((" ", " "), ("\t", "\t"), ("\r", "\r"), ("\f", "\f"), ("\v", "\v"))
_CLASSES = {"d": _DIGITS, "w": _WORD, "s": _SPACE}
_PUNCTUATION = frozenset("\\.^$*+?{}[]|()-/#&~ \"'`@!%:;,<>=")


class PatternError(ValueError):
    """A pattern can not be used; the text says why, and what to do."""


class TooMuchWork(Exception):
    """The text is too long for the work that was allowed."""


@dataclass(slots=True)
class Effort:
    """How many steps may still be taken; one step is a character in one state, about 0.2 µs."""

    left: int = 3_000_000

    def spend(self, steps: int) -> None:
        """Raises TooMuchWork when there are none left."""
        self.left -= steps
        if self.left < 0:
            raise TooMuchWork


Ranges = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class _Set:
    """Characters between pairs, both ends included, or all others."""

    ranges: Ranges
    negated: bool = False
    fold: bool = False

    def has(self, character: str) -> bool:
        seen = {character, character.lower(), character.upper()} if self.fold else (character,)
        return any(low <= c <= high for c in seen for low, high in self.ranges) is not self.negated


@dataclass(slots=True)
class _Step:
    """One instruction: take a character, go two ways, or stand at an end of the line."""

    kind: Literal["take", "split", "begin", "end", "match"]
    takes: _Set | None = None
    to: int = -1
    other: int = -1


_Node = tuple[str, "tuple[_Node, ...]", "_Set | None", int, int]
"""(kind, parts, characters, least, most); ``most`` is -1 where there is no end."""


class _Parser:
    """Reads a pattern into a tree; refuses what is not understood."""

    def __init__(self, text: str) -> None:
        self._fold = text.startswith("(?i)")
        self._text = text[4:] if self._fold else text
        self._at = 0

    def parse(self) -> _Node:
        node = self._either(0)
        if self._at < len(self._text):
            raise PatternError("a `)` without its `(`: write `\\)` for the character")
        return node

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def _take(self) -> str:
        found = self._peek()
        self._at += 1
        return found

    def _either(self, depth: int) -> _Node:
        if depth > DEPTH_LIMIT:
            raise PatternError(f"groups are nested deeper than {DEPTH_LIMIT} levels: make it simpler")
        parts = [self._sequence(depth)]
        while self._peek() == "|":
            self._take()
            parts.append(self._sequence(depth))
        return parts[0] if len(parts) == 1 else ("either", tuple(parts), None, 0, 0)

    def _sequence(self, depth: int) -> _Node:
        parts: list[_Node] = []
        while self._peek() not in ("", "|", ")"):
            parts.append(self._repeated(depth))
        return ("sequence", tuple(parts), None, 0, 0)

    def _repeated(self, depth: int) -> _Node:
        node = self._single(depth)
        bounds = self._bounds()
        if bounds is None:
            return node
        if node[0] in ("begin", "end"):
            raise PatternError("`^` and `$` can not be repeated")
        if self._peek() == "?":
            # Least or most makes no difference to whether there is a match.
            self._take()
        if self._peek() == "+":
            raise PatternError("possessive repetition (`a*+`) is not understood: leave the second `+` out")
        if self._peek() == "*" or (self._peek() == "{" and self._braces(self._at) is not None):
            raise PatternError("two repetitions in a row: put the first into `(?: )`")
        return ("repeat", (node,), None, *bounds)

    def _bounds(self) -> tuple[int, int] | None:
        simple = {"*": (0, -1), "+": (1, -1), "?": (0, 1)}.get(self._peek())
        if simple is not None:
            self._take()
            return simple
        found = self._braces(self._at) if self._peek() == "{" else None
        if found is None:
            return None
        least, most, self._at = found
        if max(least, most) > REPEAT_LIMIT:
            raise PatternError(f"a repetition may go up to {REPEAT_LIMIT}")
        if 0 <= most < least:
            raise PatternError("the bounds of a repetition are the wrong way round")
        return least, most

    def _braces(self, at: int) -> tuple[int, int, int] | None:
        """(least, most, end) of ``{m}``, ``{m,}``, ``{,n}`` or ``{m,n}``; None for a plain brace."""
        end = self._text.find("}", at)
        inside = self._text[at + 1 : end] if end > at else ""
        low, comma, high = inside.partition(",")
        if not (low or high) or not all(p == "" or (p.isascii() and p.isdigit()) for p in (low, high)):
            return None
        least = int(low[:6] or 0)
        most = (int(high[:6]) if high else -1) if comma else least
        return least, most, end + 1

    def _single(self, depth: int) -> _Node:
        found = self._take()
        if found == "(":
            return self._group(depth)
        if found == "[":
            return self._taking(self._class())
        if found == ".":
            return self._taking(_Set((), negated=True))
        if found in "^$":
            return ("begin" if found == "^" else "end", (), None, 0, 0)
        if found in "*+?" or (found == "{" and self._braces(self._at - 1) is not None):
            raise PatternError(f"`{found}` with nothing to repeat: write `\\{found}` for the character")
        if found == "\\":
            ranges, negated = self._escape()
            return self._taking(_Set(ranges, negated, self._fold))
        return self._taking(_Set(((found, found),), fold=self._fold))

    def _taking(self, characters: _Set) -> _Node:
        return ("take", (), characters, 0, 0)

    def _group(self, depth: int) -> _Node:
        if self._peek() == "?":
            if not self._text.startswith("?:", self._at):
                raise PatternError(
                    "of what begins with `(?` only `(?: )` is understood, and `(?i)` at the very beginning"
                )
            self._at += 2
        node = self._either(depth + 1)
        if self._take() != ")":
            raise PatternError("a `(` without its `)`: write `\\(` for the character")
        return node

    def _escape(self) -> tuple[Ranges, bool]:
        found = self._take()
        if found == "":
            raise PatternError("it ends in a lone backslash: write two for the character")
        if found in "dws":
            return _CLASSES[found], False
        if found in "DWS":
            return _CLASSES[found.lower()], True
        if found == "t":
            return (("\t", "\t"),), False
        if found in _PUNCTUATION:
            return ((found, found),), False
        raise PatternError(
            f"`\\{found}` is not understood: there are \\d, \\w, \\s, their opposites, \\t, and a backslash "
            "before punctuation"
            if found.isprintable()
            else "a backslash before a character that does not show is not understood"
        )

    def _class(self) -> _Set:
        negated = self._peek() == "^"
        if negated:
            self._take()
        ranges: list[tuple[str, str]] = []
        first = True
        while first or self._peek() != "]":
            first = False
            low = self._member(ranges)
            if low is None:
                continue
            if self._peek() == "-" and self._text[self._at + 1 : self._at + 2] not in ("]", ""):
                self._take()
                high = self._member(ranges)
                if high is None or high < low:
                    raise PatternError("a range in `[ ]` goes from the lower to the higher character")
                ranges.append((low, high))
            else:
                ranges.append((low, low))
        self._take()
        return _Set(tuple(ranges), negated, self._fold)

    def _member(self, ranges: list[tuple[str, str]]) -> str | None:
        """A character; None when it was a class such as ``\\d``, which is added."""
        found = self._take()
        if found == "":
            raise PatternError("a `[` without its `]`: write `\\[` for the character")
        if found != "\\":
            return found
        among, negated = self._escape()
        if negated:
            raise PatternError("\\D, \\W and \\S are not understood within `[ ]`")
        if len(among) == 1 and among[0][0] == among[0][1]:
            return among[0][0]
        ranges += among
        return None


def _program(node: _Node) -> list[_Step]:
    """Instructions; the first is where it begins."""
    steps: list[_Step] = []

    def add(step: _Step) -> int:
        if len(steps) >= PROGRAM_LIMIT:
            raise PatternError("it becomes too large when its repetitions are written out: make it simpler")
        steps.append(step)
        return len(steps) - 1

    def build(node: _Node, then: int) -> int:
        """Put a part in front of the instruction ``then``; returns where it begins."""
        kind, parts, characters, least, most = node
        if kind == "take":
            return add(_Step("take", characters, then))
        if kind in ("begin", "end"):
            return add(_Step("begin" if kind == "begin" else "end", to=then))
        if kind == "sequence":
            for part in reversed(parts):
                then = build(part, then)
            return then
        if kind == "either":
            starts = [build(part, then) for part in parts]
            found = starts[-1]
            for start in reversed(starts[:-1]):
                found = add(_Step("split", to=start, other=found))
            return found
        return repeat(parts[0], then, least, most)

    def repeat(part: _Node, then: int, least: int, most: int) -> int:
        if most < 0:
            loop = add(_Step("split", other=then))
            steps[loop].to = build(part, loop)
            then = loop
        for _ in range(max(0, most - least)):
            then = add(_Step("split", to=build(part, then), other=then))
        for _ in range(least):
            then = build(part, then)
        return then

    start = build(node, add(_Step("match")))
    return [_Step("split", to=start + 1, other=start + 1), *_shifted(steps)]


def _shifted(steps: Sequence[_Step]) -> list[_Step]:
    return [_Step(s.kind, s.takes, s.to + 1, s.other + 1) for s in steps]


@dataclass(slots=True)
class LinePattern:
    """A pattern, ready to be looked for in lines. Not for several threads at once."""

    _steps: list[_Step]
    _states: dict[frozenset[int], dict[str, frozenset[int]]] = field(default_factory=dict)

    def in_line(self, line: str, effort: Effort) -> bool:
        """Whether a line, without its end, holds it anywhere.

        Raises:
            TooMuchWork: see ``Effort``.
        """
        effort.spend(len(line) + 1)
        state = self._closed((0,), lambda kind: kind == "begin")
        for character in line:
            if _MATCHED in state:
                return True
            known = self._states.get(state)
            after = known.get(character) if known is not None else None
            if after is None:
                effort.spend(len(state) + 1)
                after = self._after(state, character)
                self._keep(state, character, after)
            state = after
        return _MATCHED in state or _MATCHED in self._closed(
            [self._steps[n].to for n in state if n != _MATCHED and self._steps[n].kind == "end"]
            + ([0] if not line else []),
            lambda kind: kind == "end" or (kind == "begin" and not line),
        )

    def _after(self, state: frozenset[int], character: str) -> frozenset[int]:
        taken = [0]
        for number in state:
            step = self._steps[number]
            if step.takes is not None and step.takes.has(character):
                taken.append(step.to)
        return self._closed(taken, lambda _: False)

    def _closed(self, begin: Sequence[int], holds: Callable[[str], bool]) -> frozenset[int]:
        """All instructions that can be stood before without taking a character."""
        seen: set[int] = set()
        todo, found = list(begin), set()
        while todo:
            number = todo.pop()
            if number in seen:
                continue
            seen.add(number)
            step = self._steps[number]
            if step.kind == "match":
                return _DONE
            if step.kind == "split":
                todo += (step.to, step.other)
            elif step.kind == "take":
                found.add(number)
            elif holds(step.kind):
                todo.append(step.to)
            elif step.kind == "end":
                found.add(number)
        return frozenset(found)

    def _keep(self, state: frozenset[int], character: str, after: frozenset[int]) -> None:
        if len(self._states) >= STATES_LIMIT and state not in self._states:
            self._states.clear()
        known = self._states.setdefault(state, {})
        if len(known) < 256:
            known[character] = after


_MATCHED = -1
_DONE = frozenset({_MATCHED})


def line_pattern(text: str) -> LinePattern:
    """Compile a pattern.

    Raises:
        PatternError: it is empty, too long, or says something that is not understood.
    """
    if not text:
        raise PatternError("an empty pattern would match everything")
    if len(text) > PATTERN_LIMIT:
        raise PatternError(f"it has {len(text)} characters and may have {PATTERN_LIMIT}")
    return LinePattern(_program(_Parser(text).parse()))
