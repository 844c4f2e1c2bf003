"""Check 42 in all its outcomes."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.checks.dependencies.deploy_keys import Config, judge_deploy_keys
from bot.model.security import DeployKey, DeployKeys
from bot.model.verdicts import Outcome, Reason, Severity

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def key(title: str = "deploy", *, reads: bool = True, days: int = 0, seconds: int = 0) -> DeployKey:
    return DeployKey(title, reads, NOW - timedelta(days=days, seconds=seconds))


def judged(repository, *keys: DeployKey, more: bool = False, **options: object):
    return judge_deploy_keys(DeployKeys(keys, more), repository, NOW, Config(max_age_days=365, **options))


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        pytest.param(key(days=365), Outcome.PASS, id="exactly at the limit"),
        pytest.param(key(days=365, seconds=1), Outcome.FAIL, id="one second past it"),
        pytest.param(key(reads=False), Outcome.FAIL, id="it may write"),
    ],
)
def test_rights_and_age(repository, found, expected):
    """A new key that only reads is fine."""
    assert judged(repository, found).outcome is expected


def test_writing_weighs_more_than_age(repository):
    """A key that is both is told twice, under keys of its own."""
    verdict = judged(repository, key("a", reads=False, days=400), key("b", days=10))

    assert verdict.summary == "of 2 deploy keys, 1 may write and 1 is old"
    assert [(e.text, e.severity) for e in verdict.evidence] == [
        ("'a' may write", None),
        ("'a' is from 2025-04-27", Severity.LOW),
    ]
    assert len({e.key for e in verdict.evidence}) == 2
    assert verdict.valid_until == NOW + timedelta(days=355, seconds=1)


def test_keys_of_the_same_title_are_two(repository):
    """Titles are free text."""
    found = judged(repository, key("x", reads=False, days=1), key("x", reads=False, days=2))

    assert len({e.key for e in found.evidence}) == 2


def test_a_key_may_be_allowed_to_write(repository):
    """By its title."""
    assert judged(repository, key("release", reads=False), allow_write=("release",)).outcome is Outcome.PASS


def test_a_listing_that_was_cut_is_no_pass(repository):
    """What was not seen may write."""
    verdict = judged(repository, key(), more=True)

    assert (verdict.outcome, verdict.reason) == (Outcome.UNKNOWN, Reason.LIMIT)


def test_no_keys_and_an_archived_repository(repository):
    """The first is the best there is."""
    assert judged(repository).summary == "there are no deploy keys"
    archived = judged(replace(repository, archived=True), key(reads=False))
    assert archived.outcome is Outcome.NOT_APPLICABLE
