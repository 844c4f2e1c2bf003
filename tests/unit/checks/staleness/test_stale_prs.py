"""Check 47 in all its outcomes."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.checks.staleness.stale_prs import Config, stale_prs
from bot.model.facts import OpenPullRequests, PullRequest, Repository
from bot.model.verdicts import Outcome, Place, Reason, Verdict

NOW = datetime(2026, 6, 1, tzinfo=UTC)
REPOSITORY = Repository(1, "acme/tool", "main")


def pull(number: int = 7, days: float = 100, **changes: object) -> PullRequest:
    at = NOW - timedelta(days=days)
    made = PullRequest(
        number, "open", False, "t", "main", "m", f"b{number}", "h", 1, "someone", at, at, review_decision=""
    )
    return replace(made, **changes)


def judged(*pulls: PullRequest, more: bool = False, now: datetime = NOW, **options: object) -> Verdict:
    return stale_prs(OpenPullRequests(pulls, more), REPOSITORY, now, Config(**options))


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        pytest.param(pull(days=60), Outcome.PASS, id="exactly at the limit"),
        pytest.param(pull(days=61), Outcome.FAIL, id="a day past it"),
        pytest.param(pull(days=90, draft=True), Outcome.PASS, id="a draft at its limit"),
        pytest.param(pull(days=91, draft=True), Outcome.FAIL, id="a draft past it"),
        pytest.param(
            pull(days=30, review_decision="REVIEW_REQUIRED"), Outcome.PASS, id="waiting at its limit"
        ),
        pytest.param(pull(days=31, review_decision="REVIEW_REQUIRED"), Outcome.FAIL, id="waiting past it"),
        pytest.param(pull(days=31, review_decision="APPROVED"), Outcome.PASS, id="approved"),
        pytest.param(
            pull(days=31, review_decision="REVIEW_REQUIRED", draft=True), Outcome.PASS, id="not yet"
        ),
        pytest.param(pull(days=400, bot=True), Outcome.PASS, id="another check's matter"),
    ],
)
def test_judges_what_nobody_goes_on_with(found, expected):
    """Each kind by its own limit."""
    assert judged(found).outcome is expected


def test_bots_where_policy_says():
    """Some have bots that nobody else looks after."""
    assert judged(pull(bot=True), bots=True).outcome is Outcome.FAIL


def test_a_review_may_not_take_longer_than_anything():
    """The general limit holds where it is the shorter one."""
    late = pull(days=20, review_decision="REVIEW_REQUIRED")

    assert judged(late, idle_days=14).evidence[0].text.startswith("#7 (b7), open: ")


def test_longest_waiting_first_with_places_and_keys():
    """Ages stay out of the keys."""
    verdict = judged(pull(1, 100), pull(2, 300), pull(3, 1), more=True)

    assert verdict.summary == "2 of 3 open pull requests lie untouched; there are more that were not listed"
    assert [(e.key, e.place) for e in verdict.evidence] == [
        ("pull:2", Place(branch="b2")),
        ("pull:1", Place(branch="b1")),
    ]
    assert verdict.evidence[0].text == "#2 (b2), open: nothing happened since 2025-08-05"


def test_says_until_when_it_holds():
    """The first pull request to become stale changes the verdict."""
    found = (pull(1, 10), pull(2, 80, draft=True), pull(3, 15, review_decision="REVIEW_REQUIRED"))
    until = judged(*found).valid_until

    assert until == NOW + timedelta(days=10, seconds=1)
    assert judged(*found, now=until - timedelta(seconds=1)).outcome is Outcome.PASS
    assert judged(*found, now=until).outcome is Outcome.FAIL


def test_what_was_not_listed_is_not_called_fresh():
    """The newest are listed, so the stale ones are among the rest."""
    verdict = judged(pull(days=1), more=True)

    assert (verdict.outcome, verdict.reason) == (Outcome.UNKNOWN, Reason.LIMIT)


def test_nothing_to_judge():
    """A clone knows of none; an archived repository merges none; and often there are none."""
    clone = stale_prs(OpenPullRequests((), known=False), REPOSITORY, NOW, Config())
    archived = stale_prs(OpenPullRequests((pull(),)), replace(REPOSITORY, archived=True), NOW, Config())

    assert (clone.outcome, clone.reason) == (Outcome.UNKNOWN, Reason.PERMISSION)
    assert archived.outcome is Outcome.NOT_APPLICABLE
    assert judged().summary == "no pull request is open"
