"""Every row of the rendered reports is what a second calculation says, for 300 planned repositories.

The engine reads, judges and reports the organisation of ``test_truth`` as ``plumbline report`` does, under
a policy with groups, severities, exemptions and repositories that are left alone, and without some
permissions. A day later some repositories have changed; these are judged again. What is then on the fake
GitHub (the organisation's page, issues, check runs) and the web pages are parsed as their readers' programs
do, and compared with ``tests.truth.reports``, which knows plans, policy and the documentation alone.

What is shown and not compared:

===============================================  ======================================================
rows                                             why
===============================================  ======================================================
summaries, observations and places of findings   not planned; the tests of each check hold them
*Worse* and *Improved*, and what they mark       hang on observations
cost in points, addresses, versions              ``test_truth`` measures the cost; the others are no truth
title and conclusion of a second check run       hang on *worse*, too
web pages of other repositories than 80          take long; check runs and issues of all are compared
===============================================  ======================================================
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property

import pytest

from bot.engine.once import Gathered, gather
from bot.model.verdicts import Audience, Judgement, Outcome
from bot.report.html import Told, charts, organisation_page, repository_page
from tests.integration.truth import shown
from tests.integration.truth.pages import Facts, differences
from tests.integration.truth.planned import LACKING, POLICY, REGISTRY
from tests.integration.truth.reported import Reported, reported
from tests.truth import reports
from tests.truth.generate import plan_organisation
from tests.truth.later import Event, events
from tests.truth.plans import Plan
from tests.truth.standing import Line, Lines, Looking, Standing, look, seen_by_readers, standing

SEED = 2
ORDER = [group.name for group in POLICY.groups]
PAGES = 80
"""Repositories of which web pages are looked at."""

FIRST, SECOND = date(2026, 1, 1), date(2026, 1, 2)

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@dataclass(frozen=True, repr=False)
class Said:
    """What was published about a repository: bodies of open issues, and the four texts of the check run."""

    issues: tuple[str, ...]
    run: tuple[str, str, str, str] | None


@dataclass(frozen=True, repr=False)
class Moment:
    """An organisation after a look.

    Args:
        plans: as the repositories are then.
        wanted: what is to be said of those that are judged.
        looked: names of those that were looked at.
        page: the organisation's report as it was published.
        earlier: how it stood at the look before.
    """

    plans: tuple[Plan, ...]
    wanted: Mapping[str, Lines]
    looked: frozenset[str]
    sums: Standing
    page: str
    said: Mapping[str, Said]
    gathered: Gathered
    earlier: Standing | None = None

    @cached_property
    def runs(self) -> Mapping[str, Facts]:
        """What the check runs tell of those that were looked at, by name of the repository."""
        said = {name: self.said[name].run for name in self.looked}
        return {name: shown.check_run(*run) for name, run in said.items() if run}

    @cached_property
    def issues(self) -> Mapping[str, Facts]:
        """The same of the health issues."""
        said = {name: self.said[name].issues for name in self.looked}
        return {name: shown.health_issue(bodies[0]) for name, bodies in said.items() if bodies}


@dataclass(frozen=True, repr=False)
class Two:
    """Both looks; ``now`` is what is left of the first in memory: reports, and the fake GitHub.

    These values have no ``repr``: pytest would write out an organisation for each test that fails.
    """

    first: Moment
    second: Moment
    happened: Mapping[str, Event]
    now: Reported
    _pages: dict[tuple[str, bool], str] = field(default_factory=dict)

    def page(self, plan: Plan, *, public: bool) -> str:
        """A repository's page as ``plumbline check --format html`` makes it, which knows no earlier look."""
        if (plan.name, public) not in self._pages:
            report = self.now.reports[plan.name]
            plain = replace(report, changes=(), scored=None, stood=None, ended=frozenset())
            with pytest.MonkeyPatch.context() as patch:
                # Charts take a quarter of a second each, and the tables say the same.
                patch.setattr(charts, "available", lambda: False)
                self._pages[plan.name, public] = repository_page(plain, public=public)
        return self._pages[plan.name, public]


@pytest.fixture(scope="module")
def looks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Two]:
    """Everything is read, judged and reported once for all tests of this file."""
    plan = plan_organisation(SEED, 300)
    at = Looking(plan, POLICY, LACKING, FIRST)
    judged = {p.name: lines for p in plan.repositories if (lines := look(p, at)) is not None}
    with reported(tmp_path_factory.mktemp("reports"), plan, POLICY, REGISTRY, LACKING) as found:
        assert not found.came.failed
        sums = standing(at, judged, plan.repositories)
        first = _moment(found, plan.repositories, judged, frozenset(judged), sums, None)
        reports_of_first = dict(found.reports)
        happened = {e.name: e for e in events(p for p in plan.repositories if POLICY.enrols(p))}
        found.world.clock.advance(86_400)
        for one in plan.repositories:
            if one.name in happened:
                happened[one.name].happen(found.world.fake, plan.login, one)
        found.look_again(list(happened))
        later = tuple(happened[p.name].after(p) if p.name in happened else p for p in plan.repositories)
        at = replace(at, today=SECOND)
        again = {p.name: _again(p, at, judged, happened) for p in later if p.name in judged}
        sums = standing(at, again, later)
        second = _moment(found, later, again, frozenset(happened), sums, first.sums)
        found.reports = reports_of_first
        yield Two(first, second, happened, found)


def _again(plan: Plan, at: Looking, judged: Mapping[str, Lines], happened: Mapping[str, Event]) -> Lines:
    event, before = happened.get(plan.name), judged[plan.name]
    if event is None:
        return before
    found = look(plan, at, before, commit_came=event.changes is not None)
    assert found is not None
    return found


def _moment(
    found: Reported,
    plans: tuple[Plan, ...],
    wanted: Mapping[str, Lines],
    looked: frozenset[str],
    sums: Standing,
    earlier: Standing | None,
) -> Moment:
    said = {plan.name: _said(found, plan.name) for plan in plans}
    gathered = gather(found.runtime, found.world.installation)
    return Moment(plans, wanted, looked, sums, found.page, said, gathered, earlier)


def _said(found: Reported, name: str) -> Said:
    issues = tuple(issue.body or "" for issue in found.issues(name) if issue.state == "open")
    runs = found.runs(name)
    if not runs:
        return Said(issues, None)
    run = runs[-1]
    return Said(issues, (run.title or "", run.conclusion or "", run.summary or "", run.text or ""))


def told(found: list[str]) -> str:
    """The first of them, for people."""
    return f"{len(found)} rows are not as planned:\n" + "\n".join(found[:20])


# The organisation


def differences_of_roll_up(moment: Moment, page: str) -> list[str]:
    """Where the published page is not as it must be."""
    wanted = reports.roll_up(moment.sums, ORDER, moment.earlier)
    return differences("roll-up", wanted, shown.roll_up(page))


@pytest.mark.parametrize("which", ["first", "second"])
def test_the_published_roll_up_is_as_calculated(looks: Two, which: str) -> None:
    """Score, headline, fixes, heat map, teams, unknowns, permissions, exemptions, lowest scores."""
    moment: Moment = getattr(looks, which)

    found = differences_of_roll_up(moment, moment.page)

    assert not found, told(found)
    assert len(moment.sums.members) > 250
    assert len({member.group for member in moment.sums.members}) == len(ORDER) + 1


def test_regressions_name_their_pull_requests(looks: Two) -> None:
    """Where the message of a commit does."""
    wanted = [
        (f"acme/{member.plan.name}", line.check, str(number))
        for member, line in looks.second.sums.regressions[: reports.MOST]
        if line.cause == "commit" and (number := looks.happened[member.plan.name].pull_request)
    ]

    assert wanted
    assert wanted == shown.pull_requests(looks.second.page)


@pytest.mark.parametrize("which", ["first", "second"])
def test_the_organisations_web_page_is_as_calculated(looks: Two, which: str) -> None:
    """Every row of every table, that of all repositories among them, and what the charts say."""
    moment: Moment = getattr(looks, which)

    found = differences_of_page(moment, _page(looks, moment))

    assert not found, told(found)


def differences_of_page(moment: Moment, page: str) -> list[str]:
    """Where the web page is not as it must be; without the library it has no charts."""
    wanted = reports.organisation_page(moment.sums, ORDER)
    if not charts.available():
        wanted |= {"chart of categories": [], "chart of scores": []}
    return differences("page", wanted, shown.organisation_page(page))


def _page(looks: Two, moment: Moment) -> str:
    known = moment.gathered
    beside = Told(known.own_verdicts, known.samples, known.points)
    now = looks.now.world.clock.now()
    return organisation_page("acme", known.found, known.rows, known.checks, now, beside)


# Each repository


def reported_plans(moment: Moment) -> Iterator[tuple[Plan, Lines]]:
    """Repositories of which something is to be published."""
    for plan in moment.plans:
        if plan.name in moment.looked and not plan.archived:
            yield plan, moment.wanted[plan.name]


def differences_of_runs(moment: Moment, wanted: Mapping[str, Lines] | None = None) -> list[str]:
    """Where check runs are not as they must be.

    Args:
        wanted: that something else must be said; by name of the repository.
    """
    found = []
    for plan, lines in reported_plans(moment):
        due = reports.check_run(plan, (wanted or {}).get(plan.name, lines))
        got = {part: rows for part, rows in moment.runs.get(plan.name, {}).items() if part in due}
        found += differences(f"{plan.name}, check run", due, got)
    return found


def differences_of_issues(moment: Moment, wanted: Mapping[str, Lines] | None = None) -> list[str]:
    """Where health issues are not as they must be; for ``wanted`` see ``differences_of_runs``."""
    found = []
    for plan, lines in reported_plans(moment):
        due = reports.health_issue(plan, (wanted or {}).get(plan.name, lines), loud=POLICY.force(plan).loud)
        number = len(moment.said[plan.name].issues)
        if number != (1 if plan.has_issues and due["findings"] else 0):
            found.append(f"{plan.name}, issue: {number} are open")
        elif number:
            got = dict(moment.issues[plan.name])
            got["where"] = got["where"] if due["where"] else []
            found += differences(f"{plan.name}, issue", due, got)
    return found


@pytest.mark.parametrize("which", ["first", "second"])
def test_check_runs_are_as_calculated(looks: Two, which: str) -> None:
    """Score with what moved it, counts, findings, unknowns with reasons, exemptions, all checks."""
    moment: Moment = getattr(looks, which)

    found = differences_of_runs(moment)

    assert not found, told(found)


@pytest.mark.parametrize("which", ["first", "second"])
def test_health_issues_are_as_calculated(looks: Two, which: str) -> None:
    """The same, and the scores of categories, and under which heading the findings stand."""
    moment: Moment = getattr(looks, which)

    found = differences_of_issues(moment)

    assert not found, told(found)


def test_others_get_nothing(looks: Two) -> None:
    """Neither archived nor empty repositories, nor those that policy leaves alone."""
    others = {p.name for p in looks.first.plans} - {plan.name for plan, _ in reported_plans(looks.first)}
    kinds = {
        "archived" if plan.archived else "empty" if plan.empty else "left alone"
        for plan in looks.first.plans
        if plan.name in others
    }

    assert kinds == {"archived", "empty", "left alone"}
    assert {Said((), None)} == {looks.first.said[name] for name in others}


def sampled(moment: Moment) -> list[tuple[Plan, Lines]]:
    """Some of the repositories, as pages of all take as long as everything else together."""
    return random.Random(SEED).sample(list(reported_plans(moment)), PAGES)


def test_web_pages_of_repositories_are_as_calculated(looks: Two) -> None:
    """All that a member may see, and of public repositories what everybody may."""
    found = []
    for plan, lines in sampled(looks.first):
        for public in (False, *([] if plan.private else [True])):
            wanted = reports.repository_page(plan, lines, public=public)
            got = shown.repository_page(looks.page(plan, public=public))
            found += differences(f"{plan.name}, {'public ' if public else ''}page", wanted, got)

    assert not found, told(found)


# What is not for everybody


def test_public_repositories_show_no_restricted_check(looks: Two) -> None:
    """Neither name nor summary nor observation, on issue, check run or page; private ones show all."""
    private, with_page = 0, {plan.name for plan, _ in sampled(looks.first)}
    for plan, lines in reported_plans(looks.first):
        said, report = looks.first.said[plan.name], looks.now.reports[plan.name]
        if plan.private:
            private += 1
            assert said.run is not None
            restricted = {f"`{line.check}`" for line in lines.values() if not line.public and line.fails}
            assert all(name in said.run[3] for name in restricted), plan.name
            continue
        hidden = [j for j in report.judgements if j.audience is Audience.RESTRICTED]
        assert any(j.outcome in (Outcome.FAIL, Outcome.UNKNOWN) for j in hidden)
        names = {j.check for j in hidden} | {c for c, line in lines.items() if not line.public}
        texts = _texts(hidden) - _texts(j for j in report.judgements if j not in hidden)
        page = [looks.page(plan, public=True)] if plan.name in with_page else []
        for text in (*said.issues, *(said.run or ()), *page):
            plain = re.sub(r"[\\\u200b]", "", text)
            assert not names & set(re.findall(r"[`>]([\w-]+)[`<]", plain)), plan.name
            assert not [t for t in texts if len(t) > 12 and t in plain], plan.name
    assert private > 50


def _texts(judgements: Iterable[Judgement]) -> set[str]:
    """Their summaries and observations."""
    return {text for j in judgements for text in (j.verdict.summary, *(e.text for e in j.verdict.evidence))}


# The comparison sees what it must see


def swapped(page: str) -> str:
    """Two counts of one row of the heat map."""
    row = next(line for line in page.splitlines() if line.startswith("| `stable`"))
    cells = row.split("|")
    cells[4], cells[6] = cells[6], cells[4]
    return page.replace(row, "|".join(cells))


def dropped(page: str) -> str:
    """A repository with one of the lowest scores."""
    rows = [line for line in page.splitlines() if re.search(r"\| [A-F] \| \d+ % \|$", line)]
    return page.replace(rows[3] + "\n", "")


def turned(page: str) -> str:
    """Two rows of the table of fixes."""
    start = page.index("| --- |", page.index("| Check | Fails in"))
    rows = page[start:].splitlines()[1:3]
    return page.replace("\n".join(rows), "\n".join(reversed(rows)))


def more(page: str) -> str:
    """A number in the headline."""
    return re.sub(r"(\d) repositories judged", lambda m: f"{(int(m[1]) + 1) % 10} repositories judged", page)


@pytest.mark.parametrize(
    ("corrupt", "part"),
    [(swapped, "groups"), (dropped, "lowest"), (turned, "fixes"), (more, "headline")],
)
def test_a_corrupted_page_is_seen(looks: Two, corrupt: Callable[[str], str], part: str) -> None:
    """The row is named, and no other part."""
    page = corrupt(looks.first.page)

    found = differences_of_roll_up(looks.first, page)

    assert page != looks.first.page
    assert found
    assert all(f"roll-up: {part}: " in line for line in found), found


def inverted(lines: Lines, check: str) -> dict[str, Line]:
    """As if the oracle had said the contrary of one check."""
    line = lines[check]
    other = Outcome.FAIL if line.told is Outcome.PASS else Outcome.PASS
    return {**lines, check: replace(line, told=other, stands=other, severity=line.full)}


@pytest.mark.parametrize("check", ["readme", "metadata", "default-protected"])
def test_an_inverted_verdict_is_seen_everywhere(looks: Two, check: str) -> None:
    """On issue, check run and the organisation's pages, by the name of the repository."""
    plan, lines = next(
        (plan, lines)
        for plan, lines in reported_plans(looks.first)
        if (plan.private or check != "default-protected")
        and plan.has_issues
        and lines[check].wait is None
        and lines[check].told in (Outcome.PASS, Outcome.FAIL)
        and looks.first.said[plan.name].issues
    )
    wanted = {**looks.first.wanted, plan.name: inverted(lines, check)}
    at = Looking(plan_organisation(SEED, 1), POLICY, LACKING, FIRST)
    sums = standing(at, wanted, looks.first.plans)
    wrong = replace(looks.first, sums=replace(sums, itself=looks.first.sums.itself))

    runs, issues = (of(looks.first, wanted) for of in (differences_of_runs, differences_of_issues))
    pages = differences_of_page(wrong, _page(looks, looks.first))

    for found in (runs, issues):
        assert found
        assert all(line.startswith(f"{plan.name}, ") for line in found)
        assert any(
            f": findings: {'lacks' if wanted[plan.name][check].fails else 'shows'}" in x for x in found
        )
    assert [line for line in pages if line.startswith(f"page: repositories: lacks ('acme/{plan.name}'")]
    assert [line for line in differences_of_roll_up(wrong, looks.first.page) if ": headline: " in line]


def test_what_is_compared_is_there(looks: Two) -> None:
    """No part is empty in both calculations of all repositories, and no severity or reason is missing."""
    parts: dict[str, int] = {}
    facts: list[Facts] = [reports.roll_up(looks.second.sums, ORDER, looks.first.sums)]
    for moment in (looks.first, looks.second):
        for plan, lines in reported_plans(moment):
            facts += [reports.health_issue(plan, lines, loud=False), reports.check_run(plan, lines)]
            facts.append(reports.repository_page(plan, lines, public=False))
    for one in facts:
        for part, rows in one.items():
            parts[part] = parts.get(part, 0) + len(rows)
    rows_compared = sum(parts.values())
    print(f"{rows_compared:,} rows compared")

    assert not [part for part, number in parts.items() if not number]
    assert {"permission", "limit", "fault"} == set(looks.first.sums.reasons)
    assert {"outside", "time", "commit"} >= {line.cause for _, line in looks.second.sums.regressions}
    public = [p for p, lines in reported_plans(looks.first) if len(seen_by_readers(p, lines)) < len(lines)]
    assert len(public) > 100
