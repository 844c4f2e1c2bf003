"""What the tests of rendering share: a reader with GitHub's eyes."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

# What GitHub looks for in the text nodes of the HTML, code left out. Where its own rule is not
# published, these recognise more than it does.
RECOGNISERS = {
    "mention or address": re.compile(r"@[\w\[]"),
    "reference": re.compile(r"#\d|(?<![a-z0-9])(gh|ghsa|cve)-\w", re.IGNORECASE),
    "commit": re.compile(r"[0-9a-f]{7}", re.IGNORECASE),
    "autolink": re.compile(r"(https?|ftp)://|//\w|www\.|(mailto|xmpp):\w", re.IGNORECASE),
    "emoji": re.compile(r":[a-z0-9_+-]+:", re.IGNORECASE),
    "formula": re.compile(r"\$[^$]*\$"),
    "hidden character": re.compile(r"[\x00-\x09\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069\ufeff]"),
}
MARKER = re.compile(
    r"<!-- plumbline:(health:1 repository|roll-up:1 installation)=\d+ content=[0-9a-f]{32} -->\n"
)


@dataclass
class Seen:
    """What a reader of the HTML meets."""

    blocks: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    codes: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    images: list[str] = field(default_factory=list)
    html: list[str] = field(default_factory=list)

    @property
    def active(self) -> list[str]:
        """Everything in the text that GitHub would turn into something."""
        return [f"{kind}: {t!r}" for t in self.texts for kind, r in RECOGNISERS.items() if r.search(t)]


def read(markdown: str) -> Seen:
    """Parse as GitHub-flavoured Markdown with autolinks, and sort what is found."""
    parser = MarkdownIt("gfm-like")
    assert parser.linkify is not None
    # GitHub links no bare domains.
    parser.linkify.set({"fuzzy_link": False, "fuzzy_email": True})
    seen = Seen()
    for token in parser.parse(markdown):
        seen.blocks.append(token.type)
        if token.type == "html_block":
            seen.html.append(token.content)
        if token.type in ("fence", "code_block"):
            seen.codes.append(token.content)
        _read_inline(token.children or [], seen)
    return seen


def _read_inline(tokens: list[Token], seen: Seen) -> None:
    own_link = False
    text = ""
    for token in tokens:
        if token.type in ("text", "softbreak", "hardbreak") and not own_link:
            text += token.content or "\n"
            continue
        if text:
            seen.texts.append(text)
            text = ""
        if token.type == "code_inline":
            seen.codes.append(token.content)
        elif token.type == "link_open":
            seen.links.append(str(token.attrs["href"]))
            # The text of <https://…> repeats its address, which is judged as a link.
            own_link = token.markup in ("autolink", "linkify")
        elif token.type == "link_close":
            own_link = False
        elif token.type == "image":
            seen.images.append(str(token.attrs["src"]))
        elif token.type == "html_inline":
            seen.html.append(token.content)
    if text:
        seen.texts.append(text)


@pytest.fixture(scope="session", name="read")
def _read() -> Callable[[str], Seen]:
    return read


@pytest.fixture(scope="session")
def assert_inert() -> Callable[..., Seen]:
    """Fails when a page holds anything active that is not of our own making."""

    def check(markdown: str, *, links: tuple[str, ...] = (), prefix: str = "") -> Seen:
        seen = read(markdown)
        assert seen.active == []
        assert seen.images == []
        foreign_html = [h for h in seen.html if h not in ("<span>", "</span>") and not MARKER.fullmatch(h)]
        assert foreign_html == []
        foreign = [u for u in seen.links if u not in links and not (prefix and u.startswith(prefix))]
        assert foreign == []
        return seen

    return check
