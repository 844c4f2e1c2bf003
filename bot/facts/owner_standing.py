"""Whether those whom CODEOWNERS names exist, may write, and are more than an empty team.

GitHub itself says whom it does not take for an owner; that a team has nobody in it, it does not say.
"""

from __future__ import annotations

import re
from collections import Counter
from urllib.parse import quote

from bot.json_nodes import Node
from bot.model.code_owners import OwnerStanding, OwningTeams, UnknownOwner
from bot.model.facts import Codeowners
from bot.model.verdicts import Unknown
from bot.ports import OwnerReader
from bot.selections import Selection
from bot.spec import fact

MOST_ERRORS = 2000
MOST_UNKNOWN = 200
MOST_TEAMS = 30
"""Teams that are asked for, a call each for all repositories of an organisation together."""

_NAMED = re.compile(r"@[\w.-]{1,100}(?:/[\w.-]{1,255})?|[^\s@]{1,254}@[^\s@]{1,254}")


@fact(
    "unknown_owners",
    permission="contents: read",
    cost="nothing beside the scan",
    graph={"codeowners": Selection("codeowners { errors { kind line column source message } }")},
)
def unknown_owners(answer: Node) -> tuple[UnknownOwner, ...]:
    """Owners whom GitHub does not know as such, each at the first line that names it; the first 200."""
    found = answer.optional("codeowners")
    if found is None:
        return ()
    lines: dict[str, tuple[str, int]] = {}
    times: Counter[str] = Counter()
    for error in found["errors"].items()[:MOST_ERRORS]:
        if error["kind"].text() == "Unknown owner":
            name = _name(error)
            lines.setdefault(name.lower(), (name, error["line"].number()))
            times[name.lower()] += 1
    return tuple(
        UnknownOwner(name, line, times[key]) for key, (name, line) in list(lines.items())[:MOST_UNKNOWN]
    )


def _name(error: Node) -> str:
    """The owner that an error is about: the word at its column, else one in GitHub's sentence."""
    at = max(error["column"].number() - 1, 0)
    found = _NAMED.match(error["source"].text(), at) or _NAMED.search(error["message"].text()[:1000])
    return found.group().rstrip(".") if found else error["message"].text()[:200]


@fact(
    "owning_teams",
    permission="members: read",
    cost="one call per team, once for all repositories; none where no team is named",
)
def owning_teams(owner: OwnerReader, codeowners: Codeowners | None) -> OwningTeams:
    """Teams of the own organisation that are not there, or that have nobody in them."""
    names = named_teams(codeowners, owner.login)
    empty: list[str] = []
    missing: list[str] = []
    for name in names[:MOST_TEAMS]:
        slug = quote(name.partition("/")[2].lower(), safe="")
        people = owner.rest(f"/teams/{slug}/members", items=1, permission="members: read")
        if people is None:
            missing.append(name)
        elif not people["items"].items():
            empty.append(name)
    return OwningTeams(tuple(empty), tuple(missing), len(names[MOST_TEAMS:]))


def named_teams(codeowners: Codeowners | None, login: str) -> tuple[str, ...]:
    """The teams of an organisation that are owners, as written."""
    mine = f"@{login.lower()}/"
    owners = codeowners.owners if codeowners else ()
    return tuple(owner.name for owner in owners if owner.name.lower().startswith(mine))


@fact("owner_standing", permission="contents: read", cost="nothing of its own")
def owner_standing(
    unknown_owners: tuple[UnknownOwner, ...],
    owning_teams: OwningTeams | Unknown,
    codeowners: Codeowners | None,
) -> OwnerStanding:
    """Both together; where teams can not be read, what GitHub says of owners is known all the same."""
    if not isinstance(owning_teams, Unknown):
        return OwnerStanding(unknown_owners, owning_teams)
    teams = any("/" in owner.name for owner in (codeowners.owners if codeowners else ()))
    return OwnerStanding(unknown_owners, unread=owning_teams if teams else None)
