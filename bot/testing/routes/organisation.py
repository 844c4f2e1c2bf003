"""An organisation: its options, people, teams, webhooks and repositories."""

from __future__ import annotations

from bot.testing import settings_render as shown
from bot.testing.authentication import token_covers
from bot.testing.routing import (
    Answer,
    Call,
    Refusal,
    in_organisation,
    invalid,
    level_of,
    not_found,
    route,
)
from bot.testing.settings import Team, is_member, members_of
from bot.testing.settings import team_members as team_members_of
from bot.testing.state import Account, FakeRepository

_TWO_FACTOR = ("all", "2fa_disabled", "2fa_insecure")


def _own(call: Call, permission: str) -> bool:
    """The caller is the installation here and may read by this permission."""
    token = call.credentials.token
    if token is None or token.installation.account is not call.organisation:
        return False
    return level_of(token, permission) >= 1


@route("GET", "/orgs/{login}")
def organisation(call: Call) -> Answer:
    """What everybody may see; all options for who may read its administration."""
    account = call.organisation
    kept = [r for r in call.world.repositories.values() if r.owner is account and not r.deleted]
    full = _own(call, "organization_administration")
    return Answer(200, shown.full_organisation(call.world.render, account, kept, full=full))


@route("GET", "/orgs/{login}/repos")
def repositories(call: Call) -> Answer:
    """Its repositories that the caller sees, newest first."""
    account, kind = call.organisation, call.query("type", "all")
    found = [r for r in call.world.repositories.values() if r.owner is account and _sees(call, r)]
    chosen = {
        "public": lambda r: not r.private,
        "private": lambda r: r.private,
        "forks": lambda r: r.parent is not None,
        "sources": lambda r: r.parent is None,
    }.get(kind, lambda _: True)
    sort = call.query("sort", "created")
    keys = {
        "updated": lambda r: (r.updated_at, r.id),
        "pushed": lambda r: (r.pushed_at or r.created_at, r.id),
        "full_name": lambda r: (r.full_name.lower(),),
    }
    backwards = call.query("direction", "asc" if sort == "full_name" else "desc") == "desc"
    found = sorted(
        filter(chosen, found), key=keys.get(sort, lambda r: (r.created_at, r.id)), reverse=backwards
    )
    return call.page(found, call.world.render.repository)


def _sees(call: Call, repository: FakeRepository) -> bool:
    token = call.credentials.token
    if repository.deleted:
        return False
    return not repository.private or (token is not None and token_covers(call.world, token, repository))


def _people(call: Call) -> list[tuple[Account, str]]:
    """The members with their role, by login."""
    return [(call.world.accounts[login], role) for login, role in members_of(call.organisation).items()]


def _by_two_factor(call: Call, people: list[Account]) -> list[Account]:
    wanted = call.query("filter", "all")
    if wanted not in _TWO_FACTOR:
        raise invalid("Member", "invalid", "filter")
    without = call.organisation.settings.without_two_factor
    if wanted == "2fa_disabled":
        return [a for a in people if a.login.lower() in without]
    return [] if wanted == "2fa_insecure" else people


@in_organisation("GET", "/members", "members=read")
def members(call: Call) -> Answer:
    """The members; filters role (all, admin, member) and filter (all, 2fa_disabled)."""
    role = call.query("role", "all")
    if role not in ("all", "admin", "member"):
        raise invalid("Member", "invalid", "role")
    people = [account for account, has in _people(call) if role in ("all", has)]
    return call.page(_by_two_factor(call, people), call.world.render.user)


@in_organisation("GET", "/memberships/{username}", "members=read")
def membership(call: Call) -> Answer:
    """How somebody belongs to it; 404 when they do not."""
    account, render = call.organisation, call.world.render
    for person, role in _people(call):
        if person.login.lower() == call.params["username"].lower():
            return Answer(
                200,
                {
                    "url": f"{render.base_url}/orgs/{account.login}/memberships/{person.login}",
                    "state": "active",
                    "role": role,
                    "organization_url": f"{render.base_url}/orgs/{account.login}",
                    "organization": render.organization(account),
                    "user": render.user(person),
                },
            )
    raise not_found()


@in_organisation("GET", "/outside_collaborators", "members=read")
def outside_collaborators(call: Call) -> Answer:
    """Who was invited to one of its repositories without belonging to it, by login."""
    account, world = call.organisation, call.world
    logins = {
        login
        for repository in world.repositories.values()
        if repository.owner is account and not repository.deleted
        for login in repository.collaborators
    }
    people = [world.accounts[login] for login in sorted(logins)]
    outside = [person for person in people if not is_member(account, person)]
    return call.page(_by_two_factor(call, outside), world.render.user)


@in_organisation("GET", "/teams", "members=read")
def teams(call: Call) -> Answer:
    """All teams, oldest first."""
    found = list(call.organisation.settings.teams.values())
    return call.page(found, lambda team: shown.team(call.world.render, team))


def _team(call: Call) -> Team:
    found = call.organisation.settings.teams.get(call.params["slug"].lower())
    if found is None:
        raise not_found()
    return found


@in_organisation("GET", "/teams/{slug}/members", "members=read")
def team_members(call: Call) -> Answer:
    """The people of a team and of those below it; filter role."""
    wanted = call.query("role", "all")
    if wanted not in ("all", "member", "maintainer"):
        raise Refusal(422, "Validation Failed")
    roles = team_members_of(_team(call))
    found = [call.world.accounts[login] for login in roles if wanted in ("all", roles[login])]
    return call.page(found, call.world.render.user)


@in_organisation("GET", "/teams/{slug}/repos", "members=read")
def team_repositories(call: Call) -> Answer:
    """The repositories in which a team has a role, as far as the token reaches them."""
    roles, world = _team(call).repositories, call.world
    found = [world.repositories[i] for i in sorted(roles) if _sees(call, world.repositories[i])]
    return call.page(
        found,
        lambda r: (
            world.render.repository(r)
            | {"permissions": shown.abilities(roles[r.id]), "role_name": roles[r.id]}
        ),
    )


@in_organisation("GET", "/hooks", "organization_hooks=read")
def hooks(call: Call) -> Answer:
    """Its webhooks."""
    base = f"{call.world.render.base_url}/orgs/{call.organisation.login}"
    return call.page(call.organisation.settings.hooks, lambda h: shown.hook(base, h, organisation=True))
