"""A custom property was set or defined, or a team got or lost repositories: groups of policy may change."""

from __future__ import annotations

from bot.model.attributes import Attribute
from bot.model.events import Event, Lane
from bot.spec import on
from handlers.payloads import value
from jobs.refresh_attributes import RefreshAttributes

NO_NEWS = frozenset({"description", "notification_setting", "privacy", "repository"})
"""What can be edited of a team without changing which repositories it has, or what it is called."""


@on("custom_property_values", actions=("updated",))
def regroup_after_new_values(event: Event) -> list[RefreshAttributes]:
    """The payload is not believed, as events come in any order: the repository's values are read."""
    if not event.repository_id:
        return []
    return _refresh(event, Attribute.PROPERTIES, event.repository_id)


@on("custom_property", actions=("created", "updated", "deleted"), lane=Lane.SWEEP)
def regroup_after_new_definition(event: Event) -> list[RefreshAttributes]:
    """A default that changes, or a property that is deleted, changes the values of any repository."""
    return _refresh(event, Attribute.PROPERTIES)


@on("team", lane=Lane.SWEEP)
def regroup_after_new_team(event: Event) -> list[RefreshAttributes]:
    """A team got or lost a repository or its name, came or went; teams below it inherit its repositories."""
    changes = value(event.payload, "changes")
    if event.action == "edited" and isinstance(changes, dict) and changes and set(changes) <= NO_NEWS:
        return []
    return _refresh(event, Attribute.TEAMS)


def _refresh(event: Event, attribute: Attribute, repository_id: int = 0) -> list[RefreshAttributes]:
    installation = event.installation_id
    if not installation:
        return []
    return [RefreshAttributes(installation_id=installation, attribute=attribute, repository_id=repository_id)]
