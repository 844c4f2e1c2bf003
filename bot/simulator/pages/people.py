"""The first page, accounts, and changing who one is."""

from __future__ import annotations

from urllib.parse import urlsplit

from bot.simulator.pages.routing import Refused, page
from bot.simulator.pages.site import Visit
from bot.simulator.pages.view import path_of
from bot.testing.http import Response


@page("GET", r"/")
def start(visit: Visit) -> Response:
    """Organisations, people, and what to try."""
    accounts = visit.fake.accounts.values()
    organisations = [
        (account, len(_visible(visit, account.login)))
        for account in accounts
        if account.type == "Organization"
    ]
    return visit.html("start.html", organisations=organisations)


@page("GET", r"/(?P<owner>[^/]+)")
def account(visit: Visit) -> Response:
    """An account's repositories with their health."""
    found = visit.fake.accounts.get(visit.params["owner"].lower())
    if found is None:
        raise Refused(404, "There is no such account.")
    repositories = _visible(visit, found.login)
    return visit.html("account.html", account=found, repositories=repositories)


def _visible(visit: Visit, login: str) -> list[object]:
    return sorted(
        (
            repository
            for repository in visit.fake.repositories.values()
            if not repository.deleted and repository.owner.login == login and visit.role(repository)
        ),
        key=lambda repository: (repository.archived, repository.name.lower()),
    )


@page("POST", r"/-/person")
def become(visit: Visit) -> Response:
    """Go on as somebody else, on the same page."""
    login = visit.form.get("who", "")
    chosen = visit.fake.accounts.get(login.lower())
    if chosen is None or chosen.type != "User":
        raise Refused(422, "There is no such person.")
    session = visit.site.sessions.become(visit.session, chosen.login)
    back = visit.form.get("back", "/")
    # Only a path of this site: no address, and nothing that a browser takes for one.
    safe = back.startswith("/") and not back.startswith(("//", "/\\")) and not urlsplit(back).netloc
    response = visit.go(back if safe else path_of(), f"You are {chosen.login} now.")
    cookie = {"Set-Cookie": visit.site.sessions.cookie(session)}
    return Response(response.status, {**response.headers, **cookie})
