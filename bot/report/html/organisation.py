"""The page of an organisation: all its repositories at a glance, and what to do first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from bot.model.facts import Repository
from bot.model.scores import Point, Score
from bot.model.verdicts import Outcome, Severity
from bot.ports import Sample, StoredOutcome, StoredVerdict
from bot.report.budget import shorten
from bot.report.html import charts, page
from bot.report.inert import visible
from bot.report.roll_up import (
    MOST_FAMILIES,
    MOST_GROUPS,
    MOST_LISTED,
    RECENT,
    SOON,
    WHY,
    About,
    Group,
    RollUp,
    merged,
)
from bot.report.score import score_of, together, trend_in_words, weighed

LIMIT = 6_000_000
"""Bytes of a page: 10,000 repositories with names of usual length."""

MOST_REPOSITORIES = 20_000
MOST_FIXES = 15

BINS = 10
"""Columns of the distribution: each holds ten points, the last 100 as well."""

SHOWN = tuple(reversed(Severity))


@dataclass(frozen=True, slots=True)
class Row:
    """One repository in the table of all.

    Args:
        findings: how many checks fail, by severity.
        unread: how many checks could not be judged.
    """

    repository: Repository
    group: str
    score: Score
    findings: Mapping[Severity, int] = field(default_factory=dict)
    unread: int = 0


@dataclass(frozen=True, slots=True)
class Help:
    """What granting the most helpful permission would bring; ``after`` is the coverage then."""

    permission: str
    checks: int
    repositories: int
    after: int | None


@dataclass(frozen=True, slots=True)
class Told:
    """What goes beside the numbers.

    Args:
        own_verdicts: about the organisation itself.
        samples: of days before, oldest first.
        points: what reading cost today, in points of GitHub's API.
        notes: what a reader must know first, as that not all was read; plain sentences.
        public: the page is published: what came in is what everybody may see, and what only members
            know (teams, trend, cost, the organisation's settings) is left out.
    """

    own_verdicts: Sequence[StoredVerdict] = ()
    samples: Sequence[Sample] = ()
    points: float = 0.0
    notes: Sequence[str] = ()
    public: bool = False


def row_of(
    repository: Repository, group: str, outcomes: Iterable[StoredOutcome], checks: Mapping[str, About]
) -> Row:
    """What the table says of a repository with these verdicts."""
    counted = [weighed(o, checks[o.check].family) for o in outcomes if o.check in checks]
    findings: dict[Severity, int] = {}
    for check in counted:
        if check.outcome is Outcome.FAIL and not check.exempt:
            findings[check.severity] = findings.get(check.severity, 0) + 1
    unread = sum(not check.known and not check.exempt for check in counted)
    return Row(repository, group, score_of(counted), findings, unread)


def organisation_page(
    login: str,
    found: RollUp,
    rows: Iterable[Row],
    checks: Mapping[str, About],
    now: datetime,
    told: Told | None = None,
    *,
    version: str = "",
) -> str:
    """The page, one HTML document.

    Args:
        login: of the organisation.
        rows: every repository behind ``found``, in any order.
    """
    told = told or Told()
    checks = {**found.custom, **checks}
    ordered = worst_first(rows)
    shared = {"shown": SHOWN}
    listed, more = page.fill("repository_row.html", ordered, LIMIT - 700_000, MOST_REPOSITORIES, **shared)
    points = [] if told.public else _trend(found, told.samples, now)
    trend = trend_in_words(points)
    families = _families(found)
    bins = _bins(ordered)
    best = found.fixes[0] if found.fixes else None
    columns, more_columns = shorten(found.families, MOST_FAMILIES)
    return page.write(
        "organisation.html",
        plain_name=visible(login[:100]),
        login=login,
        found=found,
        told=told,
        now=now,
        checks=checks,
        shown=SHOWN,
        counts=[(s, found.findings[s]) for s in SHOWN if found.findings.get(s)],
        best=best,
        best_about=checks.get(best.check, About("")) if best else None,
        after=best.after(found.score).value if best else None,
        critical=_critical(ordered),
        worst=found.regressions[0] if found.regressions else None,
        helps=_helps(found),
        trend=trend,
        trend_chart=charts.trend("trend", "Score over time", trend, points),
        family_chart=charts.bars("families", "Score by category", _words(families), families),
        bin_chart=charts.columns("bins", "Repositories by score", _bin_words(bins), bins),
        columns=columns,
        more_columns=more_columns,
        groups=_groups(found),
        fixes=[(fix, float(fix.gain(found.score))) for fix in found.fixes[:MOST_FIXES]],
        more_fixes=max(0, len(found.fixes) - MOST_FIXES),
        own_verdicts=[] if told.public else _own(told.own_verdicts),
        teams=() if told.public else found.teams[:MOST_LISTED],
        more_teams=0 if told.public else max(0, len(found.teams) - MOST_LISTED),
        why=WHY,
        recent=RECENT.days,
        soon=SOON.days,
        most=MOST_LISTED,
        listed=listed,
        more=more,
        version=version,
        Severity=Severity,
    )


def worst_first(rows: Iterable[Row]) -> list[Row]:
    """In the order in which they need somebody."""
    return sorted(rows, key=_worst)


def _worst(row: Row) -> tuple[bool, int, int, int, str]:
    """The most critical findings first, then the most of high severity, then the lowest score."""
    score = row.score.value
    return (
        score is None,
        -row.findings.get(Severity.CRITICAL, 0),
        -row.findings.get(Severity.HIGH, 0),
        score or 0,
        row.repository.full_name,
    )


def _critical(ordered: Sequence[Row]) -> tuple[int, int, Repository] | None:
    """How many critical findings there are, in how many repositories, and which has the most."""
    hit = [row for row in ordered if row.findings.get(Severity.CRITICAL)]
    if not hit:
        return None
    return sum(row.findings[Severity.CRITICAL] for row in hit), len(hit), hit[0].repository


def _trend(found: RollUp, samples: Sequence[Sample], now: datetime) -> list[Point]:
    today = now.date()
    points = [Point(s.day, s.score.value) for s in samples if s.day < today and s.score.value is not None]
    return [*points, Point(today, found.score.value)] if found.score.value is not None else points


def _families(found: RollUp) -> list[tuple[str, Score]]:
    """(category, its score over all groups)."""
    return [
        (family, together(row[family] for _, _, _, row in found.groups if family in row))
        for family in found.families[:MOST_FAMILIES]
    ]


def _words(families: Sequence[tuple[str, Score]]) -> str:
    judged = [(name, score.value) for name, score in families if score.value is not None]
    return ", ".join(f"{name or 'other'} {value}" for name, value in judged)


def _bins(rows: Sequence[Row]) -> list[tuple[str, int]]:
    """(lowest score, number of repositories) of each column; then those without a score."""
    counts = [0] * BINS
    none = 0
    for row in rows:
        if row.score.value is None:
            none += 1
        else:
            counts[min(BINS - 1, row.score.value // (100 // BINS))] += 1
    last = BINS - 1
    named = [(f"{at * 10}+" if at == last else f"{at * 10}", number) for at, number in enumerate(counts)]
    return [*named, ("none", none)] if none else named


def _bin_words(bins: Sequence[tuple[str, int]]) -> str:
    parts = []
    for at, number in bins:
        if number:
            span = "without a score" if at == "none" else f"from {at.rstrip('+')}"
            parts.append(f"{number:,} {span}")
    return ", ".join(parts)


def _groups(found: RollUp) -> list[Group]:
    groups, beyond = shorten(found.groups, MOST_GROUPS)
    return [*groups, *([merged(found.groups[MOST_GROUPS:])] if beyond else [])]


def _helps(found: RollUp) -> Help | None:
    if not found.missing:
        return None
    best, score = found.missing[0], found.score
    after = Score(known=min(score.asked, score.known + best.weight), asked=score.asked).coverage
    return Help(best.permission, best.checks, best.repositories, after)


def _own(verdicts: Sequence[StoredVerdict]) -> list[StoredVerdict]:
    """What is to be told of the organisation itself, the worst first; passes last."""
    asked = [v for v in verdicts if not v.off and v.outcome != Outcome.NOT_APPLICABLE]
    return sorted(asked, key=lambda v: (v.outcome == Outcome.PASS, -v.severity, v.check))[:200]
