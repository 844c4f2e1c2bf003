"""Whose default is asked for, and what becomes of refusals."""

import pytest

from bot.engine.evaluate import freeze, thaw
from bot.facts.workflow_token import PATH, organisation_workflow_token, workflow_token
from bot.model.errors import Malformed, PermissionMissing
from bot.model.security import WorkflowToken
from bot.model.verdicts import Reason, Unknown
from bot.registry import load
from tests.unit.facts.conftest import MemoryOwner, MemoryReader


def said(default: str, *, approves: bool = False):
    return {"default_workflow_permissions": default, "can_approve_pull_request_reviews": approves}


def test_the_narrowest_default_of_the_organisation_holds_for_all():
    """Its repositories can not widen it, so none is asked."""
    reader = MemoryReader(rests={PATH: said("write")})

    found = workflow_token(reader, organisation_workflow_token(MemoryOwner(rests={PATH: said("read")})))

    assert found == WorkflowToken(writes=False, approves=False, organisation=True)
    assert reader.calls == []
    assert thaw(load(plugins=False), freeze({"workflow_token": found})) == {"workflow_token": found}


@pytest.mark.parametrize(
    "of_all",
    [
        pytest.param(WorkflowToken(writes=True, approves=False, organisation=True), id="writes"),
        pytest.param(WorkflowToken(writes=False, approves=True, organisation=True), id="approves"),
        pytest.param(Unknown(Reason.PERMISSION, "no"), id="not to be seen"),
        pytest.param(None, id="not found, or a person"),
    ],
)
def test_else_the_repository_is_asked(of_all):
    """It may have chosen less than it could."""
    reader = MemoryReader(rests={PATH: said("read", approves=True)})

    assert workflow_token(reader, of_all) == WorkflowToken(writes=False, approves=True)


def test_what_the_organisation_tells():
    """A person's account has no default for all."""
    assert organisation_workflow_token(MemoryOwner(rests={PATH: said("write")})) == WorkflowToken(
        writes=True, approves=False, organisation=True
    )
    assert organisation_workflow_token(MemoryOwner()) is None
    assert organisation_workflow_token(MemoryOwner(organisation=False, rests={PATH: said("read")})) is None
    with pytest.raises(PermissionMissing):
        organisation_workflow_token(MemoryOwner(rests={PATH: PermissionMissing("no")}))


def test_a_repository_without_actions():
    """GitHub knows no such setting there."""
    assert workflow_token(MemoryReader(), None) is None


def test_a_refusal_and_a_strange_answer_are_told():
    """Neither is a token that may only read."""
    with pytest.raises(PermissionMissing):
        workflow_token(MemoryReader(rests={PATH: PermissionMissing("no")}), None)
    with pytest.raises(Malformed):
        workflow_token(MemoryReader(rests={PATH: {}}), None)


def test_a_word_that_is_not_known_counts_as_writing():
    """Only one word means that it may only read."""
    reader = MemoryReader(rests={PATH: said("everything")})

    assert workflow_token(reader, None) == WorkflowToken(writes=True, approves=False)
