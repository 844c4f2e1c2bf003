"""Code owners who do not belong to the organisation any more, over all of its repositories."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from bot.model.code_owners import DepartedOwner, DepartedOwners, NamedOwners
from bot.model.errors import PermissionMissing, Scarce
from bot.ports import OwnerReader
from bot.spec import fact

MEMBERS = "members: read"

MOST_ENTRIES = 50_000
"""Members, outside collaborators or teams that are listed at most."""


@fact(
    "departed_owners",
    permission=MEMBERS,
    cost="a listing of members; of outside collaborators and of teams only where somebody is named who "
    "may be among them; none where nobody is named",
)
def departed_owners(owner: OwnerReader, named_owners: NamedOwners) -> DepartedOwners | None:
    """Who is named as code owner and is neither member nor outside collaborator; None for a person's account.

    Teams are those of the organisation. Addresses of mail are left out: whose they are is not told.

    Source: https://docs.github.com/en/rest/orgs/members and https://docs.github.com/en/rest/teams/teams
    """
    if not owner.organisation:
        return None
    where: defaultdict[str, list[str]] = defaultdict(list)
    for repository, names in sorted(named_owners.by_repository.items()):
        for name in sorted({name.lower() for name in names if name.startswith("@")}):
            where[name].append(repository)
    mine = f"@{owner.login.lower()}/"
    people, teams = {n for n in where if "/" not in n}, {n for n in where if n.startswith(mine)}
    gone = _lacking(owner, people, "/members", "login", "@")
    gone = _lacking(owner, gone, "/outside_collaborators", "login", "@")
    gone |= _lacking(owner, teams, "/teams", "slug", mine)
    found = (DepartedOwner(name, tuple(where[name])) for name in gone)
    return DepartedOwners(
        departed=tuple(sorted(found, key=lambda one: (-len(one.repositories), one.name))),
        named=len(people) + len(teams),
        repositories=len({repository for name in people | teams for repository in where[name]}),
        unread=named_owners.unread,
    )


def _lacking(owner: OwnerReader, names: Iterable[str], path: str, key: str, before: str) -> set[str]:
    """Those of the names that a listing of the organisation does not hold; it is read if there are any."""
    wanted = set(names)
    if not wanted:
        return wanted
    told = owner.rest(path, items=MOST_ENTRIES, permission=MEMBERS)
    if told is None:
        raise PermissionMissing(f"{owner.login} does not tell its {path.strip('/')}", permission=MEMBERS)
    if told["more"].flag():
        # Whoever is beyond the end would look as if they had left.
        raise Scarce(f"{owner.login} has more than {MOST_ENTRIES} {path.strip('/')}")
    return wanted - {f"{before}{item[key].text().lower()}" for item in told["items"].items()}
