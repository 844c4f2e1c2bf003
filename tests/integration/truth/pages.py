"""Reads rendered reports as people see them, into tables of plain text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

Row = tuple[str, ...]
Facts = Mapping[str, Sequence[Row]]
"""What a page tells: name of a part -> its rows, in the page's order."""


def differences(page: str, wanted: Facts, shown: Facts) -> list[str]:
    """Each row that should be there and is not, or is and should not, or stands in another place."""
    found = []
    for part in sorted(wanted.keys() | shown.keys()):
        due, told = list(wanted.get(part, [])), list(shown.get(part, []))
        if due == told:
            continue
        lacks = [f"{page}: {part}: lacks {row}" for row in due if row not in told]
        extra = [f"{page}: {part}: shows {row}" for row in told if row not in due]
        found += lacks + extra or [f"{page}: {part}: in another order or number: {told}, not {due}"]
    return found


@dataclass
class Item:
    """An entry of a list; ``codes`` are the names in it, without those of the entries below."""

    text: str
    codes: list[str]
    below: list[Item] = field(default_factory=list)


@dataclass
class Block:
    """Something between two empty lines."""

    kind: str
    text: str = ""
    codes: list[str] = field(default_factory=list)
    level: int = 0
    rows: list[Row] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)


@dataclass
class Section:
    """A heading with what follows up to the next one of any level."""

    title: Block
    blocks: list[Block] = field(default_factory=list)

    def text(self) -> str:
        """Its paragraphs."""
        return "\n".join(block.text for block in self.blocks if block.kind == "paragraph")

    def tables(self) -> list[list[Row]]:
        """Each with its heading first."""
        return [block.rows for block in self.blocks if block.kind == "table"]

    def items(self) -> list[Item]:
        """Of all its lists."""
        return [item for block in self.blocks for item in block.items]


_PARSER = MarkdownIt("gfm-like", {"linkify": False}).disable("linkify")


def read_markdown(page: str) -> list[Section]:
    """The page's sections; the first has no title and level nought."""
    sections = [Section(Block("heading"))]
    for node in SyntaxTreeNode(_PARSER.parse(page)).children:
        block = _block(node)
        if block.kind == "heading":
            sections.append(Section(block))
        else:
            sections[-1].blocks.append(block)
    return sections


def _block(node: SyntaxTreeNode) -> Block:
    match node.type:
        case "heading":
            return Block("heading", _text(node), _codes(node), level=int(node.tag[1:]))
        case "table":
            rows = [
                tuple(_text(cell) for cell in row.children) for part in node.children for row in part.children
            ]
            return Block("table", rows=rows)
        case "bullet_list" | "ordered_list":
            return Block("list", items=[_item(item) for item in node.children])
    return Block("paragraph" if node.type == "paragraph" else node.type, _text(node), _codes(node))


def _item(node: SyntaxTreeNode) -> Item:
    lists = [child for child in node.children if child.type.endswith("_list")]
    words = [child for child in node.children if child not in lists]
    return Item(
        " ".join(map(_text, words)),
        [code for child in words for code in _codes(child)],
        [_item(item) for one in lists for item in one.children],
    )


def _text(node: SyntaxTreeNode) -> str:
    if node.type in ("text", "code_inline", "html_block"):
        return node.content.replace("\u200b", "")
    if node.type in ("softbreak", "hardbreak"):
        return " "
    return "".join(map(_text, node.children))


def _codes(node: SyntaxTreeNode) -> list[str]:
    if node.type == "code_inline":
        return [node.content]
    return [code for child in node.children for code in _codes(child)]


# HTML

_VOID = frozenset({"meta", "link", "br", "img", "input", "hr", "path", "use", "rect"})


@dataclass
class Element:
    """An element with what is in it."""

    tag: str
    attributes: Mapping[str, str]
    children: list[Element | str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """As one line."""
        return " ".join("".join(self._texts()).split())

    def _texts(self) -> Iterator[str]:
        for child in self.children:
            if isinstance(child, str):
                yield child
            else:
                yield from child._texts()

    def all(self, tag: str, **attributes: str) -> list[Element]:
        """Elements below with this tag and these attributes (``class_`` among others is enough)."""
        return [
            found
            for found in self._below()
            if found.tag == tag and all(_has(found, key, value) for key, value in attributes.items())
        ]

    def one(self, tag: str, **attributes: str) -> Element:
        """The first of them."""
        found = self.all(tag, **attributes)
        assert found, f"no <{tag}> with {attributes}"
        return found[0]

    def _below(self) -> Iterator[Element]:
        for child in self.children:
            if isinstance(child, Element):
                yield child
                yield from child._below()

    def rows(self) -> list[Row]:
        """Of a table, its heading first."""
        return [
            tuple(
                cell.text for cell in row.children if isinstance(cell, Element) and cell.tag in ("td", "th")
            )
            for row in self.all("tr")
        ]


def _has(element: Element, key: str, value: str) -> bool:
    if key == "class_":
        return value in element.attributes.get("class", "").split()
    return element.attributes.get(key.replace("_", "-")) == value


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.root = Element("", {})
        self._open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {key: value or "" for key, value in attrs})
        self._open[-1].children.append(element)
        if tag not in _VOID:
            self._open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._open[-1].children.append(Element(tag, {key: value or "" for key, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        if tag in _VOID:
            return
        closed = self._open.pop()
        assert closed.tag == tag, f"</{tag}> closes <{closed.tag}>"

    def handle_data(self, data: str) -> None:
        self._open[-1].children.append(data)


def read_html(page: str) -> Element:
    """The document; each element must be closed where it was opened."""
    reader = _Reader()
    reader.feed(page)
    reader.close()
    assert reader._open == [reader.root], "an element is not closed"
    return reader.root


def found(pattern: str, text: str) -> list[Row]:
    """What a sentence says, where it is there: one row of its groups."""
    match = re.search(pattern, text)
    return [tuple(group or "" for group in match.groups())] if match else []
