"""The App, its installations and their tokens."""

from __future__ import annotations

from bot.testing.authentication import mint, suspended, token_covers
from bot.testing.render import Json, stamp
from bot.testing.routing import Answer, Call, in_repository, not_found, route
from bot.testing.state import Account, Installation


@route("GET", "/app", who="app")
def app(call: Call) -> Answer:
    """The App itself."""
    return Answer(200, call.world.render.app(call.app) | {"installations_count": len(_all(call))})


@route("GET", "/app/installations", who="app")
def installations(call: Call) -> Answer:
    """All installations, by id."""
    found = sorted(_all(call), key=lambda i: i.id)
    return call.page(found, lambda i: call.world.render.installation(i, i.app))


def _all(call: Call) -> list[Installation]:
    return [i for i in call.world.installations.values() if i.app is call.app]


@route("POST", "/app-manifests/{code}/conversions")
def conversion(call: Call) -> Answer:
    """The keys of an App that was made from a manifest; whoever has the code gets them, once."""
    return Answer(201, call.world.convert(call.params["code"]))


def _installation(call: Call) -> Installation:
    found = call.world.installations.get(call.number("installation_id"))
    if found is None or found.app is not call.app:
        raise not_found()
    return found


@route("GET", "/app/installations/{installation_id}", who="app")
def installation(call: Call) -> Answer:
    """One installation, suspended ones too."""
    return Answer(200, call.world.render.installation(_installation(call), call.app))


@route("DELETE", "/app/installations/{installation_id}", who="app")
def uninstall(call: Call) -> Answer:
    """The App leaves an account."""
    call.world.uninstall(_installation(call).id, actor=call.actor.login)
    return Answer(204)


@route("POST", "/app/installations/{installation_id}/access_tokens", who="app")
def access_tokens(call: Call) -> Answer:
    """A token for an hour, perhaps narrowed."""
    found = _installation(call)
    if found.suspended_at is not None:
        raise suspended()
    wish = call.request.headers.get("x-github-stateless-s2s-token", "enabled")
    body = call.json()
    token = mint(call.world, found, body, stateless=wish != "disabled")
    answer: Json = {
        "token": token.value,
        "expires_at": stamp(token.expires_at),
        "permissions": dict(token.permissions),
        "repository_selection": "all"
        if token.repositories is None and found.repositories is None
        else "selected",
    }
    if token.repositories is not None:
        chosen = [call.world.repositories[i] for i in sorted(token.repositories)]
        answer["repositories"] = [call.world.render.repository(r) for r in chosen]
    return Answer(201, answer)


@route("DELETE", "/installation/token", who="installation")
def revoke(call: Call) -> Answer:
    """The token ends now."""
    call.token.revoked = True
    return Answer(204)


@route("GET", "/installation/repositories", who="installation")
def installation_repositories(call: Call) -> Answer:
    """All repositories that the token reaches."""
    token, world = call.token, call.world
    found = [r for r in world.covered(token.installation) if token_covers(world, token, r)]
    selection = "all" if token.installation.repositories is None else "selected"
    return call.page(
        found, world.render.repository, key="repositories", extra={"repository_selection": selection}
    )


@in_repository("GET", "/installation", "", who="app")
def repository_installation(call: Call) -> Answer:
    """Which installation has a repository."""
    found = call.world.covering(call.repository, call.app)
    if found is None:
        raise not_found()
    return Answer(200, call.world.render.installation(found, call.app))


@route("GET", "/orgs/{login}/installation", who="app")
@route("GET", "/users/{login}/installation", who="app")
def account_installation(call: Call) -> Answer:
    """Which installation an account has."""
    for found in _all(call):
        if found.account.login.lower() == call.params["login"].lower():
            return Answer(200, call.world.render.installation(found, call.app))
    raise not_found()


@route("GET", "/users/{login}")
def user(call: Call) -> Answer:
    """An account, as far as the fake knows one."""
    found: Account | None = call.world.accounts.get(call.params["login"].lower())
    if found is None:
        raise not_found()
    return Answer(200, call.world.render.public_user(found))


@route("GET", "/rate_limit")
def rate_limit(call: Call) -> Answer:
    """What is left of the hour; costs nothing."""
    world, credentials = call.world, call.credentials
    requests, points = world.hourly(credentials), world.hourly_points(credentials)
    return Answer(200, world.limits.overview(credentials.bucket, requests, points, world.now()))
