"""Check 39 in all its outcomes."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.checks.dependencies.bot_pr_backlog import Config, bot_pr_backlog
from bot.model.facts import OpenPullRequests, PullRequest
from bot.model.verdicts import Outcome, Place, Reason

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def pull(number: int = 1, author: str = "dependabot[bot]", *, days: int = 0, seconds: int = 0) -> PullRequest:
    at = NOW - timedelta(days=days, seconds=seconds)
    return PullRequest(
        number, "open", False, "Bump x", "main", "m", f"bump/{number}", "h", 1, author, at, NOW
    )


def judged(repository, *pulls: PullRequest, more: bool = False, known: bool = True, **options: object):
    listed = OpenPullRequests(pulls, more, known)
    return bot_pr_backlog(listed, repository, NOW, Config(max_age_days=30, **options))


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        pytest.param(pull(days=30), Outcome.PASS, id="exactly at the limit"),
        pytest.param(pull(days=30, seconds=1), Outcome.FAIL, id="one second past it"),
        pytest.param(pull(days=99, author="Renovate[bot]"), Outcome.FAIL, id="another tool"),
        pytest.param(pull(days=99, author="someone"), Outcome.PASS, id="a person"),
        pytest.param(pull(days=99, author="dependabot"), Outcome.PASS, id="a person of the tool's name"),
    ],
)
def test_the_age_of_updates(repository, found, expected):
    """From the day they were proposed; nobody else's pull requests count."""
    assert judged(repository, found).outcome is expected


def test_the_oldest_come_first(repository):
    """Under keys that do not move with the days."""
    verdict = judged(repository, pull(3, days=40), pull(2, days=50), pull(4, days=10))

    assert verdict.summary == "3 updates proposed, 2 for more than 30 days"
    assert [e.key for e in verdict.evidence] == ["pull request 2", "pull request 3"]
    assert verdict.evidence[0].text == "#2 waits since 2026-04-12: Bump x"
    assert verdict.evidence[0].place == Place(branch="bump/2")
    assert verdict.valid_until == NOW + timedelta(days=20, seconds=1)


def test_some_may_be_late(repository):
    """As many as policy says."""
    late = [pull(1, days=40), pull(2, days=50)]

    assert judged(repository, *late, max_late=2).outcome is Outcome.PASS
    assert judged(repository, *late, max_late=1).outcome is Outcome.FAIL


def test_a_listing_that_was_cut(repository):
    """What is missing is older than what came."""
    verdict = judged(repository, pull(), more=True)

    assert (verdict.outcome, verdict.reason) == (Outcome.UNKNOWN, Reason.LIMIT)
    assert judged(repository, pull(days=40), more=True).outcome is Outcome.FAIL


def test_a_clone_does_not_know(repository):
    """It holds no pull requests."""
    verdict = judged(repository, known=False)

    assert (verdict.outcome, verdict.reason) == (Outcome.UNKNOWN, Reason.PERMISSION)


def test_nothing_waits_or_can(repository):
    """None proposed, or archived."""
    assert judged(repository).summary == "no update waits"
    archived = judged(replace(repository, archived=True), pull(days=40))
    assert archived.outcome is Outcome.NOT_APPLICABLE
