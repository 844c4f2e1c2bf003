"""Former names of keys: files that use them are understood as if they used the new ones, with a notice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from bot.config.policy import Notice
from bot.yaml_nodes import ListNode, MappingNode, Node, Problems


@dataclass(frozen=True, slots=True)
class Renamed:
    """A key that has another name now.

    Args:
        within: the keys on the way to it from the top, ``*`` for every entry of a list or mapping.
    """

    within: tuple[str, ...]
    old: str
    new: str


def migrate(top: Node, renames: Iterable[Renamed], problems: Problems, path: str) -> tuple[Notice, ...]:
    """Give keys of former names their new ones, in place; a key that is there by both is a problem."""
    return tuple(
        notice
        for renamed in renames
        for mapping in _within(top, renamed.within)
        for notice in _rename(mapping, renamed, problems, path)
    )


def _within(node: Node, way: tuple[str, ...]) -> Iterator[MappingNode]:
    if not way:
        if isinstance(node, MappingNode):
            yield node
        return
    below: list[Node] = []
    if isinstance(node, ListNode) and way[0] == "*":
        below = node.items
    elif isinstance(node, MappingNode):
        below = [inner for name, (_, inner) in node.entries.items() if way[0] in ("*", name)]
    for inner in below:
        yield from _within(inner, way[1:])


def _rename(mapping: MappingNode, renamed: Renamed, problems: Problems, path: str) -> Iterator[Notice]:
    if renamed.old not in mapping.entries:
        return
    key, _ = mapping.entries[renamed.old]
    if renamed.new in mapping.entries:
        first = mapping.entries[renamed.new][0].mark.line
        problems.add(
            key.mark, f"{renamed.old!r} is the former name of {renamed.new!r} (line {first}): keep that one"
        )
        del mapping.entries[renamed.old]
        return
    entries = [(renamed.new if n == renamed.old else n, entry) for n, entry in mapping.entries.items()]
    mapping.entries.clear()
    mapping.entries.update(entries)
    message = f"`{renamed.old}` is called `{renamed.new}` now; it still works, but write the new name"
    yield Notice(message, path, key.mark.line, key.mark.column)
