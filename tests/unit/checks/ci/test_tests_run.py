"""Check 29 in all its outcomes."""

from dataclasses import replace

import pytest

from bot.checks.ci.tests_run import tests_run as run
from bot.model.verdicts import Outcome


@pytest.mark.parametrize("said", ["passed", "failure", "pending"])
def test_any_result_of_others_at_the_head_passes(checked, public, said):
    """Whether it is good is another check's matter."""
    verdict = run((checked(test=said, lint="passed"),), public)

    assert (verdict.outcome, verdict.summary) == (Outcome.PASS, "2 checks reported at the head")


def test_a_result_at_an_earlier_commit_passes(checked, public):
    """The head may have changed files that no workflow tests."""
    ours = {"plumbline/health": "passed"}
    commits = (checked(**ours), checked(1, **ours), checked(2, test="passed", **ours))

    assert run(commits, public).summary == "1 check reported at 0000000, 2 commits before it"


def test_our_own_alone_fail(checked, public):
    """We test nothing of what the repository does."""
    verdict = run((checked(**{"plumbline/health": "passed"}), checked(1)), public)

    assert verdict.outcome is Outcome.FAIL
    assert verdict.summary == "no check but our own reported at the newest 2 commits"
    assert [e.key for e in verdict.evidence] == ["none"]


def test_nothing_at_all_fails(checked, public):
    """Where no commit has results, only the head is read."""
    assert run((checked(),), public).summary == "no check but our own reported at the newest commits"


def test_nothing_to_judge(checked, public):
    """No commit, or an archived repository."""
    assert run((), public).outcome is Outcome.NOT_APPLICABLE
    assert run((checked(),), replace(public, archived=True)).outcome is Outcome.NOT_APPLICABLE
