"""GitHub Flavored Markdown to safe HTML: tables, task lists, mentions, references; nothing that loads.

Whatever the text holds, what comes out of nh3 has an allow-list of elements without classes, and
images become links: a page asks no other host for anything.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from functools import lru_cache

import nh3
from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from markupsafe import Markup, escape

Link = Callable[[str], str | None]
"""From ``@login`` or ``#7`` to an address, or None when there is no such thing."""

_REFERENCE = re.compile(r"(?<![\w@#/.`-])(@[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})|#\d{1,9})(?![\w/-])")
_RELATIVE = re.compile(r"(?![A-Za-z][A-Za-z0-9+.-]*:|[/#?\\])[^/]")
_BOX = re.compile(r"^\[([ xX])\](?=\s)\s*")
_TAGS = frozenset(
    (
        *("a", "b", "blockquote", "br", "code", "dd", "del", "details", "div", "dl", "dt", "em"),
        *("h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "ins", "kbd", "li", "ol", "p", "pre", "q"),
        *("s", "samp", "span", "strong", "sub", "summary", "sup"),
        *("table", "tbody", "td", "th", "thead", "tr", "ul", "var"),
    )
)
_ATTRIBUTES = {
    "a": {"href", "title"},
    "details": {"open"},
    "ol": {"start"},
    "td": {"align"},
    "th": {"align"},
}
_SCHEMES = {"http", "https", "mailto"}
_ALIGN = re.compile(r"^text-align:(left|right|center)$")


def render(
    text: str,
    *,
    link: Link = lambda _: None,
    base: str = "",
    box: Callable[[int, bool], Markup] | None = None,
    breaks: bool = False,
) -> Markup:
    """Render a text that anybody may have written.

    Args:
        link: decides which mentions and references lead somewhere.
        base: address of the directory that relative links start from; "" leaves them alone.
        box: draws the n-th task-list box (from 0), ticked or not; the default is a plain symbol.
        breaks: a new line stays one, as in what people write to each other, but not in files.
    """
    nonce = secrets.token_hex(8)
    boxes: list[bool] = []

    def mark(ticked: bool) -> str:
        boxes.append(ticked)
        return f"\ue000{nonce}:{len(boxes) - 1}\ue001"

    parser = _parser(breaks)
    tokens = parser.parse(text, env := {"link": link, "mark": mark, "base": base})
    html = parser.renderer.render(tokens, parser.options, env)
    clean = nh3.clean(
        html,
        tags=set(_TAGS),
        attributes=_ATTRIBUTES,
        url_schemes=_SCHEMES,
        link_rel="nofollow noopener noreferrer",
    )
    draw = box or _symbol
    pattern = re.compile(f"\ue000{nonce}:(\\d+)\ue001")
    return Markup(pattern.sub(lambda m: draw(int(m[1]), boxes[int(m[1])]), clean))  # noqa: S704 - nh3 cleaned it


def tick(text: str, number: int) -> str:
    """The text with its n-th task-list box turned over.

    Raises:
        LookupError: there are fewer boxes.
    """
    boxes = [line for line, _ in _boxes(text)]
    if not 0 <= number < len(boxes):
        raise LookupError(f"there is no box {number} in this text")
    lines = text.split("\n")
    at = boxes[number]

    def turn(match: re.Match[str]) -> str:
        return f"{match[1]}[{' ' if match[2] in 'xX' else 'x'}]"

    lines[at] = re.sub(r"^(.*?)\[([ xX])\](?=\s)", turn, lines[at], count=1)
    return "\n".join(lines)


def _boxes(text: str) -> list[tuple[int, bool]]:
    """(line, ticked) of each task-list box."""
    found: list[tuple[int, bool]] = []

    def mark(ticked: bool) -> str:
        found.append((0, ticked))
        return ""

    tokens = _parser(False).parse(text, {"link": lambda _: None, "mark": mark, "base": ""})
    lines = [token.meta["box"] for token in tokens if "box" in token.meta]
    return [(line, ticked) for line, (_, ticked) in zip(lines, found, strict=True)]


@lru_cache(maxsize=2)
def _parser(breaks: bool) -> MarkdownIt:
    options = {"html": True, "linkify": True, "typographer": False, "breaks": breaks}
    parser = MarkdownIt("gfm-like", options)
    # GitHub makes links of addresses with a scheme, not of every name with a dot (SECURITY.md).
    if parser.linkify is not None:
        parser.linkify.set({"fuzzy_link": False})
    parser.core.ruler.push("task_lists", _task_lists)
    parser.core.ruler.push("references", _references)
    parser.core.ruler.push("images", _images)
    parser.core.ruler.push("relative_links", _relative_links)
    parser.core.ruler.push("alignment", _alignment)
    return parser


def _task_lists(state: StateCore) -> None:
    for before, paragraph, inline in zip(state.tokens, state.tokens[1:], state.tokens[2:], strict=False):
        if before.type != "list_item_open" or paragraph.type != "paragraph_open" or not inline.children:
            continue
        first = inline.children[0]
        found = _BOX.match(first.content) if first.type == "text" else None
        if found:
            inline.meta = {"box": inline.map[0] if inline.map else 0}
            first.content = first.content[found.end() :]
            marked = state.env["mark"](found[1] in "xX") + " "
            inline.children.insert(0, Token("text", "", 0, content=marked))


def _references(state: StateCore) -> None:
    """Mentions of known people and numbers of known issues become links, but not inside links."""
    link: Link = state.env["link"]
    for block in state.tokens:
        if not block.children:
            continue
        out: list[Token] = []
        depth = 0
        for token in block.children:
            depth += token.nesting if token.type in ("link_open", "link_close") else 0
            out += [token] if depth or token.type != "text" else _split(token, link)
        block.children = out


def _split(token: Token, link: Link) -> list[Token]:
    parts: list[Token] = []
    end = 0
    for found in _REFERENCE.finditer(token.content):
        address = link(found[1])
        if address is None:
            continue
        parts.append(Token("text", "", 0, content=token.content[end : found.start()]))
        parts.append(Token("link_open", "a", 1, attrs={"href": address}))
        parts.append(Token("text", "", 0, content=found[1]))
        parts.append(Token("link_close", "a", -1))
        end = found.end()
    parts.append(Token("text", "", 0, content=token.content[end:]))
    return parts


def _images(state: StateCore) -> None:
    for block in state.tokens:
        out: list[Token] = []
        for token in block.children or []:
            if token.type != "image":
                out.append(token)
                continue
            out.append(Token("link_open", "a", 1, attrs={"href": str(token.attrs.get("src", ""))}))
            out.append(Token("text", "", 0, content=f"image: {token.content or 'without a description'}"))
            out.append(Token("link_close", "a", -1))
        if block.children:
            block.children = out


def _relative_links(state: StateCore) -> None:
    """A link to a file beside a README leads to that file."""
    base: str = state.env["base"]
    for block in state.tokens:
        for token in block.children or []:
            address = str(token.attrs.get("href", ""))
            if base and token.type == "link_open" and _RELATIVE.match(address):
                token.attrs["href"] = f"{base}/{address.removeprefix('./')}"


def _alignment(state: StateCore) -> None:
    """Say a column's alignment without a style, which the page's policy forbids."""
    for token in state.tokens:
        if token.type in ("th_open", "td_open") and "style" in token.attrs:
            found = _ALIGN.match(str(token.attrs.pop("style")))
            if found:
                token.attrs["align"] = found[1]


def _symbol(_number: int, ticked: bool) -> Markup:
    return Markup('<span class="box" role="img" aria-label="{}">{}</span>').format(
        "done" if ticked else "not done", escape("☑" if ticked else "☐")
    )
