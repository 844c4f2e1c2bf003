"""Check 46 in all its outcomes."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.checks.staleness.merged_branches import Config, merged_branches
from bot.model.facts import Repository, SideBranch, SideBranches
from bot.model.verdicts import Outcome, Place, Reason, Verdict

NOW = datetime(2026, 6, 1, tzinfo=UTC)
REPOSITORY = Repository(1, "acme/tool", "main")


def branch(name: str = "work", days: int | None = 100, **changes: object) -> SideBranch:
    at = NOW - timedelta(days=days) if days is not None else None
    return SideBranch(name, at, **{"merged": True, **changes})


def judged(*found: SideBranch, unmeasured: int = 0, now: datetime = NOW, **options: object) -> Verdict:
    return merged_branches(SideBranches("main", found, unmeasured), REPOSITORY, now, Config(**options))


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        pytest.param(branch(), Outcome.FAIL, id="merged"),
        pytest.param(branch(days=None), Outcome.FAIL, id="merged, no date"),
        pytest.param(branch(days=15), Outcome.FAIL, id="merged a while ago"),
        pytest.param(branch(days=14), Outcome.PASS, id="may have been made just now"),
        pytest.param(branch(at_default_head=True), Outcome.PASS, id="made at the newest commit"),
        pytest.param(branch(merged=False), Outcome.PASS, id="work of its own"),
        pytest.param(branch(protected=True), Outcome.PASS, id="protected"),
        pytest.param(branch(pull_request=7), Outcome.PASS, id="base of a pull request"),
        pytest.param(branch("production"), Outcome.PASS, id="points at what runs"),
        pytest.param(branch("v2"), Outcome.PASS, id="a version"),
        pytest.param(branch(merged=None), Outcome.UNKNOWN, id="not compared"),
    ],
)
def test_judges_what_is_left_over(found, expected):
    """What is used, kept or young does not count."""
    assert judged(found).outcome is expected


def test_names_each_branch():
    """With its place and a key that stays."""
    verdict = judged(branch("a"), branch("b"), branch("c", merged=False))

    assert verdict.summary == "2 branches have nothing that main does not have"
    assert [(e.key, e.place) for e in verdict.evidence] == [
        ("branch:a", Place(branch="a")),
        ("branch:b", Place(branch="b")),
    ]


def test_says_until_when_it_holds():
    """The grace of the oldest of the young ends first."""
    found = (branch("a", 2), branch("b", 10))
    until = judged(*found).valid_until

    assert until == NOW + timedelta(days=4, seconds=1)
    assert judged(*found, now=until - timedelta(seconds=1)).outcome is Outcome.PASS
    assert judged(*found, now=until).outcome is Outcome.FAIL


def test_what_was_not_compared_is_not_called_sound():
    """It is named beside what was found, and makes a clean answer unknown."""
    clean = judged(branch(merged=False), unmeasured=70)

    assert (clean.outcome, clean.reason) == (Outcome.UNKNOWN, Reason.LIMIT)
    assert judged(branch(), unmeasured=70).summary.endswith("; at least 70 more not looked at")


@pytest.mark.parametrize("change", [{"empty": True}, {"archived": True}])
def test_nothing_to_judge(change):
    """No commit, or nothing changes any more."""
    side = SideBranches("main", (branch(),))

    for found, repository in ((side, replace(REPOSITORY, **change)), (SideBranches("", ()), REPOSITORY)):
        assert merged_branches(found, repository, NOW, Config()).outcome is Outcome.NOT_APPLICABLE
