"""Who and what gets into a repository: collaborators, teams, deploy keys, webhooks."""

from __future__ import annotations

from bot.testing import settings_render as shown
from bot.testing.authentication import token_covers
from bot.testing.routing import NOT_ACCESSIBLE, Answer, Call, Refusal, in_repository, invalid
from bot.testing.settings import (
    PERMISSION_OF_ROLE,
    is_member,
    role_of,
    strongest,
    teams_with,
)
from bot.testing.state import Account, FakeRepository
from bot.testing.world import World

AFFILIATIONS = ("outside", "direct", "all")


def people_of(world: World, repository: FakeRepository, affiliation: str) -> list[tuple[Account, str]]:
    """Everybody with a role in a repository and that role, by login.

    Args:
        affiliation: ``all``; ``direct`` for those who were invited to it, the owner included;
            ``outside`` for those of them who do not belong to its organisation.
    """
    owner = repository.owner
    people = [a for a in world.accounts.values() if a.type != "Organization" and role_of(repository, a)]
    if affiliation != "all":
        people = [a for a in people if a is owner or a.login.lower() in repository.collaborators]
    if affiliation == "outside":
        people = [a for a in people if a is not owner and not is_member(owner, a)]
    return [(a, role_of(repository, a)) for a in sorted(people, key=lambda a: a.login.lower())]


@in_repository("GET", "/collaborators", "metadata=read")
def collaborators(call: Call) -> Answer:
    """Everybody with a role; filters affiliation and permission. Never for strangers."""
    token = call.credentials.token
    if token is None:
        raise Refusal(401, "Requires authentication")
    if not token_covers(call.world, token, call.repository):
        raise Refusal(403, NOT_ACCESSIBLE)
    affiliation, permission = call.query("affiliation", "all"), call.query("permission")
    if affiliation not in AFFILIATIONS:
        raise invalid("Collaborator", "invalid", "affiliation")
    found = people_of(call.world, call.repository, affiliation)
    if permission:
        roles = {legacy: role for role, legacy in PERMISSION_OF_ROLE.items()}
        if permission not in roles:
            raise invalid("Collaborator", "invalid", "permission")
        least = roles[permission]
        found = [pair for pair in found if strongest((pair[1], least)) == pair[1]]
    return call.page(found, lambda pair: shown.collaborator(call.world.render, *pair))


@in_repository("GET", "/teams", "administration=read")
def teams(call: Call) -> Answer:
    """The teams that have a role here."""
    repository = call.repository
    return call.page(
        teams_with(repository),
        lambda team: shown.team(call.world.render, team, team.repositories[repository.id]),
    )


@in_repository("GET", "/keys", "administration=read")
def deploy_keys(call: Call) -> Answer:
    """The deploy keys, oldest first."""
    return call.page(
        call.repository.settings.deploy_keys,
        lambda key: shown.deploy_key(call.world.render, call.repository, key),
    )


@in_repository("GET", "/hooks", "repository_hooks=read")
def hooks(call: Call) -> Answer:
    """The webhooks; a secret shows as asterisks, none does not show."""
    base = call.world.render.repository_url(call.repository)
    return call.page(call.repository.settings.hooks, lambda h: shown.hook(base, h, organisation=False))
