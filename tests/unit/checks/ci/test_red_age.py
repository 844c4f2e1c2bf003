"""Check 28 in all its outcomes."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.checks.ci.red_age import Config, red_age
from bot.model.verdicts import Outcome
from tests.unit.checks.ci.conftest import NOW


@pytest.fixture
def judged(checked, recent, public):
    def judge(rollups: str, *, now=NOW, more=False, **said: str):
        head = checked(**(said or {"test": "failure"}))
        return red_age((head,), recent(rollups, more=more), public, now, Config(max_days=3))

    return judge


def test_a_green_head_passes(judged):
    """Whatever lies before it."""
    assert judged("grrr", test="passed").outcome is Outcome.PASS


@pytest.mark.parametrize(
    ("rollups", "late", "expected"),
    [
        pytest.param("rg", 0, Outcome.PASS, id="red since today"),
        pytest.param("rrrrg", 0, Outcome.PASS, id="exactly at the limit"),
        pytest.param("rrrrg", 1, Outcome.FAIL, id="one second past it"),
        pytest.param("r--rrg", 0, Outcome.FAIL, id="commits without results do not end it"),
        pytest.param("rp-prg", 0, Outcome.FAIL, id="nor do those whose checks never ended"),
        pytest.param("rgrrrrr", 0, Outcome.PASS, id="an earlier time of red is over"),
        pytest.param("r-----g", 0, Outcome.PASS, id="quiet days before it broke do not count"),
    ],
)
def test_the_age_is_that_of_the_first_red_commit(judged, rollups, late, expected):
    """Commits are a day apart."""
    assert judged(rollups, now=NOW + timedelta(seconds=late)).outcome is expected


def test_within_the_limit_time_alone_changes_it(judged):
    """So the verdict says until when it holds."""
    verdict = judged("rrg")

    assert verdict.summary == "red for 1 day, since 0000000: within 3 days"
    at = verdict.valid_until
    assert judged("rrg", now=at).outcome is Outcome.FAIL
    assert judged("rrg", now=at - timedelta(seconds=1)).outcome is Outcome.PASS


def test_says_since_when_and_what_was_green_last(judged):
    """The key does not move with the days."""
    verdict = judged("rrrrrg")

    assert verdict.summary == "red for 4 days, since 0000000"
    assert verdict.evidence[0].text == "the last green commit is 0000000"
    assert verdict.evidence[0].key == judged("rrrrrrrg").evidence[0].key


@pytest.mark.parametrize(("more", "words"), [(True, "red for at least 4 days"), (False, "red for 4 days")])
def test_no_green_commit_among_those_that_are_known(judged, more, words):
    """It may be older than what was read."""
    verdict = judged("rrrrr", more=more)

    assert verdict.summary.startswith(words)
    assert verdict.evidence[0].text == "none of the newest 5 commits is green"


def test_while_checks_run_the_commit_before_is_judged(judged):
    """A push does not set the clock back."""
    assert judged("prrrrrg", test="pending").outcome is Outcome.FAIL
    assert judged("pgrrrrr", test="pending").outcome is Outcome.PASS


def test_dates_in_the_future_are_no_age(judged):
    """A clock somewhere was wrong."""
    assert judged("rg", now=NOW - timedelta(days=9)).summary.startswith("red for 0 days")


def test_nothing_to_judge(checked, recent, public):
    """Nobody reports, or the repository is archived."""
    assert red_age((checked(),), recent("-"), public, NOW, Config()).outcome is Outcome.NOT_APPLICABLE
    archived = replace(public, archived=True)
    head = checked(test="failure")
    assert red_age((head,), recent("r"), archived, NOW, Config()).outcome is Outcome.NOT_APPLICABLE
