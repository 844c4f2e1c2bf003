"""Check 59 in all its outcomes."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.checks.release.unreleased_work import Config, unreleased_work
from bot.model.facts import Repository
from bot.model.releases import Unreleased, Version
from bot.model.verdicts import Outcome, Reason, Verdict

NOW = datetime(2026, 6, 1, tzinfo=UTC)
REPOSITORY = Repository(1, "acme/tool", "main")


def waiting(commits: int | None, days: float | None = 100) -> Unreleased:
    return Unreleased(Version("v1", None if days is None else NOW - timedelta(days=days), "a" * 40), commits)


def judged(found: Unreleased | None, now: datetime = NOW, **options: object) -> Verdict:
    return unreleased_work(found, REPOSITORY, now, Config(**options))


@pytest.mark.parametrize(
    ("found", "options", "expected"),
    [
        pytest.param(waiting(50), {}, Outcome.PASS, id="exactly as many as may wait"),
        pytest.param(waiting(51), {}, Outcome.FAIL, id="one more"),
        pytest.param(waiting(51, days=90), {}, Outcome.PASS, id="but not long enough"),
        pytest.param(waiting(51, days=91), {}, Outcome.FAIL, id="a day longer"),
        pytest.param(waiting(1), {"max_commits": 0}, Outcome.FAIL, id="none may wait"),
        pytest.param(waiting(0, days=None), {"max_commits": 0}, Outcome.PASS, id="none does"),
        pytest.param(None, {}, Outcome.NOT_APPLICABLE, id="never released"),
        pytest.param(waiting(None), {}, Outcome.UNKNOWN, id="not to be counted"),
        pytest.param(waiting(51, days=None), {}, Outcome.UNKNOWN, id="no date"),
    ],
)
def test_judges_what_waits(found, options, expected):
    """Many commits, and for long."""
    assert judged(found, **options).outcome is expected


def test_says_until_when_it_holds():
    """A release grows old by itself."""
    found = waiting(60, days=10)
    until = judged(found).valid_until

    assert until == NOW + timedelta(days=80, seconds=1)
    assert judged(found, until - timedelta(seconds=1)).outcome is Outcome.PASS
    assert judged(found, until).outcome is Outcome.FAIL
    assert judged(waiting(1, days=10)).valid_until is None


def test_the_key_holds_no_number_that_moves():
    """Every commit would be a new finding else."""
    verdict = judged(waiting(51))

    assert verdict.summary == "51 commits came after v1"
    assert [e.key for e in verdict.evidence] == ["unreleased"]
    assert judged(waiting(None)).reason is Reason.FAULT


@pytest.mark.parametrize("change", [{"archived": True}, {"fork": True}])
def test_nothing_to_judge(change):
    """No release to come, or releases made elsewhere."""
    changed = replace(REPOSITORY, **change)

    assert unreleased_work(waiting(99), changed, NOW, Config()).outcome is Outcome.NOT_APPLICABLE
    judged_fork = unreleased_work(waiting(99), replace(REPOSITORY, fork=True), NOW, Config(forks=True))
    assert judged_fork.outcome is Outcome.FAIL
