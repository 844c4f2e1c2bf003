"""What a document may begin with: nodes by id, repositories and organisations by name, the budget."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from bot.testing.graphql.declaring import Asked, Problem, field
from bot.testing.state import Account, FakeRepository

_MOST_IDS = 100


@field("Query", "node")
def node(_source: Any, asked: Asked, *, id: str) -> FakeRepository | Account:  # noqa: A002
    """A repository or an account; an id that is none, or not for this token, is an error."""
    found: FakeRepository | Account | None = None
    match = re.fullmatch(r"(R|U|O)_([0-9]{1,18})", id)
    if match and match[1] == "R":
        repository = asked.world.repositories.get(int(match[2]))
        found = repository if repository is not None and asked.sees(repository) else None
    elif match:
        found = next((a for a in asked.world.accounts.values() if a.id == int(match[2])), None)
    if found is None:
        raise Problem("NOT_FOUND", f"Could not resolve to a node with the global id of '{id}'.")
    return found


@field("Query", "nodes")
def nodes(source: Any, asked: Asked, *, ids: Sequence[str]) -> list[Any]:
    """Several at once, in their order; each that is none is null with an error of its own."""
    if len(ids) > _MOST_IDS:
        raise Problem(
            "ARGUMENT_LIMIT", f"You may not provide more than {_MOST_IDS} node ids; {len(ids)} came."
        )
    return [_or_problem(source, asked, one) for one in ids]


def _or_problem(source: Any, asked: Asked, one: str) -> FakeRepository | Account | Problem:
    try:
        return node(source, asked, id=one)  # type: ignore[no-any-return]
    except Problem as problem:
        # The executor takes an error in a list for the error of its place.
        return problem


@field("Query", "repository")
def repository(
    _source: Any, asked: Asked, *, owner: str, name: str, follow_renames: bool | None = True
) -> FakeRepository:
    """A repository by name; an old name leads to it, too."""
    found, present = asked.world.named(f"{owner}/{name}")
    if found is None or not asked.sees(found) or not (present or follow_renames is not False):
        raise Problem("NOT_FOUND", f"Could not resolve to a Repository with the name '{owner}/{name}'.")
    return found


@field("Query", "organization")
def organization(_source: Any, asked: Asked, *, login: str) -> Account:
    """An organisation by login."""
    found = asked.world.accounts.get(login.lower())
    if found is None or found.type != "Organization":
        raise Problem("NOT_FOUND", f"Could not resolve to an Organization with the login of '{login}'.")
    return found


@field("Query", "viewer")
def viewer(_source: Any, asked: Asked) -> Account:
    """Whose token it is; that of an App is its bot's, with the login that REST shows."""
    return replace(asked.token.installation.app.account, type="User")


@field("Query", "rateLimit")
def rate_limit(_source: Any, asked: Asked) -> dict[str, Any]:
    """What this document cost, and what is left of the hour."""
    budget = asked.budget
    return {
        "cost": budget.cost,
        "limit": budget.limit,
        "nodeCount": budget.node_count,
        "remaining": budget.remaining,
        "resetAt": datetime.fromtimestamp(budget.reset_at, UTC),
        "used": budget.used,
    }
