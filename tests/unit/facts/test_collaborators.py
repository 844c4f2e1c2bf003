"""Who was let in, as GitHub tells it."""

import pytest

from bot.facts.collaborators import MOST_TEAMS, collaborators, team_accesses
from bot.json_nodes import Node, Refused
from bot.model.collaborators import Access, Collaborator, Collaborators, TeamAccess, TeamAccesses
from bot.model.errors import Malformed, PermissionMissing

ORGANISED = Collaborators(in_organisation=True)


def people(*pairs, more=False):
    edges = [{"permission": access, "node": {"login": login}} for login, access in pairs]
    return {"totalCount": len(edges), "pageInfo": {"hasNextPage": more}, "edges": [*edges, None]}


def read(direct, outside, organised=True):
    answer = {"in_organisation": organised, "direct": direct, "outside": outside}
    return collaborators(Node(answer, "r", "metadata: read"))


def test_people_are_told_with_what_they_may_do():
    """And that there are more."""
    found = read(people(("ann", "ADMIN"), ("bob", "MAINTAIN"), more=True), people(("bob", "MAINTAIN")))

    assert found == Collaborators(
        in_organisation=True,
        direct=(Collaborator("ann", Access.ADMIN), Collaborator("bob", Access.MAINTAIN)),
        outside=(Collaborator("bob", Access.MAINTAIN),),
        more_direct=True,
    )


def test_a_person_s_repository_has_none_that_matter():
    """Nothing else is looked at."""
    assert read(None, None, organised=False) == Collaborators(in_organisation=False)


@pytest.mark.parametrize("hidden", [None, Refused("must have push access", permission=True)])
def test_what_is_hidden_is_not_taken_for_nobody(hidden):
    """Null is what GitHub tells to who may not know."""
    with pytest.raises(PermissionMissing):
        read(hidden, people())
    with pytest.raises(PermissionMissing):
        read(people(), hidden)


def test_an_unknown_role_is_a_fault():
    """Never a lesser one."""
    with pytest.raises(Malformed):
        read(people(("ann", "OVERLORD")), people())


@pytest.mark.parametrize(
    ("access", "expected"), [(Access.READ, False), (Access.TRIAGE, False), (Access.WRITE, True)]
)
def test_who_may_push(access, expected):
    """From write upwards."""
    assert access.writes is expected
    assert Access.MAINTAIN.writes
    assert Access.ADMIN.writes


def test_teams_are_told_with_their_rights(reader):
    """By their abilities, as a role may have any name."""
    reader.rests["/teams"] = [
        {"slug": "core", "permission": "admin", "permissions": {"admin": True}},
        {"slug": "ci", "permission": "our-own-role", "permissions": {"admin": False}},
        {"slug": "old", "permission": "admin"},
    ]

    assert team_accesses(reader, ORGANISED) == TeamAccesses(
        (TeamAccess("core", True), TeamAccess("ci", False), TeamAccess("old", True))
    )


def test_more_teams_than_are_read_are_said(reader):
    """The first hundred."""
    reader.rests["/teams"] = [{"slug": f"t{n}", "permission": "pull"} for n in range(MOST_TEAMS + 1)]
    found = team_accesses(reader, ORGANISED)

    assert (len(found.listed), found.more) == (MOST_TEAMS, True)


def test_hidden_teams_are_not_taken_for_none(reader):
    """GitHub answers 404."""
    with pytest.raises(PermissionMissing) as told:
        team_accesses(reader, ORGANISED)

    assert told.value.permission == "administration: read"


def test_a_person_s_repository_is_not_asked_for_teams(reader):
    """It has none."""
    assert team_accesses(reader, Collaborators(in_organisation=False)) == TeamAccesses(())
    assert reader.calls == []
