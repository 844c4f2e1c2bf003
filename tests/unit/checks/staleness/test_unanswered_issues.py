"""Check 48 in all its outcomes."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.checks.staleness.unanswered_issues import Config, unanswered_issues
from bot.model.facts import Repository
from bot.model.issues import OpenIssue, OpenIssues, Standing
from bot.model.verdicts import Outcome, Verdict

NOW = datetime(2026, 6, 1, tzinfo=UTC)
REPOSITORY = Repository(1, "acme/tool", "main")


def issue(number: int = 7, days: float = 100, **changes: object) -> OpenIssue:
    return replace(OpenIssue(number, NOW - timedelta(days=days), Standing.OTHER), **changes)


def judged(*found: OpenIssue, total: int = 0, now: datetime = NOW, **options: object) -> Verdict:
    issues = OpenIssues(found, total or len(found))
    return unanswered_issues(issues, REPOSITORY, now, Config(**options))


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        pytest.param(issue(days=30), Outcome.PASS, id="exactly at the limit"),
        pytest.param(issue(days=31), Outcome.FAIL, id="a day past it"),
        pytest.param(issue(replies=(Standing.MEMBER,)), Outcome.PASS, id="a member answered"),
        pytest.param(issue(replies=(Standing.OTHER, Standing.MEMBER)), Outcome.PASS, id="as the second"),
        pytest.param(issue(replies=(Standing.CONTRIBUTOR,)), Outcome.PASS, id="a contributor answered"),
        pytest.param(issue(replies=(Standing.BOT,)), Outcome.FAIL, id="a bot answered"),
        pytest.param(issue(replies=(Standing.OTHER,)), Outcome.FAIL, id="somebody else waits, too"),
        pytest.param(issue(replies=(Standing.OTHER,), more_replies=True), Outcome.PASS, id="talked about"),
        pytest.param(issue(milestone=True), Outcome.PASS, id="planned"),
        pytest.param(issue(standing=Standing.CONTRIBUTOR), Outcome.FAIL, id="of a contributor"),
        pytest.param(issue(standing=Standing.MEMBER), Outcome.PASS, id="of a member"),
        pytest.param(issue(standing=Standing.BOT), Outcome.PASS, id="of a bot"),
    ],
)
def test_judges_who_waits_for_an_answer(found, expected):
    """People from outside, until somebody of the project says something."""
    assert judged(found).outcome is expected


def test_options_draw_the_line():
    """Who may answer, how long it may take, and how many may wait."""
    assert judged(issue(replies=(Standing.CONTRIBUTOR,)), contributors=False).outcome is Outcome.FAIL
    assert judged(issue(days=31), max_days=31).outcome is Outcome.PASS
    assert judged(issue(1), issue(2), min_unanswered=2).outcome is Outcome.FAIL
    assert judged(issue(1), min_unanswered=2).outcome is Outcome.PASS


def test_oldest_first_with_keys():
    """Who opened it is not named, and neither are ages in the keys."""
    verdict = judged(issue(1, 40, replies=(Standing.OTHER,)), issue(2, 50), issue(3, 1), total=99)

    assert verdict.summary == "2 issues of the oldest 3 open have no answer after 30 days"
    assert [(e.key, e.text) for e in verdict.evidence] == [
        ("issue:2", "#2, open since 2026-04-12: nobody answered"),
        ("issue:1", "#1, open since 2026-04-22: only people from outside wrote there"),
    ]


def test_says_until_when_it_holds():
    """The first issue to wait too long changes the verdict."""
    found = (issue(1, 10), issue(2, 25), issue(3, 29, replies=(Standing.MEMBER,)))
    until = judged(*found).valid_until

    assert until == NOW + timedelta(days=5, seconds=1)
    assert judged(*found, now=until - timedelta(seconds=1)).outcome is Outcome.PASS
    assert judged(*found, now=until).outcome is Outcome.FAIL


@pytest.mark.parametrize("change", [{"archived": True}, {"has_issues": False}])
def test_nothing_to_judge(change):
    """Nobody can answer, or ask."""
    found = unanswered_issues(OpenIssues((issue(),), 1), replace(REPOSITORY, **change), NOW, Config())

    assert found.outcome is Outcome.NOT_APPLICABLE
    assert judged().summary == "nobody has an issue open"
    assert judged(issue(standing=Standing.BOT)).summary == "nobody has an issue open"
