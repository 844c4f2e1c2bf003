"""Check 45 in all its outcomes."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.checks.staleness.stale_branches import Config, stale_branches
from bot.model.facts import Repository, SideBranch, SideBranches
from bot.model.verdicts import Outcome, Place, Reason, Verdict

NOW = datetime(2026, 6, 1, tzinfo=UTC)
REPOSITORY = Repository(1, "acme/tool", "main")


def branch(name: str = "work", days: int | None = 100, **changes: object) -> SideBranch:
    at = NOW - timedelta(days=days) if days is not None else None
    return SideBranch(name, at, **{"merged": False, **changes})


def judged(
    *found: SideBranch,
    unmeasured: int = 0,
    pull_requests: bool = True,
    now: datetime = NOW,
    **options: object,
) -> Verdict:
    side = SideBranches("main", found, unmeasured, pull_requests=pull_requests)
    return stale_branches(side, REPOSITORY, now, Config(**options))


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        pytest.param(branch(days=90), Outcome.PASS, id="exactly at the limit"),
        pytest.param(branch(days=91), Outcome.FAIL, id="a day past it"),
        pytest.param(branch(merged=None), Outcome.FAIL, id="not known whether merged"),
        pytest.param(branch(merged=True), Outcome.PASS, id="another check's matter"),
        pytest.param(branch(at_default_head=True), Outcome.PASS, id="the default branch's twin"),
        pytest.param(branch(protected=True), Outcome.PASS, id="protected"),
        pytest.param(branch(pull_request=7), Outcome.PASS, id="proposed"),
        pytest.param(branch("release/1.x"), Outcome.PASS, id="kept by its name"),
        pytest.param(branch("staging"), Outcome.PASS, id="points at something"),
        pytest.param(branch(days=None), Outcome.UNKNOWN, id="no date"),
    ],
)
def test_judges_what_nobody_goes_on_with(found, expected):
    """What is used or kept does not count."""
    assert judged(found).outcome is expected


def test_oldest_first_with_places_and_keys():
    """Ages stay out of the keys."""
    verdict = judged(branch("a", 100), branch("b", 300), branch("c", 1))

    assert verdict.summary == "2 branches without a commit for 90 days"
    assert [(e.key, e.place) for e in verdict.evidence] == [
        ("branch:b", Place(branch="b")),
        ("branch:a", Place(branch="a")),
    ]
    assert verdict.evidence[0].text == "b: no commit since 2025-08-05"


def test_says_until_when_it_holds():
    """The first branch to become stale changes the verdict."""
    found = (branch("a", 10), branch("b", 80))
    until = judged(*found).valid_until

    assert until == NOW + timedelta(days=10, seconds=1)
    assert judged(*found, now=until - timedelta(seconds=1)).outcome is Outcome.PASS
    assert judged(*found, now=until).outcome is Outcome.FAIL


def test_what_was_not_looked_at_is_not_called_fresh():
    """It is named beside what was found, and makes a clean answer unknown."""
    clean = judged(branch(days=1), unmeasured=70)

    assert (clean.outcome, clean.reason) == (Outcome.UNKNOWN, Reason.LIMIT)
    assert judged(branch(), unmeasured=70).summary.endswith("; at least 70 more not looked at")


def test_a_pull_request_may_be_among_those_not_listed():
    """So an old branch can not be called forgotten."""
    verdict = judged(branch(), pull_requests=False)

    assert (verdict.outcome, verdict.reason) == (Outcome.UNKNOWN, Reason.LIMIT)
    assert judged(branch(days=1), pull_requests=False).outcome is Outcome.PASS


@pytest.mark.parametrize("change", [{"empty": True}, {"archived": True}])
def test_nothing_to_judge(change):
    """No commit, or nothing changes any more."""
    side = SideBranches("main", (branch(),))

    for found, repository in ((side, replace(REPOSITORY, **change)), (SideBranches("", ()), REPOSITORY)):
        assert stale_branches(found, repository, NOW, Config()).outcome is Outcome.NOT_APPLICABLE
    assert judged().summary == "no work lies beside main"
