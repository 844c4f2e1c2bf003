"""Check 52 in all its outcomes."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.checks.alignment.conflict_now import Config, conflict_now
from bot.model.facts import Mergeability, Mergeable, Repository
from bot.model.verdicts import Outcome, Place, Reason, Verdict

NOW = datetime(2026, 6, 1, tzinfo=UTC)
REPOSITORY = Repository(1, "acme/tool", "main")


def pull(number: int = 7, mergeable: bool | None = True, days: int = 1) -> Mergeable:
    return Mergeable(number, "main", "work", NOW - timedelta(days=days), mergeable)


def judged(*asked: Mergeable, unasked: int = 0, now: datetime = NOW, **options: object) -> Verdict:
    return conflict_now(Mergeability(asked, unasked), REPOSITORY, now, Config(**options))


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        pytest.param(pull(), Outcome.PASS, id="mergeable"),
        pytest.param(pull(mergeable=False), Outcome.FAIL, id="a conflict"),
        pytest.param(pull(mergeable=None), Outcome.UNKNOWN, id="not computed"),
        pytest.param(pull(mergeable=False, days=90), Outcome.FAIL, id="just still active"),
        pytest.param(pull(mergeable=False, days=91), Outcome.PASS, id="nobody works on it"),
        pytest.param(pull(mergeable=None, days=91), Outcome.PASS, id="idle and not computed"),
    ],
)
def test_judges_what_is_worked_on(asked, expected):
    """Not computed is neither good nor bad."""
    assert judged(asked).outcome is expected


def test_names_each_conflict():
    """With its place and a key that stays, whatever else is not known."""
    verdict = judged(pull(7, mergeable=False), pull(8), pull(9, None), unasked=3)

    assert (verdict.outcome, verdict.summary) == (
        Outcome.FAIL,
        "1 of 3 active pull requests has conflicts",
    )
    (evidence,) = verdict.evidence
    assert evidence.text == "work (#7) conflicts with main"
    assert (evidence.key, evidence.place) == ("pull:7", Place(branch="work"))


def test_says_until_when_it_holds():
    """A conflict that nobody works on ceases to count."""
    asked = (pull(7, mergeable=False, days=80), pull(8, days=89))
    until = judged(*asked).valid_until

    assert until == NOW + timedelta(days=10, seconds=1)
    assert judged(*asked, now=until - timedelta(seconds=1)).outcome is Outcome.FAIL
    assert judged(*asked, now=until).outcome is Outcome.PASS


def test_what_was_not_asked_is_not_called_sound():
    """Unless what was asked last is idle already: what was not asked is older."""
    clean = judged(pull(), unasked=3)

    assert (clean.outcome, clean.reason) == (Outcome.UNKNOWN, Reason.LIMIT)
    assert judged(pull(), pull(8, days=91), unasked=3).outcome is Outcome.PASS
    assert judged(pull(mergeable=None)).reason is Reason.FAULT
    unlisted = Mergeability((pull(days=91),), more=True)
    assert conflict_now(unlisted, REPOSITORY, NOW, Config()).outcome is Outcome.UNKNOWN


def test_nothing_to_judge():
    """An archived repository merges nothing; one without pull requests is fine."""
    archived = replace(REPOSITORY, archived=True)

    verdict = conflict_now(Mergeability((pull(mergeable=False),)), archived, NOW, Config())
    assert verdict.outcome is Outcome.NOT_APPLICABLE
    assert judged().summary == "no pull request is worked on"
