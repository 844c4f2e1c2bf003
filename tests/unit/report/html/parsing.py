"""Reads a page as a browser would, and says what must never be in it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

EMPTY = frozenset({"meta", "link", "br"})
OURS = frozenset({"a", "bdi", "code"})
"""Elements that depend on what a text is: names in code, links of paths that can have one."""

_HIDDEN = re.compile(r"[\x00-\x09\x0b-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_ACTIVE = frozenset(
    {"script", "iframe", "object", "embed", "form", "input", "button", "img", "base", "audio"}
)


@dataclass
class Parsed(HTMLParser):
    """What is in a page.

    Attributes:
        shape: tags with the names of their attributes, in order, but for ``OURS``.
        wrong: why the page is not one that may be written.
    """

    shape: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    metas: dict[str, str] = field(default_factory=dict)
    _open: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Begin."""
        HTMLParser.__init__(self, convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep what it is, and refuse what acts."""
        names = tuple(sorted(name for name, _ in attrs))
        if tag not in OURS:
            self.shape.append((tag, names))
        if tag in _ACTIVE:
            self.wrong.append(f"<{tag}>")
        self.wrong += [f"{name} on <{tag}>" for name in names if name.startswith("on") or name == "srcdoc"]
        values = dict(attrs)
        if tag == "meta":
            self.metas[values.get("http-equiv") or values.get("name") or ""] = values.get("content") or ""
        if "id" in values:
            self.ids.append(values["id"] or "")
        for name in ("href", "src", "xlink:href", "action"):
            if name in values:
                self.links.append(values[name] or "")
        if tag not in EMPTY:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """As in SVG: it has no end of its own."""
        self.handle_starttag(tag, attrs)
        if tag not in EMPTY:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        """Must end what is open."""
        if not self._open or self._open.pop() != tag:
            self.wrong.append(f"</{tag}> ends nothing")

    def handle_data(self, data: str) -> None:
        """Nothing in it may hide."""
        if self._open[-1:] != ["style"]:
            self.texts.append(data)
            self.wrong += [f"hidden character in {data!r}" for _ in _HIDDEN.findall(data)]

    def handle_comment(self, data: str) -> None:
        """We write none."""
        self.wrong.append(f"comment {data!r}")

    @property
    def text(self) -> str:
        """All that is read."""
        return " ".join(" ".join(self.texts).split())


def parse(page: str) -> Parsed:
    """Read a page to its end."""
    parsed = Parsed()
    parsed.feed(page)
    parsed.close()
    if parsed._open:
        parsed.wrong.append(f"not ended: {parsed._open}")
    parsed.wrong += [f"twice: {name}" for name in set(parsed.ids) if parsed.ids.count(name) > 1]
    return parsed
