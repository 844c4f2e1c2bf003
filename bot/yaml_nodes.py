"""Untrusted YAML as plain nodes that know where they stand.

Works on the parser's events, so that every limit holds before anything is built: no tags, one
document, bounded depth and number of values; anchors, aliases and merge keys only where the caller
allows them, and then everything that an alias repeats counts against the same limits. What is a
number or a boolean is decided here, by the core schema of YAML 1.2.
"""

from __future__ import annotations

import logging
import math
import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    DocumentStartEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

log = logging.getLogger(__name__)

DEPTH_LIMIT = 12
NODE_LIMIT = 5_000
DIGITS_LIMIT = 15

_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NOT_TEXT = re.compile("[\x00\ud800-\udfff]")
_INTEGER = re.compile(r"[-+]?[0-9]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_WORDS = {"": None, "~": None, "true": True, "false": False, "null": None}
_WORDS |= {spelt: value for word, value in _WORDS.items() for spelt in (word.capitalize(), word.upper())}


@dataclass(frozen=True, slots=True, order=True)
class Mark:
    """A place in the file, both from 1."""

    line: int = 1
    column: int = 1


@dataclass(frozen=True, slots=True)
class Scalar:
    """A single value as it is written; ``plain`` means without quotes."""

    mark: Mark
    text: str
    plain: bool = True

    @property
    def value(self) -> str | int | float | bool | None:
        """What it means; numbers that are too long to be meant stay text."""
        if not self.plain:
            return self.text
        if self.text in _WORDS:
            return _WORDS[self.text]
        if len(self.text) <= DIGITS_LIMIT:
            if _INTEGER.fullmatch(self.text):
                return int(self.text)
            if _FLOAT.fullmatch(self.text) and math.isfinite(float(self.text)):
                return float(self.text)
        return self.text


@dataclass(frozen=True, slots=True)
class ListNode:
    """A list."""

    mark: Mark
    items: list[Node] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class MappingNode:
    """A mapping; keys are unique, in the order of the file."""

    mark: Mark
    entries: dict[str, tuple[Scalar, Node]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BrokenNode:
    """Stands where a problem was told already; whoever meets it says nothing more."""

    mark: Mark


Node = Scalar | ListNode | MappingNode | BrokenNode


class TooManyProblems(Exception):
    """Ends the reading of a file that is beyond mending line by line."""


@dataclass(slots=True)
class Problems:
    """What was found wrong so far, as (place, sentence)."""

    limit: int
    found: list[tuple[Mark, str]] = field(default_factory=list)

    def add(self, mark: Mark, sentence: str) -> None:
        """Note one; raises TooManyProblems when it was the last that is wanted."""
        self.found.append((mark, sentence))
        if len(self.found) >= self.limit:
            raise TooManyProblems


class Positions:
    """Translates offsets into lines and columns, lines being what ends in a line feed."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._starts = [0, *(m.end() for m in re.finditer("\n", text))]

    def mark(self, index: int) -> Mark:
        """The place of a character; the end of the file counts as the end of its last line."""
        index = min(max(index, 0), len(self._text))
        if index == len(self._text) and self._text.endswith("\n"):
            index -= 1
        line = bisect_right(self._starts, index)
        return Mark(line, index - self._starts[line - 1] + 1)

    def line(self, number: int) -> str:
        """The text of a line."""
        return self._text[self._starts[number - 1] :].partition("\n")[0]


def quoted(text: str) -> str:
    """Untrusted text for a message: quoted, escaped, cut."""
    return repr(text if len(text) <= 60 else text[:57] + "...")


def plain(node: Node) -> Any:
    """A node as JSON-able data; what is broken becomes None."""
    match node:
        case Scalar():
            return node.value
        case ListNode():
            return [plain(item) for item in node.items]
        case MappingNode():
            return {name: plain(item) for name, (_, item) in node.entries.items()}
        case BrokenNode():
            return None


def describe(node: Node) -> str:
    """What a node is, for a message."""
    match node:
        case Scalar() if node.value is None:
            return "nothing"
        case Scalar():
            return quoted(node.text)
        case ListNode():
            return "a list"
        case MappingNode() | BrokenNode():
            return "a mapping"


def compose(text: str, problems: Problems, *, references: bool = False) -> Node | None:
    """Read one document.

    Args:
        text: at most as long as the caller wants to spend time on: 64 kB take up to 0.3 s.
        problems: receives everything that is wrong; what is wrong becomes a ``BrokenNode``.
        references: anchors, aliases and merge keys are allowed; a node may then stand in several
            places, with the mark of the place where it was written.

    Returns:
        The top node; None when there is none, or when reading had to stop.
    """
    positions = Positions(text)
    strange = _UNPRINTABLE.search(text)
    if strange:
        problems.add(
            positions.mark(strange.start()),
            f"the character {quoted(strange.group())} is not allowed: remove it, the file must be text",
        )
        return None
    composer = _Composer(positions, problems, references=references)
    for event in _events(text, positions, problems):
        if isinstance(event, StreamEndEvent):
            return composer.top
        if not composer.take(event):
            break
    return None


def _events(text: str, positions: Positions, problems: Problems) -> Iterator[Any]:
    try:
        yield from YAML(typ="safe", pure=True).parse(text)
    except MarkedYAMLError as error:
        at = error.problem_mark or error.context_mark
        mark = positions.mark(at.index if at else 0)
        problems.add(mark, _mend(str(error.problem or "it can not be read"), positions.line(mark.line)))
    except Exception as error:  # noqa: BLE001
        # The parser was not written for hostile input; a fault of its own must not end a worker.
        log.warning("the YAML parser failed", extra={"error": type(error).__name__})
        problems.add(Mark(), "not valid YAML: the parser can not read it; check quotes and escapes")


def _mend(problem: str, line: str) -> str:
    if re.match(r"\s*publish:\s*issues:\s*all\b", line):
        return "not valid YAML: write `publish: {issues: all}` (two colons on one line need the braces)"
    problem = re.sub(r"\s+", " ", "".join(c if c.isprintable() else " " for c in problem))[:200]
    if problem.startswith("mapping values are not allowed"):
        return "not valid YAML: a second `: ` on this line; put the value in quotes or on a line of its own"
    if "'\\t'" in problem:
        return "not valid YAML: a tab where YAML wants spaces; indent with spaces"
    return f"not valid YAML: {problem}; check indentation, quotes and brackets here and on the line before"


@dataclass(slots=True)
class _Frame:
    node: ListNode | MappingNode
    key: Node | None = None
    anchor: str | None = None
    first: int = 0
    height: int = 1
    merged: list[Node] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Anchored:
    """A finished node that an alias may repeat, and what repeating it costs."""

    node: Node
    nodes: int = 1
    height: int = 0


class _Composer:
    """Builds nodes from events without recursion."""

    def __init__(self, positions: Positions, problems: Problems, *, references: bool) -> None:
        self.top: Node | None = None
        self._positions = positions
        self._problems = problems
        self._references = references
        self._anchored: dict[str, _Anchored] = {}
        self._stack: list[_Frame] = []
        self._nodes = 0
        self._documents = 0

    def take(self, event: Any) -> bool:
        """Use one event; False means: stop reading, the problem was told."""
        mark = self._positions.mark(event.start_mark.index)
        if isinstance(event, DocumentStartEvent):
            return self._begin_document(event, mark)
        if isinstance(event, CollectionEndEvent):
            self._end_collection()
        elif isinstance(event, NodeEvent):
            return self._node(event, mark)
        return True

    def _begin_document(self, event: DocumentStartEvent, mark: Mark) -> bool:
        self._documents += 1
        if self._documents > 1:
            self._problems.add(mark, "a second document begins here: keep one and remove the `---` line")
            return False
        if event.version or event.tags:
            self._problems.add(
                Mark(), "directives (lines that begin with `%`) are not used here: remove them"
            )
        return True

    def _node(self, event: NodeEvent, mark: Mark) -> bool:
        if self._references and isinstance(event, AliasEvent):
            return self._repeat(event.anchor, mark)
        if not self._within_limits(1, 0, mark):
            return False
        node = self._made(event, mark)
        self._attach(node)
        if isinstance(event, SequenceStartEvent | MappingStartEvent):
            if not self._within_limits(0, 1, mark):
                return False
            inside = node if isinstance(node, ListNode | MappingNode) else ListNode(mark)
            self._stack.append(_Frame(inside, anchor=event.anchor, first=self._nodes))
        elif event.anchor:
            self._anchored[event.anchor] = _Anchored(node)
        return True

    def _repeat(self, anchor: str | None, mark: Mark) -> bool:
        """Put what an alias names in its place; a node that is not finished can not be named."""
        found = self._anchored.get(anchor or "")
        if found is None:
            self._attach(self._broken(mark, f"nothing before this is called {quoted(anchor or '')}"))
            return True
        if not self._within_limits(found.nodes, found.height, mark):
            return False
        self._attach(found.node)
        self._raise_to(found.height)
        return True

    def _within_limits(self, nodes: int, height: int, mark: Mark) -> bool:
        self._nodes += nodes
        if self._nodes > NODE_LIMIT:
            self._problems.add(mark, f"more than {NODE_LIMIT} values: shorten the file")
            return False
        if len(self._stack) + height > DEPTH_LIMIT:
            self._problems.add(mark, f"nested deeper than {DEPTH_LIMIT} levels: nothing here needs that")
            return False
        return True

    def _end_collection(self) -> None:
        frame = self._stack.pop()
        if isinstance(frame.node, MappingNode):
            _merge(frame.node, frame.merged)
        if frame.anchor:
            nodes = self._nodes - frame.first + 1
            self._anchored[frame.anchor] = _Anchored(frame.node, nodes, frame.height)
        self._raise_to(frame.height)

    def _raise_to(self, height: int) -> None:
        if self._stack:
            self._stack[-1].height = max(self._stack[-1].height, height + 1)

    def _made(self, event: NodeEvent, mark: Mark) -> Node:
        if isinstance(event, AliasEvent):
            return self._broken(mark, "aliases (`*name`) are not allowed: write the value out")
        if event.anchor and not self._references:
            return self._broken(mark, "anchors (`&name`) are not allowed: remove it")
        if getattr(event, "tag", None):
            return self._broken(mark, "tags (`!name`) are not allowed: remove it, or quote the text")
        if isinstance(event, SequenceStartEvent):
            return ListNode(mark)
        if isinstance(event, MappingStartEvent):
            return MappingNode(mark)
        assert isinstance(event, ScalarEvent)
        if _NOT_TEXT.search(event.value):
            return self._broken(
                mark, "the escapes in this text give characters that are not text: remove them"
            )
        return Scalar(mark, event.value, plain=event.style is None)

    def _broken(self, mark: Mark, sentence: str) -> BrokenNode:
        self._problems.add(mark, sentence)
        return BrokenNode(mark)

    def _attach(self, node: Node) -> None:
        if not self._stack:
            self.top = node
            return
        frame = self._stack[-1]
        if isinstance(frame.node, ListNode):
            frame.node.items.append(node)
        elif frame.key is None:
            frame.key = node
        else:
            key, frame.key = frame.key, None
            self._enter(frame, frame.node, key, node)

    def _enter(self, frame: _Frame, mapping: MappingNode, key: Node, node: Node) -> None:
        if isinstance(key, BrokenNode):
            return
        if not isinstance(key, Scalar):
            self._problems.add(key.mark, f"a key must be a word, not {describe(key)}")
        elif key.text == "<<" and self._references:
            frame.merged.append(node)
        elif key.text == "<<":
            self._problems.add(key.mark, "merge keys (`<<`) are not allowed: write the values out")
        elif key.text in mapping.entries:
            first = mapping.entries[key.text][0].mark.line
            self._problems.add(
                key.mark, f"{quoted(key.text)} is here a second time (first on line {first}): keep one"
            )
        else:
            mapping.entries[key.text] = (key, node)


def _merge(mapping: MappingNode, merged: list[Node]) -> None:
    """Add what merge keys name, mappings or lists of them; what is there already stays."""
    for value in merged:
        for source in value.items if isinstance(value, ListNode) else [value]:
            if isinstance(source, MappingNode):
                for name, entry in source.entries.items():
                    mapping.entries.setdefault(name, entry)
