"""Learns what selectors ask of repositories beside name and settings: their teams and custom properties."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace

from bot.json_nodes import Node
from bot.model.attributes import Described, Properties
from bot.model.errors import Malformed, PermissionMissing
from bot.ports import OwnerReader, RepoReader, Store

logger = logging.getLogger(__name__)

MOST_REPOSITORIES = 20_000
"""Repositories of a team, or with properties, that are read of one organisation."""


def describe(
    store: Store, installation_id: int, account: OwnerReader, *, teams: tuple[str, ...], properties: bool
) -> tuple[Mapping[int, Described], dict[int, Described]]:
    """Read teams and properties of all repositories of an owner, as far as they are asked for.

    What GitHub does not tell stays as it was known; without the permission that is not known.

    Args:
        teams: slugs of the teams that are asked for; none for nothing.

    Returns:
        What was known of each repository before, and what is known now; nothing is kept yet.
    """
    before = store.described(installation_id)
    if not (teams or properties):
        return before, dict(before)
    with_team = _teams(account, teams) if teams else None
    with_values = _properties(account) if properties else None
    # A listing takes long: what events and scans of single repositories told meanwhile is newer.
    described = store.described(installation_id)
    for repository in store.repositories(installation_id):
        id_ = repository.id
        then, told = before.get(id_, Described()), described.get(id_, Described())
        if with_team is not None and told.teams == then.teams:
            told = replace(told, teams=with_team.get(id_, ()))
        if with_values is not None and told.properties == then.properties:
            if not account.organisation:
                told = replace(told, properties={})
            elif id_ in with_values:
                # Whom the listing lacks is newer than it, and is asked by itself.
                told = replace(told, properties=with_values[id_])
        if told != Described():
            described[id_] = told
    return before, described


def _teams(account: OwnerReader, slugs: tuple[str, ...]) -> dict[int, tuple[str, ...]] | None:
    """Repository id -> those of the teams that have it; None when that can not be known."""
    found: dict[int, tuple[str, ...]] = {}
    try:
        for slug in slugs if account.organisation else ():
            path = f"/teams/{_segment(slug)}/repos"
            for item in _listed(account, path, "members: read") or ():
                number = item["id"].number()
                found[number] = (*found.get(number, ()), slug)
    except (PermissionMissing, Malformed) as error:
        logger.warning("teams can not be read", extra={"why": str(error)})
        return None
    return found


def _properties(account: OwnerReader) -> dict[int, Properties] | None:
    """Repository id -> custom properties; None when they can not be known."""
    try:
        if not account.organisation:
            return {}
        listed = _listed(account, "/properties/values", "organization_custom_properties: read")
        if listed is None:
            # An older GitHub Enterprise Server has none.
            return None
        return {item["repository_id"].number(): _properties_of(item["properties"]) for item in listed}
    except (PermissionMissing, Malformed) as error:
        logger.warning("custom properties can not be read", extra={"why": str(error)})
        return None


def properties_in(reader: RepoReader) -> Properties | None:
    """The custom properties of one repository; None when they can not be read."""
    try:
        answer = reader.rest("/properties/values", permission="metadata: read")
        return _properties_of(answer) if answer else {}
    except (PermissionMissing, Malformed) as error:
        logger.warning("custom properties can not be read", extra={"why": str(error)})
        return None


def _properties_of(listed: Node) -> Properties:
    """Custom properties as GitHub lists them: each holds nothing, a text, or several."""
    return {item["property_name"].text(): _values(item.optional("value")) for item in listed.items()}


def _values(value: Node | None) -> tuple[str, ...]:
    if value is None:
        return ()
    try:
        return (value.text(),)
    except Malformed:
        return tuple(part.text() for part in value.items())


def _listed(account: OwnerReader, path: str, permission: str) -> tuple[Node, ...] | None:
    """The whole of a listing; None when there is none. Raises Malformed when it is too long."""
    answer = account.rest(path, items=MOST_REPOSITORIES, permission=permission)
    if answer is None:
        return None
    if answer["more"].flag():
        raise Malformed(f"more than {MOST_REPOSITORIES} entries, and a part would look like the whole")
    return answer["items"].items()


def _segment(slug: str) -> str:
    """A slug as a part of a path; a text that can be none names no team."""
    return "".join(c if (c.isascii() and c.isalnum()) or c in "-_" else "-" for c in slug.lower())[:100]
