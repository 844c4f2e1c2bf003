"""Check 44 in all its outcomes."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.checks.staleness.repo_inactive import Config, repo_inactive
from bot.model.facts import DefaultHead, Repository
from bot.model.verdicts import Outcome, Place, Reason, Verdict

NOW = datetime(2026, 6, 1, tzinfo=UTC)
REPOSITORY = Repository(1, "acme/tool", "main")


def judged(
    days: int,
    *,
    topics: tuple[str, ...] = (),
    now: datetime = NOW,
    change: dict | None = None,
    **options: object,
) -> Verdict:
    head = DefaultHead("main", "c" * 40, NOW - timedelta(days=days))
    return repo_inactive(head, topics, replace(REPOSITORY, **(change or {})), now, Config(**options))


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        pytest.param(-1, Outcome.PASS, id="in the future"),
        pytest.param(365, Outcome.PASS, id="exactly at the limit"),
        pytest.param(366, Outcome.FAIL, id="a day past it"),
    ],
)
def test_judges_the_age_of_the_newest_commit(days, expected):
    """The limit itself is allowed."""
    assert judged(days).outcome is expected


def test_says_where_and_since_when():
    """The place is the branch; the key stays as days pass."""
    verdict = judged(400)

    assert verdict.summary == "the newest commit of main is 400 days old"
    (evidence,) = verdict.evidence
    assert (evidence.text, evidence.place) == ("no commit since 2025-04-27", Place(branch="main"))
    assert evidence.key == judged(500).evidence[0].key


def test_says_until_when_it_holds():
    """Just then it changes, by time alone."""
    until = judged(300).valid_until

    assert until is not None
    age = (NOW - timedelta(days=300), until)
    assert age[1] - age[0] == timedelta(days=365, seconds=1)
    assert judged(300, now=until - timedelta(seconds=1)).outcome is Outcome.PASS
    assert judged(300, now=until).outcome is Outcome.FAIL


@pytest.mark.parametrize(
    "case",
    [
        {"change": {"archived": True}},
        {"change": {"empty": True}},
        {"change": {"fork": True}},
        {"topics": ("tool", "Keep")},
        {"topics": ("done",), "exempt_topics": ("DONE",)},
    ],
)
def test_some_are_idle_on_purpose(case):
    """Archived, forked, or finished by their own words."""
    assert judged(1000, **case).outcome is Outcome.NOT_APPLICABLE


def test_forks_can_be_judged():
    """When policy asks for it."""
    assert judged(1000, change={"fork": True}, forks=True).outcome is Outcome.FAIL


def test_without_a_date_it_is_unknown():
    """And without a default branch there is no question."""
    undated = repo_inactive(DefaultHead("main", "c", None), (), REPOSITORY, NOW, Config())

    assert (undated.outcome, undated.reason) == (Outcome.UNKNOWN, Reason.FAULT)
    assert repo_inactive(None, (), REPOSITORY, NOW, Config()).outcome is Outcome.NOT_APPLICABLE
