"""Whose default is asked for, and what becomes of refusals."""

import pytest

from bot.engine.evaluate import freeze, thaw
from bot.facts.workflow_token import PATH, workflow_token
from bot.model.errors import Malformed, PermissionMissing
from bot.model.security import WorkflowToken
from bot.registry import load
from tests.unit.facts.conftest import MemoryOwner, MemoryReader


def said(default: str, *, approves: bool = False):
    return {"default_workflow_permissions": default, "can_approve_pull_request_reviews": approves}


def test_the_narrowest_default_of_the_organisation_holds_for_all():
    """Its repositories can not widen it, so none is asked."""
    reader = MemoryReader(rests={PATH: said("write")})

    found = workflow_token(reader, MemoryOwner(rests={PATH: said("read")}))

    assert found == WorkflowToken(writes=False, approves=False, organisation=True)
    assert reader.calls == []
    assert thaw(load(plugins=False), freeze({"workflow_token": found})) == {"workflow_token": found}


@pytest.mark.parametrize(
    "owner",
    [
        pytest.param(MemoryOwner(rests={PATH: said("write")}), id="writes"),
        pytest.param(MemoryOwner(rests={PATH: said("read", approves=True)}), id="approves"),
        pytest.param(MemoryOwner(rests={PATH: PermissionMissing("no")}), id="not to be seen"),
        pytest.param(MemoryOwner(), id="not found"),
        pytest.param(MemoryOwner(organisation=False, rests={PATH: said("read")}), id="a person"),
    ],
)
def test_else_the_repository_is_asked(owner):
    """It may have chosen less than it could."""
    reader = MemoryReader(rests={PATH: said("read", approves=True)})

    assert workflow_token(reader, owner) == WorkflowToken(writes=False, approves=True)


def test_a_repository_without_actions():
    """GitHub knows no such setting there."""
    assert workflow_token(MemoryReader(), MemoryOwner()) is None


def test_a_refusal_and_a_strange_answer_are_told():
    """Neither is a token that may only read."""
    with pytest.raises(PermissionMissing):
        workflow_token(MemoryReader(rests={PATH: PermissionMissing("no")}), MemoryOwner())
    with pytest.raises(Malformed):
        workflow_token(MemoryReader(rests={PATH: {}}), MemoryOwner())


def test_a_word_that_is_not_known_counts_as_writing():
    """Only one word means that it may only read."""
    reader = MemoryReader(rests={PATH: said("everything")})

    assert workflow_token(reader, MemoryOwner()) == WorkflowToken(writes=True, approves=False)
