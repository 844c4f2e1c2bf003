"""People, bots and organisations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.testing.graphql.declaring import Asked, connection, field, represent
from bot.testing.state import Account, FakeRepository

_KINDS = ("User", "Bot", "Organization")

represent(Account, lambda account: account.type)


def _id(account: Account, _asked: Asked) -> str:
    prefix = "O" if account.type == "Organization" else "U"
    return f"{prefix}_{account.id:08d}"


def _login(account: Account, _asked: Asked) -> str:
    # GraphQL leaves out what REST puts behind the login of an App's bot; as a viewer it is a user.
    return account.login if account.type == "User" else account.login.removesuffix("[bot]")


def _path(account: Account, _asked: Asked) -> str:
    login = account.login.removesuffix("[bot]")
    return f"/apps/{login}" if account.type == "Bot" else f"/{login}"


def _url(account: Account, asked: Asked) -> str:
    return asked.world.html_url + _path(account, asked)


def _avatar(account: Account, asked: Asked) -> str:
    return f"{asked.world.html_url}/avatars/u/{account.id}?v=4"


def _database_id(account: Account, _asked: Asked) -> int:
    return account.id


for _kind in _KINDS:
    field(_kind, "id")(_id)
    field(_kind, "databaseId")(_database_id)
    field(_kind, "login")(_login)
    field(_kind, "resourcePath")(_path)
    field(_kind, "url")(_url)
    field(_kind, "avatarUrl")(_avatar)


@field("User", "name")
@field("Organization", "name")
def name(_account: Account, _asked: Asked) -> None:
    """Nobody has told one."""


@field("Organization", "description")
def description(_account: Account, _asked: Asked) -> str:
    """As in REST."""
    return ""


@connection("Organization", "repositories")
def repositories(
    account: Account,
    asked: Asked,
    *,
    privacy: str | None = None,
    visibility: str | None = None,
    is_archived: bool | None = None,
    is_fork: bool | None = None,
    order_by: dict[str, Any] | None = None,
) -> Sequence[FakeRepository]:
    """Those of its repositories that the token may see."""
    wanted = privacy or visibility
    found = [
        r
        for r in asked.world.repositories.values()
        if r.owner is account
        and asked.sees(r)
        and wanted in (None, "PRIVATE" if r.private else "PUBLIC")
        and is_archived in (None, r.archived)
        and is_fork in (None, r.parent is not None)
    ]
    order = order_by or {"field": "NAME", "direction": "ASC"}
    keys = {
        "NAME": lambda r: r.name.lower(),
        "CREATED_AT": lambda r: (r.created_at, r.id),
        "UPDATED_AT": lambda r: (r.updated_at, r.id),
        "PUSHED_AT": lambda r: (r.pushed_at or r.created_at, r.id),
        "STARGAZERS": lambda r: r.id,
    }
    found.sort(key=keys[order["field"]], reverse=order["direction"] == "DESC")
    return found
