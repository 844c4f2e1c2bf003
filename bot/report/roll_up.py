"""The organisation's report: one page about all repositories, for those who look after many.

It names restricted findings, so it is written to a private repository or nowhere. Every list is cut
to what a page can hold before anything is written, and says how much was left out.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from fractions import Fraction
from heapq import nsmallest
from typing import TypeVar

from bot.model.facts import Repository
from bot.model.scores import Cause, Point, Score, Scored
from bot.model.verdicts import Audience, Outcome, Reason, Severity
from bot.ports import Sample, StoredOutcome, StoredVerdict
from bot.report.budget import ISSUE_BODY, Page, shorten, size
from bot.report.fragments import NAME, SENTENCE, WEB, count, day, moment, own, score_line, trend_line
from bot.report.health_issue import RenderedIssue
from bot.report.inert import code, prose
from bot.report.score import WEIGHTS, bar, by_family, grade, score_of, together, weighed

TITLE = "Health of all repositories"

ANEW_BOX = "- [ ] write this page anew"
"""Ticking it asks for a new page; the next one clears it."""

RECENT = timedelta(days=7)
"""For how long a regression is told."""

SOON = timedelta(days=30)
"""How far ahead the ends of exemptions are told."""

MOST_GROUPS = 25
MOST_FAMILIES = 12
MOST_LISTED = 25
"""Repositories, teams, checks or exemptions in one list."""

_MARKED = "<!-- plumbline:roll-up:1 installation={installation_id} content={digest} -->"
_MARKER = re.compile(
    r"\A<!-- plumbline:roll-up:1 installation=(?P<installation>\d{1,19}) content=[0-9a-f]{32} -->"
)
_TICKED = re.compile(r"^- \[[xX]\] write this page anew\s*$", re.MULTILINE)
REGRESSIONS = frozenset({Cause.COMMIT, Cause.OUTSIDE, Cause.TIME})

REST = "all others"
"""The heat map's last row, where there are too many groups."""

T = TypeVar("T")

Group = tuple[str, int, Score, Mapping[str, Score]]
"""Its name, how many repositories it has, its score, and that of each category."""


@dataclass(frozen=True, slots=True)
class Member:
    """A repository as the roll-up sorts it.

    Args:
        group: the heat map's row.
        teams: who owns it, as far as that is known.
        severities: check -> what the organisation's policy says that it matters here.
        custom: the checks that policy defines for it, by name.
    """

    repository: Repository
    group: str
    teams: tuple[str, ...] = ()
    severities: Mapping[str, Severity] = field(default_factory=dict)
    custom: Mapping[str, About] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class About:
    """What reports need of a check.

    Args:
        severity: its own, None where that is not known.
        audience: who may know of its verdicts.
        rule_version: what verdicts of this rule are kept with.
    """

    family: str
    title: str = ""
    fix: str = ""
    severity: Severity | None = None
    audience: Audience = Audience.RESTRICTED
    rule_version: int = 1


@dataclass(frozen=True, slots=True)
class Named:
    """A check in a repository, with what is told of it."""

    repository: Repository
    outcome: StoredOutcome


@dataclass(frozen=True, slots=True)
class Fix:
    """What mending a check everywhere would bring.

    A finding of which all observations matter less than their check weighs less, too; mended, the
    check weighs all that it can.

    Args:
        passed: weight that would pass.
        judged: by how much more weight would pass or fail.
        repositories: in which it fails.
    """

    check: str
    passed: int
    judged: int
    repositories: int

    def after(self, score: Score) -> Score:
        """A score once this is done."""
        return Score(score.passed + self.passed, score.judged + self.judged)

    def gain(self, score: Score) -> Fraction:
        """Points of score that it brings, not rounded."""
        after = self.after(score)
        return Fraction(100 * after.passed, after.judged) - Fraction(100 * score.passed, score.judged)


@dataclass(frozen=True, slots=True)
class Missing:
    """What granting a permission would answer: that weight, of so many checks in so many repositories."""

    permission: str
    weight: int
    checks: int
    repositories: int


@dataclass(frozen=True, slots=True)
class Team:
    """What a team's repositories come to; ``findings`` by severity."""

    slug: str
    repositories: int
    findings: Mapping[Severity, int]
    score: Score


@dataclass(frozen=True, slots=True)
class RollUp:
    """The numbers of an organisation.

    Args:
        families: their names, those of the heat map's columns.
        groups: in the order they shall have.
        regressions: fails that came lately through the repository, the worst first.
        fixes: the most useful first.
        unread: reason -> (checks, repositories).
        missing: permissions, the most useful first.
        ending: exemptions that end soon, the first to end first.
        exempted: how many exemptions are in force.
        lowest: (repository, score), the lowest first.
        custom: the checks that policy defines for some of the repositories, by name; without texts
            where it defines several of one name.
    """

    repositories: int
    score: Score
    findings: Mapping[Severity, int]
    families: tuple[str, ...]
    groups: tuple[Group, ...]
    regressions: tuple[Named, ...]
    regressed: int
    fixes: tuple[Fix, ...]
    teams: tuple[Team, ...]
    unread: Mapping[str, tuple[int, int]]
    missing: tuple[Missing, ...]
    ending: tuple[Named, ...]
    exempted: int
    lowest: tuple[tuple[Repository, Score], ...]
    custom: Mapping[str, About] = field(default_factory=dict)


@dataclass
class _Tally:
    weight: int = 0
    mended: int = 0
    checks: int = 0
    repositories: set[int] = field(default_factory=set)


def sum_up(
    members: Iterable[tuple[Member, Sequence[StoredOutcome]]],
    checks: Mapping[str, About],
    now: datetime,
    *,
    order: Sequence[str] = (),
) -> RollUp:
    """Count what is known of all repositories; each is looked at once and not kept.

    Args:
        members: repositories that were judged.
        checks: those that exist for all; verdicts of others are passed over, unless policy defines
            them for that repository.
        order: names of groups, first those that shall come first; others follow by name.
    """
    gathered = _Gathering(checks, now)
    for member, outcomes in members:
        gathered.add(member, outcomes)
    return gathered.result(order)


class _Gathering:
    def __init__(self, checks: Mapping[str, About], now: datetime) -> None:
        self._checks, self._now = checks, now
        self._repositories = 0
        self._families: defaultdict[tuple[str, str], list[Score]] = defaultdict(list)
        self._groups: defaultdict[str, list[Score]] = defaultdict(list)
        self._findings: Counter[Severity] = Counter()
        self._regressions: list[Named] = []
        self._failing: defaultdict[str, _Tally] = defaultdict(_Tally)
        self._teams: defaultdict[str, list[tuple[Score, Counter[Severity]]]] = defaultdict(list)
        self._unread: defaultdict[str, _Tally] = defaultdict(_Tally)
        self._missing: defaultdict[str, _Tally] = defaultdict(_Tally)
        self._ending: list[Named] = []
        self._exempted = 0
        self._scores: list[tuple[Repository, Score]] = []
        self._custom: dict[str, About] = {}

    def add(self, member: Member, outcomes: Sequence[StoredOutcome]) -> None:
        repository = member.repository
        checks = self._checks
        if member.custom:
            checks = {**member.custom, **checks}
            self._note(member.custom)
        known = [o for o in outcomes if o.check in checks]
        counted = [weighed(o, checks[o.check].family) for o in known]
        score = score_of(counted)
        self._repositories += 1
        self._groups[member.group].append(score)
        for family, part in by_family(counted):
            self._families[member.group, family].append(part)
        if score.value is not None:
            self._scores.append((repository, score))
        findings: Counter[Severity] = Counter()
        for outcome, check in zip(known, counted, strict=True):
            named = Named(repository, outcome)
            if check.exempt:
                self._exempted += 1
                if outcome.exempt_until and outcome.exempt_until - self._now.date() <= SOON:
                    self._ending.append(named)
                continue
            if check.outcome is Outcome.FAIL:
                findings[check.severity] += 1
                failing = self._failing[check.check]
                _count(failing, outcome, repository)
                own = checks[check.check].severity
                full = member.severities.get(check.check, check.severity if own is None else own)
                failing.mended += WEIGHTS[full]
                if outcome.cause in REGRESSIONS and self._now - outcome.since <= RECENT:
                    self._regressions.append(named)
            if not check.known:
                _count(self._unread[outcome.reason or outcome.last_outcome], outcome, repository)
                if outcome.permission:
                    _count(self._missing[outcome.permission], outcome, repository)
        self._findings += findings
        for team in set(member.teams):
            self._teams[team].append((score, findings))

    def _note(self, custom: Mapping[str, About]) -> None:
        for name, about in custom.items():
            if self._custom.setdefault(name, about) != about:
                self._custom[name] = About(about.family)

    def result(self, order: Sequence[str]) -> RollUp:
        scores = {name: together(parts) for name, parts in self._groups.items()}
        ranks = {name: number for number, name in enumerate(order)}
        names = sorted(scores, key=lambda name: (ranks.get(name, len(ranks)), name))
        columns = sorted({family for _, family in self._families})
        # One critical finding somewhere would cap the grade of thousands of repositories.
        score = replace(together(scores.values()), worst=None)
        return RollUp(
            repositories=self._repositories,
            score=score,
            findings=dict(self._findings),
            families=tuple(columns),
            groups=tuple((name, len(self._groups[name]), scores[name], self._row(name)) for name in names),
            regressions=tuple(nsmallest(MOST_LISTED, self._regressions, key=_worst)),
            regressed=len(self._regressions),
            fixes=self._fixes(score),
            teams=tuple(sorted((self._team(slug) for slug in self._teams), key=_worst_team)),
            unread={why: (tally.checks, len(tally.repositories)) for why, tally in self._unread.items()},
            missing=tuple(
                Missing(permission, tally.weight, tally.checks, len(tally.repositories))
                for permission, tally in sorted(
                    self._missing.items(), key=lambda item: (-item[1].weight, item[0])
                )
            ),
            ending=tuple(sorted(self._ending, key=_first_to_end)),
            exempted=self._exempted,
            lowest=tuple(nsmallest(MOST_LISTED, self._scores, key=_lowest)),
            custom=self._custom,
        )

    def _fixes(self, score: Score) -> tuple[Fix, ...]:
        fixes = [
            Fix(check, tally.mended, tally.mended - tally.weight, len(tally.repositories))
            for check, tally in self._failing.items()
        ]
        return tuple(sorted(fixes, key=lambda fix: (-fix.gain(score), fix.check)))

    def _row(self, group: str) -> dict[str, Score]:
        return {family: together(parts) for (name, family), parts in self._families.items() if name == group}

    def _team(self, slug: str) -> Team:
        owned = self._teams[slug]
        findings: Counter[Severity] = sum((found for _, found in owned), Counter())
        return Team(slug, len(owned), dict(findings), together(score for score, _ in owned))


def _count(tally: _Tally, outcome: StoredOutcome, repository: Repository) -> None:
    tally.weight += WEIGHTS[Severity(outcome.severity)]
    tally.checks += 1
    tally.repositories.add(repository.id)


def _worst(named: Named) -> tuple[int, float, str, str]:
    outcome = named.outcome
    return -outcome.severity, -outcome.since.timestamp(), named.repository.full_name, outcome.check


def _worst_team(team: Team) -> tuple[list[int], str]:
    return [-team.findings.get(severity, 0) for severity in reversed(Severity)], team.slug


def _first_to_end(named: Named) -> tuple[date, str, str]:
    return named.outcome.exempt_until or date.max, named.repository.full_name, named.outcome.check


def _lowest(scored: tuple[Repository, Score]) -> tuple[int, int, str]:
    repository, score = scored
    return score.value or 0, -score.judged, repository.full_name


def render_roll_up(
    installation_id: int,
    found: RollUp,
    checks: Mapping[str, About],
    now: datetime,
    *,
    own_verdicts: Sequence[StoredVerdict] = (),
    samples: Sequence[Sample] = (),
    points: float = 0.0,
    waiting: int = 0,
) -> RenderedIssue:
    """The page.

    Args:
        waiting: exemptions that a second person has to approve.
        own_verdicts: about the organisation itself.
        samples: of days before, oldest first.
        points: what reading cost on the day before.
    """
    checks = {**found.custom, **checks}
    headline = _headline(found)
    head = [*_standing(found, samples, now), headline, ""]
    foot = ["---", "", _footer(found, points, now), "", ANEW_BOX]
    marker = _MARKED.format(installation_id=installation_id, digest="0" * 32)
    page = Page(ISSUE_BODY - sum(size(line) + 1 for line in (marker, *head, *foot)))
    _fixes(page, found, checks)
    _regressions(page, found)
    _heat_map(page, found)
    _organisation(page, own_verdicts)
    _teams(page, found)
    _coverage(page, found)
    _exemptions(page, found, waiting)
    _lowest_scores(page, found)
    # Trend, cost and time are no reason to write.
    digest = _digest([repr(found.score), headline, *page.lines])
    marker = _MARKED.format(installation_id=installation_id, digest=digest)
    return RenderedIssue(TITLE, "\n".join([marker, *head, *page.lines, *foot]), digest)


def render_withdrawn(installation_id: int) -> RenderedIssue:
    """What stands in the page's place once others can read it."""
    marker = _MARKED.format(installation_id=installation_id, digest="0" * 32)
    said = "This repository was made public, so the report on the organisation's repositories was taken away."
    return RenderedIssue(TITLE, f"{marker}\n{said}", "")


def is_roll_up(body: str) -> bool:
    """Whether a body carries our marker. Whoever asks also makes sure that we wrote the issue."""
    return _MARKER.match(body) is not None


def wants_anew(body: str) -> bool:
    """Whether somebody ticked the box."""
    return is_roll_up(body) and _TICKED.search(body.replace("\r\n", "\n")) is not None


def _digest(lines: Iterable[str]) -> str:
    joined = "\0".join(lines)
    return hashlib.sha256(joined.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _standing(found: RollUp, samples: Sequence[Sample], now: datetime) -> list[str]:
    today = now.date()
    points = [Point(s.day, s.score.value) for s in samples if s.day < today and s.score.value is not None]
    if found.score.value is not None:
        points.append(Point(today, found.score.value))
    scored = Scored(found.score, trend=tuple(points))
    lines = (score_line(scored), trend_line(scored))
    return [part for line in lines if line for part in (line, "")]


def _headline(found: RollUp) -> str:
    over = f"{count(found.repositories, 'repository', 'repositories')} judged"
    named = ", ".join(f"{found.findings[s]:,} {s.label}" for s in reversed(Severity) if found.findings.get(s))
    total = sum(found.findings.values())
    return f"{over}; {count(total, 'finding')}{f': {named}' if named else ''}."


def _footer(found: RollUp, points: float, now: datetime) -> str:
    cost = ""
    if points:
        each = points / max(1, found.repositories)
        cost = (
            f" Reading cost {points:,.1f} points of GitHub's API yesterday, {each:.2f} for each repository."
        )
    return f"Written {moment(now)} from what is kept of each repository.{cost}"


def _fixes(page: Page, found: RollUp, checks: Mapping[str, About]) -> None:
    if not found.fixes or not found.score.judged:
        return
    best = found.fixes[0]
    after = best.after(found.score).value
    about = checks.get(best.check, About(""))
    page.add(
        "### The one fix that would help most",
        "",
        f"{code(best.check, limit=NAME)} fails in "
        f"{count(best.repositories, 'repository', 'repositories')}; "
        f"mended in all of them it would raise the score from {found.score.value} to {after}."
        f"{f' **Fix:** {own(about.fix)}' if about.fix else ''}",
        "",
    )
    if len(found.fixes) > 1:
        page.add("Checks by what mending them everywhere would bring:", "")
        _table(
            page,
            ("Check", "Fails in", "Points of score"),
            found.fixes,
            lambda f: (code(f.check, limit=NAME), f"{f.repositories:,}", f"{float(f.gain(found.score)):.1f}"),
            10,
        )


def _regressions(page: Page, found: RollUp) -> None:
    if not found.regressions:
        return
    page.add(f"### Worst regressions of the last {RECENT.days} days", "")
    section = Page(min(page.left, 9_000))
    beyond = found.regressed - len(found.regressions)
    rest = section.fill(
        found.regressions,
        lambda named: [_regression(named)],
        lambda left: f"- … and {count(left + beyond, 'more regression')}",
    )
    if beyond and not rest:
        section.add(f"- … and {count(beyond, 'more regression')}")
    page.add(*section.lines, "")


def _regression(named: Named) -> str:
    outcome = named.outcome
    by = f", by pull request {outcome.pull_request}" if outcome.pull_request else ""
    return (
        f"- {_link(named.repository)}: {code(outcome.check, limit=NAME)} "
        f"({Severity(outcome.severity).label}) since {day(outcome.since)}{by}"
    )


def _heat_map(page: Page, found: RollUp) -> None:
    if not found.families:
        return
    columns, more = shorten(found.families, MOST_FAMILIES)
    page.add("### Scores by group and category", "")
    groups, beyond = shorten(found.groups, MOST_GROUPS)
    rows = [*groups, *([merged(found.groups[MOST_GROUPS:])] if beyond else [])]
    heading = ("Group", "Repositories", "Score", *(code(name or "other", limit=60) for name in columns))
    _table(page, heading, rows, lambda row: _group_row(row, columns), len(rows))
    page.add("A bar of eight steps stands beside each score; – means that nothing was judged.", "")
    if more:
        page.add(f"{count(more, 'more category', 'more categories')} have no column here.", "")


def _group_row(group: Group, columns: Sequence[str]) -> list[str]:
    name, repositories, score, families = group
    cells = [_cell(families.get(column, Score())) for column in columns]
    return [_name(name), f"{repositories:,}", _cell(score), *cells]


def merged(groups: Sequence[Group]) -> Group:
    """Groups for which there is no room of their own, as one."""
    families = {family for _, _, _, row in groups for family in row}
    rows = {f: together(row[f] for _, _, _, row in groups if f in row) for f in families}
    return REST, sum(g[1] for g in groups), together(g[2] for g in groups), rows


def _cell(score: Score) -> str:
    return "–" if score.value is None else f"{bar(score.value)} {score.value}"


def _organisation(page: Page, verdicts: Sequence[StoredVerdict]) -> None:
    asked = [v for v in verdicts if not v.off]
    if not asked:
        return
    passing = sum(v.outcome == Outcome.PASS for v in asked)
    page.add("### The organisation itself", "", f"{passing} of {count(len(asked), 'check')} pass.", "")
    told = [v for v in asked if v.outcome == Outcome.FAIL or v.last_outcome != v.outcome]
    told += [v for v in asked if v not in told and v.outcome not in (Outcome.PASS, Outcome.NOT_APPLICABLE)]
    told.sort(key=lambda v: (-v.severity, v.check))
    section = Page(min(page.left, 8_000))
    section.fill(told, lambda v: [_own_finding(v)], lambda left: f"- … and {count(left, 'more check')}")
    if section.lines:
        page.add(*section.lines, "")


def _own_finding(verdict: StoredVerdict) -> str:
    said = f"{verdict.outcome}"
    if verdict.last_outcome != verdict.outcome:
        said += f" as of {day(verdict.judged_at)}, now {verdict.last_outcome}"
    exempt = f", exempt until {verdict.exempt_until}" if verdict.exempt_until else ""
    helps = (
        f" Granting the App {code(verdict.permission, limit=NAME)} would help." if verdict.permission else ""
    )
    return (
        f"- {code(verdict.check, limit=NAME)} ({Severity(verdict.severity).label}): {said}{exempt}: "
        f"{prose(verdict.summary.rstrip('. '), limit=SENTENCE)}.{helps}"
    )


def _teams(page: Page, found: RollUp) -> None:
    if not found.teams:
        return
    shown = tuple(reversed(Severity))
    page.add("### Findings by owning team", "")
    heading = ("Team", "Repositories", "Score", *(severity.label for severity in shown))
    _table(page, heading, found.teams, lambda team: _team_row(team, shown), MOST_LISTED)


def _team_row(team: Team, severities: Sequence[Severity]) -> list[str]:
    findings = (f"{team.findings.get(severity, 0):,}" for severity in severities)
    return [_name(team.slug), f"{team.repositories:,}", _cell(team.score), *findings]


def _coverage(page: Page, found: RollUp) -> None:
    if not found.unread:
        return
    page.add("### What could not be judged", "")
    if found.missing:
        best = found.missing[0]
        known, asked = found.score.known, found.score.asked
        after = Score(known=min(asked, known + best.weight), asked=asked).coverage
        page.add(
            f"The permission that would help most is {code(best.permission, limit=NAME)}: granted to the App "
            f"it would answer {count(best.checks, 'question')} in "
            f"{count(best.repositories, 'repository', 'repositories')} and raise the coverage from "
            f"{found.score.coverage} % to {after} %.",
            "",
        )
    _table(
        page,
        ("Because of", "Verdicts", "Repositories"),
        sorted(found.unread.items()),
        lambda item: (WHY.get(item[0], item[0]), *(f"{n:,}" for n in item[1])),
        MOST_LISTED,
    )
    if len(found.missing) > 1:
        _table(
            page,
            ("Permission that is not granted", "Verdicts", "Repositories"),
            found.missing,
            lambda m: (code(m.permission, limit=NAME), f"{m.checks:,}", f"{m.repositories:,}"),
            MOST_LISTED,
        )


WHY = {
    Reason.PERMISSION.value: "a permission that is not granted",
    Reason.LIMIT.value: "a limit that was reached",
    Reason.FAULT.value: "a fault",
    Outcome.ERROR.value: "a check that crashed",
    Outcome.UNKNOWN.value: "another reason",
}


def _exemptions(page: Page, found: RollUp, waiting: int) -> None:
    if not (found.exempted or waiting):
        return
    page.add("### Exemptions", "", f"{count(found.exempted, 'exemption')} in force.", "")
    if waiting:
        page.add(
            f"{count(waiting, 'exemption')} {'waits' if waiting == 1 else 'wait'} for a second person; "
            "`plumbline exemptions list` names them.",
            "",
        )
    if not found.ending:
        return
    page.add(f"Those that end within {SOON.days} days:", "")
    _table(page, ("Last day", "Repository", "Check", "Reason"), found.ending, _ending_row, MOST_LISTED)


def _ending_row(named: Named) -> list[str]:
    outcome = named.outcome
    reason = _in_cell(prose(outcome.exempt_reason, limit=200))
    return [str(outcome.exempt_until), _link(named.repository), code(outcome.check, limit=NAME), reason]


def _lowest_scores(page: Page, found: RollUp) -> None:
    low = [
        (r, score, letter)
        for r, score in found.lowest
        if score.worst is not None and (letter := grade(score))
    ]
    if low:
        page.add("### Repositories with the lowest scores", "")
        _table(
            page,
            ("Repository", "Score", "Grade", "Coverage"),
            low,
            lambda row: (_link(row[0]), _cell(row[1]), row[2].value, f"{row[1].coverage} %"),
            MOST_LISTED,
        )


def _table(
    page: Page, heading: Sequence[str], items: Sequence[T], write: Callable[[T], Sequence[str]], most: int
) -> None:
    """A table of the first ``most`` items, and how many were left out.

    Args:
        write: item -> its cells.
    """
    shown, beyond = shorten(items, most)
    page.add(f"| {' | '.join(heading)} |", f"|{' --- |' * len(heading)}")
    for at, item in enumerate(shown):
        if not page.add(f"| {' | '.join(write(item))} |"):
            beyond += len(shown) - at
            break
    page.add("", *([f"… and {beyond:,} more.", ""] if beyond else []))


def _link(repository: Repository) -> str:
    name = _in_cell(code(repository.full_name, limit=NAME))
    return f"[{name}]({repository.html_url})" if WEB.fullmatch(repository.html_url) else name


def _name(text: str) -> str:
    return _in_cell(code(text, limit=60))


def _in_cell(markdown: str) -> str:
    # A pipe would end the cell of a table, inside of code, too.
    return markdown.replace("\\|", "¦").replace("|", "¦")
