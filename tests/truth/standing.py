"""The second calculation of reports: how planned repositories stand, and the sums that pages show.

Written from ``docs/guide/score.md``, ``docs/guide/policy.md`` and the reference pages of the checks;
verdicts come from the oracle. Nothing here knows the code that scores, sums up or renders.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from fractions import Fraction
from functools import cached_property
from math import floor

from bot.model.verdicts import Outcome
from tests.truth.catalogue import catalogue
from tests.truth.oracle import (
    FAIL,
    NEEDS,
    NOT_APPLICABLE,
    OF_ORGANISATIONS,
    OF_REPOSITORIES,
    PASS,
    UNKNOWN,
)
from tests.truth.plans import OrganisationPlan, Plan
from tests.truth.policy import Force, PolicyPlan, Wait
from tests.truth.weights import AUDITS, lighter

SEVERITIES = ("critical", "high", "medium", "low", "info")
"""The worst first."""

WEIGHT = {"info": 1, "low": 2, "medium": 4, "high": 8, "critical": 16}
GRADES = ((90, "A"), (80, "B"), (70, "C"), (60, "D"), (50, "E"), (0, "F"))
AT_BEST = {"critical": "D", "high": "B"}
CAUSES = ("reading", "outside", "time", "commit")
"""Why a score moves, in the order in which the guide tells them apart; the others do not happen here."""


@dataclass(frozen=True)
class Line:
    """What is to be said of a check in a repository.

    Args:
        severity: of the finding, else of the check as policy has it.
        full: of the check as policy has it.
        told: what the latest look says.
        stands: the last known verdict; None when there never was one.
        wait: the exemption in force.
        lapsed: one that is over.
        since: the day on which what stands began.
        cause: why it changed at the latest look; "" where it did not.
        before: what stood before the latest look.
    """

    check: str
    severity: str
    full: str
    told: Outcome
    stands: Outcome | None
    since: date
    reason: str = ""
    permission: str = ""
    wait: Wait | None = None
    lapsed: Wait | None = None
    cause: str = ""
    before: Line | None = None

    @property
    def family(self) -> str:
        """The category of the check."""
        return catalogue()[self.check].family

    @property
    def public(self) -> bool:
        """Everybody may read it."""
        return catalogue()[self.check].public

    @property
    def fails(self) -> bool:
        """It counts as a finding."""
        return self.wait is None and self.stands is FAIL

    @property
    def unread(self) -> bool:
        """The latest look gave no answer."""
        return self.wait is None and self.told is UNKNOWN

    @property
    def regressed(self) -> bool:
        """It fails since the latest look, and through the repository."""
        return self.fails and self.told is FAIL and self.cause in ("outside", "time", "commit")

    @property
    def mended(self) -> bool:
        """It failed before the latest look, and does no more."""
        before = self.before.stands if self.before else None
        return before is FAIL and self.told in (PASS, NOT_APPLICABLE)


Lines = Mapping[str, Line]


@dataclass(frozen=True)
class Sum:
    """Weights, as the guide's formula names them; ``exempted`` and ``worst`` go beside."""

    passing: int = 0
    judged: int = 0
    answered: int = 0
    asked: int = 0
    exempted: int = 0
    worst: str | None = None

    @property
    def score(self) -> int | None:
        """Rounded down; None when nothing passes or fails."""
        return floor(Fraction(100 * self.passing, self.judged)) if self.judged else None

    @property
    def coverage(self) -> int | None:
        """Rounded down."""
        return floor(Fraction(100 * self.answered, self.asked)) if self.asked else None

    def grade(self, *, capped: bool = True) -> str | None:
        """The letter; findings cap that of a repository."""
        score = self.score
        if score is None:
            return None
        earned = next(letter for least, letter in GRADES if score >= least)
        cap = AT_BEST.get(self.worst or "") if capped else None
        return max(earned, cap) if cap else earned

    @property
    def bar(self) -> str:
        """As the heat map shows it: one of eight steps, then the number."""
        return "–" if self.score is None else f"{'▁▂▃▄▅▆▇█'[min(7, self.score * 8 // 100)]} {self.score}"


def sum_of(lines: Iterable[Line]) -> Sum:
    """The formula of the guide."""
    every = list(lines)
    counted = [line for line in every if line.wait is None]
    failing = {line.severity for line in counted if line.stands is FAIL}

    def weight(keep: Callable[[Line], bool]) -> int:
        return sum(WEIGHT[line.severity] for line in counted if keep(line))

    return Sum(
        passing=weight(lambda line: line.stands is PASS),
        judged=weight(lambda line: line.stands in (PASS, FAIL)),
        answered=weight(lambda line: line.told is not UNKNOWN),
        asked=weight(lambda _: True),
        exempted=len(every) - len(counted),
        worst=next((severity for severity in SEVERITIES if severity in failing), None),
    )


def exactly(total: Sum) -> Fraction:
    """The score before it is rounded down."""
    return Fraction(100 * total.passing, total.judged)


# One repository


@dataclass(frozen=True)
class Looking:
    """How it is looked at: the same for all repositories of a look."""

    organisation: OrganisationPlan
    policy: PolicyPlan
    lacking: frozenset[str]
    today: date


def look(
    plan: Plan, at: Looking, before: Lines | None = None, *, commit_came: bool = True
) -> dict[str, Line] | None:
    """What is to be said of a repository; None when it is not judged.

    Args:
        before: what was to be said when it was last looked at.
        commit_came: since then.
    """
    if plan.empty or not at.policy.enrols(plan):
        return None
    force = at.policy.force(plan)
    found = {}
    for check, expected in OF_REPOSITORIES.items():
        if check in force.off:
            continue
        lacking = sorted(NEEDS.get(check, frozenset()) & at.lacking)
        told = UNKNOWN if lacking else expected(plan, at.organisation)
        if check == "readme" and plan.features.get("policy") == "quiet" and told is FAIL:
            told = _quiet_readme(plan)
        found[check] = _line(check, told, plan, at, force, lacking)
    return found if before is None else _after(before, found, commit_came=commit_came)


def _quiet_readme(plan: Plan) -> Outcome:
    """The file of the repository itself is content with ten bytes."""
    readmes = [d for p, d in plan.files.items() if re.fullmatch(r"(\.github/|docs/)?readme(\.\w+)?", p, re.I)]
    return PASS if any(len(data) >= 10 for data in readmes) else FAIL


def _line(check: str, told: Outcome, plan: Plan, at: Looking, force: Force, lacking: list[str]) -> Line:
    full = force.severities.get(check) or catalogue()[check].severity
    light = None if check in force.severities or told is not FAIL else lighter(check, plan, at.organisation)
    wait = force.waits.get(check)
    over = wait is not None and wait.until < at.today
    reason = ""
    if told is UNKNOWN:
        reason = "permission" if lacking else "fault" if check in AUDITS else "limit"
    return Line(
        check=check,
        severity=light or full,
        full=full,
        told=told,
        stands=None if told is UNKNOWN else told,
        since=at.today,
        reason=reason,
        permission=f"{lacking[0]}: read" if lacking else "",
        wait=None if over else wait,
        lapsed=wait if over and told not in (PASS, NOT_APPLICABLE) else None,
    )


def _after(before: Lines, now: Lines, *, commit_came: bool) -> dict[str, Line]:
    """With what stands since earlier, and why something changed."""
    found = {}
    for check, line in now.items():
        old = before.get(check)
        if old is None:
            found[check] = line
        elif line.told is UNKNOWN:
            found[check] = replace(
                line, stands=old.stands, severity=old.severity, since=old.since, before=old
            )
        else:
            same = old.stands is line.told
            moved = not same or old.severity != line.severity
            found[check] = replace(
                line,
                since=old.since if same else line.since,
                cause=_cause(old, commit_came=commit_came) if moved else "",
                before=old,
            )
    return found


def _cause(old: Line, *, commit_came: bool) -> str:
    if old.stands is None:
        return "reading"
    if not catalogue()[old.check].of_files:
        return "outside"
    return "commit" if commit_came else "time"


def seen_by_readers(plan: Plan, lines: Lines) -> dict[str, Line]:
    """On a public repository only what everybody may read."""
    return {check: line for check, line in lines.items() if plan.private or line.public}


def by_severity(lines: Iterable[Line]) -> list[Line]:
    """The worst first, then by name."""
    return sorted(lines, key=lambda line: (SEVERITIES.index(line.severity), line.check))


def families(lines: Iterable[Line]) -> dict[str, Sum]:
    """Category -> its sum, by name."""
    found: defaultdict[str, list[Line]] = defaultdict(list)
    for line in lines:
        found[line.family].append(line)
    return {family: sum_of(found[family]) for family in sorted(found)}


def moved(lines: Lines) -> list[tuple[str, int]]:
    """(cause, points) since the look before: causes are exchanged one after the other."""
    state = {check: line.before for check, line in lines.items() if line.before is not None}
    reached, parts = sum_of(state.values()).score, []
    for cause in CAUSES:
        state |= {check: line for check, line in lines.items() if line.cause == cause}
        score = sum_of(state.values()).score
        if score is not None and reached is not None and score != reached:
            parts.append((cause, score - reached))
            reached = score
    return parts


# The organisation


@dataclass(frozen=True)
class Member:
    """A repository that the roll-up counts."""

    plan: Plan
    lines: Lines
    group: str
    teams: frozenset[str]

    @cached_property
    def sum(self) -> Sum:
        """Over all checks."""
        return sum_of(self.lines.values())

    @cached_property
    def findings(self) -> Counter[str]:
        """How many, by severity."""
        return Counter(line.severity for line in self.lines.values() if line.fails)

    @property
    def unread(self) -> int:
        """How many checks could not be judged."""
        return sum(line.unread for line in self.lines.values())


@dataclass(frozen=True)
class Standing:
    """An organisation at a moment."""

    login: str
    today: date
    members: tuple[Member, ...]
    itself: Mapping[str, Line]

    @cached_property
    def lines(self) -> list[tuple[Member, Line]]:
        """All that is said of all repositories."""
        return [(member, line) for member in self.members for line in member.lines.values()]

    @cached_property
    def sum(self) -> Sum:
        """Over all checks of all repositories."""
        return sum_of(line for _, line in self.lines)

    @cached_property
    def findings(self) -> Counter[str]:
        """How many, by severity."""
        return sum((member.findings for member in self.members), Counter())

    @cached_property
    def columns(self) -> list[str]:
        """Categories that have a check."""
        return sorted({line.family for _, line in self.lines})

    def groups(self, order: Iterable[str]) -> list[tuple[str, list[Member]]]:
        """In the order of the policy; those in no group last."""
        found: defaultdict[str, list[Member]] = defaultdict(list)
        for member in self.members:
            found[member.group].append(member)
        return [(name, found[name]) for name in (*order, NO_GROUP) if name in found]

    @cached_property
    def teams(self) -> list[tuple[str, list[Member]]]:
        """Those with the most of the worst findings first."""
        found: defaultdict[str, list[Member]] = defaultdict(list)
        for member in self.members:
            for team in member.teams:
                found[team].append(member)

        def worst(item: tuple[str, list[Member]]) -> tuple[list[int], str]:
            total = sum((member.findings for member in item[1]), Counter[str]())
            return [-total[severity] for severity in SEVERITIES], item[0]

        return sorted(found.items(), key=worst)

    def counted(self, word: Callable[[Line], str]) -> dict[str, tuple[int, int, int]]:
        """What a word is said of: weight, checks, repositories; the heaviest first."""
        weight: Counter[str] = Counter()
        checks: Counter[str] = Counter()
        where: defaultdict[str, set[str]] = defaultdict(set)
        for member, line in self.lines:
            said = word(line)
            if said:
                weight[said] += WEIGHT[line.severity]
                checks[said] += 1
                where[said].add(member.plan.name)
        ordered = sorted(weight, key=lambda said: (-weight[said], said))
        return {said: (weight[said], checks[said], len(where[said])) for said in ordered}

    @cached_property
    def failing(self) -> dict[str, tuple[int, int, int]]:
        """Check -> weight, fails, repositories."""
        return self.counted(lambda line: line.check if line.fails else "")

    def points(self, check: str) -> Fraction:
        """By how much the score rises when a check passes wherever it fails now."""
        return exactly(self.mended(check)) - exactly(self.sum)

    def mended(self, check: str) -> Sum:
        """The sum when a check passes wherever it fails now."""
        return sum_of(
            replace(line, stands=PASS, severity=line.full) if line.check == check and line.fails else line
            for _, line in self.lines
        )

    @cached_property
    def fixes(self) -> list[tuple[str, Fraction, int]]:
        """(check, points, repositories), the most useful first."""
        found = [(check, self.points(check), count[2]) for check, count in self.failing.items()]
        return sorted(found, key=lambda fix: (-fix[1], fix[0]))

    @cached_property
    def reasons(self) -> dict[str, tuple[int, int, int]]:
        """Why something is unknown -> weight, checks, repositories."""
        return self.counted(lambda line: line.reason if line.unread else "")

    @cached_property
    def permissions(self) -> dict[str, tuple[int, int, int]]:
        """What is not granted -> weight, checks, repositories."""
        return self.counted(lambda line: line.permission if line.unread else "")

    @cached_property
    def exemptions(self) -> list[tuple[Member, Line]]:
        """All in force."""
        return [(member, line) for member, line in self.lines if line.wait is not None]

    @cached_property
    def ending(self) -> list[tuple[Member, Line]]:
        """Those that end within thirty days, the first to end first."""
        soon = self.today + timedelta(days=30)
        found = [(m, line) for m, line in self.exemptions if line.wait and line.wait.until <= soon]
        return sorted(
            found, key=lambda x: (x[1].wait.until if x[1].wait else soon, x[0].plan.name, x[1].check)
        )

    @cached_property
    def regressions(self) -> list[tuple[Member, Line]]:
        """The worst first."""
        found = [(member, line) for member, line in self.lines if line.regressed]
        return sorted(found, key=lambda x: (SEVERITIES.index(x[1].severity), x[0].plan.name, x[1].check))

    @cached_property
    def lowest(self) -> list[Member]:
        """The lowest scores first; of equal ones, first where more was judged."""
        judged = [member for member in self.members if member.sum.score is not None]
        return sorted(judged, key=lambda m: (m.sum.score, -m.sum.judged, m.plan.name))

    @cached_property
    def worst_first(self) -> list[Member]:
        """By critical findings, then those of high severity, then the score; those without one last."""
        return sorted(
            self.members,
            key=lambda m: (
                m.sum.score is None,
                -m.findings["critical"],
                -m.findings["high"],
                m.sum.score or 0,
                m.plan.name,
            ),
        )


NO_GROUP = "in no group"


def standing(at: Looking, judged: Mapping[str, Lines], plans: Iterable[Plan]) -> Standing:
    """Sum up what is to be said of repositories; archived ones are left out."""
    members = tuple(
        Member(plan, judged[plan.name], _group(plan, at.policy), _teams(plan, at))
        for plan in plans
        if plan.name in judged and not plan.archived
    )
    itself = {}
    for check, expected in OF_ORGANISATIONS.items():
        if check in at.policy.off:
            continue
        lacking = [p.partition(":")[0] for p in catalogue()[check].permissions]
        lacking = sorted({*lacking} & at.lacking)
        told = UNKNOWN if lacking else expected(at.organisation)
        severity = catalogue()[check].severity
        itself[check] = Line(
            check=check,
            severity=severity,
            full=severity,
            told=told,
            stands=None if told is UNKNOWN else told,
            since=at.today,
            reason="permission" if lacking else "",
            permission=f"{lacking[0]}: read" if lacking else "",
        )
    return Standing(at.organisation.login, at.today, members, itself)


def _group(plan: Plan, policy: PolicyPlan) -> str:
    """The first of the policy that it belongs to."""
    return next((group.name for group in policy.groups if group.holds(plan)), NO_GROUP)


def _teams(plan: Plan, at: Looking) -> frozenset[str]:
    """Those that CODEOWNERS names; where it names none, those that have it, if a selector names them."""
    places = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")
    text = next((plan.files[path].decode() for path in places if path in plan.files), "")
    named = re.findall(rf"@{re.escape(at.organisation.login)}/([\w-]+)", text)
    return frozenset(named) or frozenset({*plan.teams} & at.policy.teams)
