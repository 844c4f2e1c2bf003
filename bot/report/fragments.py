"""Pieces of Markdown that more than one page is made of."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import TypeVar
from urllib.parse import quote

from bot.model.reports import Change, ChangeKind, Report
from bot.model.verdicts import Evidence, Judgement, Outcome, Place, Reason
from bot.report.budget import Page, shorten, size
from bot.report.inert import code, cut, prose
from bot.report.view import View

T = TypeVar("T")

EXPIRED = "Exemptions that have expired"
"""Heading above checks that speak again."""

_BECAME_SO = frozenset({ChangeKind.NEW, ChangeKind.WORSE})

SENTENCE = 500
"""Characters shown of a summary, an observation or a hint."""

NAME = 250
"""Characters shown of a path, a branch or a setting."""

FINDING_BYTES = 8_000
"""Room for one finding, so that a noisy one leaves room for the others."""

UNREAD_BYTES = 2_000
"""Room for the places of one unknown."""

SYMBOLS = {
    Outcome.PASS: "✓",
    Outcome.FAIL: "✗",
    Outcome.NOT_APPLICABLE: "–",
    Outcome.UNKNOWN: "?",
    Outcome.ERROR: "!",
}

_CAUSES = {
    "commit": "by a commit",
    "policy": "because the policy changed",
    "rule": "because the check itself changed, not the repository",
    "permission": "now visible, because a permission was granted",
    "time": "because time passed",
}
_WEB = re.compile(r"https?://[A-Za-z0-9.-]+(:\d{1,5})?/[A-Za-z0-9._-]+/[A-Za-z0-9._-]+")
_ADDRESS = re.compile(
    r"(?<!`)https://[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+(/[A-Za-z0-9._~/%?=&#+,:-]*[A-Za-z0-9/=_])?"
)
_COMMIT = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
_LONGEST_PATH = 1000
_LAST_LINE = 10_000_000


@dataclass(frozen=True, slots=True)
class Links:
    """Makes addresses of files and commits; empty texts when the parts are not fit for one."""

    root: str
    commit: str

    @classmethod
    def of(cls, report: Report) -> Links:
        """Links of a report's repository at its commit."""
        root = report.repository.html_url
        fit = _WEB.fullmatch(root) and _COMMIT.fullmatch(report.commit)
        return cls(root if fit else "", report.commit)

    def file(self, place: Place) -> str:
        """Address of a file's line at the commit."""
        if not self.root or not is_file_path(place.path):
            return ""
        lines = ""
        if place.line:
            lines = f"#L{place.line}"
            if place.end_line and place.end_line > place.line:
                lines += f"-L{place.end_line}"
        return f"{self.root}/blob/{self.commit}/{quote(place.path or '', safe='/')}{lines}"

    def short_commit(self) -> str:
        """The commit's first digits, linked if possible."""
        shown = code(self.commit[:10], limit=10)
        return f"[{shown}]({self.root}/commit/{self.commit})" if self.root else shown


def is_file_path(path: str | None) -> bool:
    """Whether a path can be linked to and annotated: relative, without detours, valid Unicode."""
    if not path or len(path) > _LONGEST_PATH or not path.isprintable() or "\\" in path:
        return False
    return all(part not in ("", ".", "..") for part in path.split("/"))


def is_line(place: Place) -> bool:
    """Whether a place is a line of a file that an annotation can stand on."""
    return is_file_path(place.path) and place.line is not None and 0 < place.line <= _LAST_LINE


def where(links: Links, place: Place | None) -> str:
    """A place in words: a linked path and line, a branch or a setting. Empty for none."""
    if place is None:
        return ""
    if place.path is not None:
        # A cut path would name another file, so its line stands beside it and not in it.
        shown = code(place.path, limit=NAME)
        if place.line:
            if len(place.path) <= NAME:
                shown = code(f"{place.path}:{place.line}", limit=NAME + 12)
            else:
                shown += f" line {place.line}"
        address = links.file(place)
        return f"[{shown}]({address})" if address else shown
    if place.branch is not None:
        return f"branch {code(place.branch, limit=NAME)}"
    if place.setting is not None:
        return f"setting {code(place.setting, limit=NAME)}"
    return ""


def observation(links: Links, evidence: Evidence, judgement: Judgement) -> str:
    """One observation as a list item."""
    at = where(links, evidence.place)
    said = prose(evidence.text, limit=SENTENCE) or "(no text)"
    weight = ""
    if evidence.severity is not None and evidence.severity is not judgement.severity:
        weight = f" ({evidence.severity.label})"
    return f"- {at}: {said}{weight}" if at else f"- {said}{weight}"


def finding(
    links: Links,
    judgement: Judgement,
    evidence: Sequence[Evidence],
    *,
    marks: Sequence[str] = (),
    most: int = 20,
) -> list[str]:
    """A fail: what, where, why it matters and how to mend it, under a heading of level four.

    Observations are left out, and counted, to stay within ``FINDING_BYTES``.

    Args:
        marks: a few words of ours beside the severity (``new``, ``since 2026-03-14``).
        most: how many observations to show at most.
    """
    expected = f" · expected: {own(judgement.title)}" if judgement.title else ""
    head = [
        f"#### {code(judgement.check, limit=NAME)}: {prose(judgement.verdict.summary, limit=SENTENCE)}",
        "",
        f"{' · '.join([f'**{judgement.severity.label}**', *marks])}{expected}",
        "",
    ]
    tail = _advice(judgement)
    page = Page(FINDING_BYTES - sum(size(line) + 1 for line in (*head, *tail)))
    shown, beyond = shorten(evidence, most)
    rest = page.fill(
        shown,
        lambda item: [observation(links, item, judgement)],
        lambda left: f"- … and {count(left + beyond, 'more place')}",
    )
    if beyond and not rest:
        page.add(f"- … and {count(beyond, 'more place')}")
    return [*head, *page.lines, *([""] if page.lines else []), *tail]


def _advice(judgement: Judgement) -> list[str]:
    """Paragraphs and not a list: a list would run into that of the observations."""
    lines = [
        f"**{word}:** {own(said)}"
        for word, said in (("Why", judgement.why), ("Fix", judgement.fix), ("Source", judgement.source))
        if said
    ]
    return [part for line in lines for part in (line, "")]


@lru_cache(maxsize=1024)
def own(s: str) -> str:
    """A text that came with the code of a check: addresses in it become links.

    There are few such texts and they are in every report, so their Markdown is kept.
    """
    kept, rest = cut(" ".join(s.split()), 2 * SENTENCE)
    parts: list[str] = []
    end = 0
    for address in _ADDRESS.finditer(kept):
        parts += (_between(kept[end : address.start()]), f"<{address[0]}>")
        end = address.end()
    return "".join([*parts, _between(kept[end:]), rest])


def _between(s: str) -> str:
    """Words beside an address, with the spaces that part them from it."""
    return f"{' ' if s[:1] == ' ' else ''}{prose(s, limit=len(s))}{' ' if s[1:].endswith(' ') else ''}"


def unread(links: Links, judgement: Judgement, change: Change | None, since: datetime | None = None) -> str:
    """An unknown as a list item: what could not be read and where, what stands meanwhile, what would help.

    Args:
        since: when the last known verdict began.
    """
    verdict = judgement.verdict
    said = prose(verdict.summary.rstrip(". "), limit=SENTENCE)
    line = f"- {code(judgement.check, limit=NAME)}: {said}."
    if change and change.before:
        line += f" Last known: {change.before.value}{f' since {day(since)}' if since else ''}."
    if verdict.permission:
        line += f" Granting the App {code(verdict.permission, limit=NAME)} would answer it."
    elif verdict.reason is Reason.LIMIT:
        line += " A limit was reached; it is tried again by itself."
    elif verdict.reason is Reason.FAULT:
        line += " It is tried again with the next scan."
    places = Page(UNREAD_BYTES)
    shown, beyond = shorten(verdict.evidence, 5)
    rest = places.fill(
        shown,
        lambda item: [f"  {observation(links, item, judgement)}"],
        lambda left: f"  - … and {count(left + beyond, 'more place')}",
    )
    if beyond and not rest:
        places.add(f"  - … and {count(beyond, 'more place')}")
    return "\n".join((line, *places.lines))


def crashed(judgement: Judgement) -> str:
    """An error as a list item."""
    return f"- {code(judgement.check, limit=NAME)}: {prose(judgement.verdict.summary, limit=SENTENCE)}"


def exempted(item: tuple[str, str]) -> str:
    """A check that policy switched off, with the reason."""
    name, reason = item
    return f"- {code(name, limit=NAME)}: {prose(reason, limit=SENTENCE) or 'no reason given'}"


def outcome_line(judgement: Judgement) -> str:
    """One line of the list of all checks."""
    said = prose(judgement.verdict.summary, limit=200)
    return (
        f"- {SYMBOLS[judgement.outcome]} {judgement.outcome.value} · "
        f"{code(judgement.check, limit=NAME)} ({judgement.severity.label})"
        f"{f': {said}' if said else ''}"
    )


def mark(seen: View, judgement: Judgement) -> list[str]:
    """``new`` or ``worse`` for a fail that became so; nothing for others."""
    change = seen.changes.get(judgement.check)
    fails = change is not None and judgement.outcome is Outcome.FAIL
    return [change.kind.value] if change and fails and change.kind in _BECAME_SO else []


def changed(seen: View, word: str, judgement: Judgement) -> str:
    """A change as a list item, with its cause; on a proposal that is always its own commits."""
    why = "" if seen.proposal else _CAUSES.get(seen.changes[judgement.check].cause, "")
    return (
        f"- **{word}:** {code(judgement.check, limit=NAME)} ({judgement.severity.label}), "
        f"{prose(judgement.verdict.summary, limit=SENTENCE)}{f' ({why})' if why else ''}"
    )


def listing(
    page: Page, heading: str, items: Sequence[T], write: Callable[[T], str], *, room: int = 8_000
) -> None:
    """Add a section with one line for each item; nothing when there are none.

    Args:
        heading: empty for none.
        room: bytes that the section may take, at most what is left.
    """
    if not items:
        return
    section = Page(min(page.left, room) - 1)
    if heading:
        section.add(f"### {heading}", "")
    section.fill(items, lambda item: [write(item)], lambda left: f"- … and {left:,} more")
    page.add(*section.lines, "")


def count(number: int, noun: str) -> str:
    """``1 finding``, ``1,204 findings``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def moment(at: datetime) -> str:
    """A moment in UTC, to the minute."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def day(at: datetime) -> str:
    """A day in UTC."""
    return f"{at.astimezone(UTC):%Y-%m-%d}"


def names(judgements: Sequence[Judgement], most: int = 20) -> str:
    """Names of checks as a sentence's part: ``a``, ``b`` and 3 more."""
    shown, beyond = shorten(judgements, most)
    listed = ", ".join(code(j.check, limit=60) for j in shown)
    return f"{listed} and {beyond:,} more" if beyond else listed
