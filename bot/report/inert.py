"""Foreign text made inert: it is shown as it is, and does nothing.

GitHub turns Markdown into HTML and then looks in the text for mentions, references, commit ids,
emoji codes and formulas. Escapes stop only the first step, so what the second would recognise is
broken by a zero-width space; nothing is broken inside code, where the second step does not look.
Characters that do not show (controls, bidirectional marks, broken bytes) are made visible.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

BREAK = "\u200b"
"""Zero-width space: seen by recognisers, not by readers."""

_INVISIBLE = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
"""Characters that are neither control nor format by category and still show nothing."""

_ESCAPED = str.maketrans({c: f"\\{c}" for c in "\\`*_[]<>|~&!"} | {"$": "<span>$</span>"})
"""GitHub reads formulas between dollars; its manual gives the span as the way to write a dollar."""

_AT = re.compile(r"([A-Za-z0-9._+-]?)@")
_SLASH = re.compile(r"/(?=/)")
_COLON = re.compile(r"(?:mailto|xmpp):|:(?=[a-z0-9_+-]+:)", re.IGNORECASE)
_WWW = re.compile(r"www(?=\.)", re.IGNORECASE)
_PREFIX = re.compile(r"(?<![a-z0-9])(?:gh|ghsa|cve)-(?=[a-z0-9])", re.IGNORECASE)
_COMMIT = re.compile(r"[0-9A-Fa-f]{6}(?=[0-9A-Fa-f])")
_SIMPLE = re.compile(r"[A-Za-z0-9._/:@-]+")
_SHORT = 200
"""Characters up to which the Markdown of a sentence is kept for the next time."""

_NUMBERED = re.compile(r"(\d{1,9})([.)])")
_FENCES = re.compile(r"`+")
SPAN = re.compile(r"(?<!`)(`{1,2})(?!`) ?([^` ]|[^` ].*?[^ `]) ?(?<!`)\1(?!`)")


def text(s: str, *, limit: int) -> str:
    """Foreign text as one line of inert Markdown.

    Args:
        s: anything, also broken Unicode.
        limit: how many characters of it to show; what is left out is counted in its place.

    Returns:
        Markdown that renders as ``s`` with its white space collapsed. Empty for empty text.
    """
    return _escape(plain(s, limit=limit))


def plain(s: str, *, limit: int) -> str:
    """Foreign text as one line for places that are not Markdown (titles, annotations)."""
    kept, rest = cut(" ".join(s.split()), limit)
    return _broken(visible(kept)) + rest


def code(s: str, *, limit: int) -> str:
    """Foreign text as an inline code span, the fence longer than any run of backticks inside.

    Line breaks and tabs become their control pictures: in a name they are part of the name.
    """
    if len(s) <= limit and _SIMPLE.fullmatch(s):
        return f"`{s}`"
    kept, rest = cut(s, limit)
    if not kept:
        return f"(empty){rest}"
    shown = visible(kept)
    fence = _fence(shown, least=1)
    # Padding keeps backticks off the fence, and keeps spaces that Markdown would strip.
    pad = " " if shown.strip(" ") and (shown[0] in "` " or shown[-1] in "` ") else ""
    return f"{fence}{pad}{shown}{pad}{fence}{rest}"


def block(s: str, *, limit: int = 4000) -> str:
    """Foreign text of many lines as a fenced block; a gutter keeps it from starting a line."""
    kept, rest = cut(s, limit)
    lines = [f"│ {visible(line)}" for line in kept.splitlines() or [""]]
    shown = "\n".join(lines) + rest
    fence = _fence(shown, least=3)
    return f"{fence}text\n{shown}\n{fence}"


def prose(s: str, *, limit: int) -> str:
    """A sentence in which names may stand between backticks: those become code, the rest inert."""
    if len(s) <= min(limit, _SHORT):
        return _short_prose(s)
    kept, rest = cut(" ".join(s.split()), limit)
    return _prose(kept) + rest


@lru_cache(maxsize=4096)
def _short_prose(s: str) -> str:
    # Summaries stand in several places of a report, and much the same ones in all reports.
    return _prose(" ".join(s.split()))


def _prose(line: str) -> str:
    if "`" not in line:
        return _guard_start(_inert(line))
    parts: list[str] = []
    end = 0
    for span in SPAN.finditer(line):
        parts += (_inert(line[end : span.start()]), code(span[2], limit=len(line)))
        end = span.end()
    parts.append(_inert(line[end:]))
    if parts[0]:
        parts[0] = _guard_start(parts[0])
    return "".join(parts)


def visible(s: str) -> str:
    """Replace every character that does not show by a name for it.

    C0 controls become their control pictures (␛), others their code (⟨U+202E⟩).
    """
    if s.isascii() and s.isprintable():
        return s
    return "".join(c if c.isprintable() and c not in _INVISIBLE else _name(c) for c in s)


def _name(c: str) -> str:
    point = ord(c)
    if point < 0x20:
        return chr(0x2400 + point)
    if point == 0x7F:
        return "\u2421"
    if unicodedata.category(c) == "Zs":
        return " "
    if 0xDC80 <= point <= 0xDCFF:
        # A byte that was not UTF-8, as Python keeps it.
        return f"⟨0x{point - 0xDC00:02X}⟩"
    return f"⟨U+{point:04X}⟩"


def _inert(s: str) -> str:
    return _broken(visible(s)).translate(_ESCAPED)


def _broken(s: str) -> str:
    """Part what GitHub would recognise; each search is made only where it can find something."""
    if "@" in s:
        s = _AT.sub(lambda m: f"{m[1]}{BREAK}@{BREAK}" if m[1] else f"@{BREAK}", s)
    if "#" in s:
        s = s.replace("#", f"#{BREAK}")
    if "//" in s:
        s = _SLASH.sub(_part, s)
    if ":" in s:
        s = _COLON.sub(_part, s)
    if "." in s:
        s = _WWW.sub(_part, s)
    if "-" in s:
        s = _PREFIX.sub(_part, s)
    return _COMMIT.sub(_part, s)


def _part(found: re.Match[str]) -> str:
    return found[0] + BREAK


def _escape(shown: str) -> str:
    return _guard_start(shown.translate(_ESCAPED))


def _guard_start(markdown: str) -> str:
    """Keep the first characters from opening a list, a table or a command."""
    if markdown[:1] in {"-", "+", "=", ":", "/"}:
        return f"\\{markdown}"
    return _NUMBERED.sub(r"\1\\\2", markdown, count=1) if _NUMBERED.match(markdown) else markdown


def cut(s: str, limit: int) -> tuple[str, str]:
    """The first ``limit`` characters, never parting one from its accents, and what tells the rest."""
    if len(s) <= limit:
        return s, ""
    end = limit
    while end > 0 and unicodedata.combining(s[end]):
        end -= 1
    return s[:end], f"… ({len(s) - end:,} more characters)"


def _fence(s: str, *, least: int) -> str:
    if "`" not in s:
        return "`" * least
    return "`" * max(least, max((len(run) + 1 for run in _FENCES.findall(s)), default=0))
