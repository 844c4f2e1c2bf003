"""Check 35 in all its outcomes."""

from dataclasses import replace

import pytest

from bot.checks.ci.dormant_workflows import Config, dormant_workflows
from bot.model.security import WorkflowState, WorkflowStates
from bot.model.verdicts import Outcome, Place, Reason

PATH = ".github/workflows/a.yml"


def states(state: str = "active", *, more: bool = False, **runs: int) -> WorkflowStates:
    return WorkflowStates((WorkflowState("A", PATH, state, **runs),), more)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        pytest.param(states(), Outcome.PASS, id="no runs yet"),
        pytest.param(states("disabled_inactivity"), Outcome.FAIL, id="asleep"),
        pytest.param(states("disabled_manually"), Outcome.PASS, id="switched off by hand"),
        pytest.param(states("disabled_fork"), Outcome.PASS, id="off in a fork"),
        pytest.param(states("deleted"), Outcome.NOT_APPLICABLE, id="deleted"),
        pytest.param(states(failed=4), Outcome.PASS, id="fewer failures than told"),
        pytest.param(states(failed=5), Outcome.FAIL, id="exactly as many"),
        pytest.param(states(failed=40, succeeded=1), Outcome.PASS, id="one success"),
        pytest.param(states("disabled_fork", failed=9), Outcome.PASS, id="failures of one that is off"),
        pytest.param(states("a_new_state"), Outcome.PASS, id="a state of next year"),
    ],
)
def test_what_counts(public, found, expected):
    """Asleep, or failing every time."""
    assert dormant_workflows(found, public, Config(min_failures=5)).outcome is expected


def test_says_which_and_why(public):
    """At the file; the number of runs does not make it another observation."""
    verdict = dormant_workflows(states(failed=7), public, Config())

    assert verdict.summary == "1 of 1 workflow sleeps or fails every time"
    (evidence,) = verdict.evidence
    assert evidence.text == "its newest 7 runs failed, and none succeeded"
    assert evidence.place == Place(path=PATH)
    assert evidence.key == dormant_workflows(states(failed=9), public, Config()).evidence[0].key


def test_more_on_request_and_less(public):
    """What was switched off by hand, and what is left out."""
    found = states("disabled_manually")

    assert dormant_workflows(found, public, Config(manually_disabled=True)).outcome is Outcome.FAIL
    left_out = Config(manually_disabled=True, exclude=(".github/workflows/*",))
    assert dormant_workflows(found, public, left_out).outcome is Outcome.NOT_APPLICABLE


def test_a_listing_that_was_cut_is_no_pass(public):
    """Unless something was found in it."""
    verdict = dormant_workflows(states(more=True), public, Config())

    assert (verdict.outcome, verdict.reason) == (Outcome.UNKNOWN, Reason.LIMIT)
    cut = states("disabled_inactivity", more=True)
    assert dormant_workflows(cut, public, Config()).outcome is Outcome.FAIL


def test_nothing_to_judge(public):
    """No Actions, no workflows, or an archived repository."""
    for found in (None, WorkflowStates(())):
        assert dormant_workflows(found, public, Config()).outcome is Outcome.NOT_APPLICABLE
    archived = dormant_workflows(states("disabled_inactivity"), replace(public, archived=True), Config())
    assert archived.outcome is Outcome.NOT_APPLICABLE
