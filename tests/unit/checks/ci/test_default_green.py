"""Check 27 in all its outcomes."""

from dataclasses import replace

import pytest

from bot.checks.ci.default_green import default_green
from bot.model.commits import CheckState
from bot.model.verdicts import Outcome, Place


def test_a_green_head_passes(checked, recent, public):
    """What came before does not matter."""
    verdict = default_green((checked(test="passed"),), recent("gr"), public)

    assert verdict.outcome is Outcome.PASS
    assert verdict.summary == "0000000, the head of the default branch, is green"


def test_failed_checks_are_named(checked, recent, public):
    """Each by its name, with what it said; a check that still runs does not hide them."""
    head = checked(test="failure", build="timed_out", lint="passed", slow="pending")

    verdict = default_green((head,), recent("r"), public)

    assert verdict.outcome is Outcome.FAIL
    assert verdict.summary == "2 checks failed at 0000000, the head of the default branch"
    assert [(e.text, e.key, e.place) for e in verdict.evidence] == [
        ("test: failure", "test", Place(branch="main")),
        ("build: timed out", "build", Place(branch="main")),
    ]


def test_our_own_check_run_does_not_count(checked, recent, public):
    """Else what we found would become a finding."""
    ours = {"plumbline/health": "failure"}

    assert default_green((checked(test="passed", **ours),), recent("r"), public).outcome is Outcome.PASS
    verdict = default_green((checked(**ours),), recent("r"), public)
    assert verdict.outcome is Outcome.NOT_APPLICABLE
    assert verdict.summary == "no checks but our own report on the default branch"


@pytest.mark.parametrize(
    ("rollups", "expected"),
    [
        pytest.param("pg", Outcome.PASS, id="the one before is green"),
        pytest.param("p-pr", Outcome.FAIL, id="the newest that has a result is red"),
        pytest.param("pp-", Outcome.NOT_APPLICABLE, id="none has a result"),
        pytest.param("rpg", Outcome.PASS, id="the head's own rollup is not asked"),
    ],
)
def test_while_checks_run_the_commit_before_is_judged(checked, recent, public, rollups, expected):
    """The push that set the checks going is no news of its own."""
    assert default_green((checked(test="pending"),), recent(rollups), public).outcome is expected


def test_an_earlier_commit_is_judged_where_nobody_reported_at_the_head(checked, recent, public):
    """Workflows may leave files out; how far back it lies is told."""
    commits = (checked(), checked(1), checked(2, test="failure"))

    verdict = default_green(commits, recent("g-r"), public)

    assert verdict.outcome is Outcome.FAIL
    assert "0000000, the newest with results and 2 commits before the head of" in verdict.summary


def test_more_checks_than_were_read(checked, recent, public):
    """The rollup tells that one of the rest failed, not which."""
    head = replace(checked(test="passed"), rollup=CheckState.FAILED, more=True)

    verdict = default_green((head,), recent("r"), public)

    assert verdict.outcome is Outcome.FAIL
    assert [e.key for e in verdict.evidence] == ["rollup"]


def test_nothing_to_judge(checked, recent, public):
    """No commit, or a repository whose checks do not run any more."""
    assert default_green((), recent(""), public).summary == "the repository has no commit"
    archived = default_green((checked(test="failure"),), recent("r"), replace(public, archived=True))
    assert archived.outcome is Outcome.NOT_APPLICABLE
