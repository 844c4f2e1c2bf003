"""The page of one repository: how it stands, what to do first, and everything behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from bot.model.errors import UserError
from bot.model.reports import Change, Report
from bot.model.scores import Cause, Score, ScoreChange, Scored
from bot.model.verdicts import Evidence, Judgement, Reason, Severity
from bot.report.budget import shorten
from bot.report.fragments import CAUSES, POINTS, WEB, WHY_UNREAD, Links, aged, mark
from bot.report.html import charts, page
from bot.report.inert import visible
from bot.report.score import WEIGHTS, by_family, score_of, trend_in_words, weighed_now
from bot.report.view import Led, View, for_everybody, in_all, led, view

LIMIT = 4_000_000
"""Bytes of a page: what a phone still opens, and a mail still carries."""

MOST_PLACES = 50
"""Observations shown of one finding."""

MOST_LISTED = 1_000
"""Items of one list."""

FIRST = 3
"""Steps that are named at the top."""

_COMMIT = frozenset("0123456789abcdef")


@dataclass(frozen=True, slots=True)
class Step:
    """Something to do, and by how many points it raises the score."""

    judgement: Judgement
    gain: int


@dataclass(frozen=True, slots=True)
class Finding:
    """A fail as the page shows it; ``beyond`` observations are left out, ``followers`` stand with it."""

    judgement: Judgement
    marks: Sequence[str]
    evidence: Sequence[Evidence]
    beyond: int
    followers: Sequence[Finding] = ()


@dataclass(frozen=True, slots=True)
class Changed:
    """A change, with a word for it and its cause."""

    word: str
    judgement: Judgement
    because: Markup


@dataclass(frozen=True, slots=True)
class Unread:
    """What could not be judged, and what stands meanwhile."""

    judgement: Judgement
    last: str


def repository_page(report: Report, *, public: bool = False, version: str = "") -> str:
    """The page, one HTML document.

    Args:
        public: the page is published, so it shows what everybody may see; else all that the report
            has, to whoever judged the repository with their own rights.
        version: of this program.

    Raises:
        UserError: the page shall be published and the repository is not public.
    """
    if public:
        if not report.repository.public:
            raise UserError(
                f"{visible(report.repository.full_name[:200])} is {report.repository.visibility.value}: "
                "there is nothing in its report that everybody may read"
            )
        report = for_everybody(report)
    seen = view(report, redact=False)
    # A score that is kept counts what the repository's readers may see; else this page's own counts.
    checks = [weighed_now(j) for j in seen.shown]
    scored = report.scored or Scored(score_of(checks), by_family(checks))
    links = Links.of(report)
    shared = {"links": links, "report": report}
    room = LIMIT - 200_000
    groups = led(seen.failing)
    findings, left = page.fill(
        "finding.html", [_finding(seen, group) for group in groups], room * 6 // 10, MOST_LISTED, **shared
    )
    unread = [
        (why, *page.fill("unread.html", group, room // 40, MOST_LISTED, **shared))
        for reason, why in WHY_UNREAD.items()
        if (group := _unread(seen, reason))
    ]
    changed, more_changed = page.fill("change.html", _changed(seen), room // 10, MOST_LISTED, **shared)
    listed, more_listed = page.fill("row.html", seen.shown, room // 6, MOST_LISTED, **shared)
    exempted, more_exempted = page.fill("exemption.html", report.exempted, room // 40, MOST_LISTED)
    expired, more_expired = page.fill("exemption.html", report.expired, room // 40, MOST_LISTED)
    trend = trend_in_words(scored.trend)
    return page.write(
        "repository.html",
        report=report,
        plain_name=visible(report.repository.full_name[:200]),
        seen=seen,
        scored=scored,
        links=links,
        public=public,
        address=report.repository.html_url if WEB.fullmatch(report.repository.html_url) else "",
        commit=_commit(report, links),
        moved=moved(scored.change),
        steps=_steps(seen, scored.score),
        helps=_helps(seen),
        clone=report.repository.id == 0,
        counts=[(s, n) for s in reversed(Severity) if (n := sum(j.severity is s for j in seen.failing))],
        trend=trend,
        trend_chart=charts.trend("trend", "Score over time", trend, scored.trend),
        family_chart=charts.bars("families", "Score by category", _in_words(scored), scored.families),
        findings=findings,
        more_findings=in_all(groups[len(groups) - left :]),
        changed=changed,
        more_changed=more_changed,
        unread=unread,
        exempted=exempted,
        more_exempted=more_exempted,
        expired=expired,
        more_expired=more_expired,
        listed=listed,
        more_listed=more_listed,
        version=version,
    )


def moved(change: ScoreChange | None) -> list[tuple[int, str]]:
    """(points, why) of what moved the score since the last report."""
    return [(points, POINTS[cause]) for cause, points in change.parts] if change else []


def _steps(seen: View, score: Score) -> list[Step]:
    """The findings that weigh most; each with what mending it alone would bring."""

    def gain(judgement: Judgement) -> int:
        if score.value is None:
            return 0
        # Mended, the check weighs all that it can, and not only what its lighter observations do.
        weight = WEIGHTS[judgement.severity if judgement.full is None else judgement.full]
        judged = score.judged + weight - WEIGHTS[judgement.severity]
        return 100 * min(judged, score.passed + weight) // judged - score.value

    return [Step(j, gain(j)) for j in seen.failing[:FIRST]]


def _helps(seen: View) -> tuple[str, int] | None:
    """The permission that would answer most, and how many checks."""
    wanted: dict[str, int] = {}
    for judgement in seen.unread:
        if judgement.verdict.permission:
            wanted[judgement.verdict.permission] = wanted.get(judgement.verdict.permission, 0) + 1
    return min(wanted.items(), key=lambda item: (-item[1], item[0]), default=None)


def _finding(seen: View, group: Led) -> Finding:
    judgement = group.first
    evidence, beyond = shorten(seen.evidence(judgement), MOST_PLACES)
    followers = tuple(_finding(seen, Led(j)) for j in group.followers)
    return Finding(judgement, mark(seen, judgement), evidence, beyond, followers)


def _unread(seen: View, reason: Reason | None) -> list[Unread]:
    group = [j for j in seen.unread if j.verdict.reason is reason]
    group.sort(key=lambda j: j.verdict.permission or "")
    return [Unread(j, _last(seen, seen.changes.get(j.check))) for j in group]


def _last(seen: View, change: Change | None) -> str:
    if change is None or change.before is None:
        return ""
    at = f", seen last on {aged(change.before_at, seen.report.judged_at)}" if change.before_at else ""
    return f"{change.before.value}{at}"


def _changed(seen: View) -> list[Changed]:
    return [Changed(word, j, _because(seen, seen.changes[j.check])) for word, j in seen.changed]


def _because(seen: View, change: Change) -> Markup:
    if change.cause == Cause.COMMIT and change.pull_request is not None:
        return Markup("by pull request {}").format(change.pull_request)
    if change.cause == Cause.COMMIT and change.commits is not None:
        before, after = change.commits
        root = Links.of(seen.report).root
        fit = root and _is_commit(before) and _is_commit(after)
        address = f"{root}/compare/{before}...{after}" if fit else ""
        return Markup("by commits {}").format(page.link(address, page.name(f"{before[:10]}..{after[:10]}")))
    return Markup("{}").format(CAUSES[Cause(change.cause)]) if change.cause in CAUSES else Markup()


def _commit(report: Report, links: Links) -> Markup:
    if not report.commit:
        return Markup("no commit yet")
    address = f"{links.root}/commit/{report.commit}" if links.root else ""
    return page.link(address, page.name(report.commit[:10]))


def _is_commit(oid: str) -> bool:
    return len(oid) in (40, 64) and _COMMIT.issuperset(oid)


def _in_words(scored: Scored) -> str:
    judged = [(name, score.value) for name, score in scored.families if score.value is not None]
    return ", ".join(f"{name or 'other'} {value}" for name, value in judged[:30])
