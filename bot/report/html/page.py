"""What all pages share: templates that escape, foreign text made visible, and room that ends."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from functools import cache
from importlib import resources
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from bot.model.scores import Score
from bot.model.verdicts import Outcome, Place, Severity
from bot.report.budget import size
from bot.report.fragments import ADDRESS, NAME, SENTENCE, SYMBOLS, WEB, Links, count, moment
from bot.report.inert import SPAN, cut, visible
from bot.report.score import BEST_WITH, GRADES, grade

CONTENT_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
)
"""Nothing from anywhere, and no script."""


def sentence(s: str, limit: int = SENTENCE) -> Markup:
    """Foreign text as one line; names between backticks become code."""
    kept, rest = cut(" ".join(s.split()), limit)
    return Markup("<bdi>{}{}</bdi>").format(_with_code(kept), rest)


def name(s: str, limit: int = NAME) -> Markup:
    """A foreign name as code: its line breaks and blanks are part of it."""
    kept, rest = cut(s, limit)
    shown = _code(kept) if kept else Markup("(empty)")
    return Markup("<bdi>{}</bdi>{}").format(shown, rest)


def own(s: str) -> Markup:
    """A text that came with the code of a check: addresses in it become links."""
    kept, rest = cut(" ".join(s.split()), 2 * SENTENCE)
    parts: list[Markup] = []
    end = 0
    for address in ADDRESS.finditer(kept):
        parts += (_with_code(kept[end : address.start()]), link(address[0], escape(address[0])))
        end = address.end()
    return Markup().join([*parts, _with_code(kept[end:]), escape(rest)])


def link(address: str, shown: Markup) -> Markup:
    """A link; only the text when there is no address."""
    if not address:
        return shown
    return Markup('<a href="{}" rel="noreferrer">{}</a>').format(address, shown)


def repository_link(full_name: str, html_url: str) -> Markup:
    """A repository's name, linked where its address is one."""
    return link(html_url if WEB.fullmatch(html_url) else "", name(full_name))


def where(links: Links, place: Place | None) -> Markup:
    """A place: a linked path and line, a branch or a setting. Empty for none."""
    if place is None:
        return Markup()
    if place.path is not None:
        line = f" line {place.line}" if place.line is not None and place.line > 0 else ""
        return link(links.file(place), Markup("{}{}").format(name(place.path), line))
    if place.branch is not None:
        return Markup("branch {}").format(name(place.branch))
    if place.setting is not None:
        return Markup("setting {}").format(name(place.setting))
    return Markup()


def _with_code(s: str) -> Markup:
    parts: list[Markup] = []
    end = 0
    for span in SPAN.finditer(s):
        parts += (escape(visible(s[end : span.start()])), _code(span[2]))
        end = span.end()
    return Markup().join([*parts, escape(visible(s[end:]))])


def _code(s: str) -> Markup:
    return Markup("<code>{}</code>").format(visible(s))


def fill(template: str, items: Iterable[Any], room: int, most: int, **shared: Any) -> tuple[Markup, int]:
    """Write one item after the other, as long as they fit.

    Args:
        template: gets each as ``item``.
        room: bytes.
        most: items.

    Returns:
        What was written, and how many items were left out.
    """
    made = environment().get_template(template)
    listed: Sequence[Any] = list(items)
    parts: list[str] = []
    for item in listed[:most]:
        written = made.render(item=item, **shared)
        room -= size(written)
        if room < 0:
            break
        parts.append(written)
    return Markup("".join(parts)), len(listed) - len(parts)  # noqa: S704 - the templates escape


def write(template: str, **values: Any) -> str:
    """A whole page."""
    return environment().get_template(template).render(**values)


@cache
def environment() -> Environment:
    """Templates that escape everything and refuse what is not defined."""
    made = Environment(
        loader=PackageLoader("bot.report.html", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style = (resources.files("bot.report.html") / "style.css").read_text(encoding="utf-8")
    made.globals |= {
        "capped": capped,
        "content_policy": CONTENT_POLICY,
        "count": count,
        "day": _day,
        "grade": grade,
        "heat": heat,
        "moment": moment,
        "name": name,
        "own": own,
        "Outcome": Outcome,
        "repository_link": repository_link,
        "sentence": sentence,
        "style": Markup(style),  # noqa: S704 - our own file
        "symbols": SYMBOLS,
        "where": where,
    }
    return made


def heat(value: int | None) -> str:
    """The class of a score's cell: five steps, 4 is the hottest; empty when nothing was judged."""
    if value is None:
        return ""
    return f"heat-{4 - min(4, max(0, value - 50) // 10)}"


def capped(score: Score) -> str:
    """Why the grade is worse than the number says; empty where it is not."""
    letter = grade(score)
    if letter is None or score.value is None or score.worst not in BEST_WITH:
        return ""
    earned = next(at for least, at in GRADES if score.value >= least)
    if letter == earned:
        return ""
    severity = "a critical check" if score.worst is Severity.CRITICAL else "a check of high severity"
    return f"{letter.value} at best while {severity} fails."


def _day(at: date | datetime) -> str:
    return f"{at:%Y-%m-%d}"
