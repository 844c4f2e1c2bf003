"""Finds slash-commands in comments and splits them into words. Pure; all text is untrusted.

A command is a line of its own in plain text. What GitHub shows as a quotation, as code or not at all
commands nothing, and only a Markdown parser can tell: a line behind ``> quoted`` still belongs to
the quotation, and one behind an unclosed ``<!--`` is not shown. So the comment is parsed as GitHub
parses it, and what stands below a raw HTML tag that is still open is left alone.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import count
from typing import TYPE_CHECKING

from bot.model.errors import UserError

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

PREFIX = "/plumbline"

LONGEST_COMMENT = 16_384
"""Characters; longer comments are pasted logs, and some of them take a parser seconds."""

LONGEST_LINE = 1_000
MOST_WORDS = 100

_VOID = frozenset({"area", "br", "col", "hr", "img", "input", "source", "wbr"})
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9-]*)")
_OPTION = re.compile(r"([a-z_]+)=")
_OPENING, _CLOSING = '"“”„', '"“”'
"""Telephones write curly quotation marks by themselves."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a comment that commands: its number from 1, and its text without the blanks behind it."""

    number: int
    text: str

    @property
    def digest(self) -> str:
        """Names the text: 32 hexadecimal digits."""
        return hashlib.sha256(self.text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Command:
    """A line split into the command's name, words, and options (``until=2026-12-31``)."""

    name: str
    words: tuple[str, ...] = ()
    options: Mapping[str, str] = field(default_factory=dict)


def find(body: str) -> tuple[Line, ...]:
    """The lines of a comment that command, in their order."""
    lines = body.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    marked = {at for at, line in enumerate(lines) if _commands(line)}
    if not marked or len(body) > LONGEST_COMMENT:
        return ()
    # Tokens do not say at which line of a paragraph a text stands, so each line carries its number.
    stem = next(word for n in count() if (word := f"command{n}n") not in body)
    numbered = [
        f"{stem}{at}x{line.removeprefix(PREFIX)}" if at in marked else line for at, line in enumerate(lines)
    ]
    mark = re.compile(rf"{stem}(\d+)x")
    found = (mark.match(text) for text in _plain_line_starts(_parser().parse("\n".join(numbered))))
    numbers = sorted(int(match[1]) for match in found if match)
    return tuple(Line(number + 1, lines[number].rstrip()) for number in numbers)


def split(text: str) -> Command:
    """Split a line that ``find`` found.

    Raises:
        UserError: it is too long, or a quotation mark is not closed.
    """
    if len(text) > LONGEST_LINE:
        raise UserError(f"the command has {len(text)} characters and may have {LONGEST_LINE}: shorten it")
    words: list[str] = []
    options: dict[str, str] = {}
    for name, value in _words(text.removeprefix(PREFIX)):
        if not name:
            words.append(value.strip("`"))
        elif name in options:
            raise UserError(f"`{name}=` stands there twice: keep one of them")
        else:
            options[name] = value
    if len(words) > MOST_WORDS:
        raise UserError(f"the command has {len(words)} words and may have {MOST_WORDS}")
    first, *rest = words or ["help"]
    return Command(first.lower(), tuple(rest), options)


def _commands(line: str) -> bool:
    return line.startswith(PREFIX) and line[len(PREFIX) : len(PREFIX) + 1] in ("", " ", "\t")


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    # Imported on first use: most processes never see a command.
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark").enable("table")
    # Its tables of rules are built when first used, and threads share them.
    parser.parse("`a`")
    return parser


def _plain_line_starts(tokens: Sequence[Token]) -> Iterator[str]:
    """The texts at the start of lines that are shown as plain text, outside of quotations and HTML."""
    quotes, tags = 0, Counter[str]()
    for before, token in zip([None, *tokens], tokens, strict=False):
        if token.type in ("blockquote_open", "blockquote_close"):
            quotes += token.nesting
        elif token.type == "html_block" and _opens_any(token.content):
            # Where the block's tags end is for a browser to say; nothing below it commands.
            return
        elif token.type == "inline" and before is not None:
            # A signature's "--" makes the line above it a heading.
            plain = before.type == "paragraph_open" or before.markup in ("-", "=")
            for text in _line_starts(token.children or [], tags):
                if plain and not quotes:
                    yield text


def _line_starts(tokens: Sequence[Token], tags: Counter[str]) -> Iterator[str]:
    starts = True
    for token in tokens:
        if token.type == "html_inline":
            _count_tag(token.content, tags)
        elif token.type == "text" and starts and token.level == 0 and not tags.total():
            yield token.content
        starts = token.type in ("softbreak", "hardbreak")


def _count_tag(html: str, tags: Counter[str]) -> None:
    """Note a single tag that opens or closes."""
    found = _TAG.match(html)
    if found and found[2].lower() not in _VOID:
        name = found[2].lower()
        tags[name] = max(0, tags[name] - 1) if found[1] else tags[name] + 1


def _opens_any(html: str) -> bool:
    return any(
        not closing and name.lower() not in _VOID for closing, name in _TAG.findall(_COMMENT.sub("", html))
    )


def _words(text: str) -> Iterator[tuple[str, str]]:
    """(name of the option or "", value), one after the other."""
    at = 0
    while at < len(text):
        if text[at] in " \t":
            at += 1
            continue
        option = _OPTION.match(text, at)
        name = option[1] if option else ""
        at = option.end() if option else at
        value, at = _value(text, at, name)
        yield name, value


def _value(text: str, at: int, name: str) -> tuple[str, int]:
    if at < len(text) and text[at] in _OPENING:
        end = next((i for i in range(at + 1, len(text)) if text[i] in _CLOSING), -1)
        if end < 0:
            where = f"behind `{name}=`" if name else "in the command"
            raise UserError(f"the quotation mark {where} is not closed: put one at the end of the text")
        return text[at + 1 : end], end + 1
    end = next((i for i in range(at, len(text)) if text[i] in " \t"), len(text))
    return text[at:end], end
