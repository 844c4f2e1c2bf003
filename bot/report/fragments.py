"""Pieces of Markdown that more than one page is made of."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from types import MappingProxyType
from typing import TypeVar
from urllib.parse import quote

from bot.model.reports import Change, ChangeKind, Exempted, Report, Wish
from bot.model.scores import Cause, ScoreChange, Scored
from bot.model.verdicts import Evidence, Judgement, Outcome, Place, Reason
from bot.report.budget import Page, shorten, size
from bot.report.inert import code, cut, prose
from bot.report.score import grade, sparkline, trend_in_words
from bot.report.view import View, in_all, led

T = TypeVar("T")

EXPIRED = "Exemptions that have expired"
"""Heading above checks that speak again."""

FOLLOWING = "**These follow from it and are best mended with it:**"
"""Above findings that are part of another one."""

_BECAME_SO = {
    ChangeKind.NEW: "new",
    ChangeKind.WORSE: "worse",
    ChangeKind.VISIBLE: "newly visible",
}

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

CAUSES = {
    Cause.COMMIT: "by a commit",
    Cause.POLICY: "because the policy changed",
    Cause.RULE: "because the check is new or judges by another rule, not because the repository changed",
    Cause.PERMISSION: "because a permission was granted",
    Cause.READING: "because it could be read for the first time",
    Cause.EXEMPTION: "because its exemption has ended",
    Cause.RATCHET: "because somebody ended the baseline",
    Cause.OUTSIDE: "by no file: by a setting, a branch or the passing of time",
    Cause.TIME: "because time passed",
}
POINTS = {
    Cause.COMMIT: "by commits",
    Cause.POLICY: "by the policy",
    Cause.RULE: "by checks of Plumbline that are new or judge otherwise",
    Cause.PERMISSION: "by permissions that were granted",
    Cause.READING: "by what could be read for the first time",
    Cause.EXEMPTION: "by exemptions that began or ended",
    Cause.RATCHET: "by baselines that ended",
    Cause.OUTSIDE: "by settings, branches or the passing of time",
    Cause.TIME: "by the passing of time",
}
WHY_UNREAD = {
    Reason.PERMISSION: "For want of a permission:",
    Reason.LIMIT: "Because a limit was reached; it is tried again by itself:",
    Reason.FAULT: "Because of a fault, tried again with the next scan; a faulty file waits for its author:",
    None: "For another reason:",
}
"""In the order of the sections: what somebody can do something about comes first."""

MOST_FAMILIES = 30
"""Categories whose scores stand in one line; plug-ins may bring some of their own."""

WEB = re.compile(r"https?://[A-Za-z0-9.-]+(:\d{1,5})?/[A-Za-z0-9._-]+/[A-Za-z0-9._-]+")
ADDRESS = re.compile(
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
        fit = WEB.fullmatch(root) and _COMMIT.fullmatch(report.commit)
        return cls(root if fit else "", report.commit)

    def file(self, place: Place) -> str:
        """Address of a file's line at the commit."""
        if not self.root or not is_file_path(place.path):
            return ""
        lines = ""
        if place.line is not None and place.line > 0:
            lines = f"#L{place.line}"
            if place.end_line is not None and place.end_line > place.line:
                lines += f"-L{place.end_line}"
        return f"{self.root}/blob/{self.commit}/{quote(place.path or '', safe='/')}{lines}"

    def compared(self, commits: tuple[str, str]) -> str:
        """From one commit to another, linked if possible."""
        before, after = commits
        shown = code(f"{before[:10]}..{after[:10]}", limit=22)
        fit = self.root and _COMMIT.fullmatch(before) and _COMMIT.fullmatch(after)
        return f"[{shown}]({self.root}/compare/{before}...{after})" if fit else shown

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
        if place.line is not None and place.line > 0:
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
    followers: Sequence[Follower] = (),
) -> list[str]:
    """A fail: what, where, why it matters and how to mend it, under a heading of level four.

    Observations are left out, and counted, to stay within ``FINDING_BYTES``.

    Args:
        marks: a few words of ours beside the severity (``new``, ``since 2026-03-14``).
        most: how many observations to show at most.
        followers: findings that follow from it, told after its fix.
    """
    expected = f" · expected: {own(judgement.title)}" if judgement.title else ""
    head = [
        f"#### {code(judgement.check, limit=NAME)}: {prose(judgement.verdict.summary, limit=SENTENCE)}",
        "",
        f"{' · '.join([f'**{judgement.severity.label}**', *marks])}{expected}",
        "",
    ]
    tail = [*_advice(judgement), *_followers(links, followers)]
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


def listed_findings(
    page: Page,
    links: Links,
    seen: View,
    judgements: Sequence[Judgement],
    marks: Callable[[Judgement], Sequence[str]],
    *,
    most: int,
    elsewhere: str,
) -> None:
    """Add findings as far as there is room, those that follow from another together with it.

    Args:
        marks: a finding -> a few words of ours beside its severity.
        most: observations shown of each.
        elsewhere: a sentence that says where all are, for when there is no room.
    """
    groups = led(judgements)
    page.fill(
        groups,
        lambda group: finding(
            links,
            group.first,
            seen.evidence(group.first),
            marks=marks(group.first),
            most=most,
            followers=[Follower(j, seen.evidence(j), marks(j)) for j in group.followers],
        ),
        lambda left: (
            f"… and {count(in_all(groups[-left:]), 'more finding')} for which there is no room here. "
            f"{elsewhere}\n"
        ),
    )


@dataclass(frozen=True, slots=True)
class Follower:
    """A finding that is told together with the one that it follows from."""

    judgement: Judgement
    evidence: Sequence[Evidence]
    marks: Sequence[str] = ()


def _followers(links: Links, followers: Sequence[Follower]) -> list[str]:
    """What and where in few lines each: why and how to mend it is said by the page of the check."""
    if not followers:
        return []
    page = Page(FINDING_BYTES // 2)
    page.fill(
        followers,
        lambda item: _follower(links, item),
        lambda left: f"- … and {count(left, 'more finding')}",
    )
    return [FOLLOWING, "", *page.lines, ""]


def _follower(links: Links, item: Follower) -> list[str]:
    judgement = item.judgement
    weight = ", ".join([judgement.severity.label, *item.marks])
    said = prose(judgement.verdict.summary, limit=SENTENCE)
    shown, beyond = shorten(item.evidence, 3)
    return [
        f"- {code(judgement.check, limit=NAME)} ({weight}): {said}",
        *(f"  {observation(links, evidence, judgement)}" for evidence in shown),
        *([f"  - … and {count(beyond, 'more place')}"] if beyond else []),
    ]


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
    for address in ADDRESS.finditer(kept):
        parts += (_between(kept[end : address.start()]), f"<{address[0]}>")
        end = address.end()
    return "".join([*parts, _between(kept[end:]), rest])


def _between(s: str) -> str:
    """Words beside an address, with the spaces that part them from it."""
    return f"{' ' if s[:1] == ' ' else ''}{prose(s, limit=len(s))}{' ' if s[1:].endswith(' ') else ''}"


def unread_section(
    page: Page,
    links: Links,
    judgements: Sequence[Judgement],
    changes: Mapping[str, Change],
    now: datetime,
    *,
    first_seen: Mapping[str, datetime] = MappingProxyType({}),
    room: int = 8_000,
) -> None:
    """Add what could not be judged, told apart by what hinders: permissions, limits, faults.

    One hindrance keeps many checks from judging, as a file that all of them read: it is told once.

    Args:
        now: when it was judged.
        first_seen: by check name, since when its last known verdict stands.
        room: as for ``listing``.
    """
    if not judgements:
        return
    section = Page(min(page.left, room) - 1)
    section.add("### Could not be judged", "")
    for reason, why in WHY_UNREAD.items():
        group = [j for j in judgements if j.verdict.reason is reason]
        group.sort(key=lambda j: j.verdict.permission or "")
        alike: dict[str, list[Judgement]] = {}
        for j in group:
            said = unread(links, j, changes.get(j.check), now, first_seen.get(j.check))
            alike.setdefault(said, []).append(j)
        part = Page(section.left)
        part.add(why, "")
        listed = Page(part.left - 1)
        _list_unread(listed, alike)
        if group:
            section.add(*part.lines, *listed.lines, "")
    page.add(*section.lines)


def _list_unread(page: Page, alike: Mapping[str, Sequence[Judgement]]) -> None:
    groups = tuple(alike.values())
    page.fill(
        tuple(alike.items()),
        lambda item: [f"- {names(item[1])}: {item[0]}"],
        lambda left: f"- … and {sum(map(len, groups[-left:])):,} more",
    )


def unread(
    links: Links, judgement: Judgement, change: Change | None, now: datetime, since: datetime | None = None
) -> str:
    """The rest of an unknown's list item: what could not be read and where, what stands, what would help.

    Args:
        now: when it was judged.
        since: when the last known verdict began.
    """
    verdict = judgement.verdict
    said = prose(verdict.summary.rstrip(". "), limit=SENTENCE)
    line = f"{said}."
    if change and change.before:
        line += f" Last known: {change.before.value}{f' since {day(since)}' if since else ''}"
        line += f", seen last on {aged(change.before_at, now)}." if change.before_at else "."
    if verdict.permission:
        line += f" Granting the App {code(verdict.permission, limit=NAME)} would answer it."
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


def exempted(item: Exempted) -> str:
    """A check that policy switched off, with the reason."""
    return f"- {code(item.check, limit=NAME)}: {prose(item.reason, limit=SENTENCE) or 'no reason given'}"


def wish(item: Wish) -> str:
    """An exemption that waits, with the command that approves it."""
    return (
        f"- {code(item.check, limit=NAME)} until {item.until.isoformat()}: "
        f"`/plumbline approve exemption {item.id}`. Reason: {prose(item.reason, limit=SENTENCE)}"
    )


def outcome_line(judgement: Judgement) -> str:
    """One line of the list of all checks."""
    said = prose(judgement.verdict.summary, limit=200)
    return (
        f"- {SYMBOLS[judgement.outcome]} {judgement.outcome.value} · "
        f"{code(judgement.check, limit=NAME)} ({judgement.severity.label})"
        f"{f': {said}' if said else ''}"
    )


def mark(seen: View, judgement: Judgement) -> list[str]:
    """``new``, ``worse`` or ``newly visible`` for a fail that became so; nothing for others."""
    change = seen.changes.get(judgement.check)
    fails = change is not None and judgement.outcome is Outcome.FAIL
    return [_BECAME_SO[change.kind]] if change and fails and change.kind in _BECAME_SO else []


def changed(seen: View, word: str, judgement: Judgement) -> str:
    """A change as a list item, with its cause; on a proposal that is always its own commits."""
    why = "" if seen.proposal else _because(seen, seen.changes[judgement.check])
    return (
        f"- **{word}:** {code(judgement.check, limit=NAME)} ({judgement.severity.label}), "
        f"{prose(judgement.verdict.summary, limit=SENTENCE)}{f' ({why})' if why else ''}"
    )


def _because(seen: View, change: Change) -> str:
    """Why something changed. A number with ``#`` would make a reference, so pull requests go without."""
    if change.cause == Cause.COMMIT and change.pull_request is not None:
        return f"by pull request {change.pull_request}"
    if change.cause == Cause.COMMIT and change.commits is not None:
        return f"by commits {Links.of(seen.report).compared(change.commits)}"
    return CAUSES[Cause(change.cause)] if change.cause in CAUSES else ""


def score_line(scored: Scored) -> str:
    """Score, grade, coverage, and what moved the score since the last report."""
    score = scored.score
    letter = grade(score)
    said = f"**Health {score.value} of 100 ({letter.value})**" if letter else "**Health: not judged**"
    line = f"{said}, coverage {score.coverage} %." if score.coverage is not None else f"{said}."
    if score.exempted:
        line += f" {count(score.exempted, 'exempted check')} {'counts' if score.exempted == 1 else 'count'} "
        line += "neither way."
    return f"{line} {_moved(scored.change)}".rstrip()


def _moved(change: ScoreChange | None) -> str:
    if change is None or not change.parts:
        return ""
    difference = change.after - change.before
    how = (
        f"{count(abs(difference), 'point')} {'more' if difference > 0 else 'less'} than in the last report"
        if difference
        else "As many points as in the last report"
    )
    parts = ", ".join(f"{'+' if n > 0 else '−'}{abs(n)} {POINTS[cause]}" for cause, n in change.parts)
    return f"{how}: {parts}."


def trend_line(scored: Scored) -> str:
    """The trend as bars and in words; empty below two points."""
    words = trend_in_words(scored.trend)
    return f"Trend: `{sparkline(scored.trend)}` {words}." if words else ""


def families_line(scored: Scored) -> str:
    """The scores of the categories, where there are several; empty else."""
    judged = [(name, score, letter) for name, score in scored.families if (letter := grade(score))]
    if len(judged) < 2:
        return ""
    shown, beyond = shorten(judged, MOST_FAMILIES)
    listed = ", ".join(
        f"{code(name or 'other', limit=60)} {score.value} ({letter.value})" for name, score, letter in shown
    )
    return f"By category: {listed}{f' and {beyond:,} more' if beyond else ''}."


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


def count(number: int, noun: str, many: str = "") -> str:
    """``1 finding``, ``1,204 findings``; ``many`` where an ``s`` is not enough."""
    return f"{number:,} {noun if number == 1 else many or noun + 's'}"


def moment(at: datetime) -> str:
    """A moment in UTC, to the minute."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def aged(at: datetime, now: datetime) -> str:
    """A day in UTC, and how long before ``now`` it was."""
    days = (now - at).days
    return f"{day(at)}, {count(days, 'day')} before this report" if days > 0 else day(at)


def day(at: datetime) -> str:
    """A day in UTC."""
    return f"{at.astimezone(UTC):%Y-%m-%d}"


def names(judgements: Sequence[Judgement], most: int = 20) -> str:
    """Names of checks as a sentence's part: ``a``, ``b`` and 3 more."""
    shown, beyond = shorten(judgements, most)
    listed = ", ".join(code(j.check, limit=60) for j in shown)
    return f"{listed} and {beyond:,} more" if beyond else listed
