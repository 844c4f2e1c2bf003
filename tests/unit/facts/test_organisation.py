"""Settings of an organisation as REST tells them."""

import pytest

from bot.facts.organisation import (
    ADMINISTRATION,
    MAX_OWNERS,
    MEMBERS,
    actions_policy,
    organisation_owners,
    organisation_settings,
)
from bot.model.errors import Malformed, PermissionMissing
from bot.model.organisation import ActionsPolicy, OrganisationOwners, OrganisationSettings
from tests.unit.facts.conftest import MemoryOwner

READ = {"default_workflow_permissions": "read", "can_approve_pull_request_reviews": False}
ALL = {"enabled_repositories": "all", "allowed_actions": "all"}


def policy(**rests: object) -> ActionsPolicy | None:
    told = {"": ALL, "/workflow": READ, **{f"/{path}".rstrip("/"): told for path, told in rests.items()}}
    return actions_policy(MemoryOwner(rests={f"/actions/permissions{path}": v for path, v in told.items()}))


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (
            {"two_factor_requirement_enabled": True, "default_repository_permission": "read"},
            OrganisationSettings(True, "read"),
        ),
        (
            {"two_factor_requirement_enabled": False, "default_repository_permission": None},
            OrganisationSettings(False, None),
        ),
        ({"default_repository_permission": "none"}, OrganisationSettings(None, "none")),
    ],
)
def test_tells_what_is_asked_of_members(told, expected):
    """What is null or absent is not told."""
    assert organisation_settings(MemoryOwner(rests={"": told})) == expected


@pytest.mark.parametrize("told", [{}, {"two_factor_requirement_enabled": None}, None])
def test_what_everybody_may_know_is_not_enough(told):
    """GitHub answers, but without what was asked for."""
    with pytest.raises(PermissionMissing) as error:
        organisation_settings(MemoryOwner(rests={"": told}))
    assert error.value.permission == ADMINISTRATION


def test_tells_what_actions_may_do():
    """Older servers do not know of pinning."""
    assert policy() == ActionsPolicy("all", "all")
    wide = {"default_workflow_permissions": "write", "can_approve_pull_request_reviews": True}
    assert policy(**{"": {**ALL, "sha_pinning_required": True}, "workflow": wide}) == ActionsPolicy(
        "all", "all", pinned=True, token_writes=True, token_approves=True
    )
    assert policy(**{"": {"enabled_repositories": "none"}}) == ActionsPolicy("none", "")


def test_tells_which_actions_are_selected():
    """By patterns, beside those of GitHub."""
    selected = {**ALL, "allowed_actions": "selected"}

    told = policy(**{"": selected, "selected-actions": {"patterns_allowed": ["acme/*"]}})
    assert told == ActionsPolicy("all", "selected", ("acme/*",))
    assert policy(**{"": selected, "selected-actions": {}}).patterns == ()


def test_settings_that_are_not_told_are_unknown():
    """Nor is an answer of another shape taken for one."""
    with pytest.raises(PermissionMissing):
        policy(workflow=None)
    with pytest.raises(Malformed):
        policy(workflow={"default_workflow_permissions": "read"})


def test_counts_owners():
    """No name is kept."""
    path = "/members?role=admin"
    people = [{"login": f"o{n}", "id": n} for n in range(MAX_OWNERS + 1)]

    assert organisation_owners(MemoryOwner(rests={path: people[:3]})) == OrganisationOwners(3)
    assert organisation_owners(MemoryOwner(rests={path: people})) == OrganisationOwners(MAX_OWNERS, more=True)
    with pytest.raises(PermissionMissing) as error:
        organisation_owners(MemoryOwner())
    assert error.value.permission == MEMBERS


@pytest.mark.parametrize("fact", [organisation_settings, actions_policy, organisation_owners])
def test_a_person_is_no_organisation(fact):
    """Nothing is asked."""
    assert fact(MemoryOwner(organisation=False)) is None


@pytest.mark.parametrize("fact", [organisation_settings, actions_policy, organisation_owners])
def test_a_refusal_goes_through(fact):
    """It says which permission would help."""
    refusal = PermissionMissing("no", permission="x")
    paths = ("", "/actions/permissions", "/members?role=admin")

    with pytest.raises(PermissionMissing):
        fact(MemoryOwner(rests=dict.fromkeys(paths, refusal)))
