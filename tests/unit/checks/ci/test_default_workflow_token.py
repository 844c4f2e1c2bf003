"""Check 34 in all its outcomes."""

from dataclasses import replace

import pytest

from bot.checks.ci.default_workflow_token import Config, default_workflow_token
from bot.model.security import WorkflowToken
from bot.model.verdicts import Outcome, Severity


@pytest.mark.parametrize(
    ("writes", "approves", "keys"),
    [
        (False, False, []),
        (True, False, ["write"]),
        (False, True, ["approve"]),
        (True, True, ["write", "approve"]),
    ],
)
def test_each_right_is_an_observation(public, writes, approves, keys):
    """Writing weighs more than approving."""
    verdict = default_workflow_token(WorkflowToken(writes, approves), public, Config())

    assert verdict.outcome is (Outcome.FAIL if keys else Outcome.PASS)
    assert [evidence.key for evidence in verdict.evidence] == keys


def test_approving_weighs_less_and_can_be_allowed(public):
    """A release workflow may need to open pull requests."""
    token = WorkflowToken(writes=False, approves=True)

    (evidence,) = default_workflow_token(token, public, Config()).evidence
    assert evidence.severity is Severity.MEDIUM
    assert default_workflow_token(token, public, Config(allow_approving=True)).outcome is Outcome.PASS


def test_says_whose_setting_it_is(public):
    """An organisation's holds for all."""
    verdict = default_workflow_token(WorkflowToken(False, False, organisation=True), public, Config())

    assert verdict.summary == "the token may only read by default, as the whole organisation has it"


def test_nothing_to_judge(public):
    """No Actions, or an archived repository."""
    assert default_workflow_token(None, public, Config()).outcome is Outcome.NOT_APPLICABLE
    archived = default_workflow_token(WorkflowToken(True, True), replace(public, archived=True), Config())
    assert archived.outcome is Outcome.NOT_APPLICABLE
