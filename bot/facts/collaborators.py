"""People and teams who have been let into a repository."""

from __future__ import annotations

from bot.json_nodes import Node
from bot.model.collaborators import Access, Collaborator, Collaborators, TeamAccess, TeamAccesses
from bot.model.errors import PermissionMissing
from bot.ports import RepoReader
from bot.selections import Selection
from bot.spec import SIX_HOURS, fact

MOST_TEAMS = 100


def _people(affiliation: str, most: int) -> Selection:
    return Selection(
        f"collaborators(affiliation: {affiliation}, first: {most}) "
        "{ totalCount pageInfo { hasNextPage } edges { permission node { login } } }"
    )


@fact(
    "collaborators",
    permission="metadata: read",
    cost="two connections of the scan",
    graph={
        "in_organisation": Selection("isInOrganization"),
        "direct": _people("DIRECT", 100),
        "outside": _people("OUTSIDE", 50),
    },
)
def collaborators(answer: Node) -> Collaborators:
    """People with access that was given to themselves, with what they may do by all that they have."""
    if not answer["in_organisation"].flag():
        return Collaborators(in_organisation=False)
    direct, outside = _shown(answer, "direct"), _shown(answer, "outside")
    return Collaborators(
        in_organisation=True,
        direct=_listed(direct),
        outside=_listed(outside),
        more_direct=direct.more,
        more_outside=outside.more,
    )


def _shown(answer: Node, key: str) -> Node:
    found = answer.optional(key)
    if found is None:
        # Null, not an empty list, is what GitHub tells to who may not know.
        raise PermissionMissing("GitHub does not tell who has access to the repository")
    return found


def _listed(connection: Node) -> tuple[Collaborator, ...]:
    return tuple(
        Collaborator(edge["node"]["login"].text(), edge["permission"].choice(Access))
        for edge in connection["edges"].items()
        if not edge.null
    )


@fact("team_accesses", permission="administration: read", cost="one call", keep_s=SIX_HOURS, rest=True)
def team_accesses(reader: RepoReader, collaborators: Collaborators) -> TeamAccesses:
    """Teams with access to the repository; nothing is asked where no organisation owns it."""
    if not collaborators.in_organisation:
        return TeamAccesses(())
    answer = reader.rest("/teams", items=MOST_TEAMS, permission="administration: read")
    if answer is None:
        raise PermissionMissing(
            "GitHub does not tell which teams have access", permission="administration: read"
        )
    return TeamAccesses(tuple(_team(item) for item in answer["items"].items()), answer["more"].flag())


def _team(item: Node) -> TeamAccess:
    may = item.optional("permissions")
    admin = may.optional("admin") if may else None
    return TeamAccess(item["slug"].text(), admin.flag() if admin else item["permission"].text() == "admin")
