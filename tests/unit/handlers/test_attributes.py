"""What changes groups of policy leads to a reading of that, and no more."""

from __future__ import annotations

from typing import Any

import pytest

from bot.model.attributes import Attribute
from bot.model.events import Event
from bot.registry import load
from jobs.refresh_attributes import RefreshAttributes

REGISTRY = load(plugins=False)
BASE = {"installation": {"id": 7}}
HERE = {"repository": {"id": 42, "name": "app"}}
TEAMS = [RefreshAttributes(installation_id=7, attribute=Attribute.TEAMS)]


def works(name: str, action: str, payload: dict[str, Any]) -> list[Any]:
    event = Event(name, action, "h:g", payload, 4711)
    return [work for handler in REGISTRY.handlers_for(event) for work in handler.function(event)]


def test_new_values_lead_to_a_reading_of_that_repository() -> None:
    """The values of the payload are not believed: events come in any order."""
    assert works("custom_property_values", "updated", BASE | HERE) == [
        RefreshAttributes(installation_id=7, attribute=Attribute.PROPERTIES, repository_id=42)
    ]


@pytest.mark.parametrize("action", ["created", "updated", "deleted"])
def test_a_definition_concerns_all_repositories(action: str) -> None:
    """A default that changes is the value of whatever has none."""
    assert works("custom_property", action, BASE) == [
        RefreshAttributes(installation_id=7, attribute=Attribute.PROPERTIES)
    ]


@pytest.mark.parametrize(
    ("action", "payload", "expected"),
    [
        pytest.param("added_to_repository", HERE, TEAMS, id="a repository more"),
        pytest.param("removed_from_repository", HERE, TEAMS, id="a repository less"),
        pytest.param("created", {}, TEAMS, id="a new one inherits"),
        pytest.param("deleted", {}, TEAMS, id="no more"),
        pytest.param("edited", {"changes": {"name": {"from": "x"}}}, TEAMS, id="another name"),
        pytest.param("edited", {"changes": {}}, TEAMS, id="nobody says what"),
        pytest.param("edited", {"changes": {"description": {"from": "x"}}}, [], id="another description"),
        pytest.param("edited", HERE | {"changes": {"repository": {}}}, [], id="another role there"),
    ],
)
def test_a_team_concerns_the_groups_that_ask_for_teams(
    action: str, payload: dict[str, Any], expected: list[RefreshAttributes]
) -> None:
    """When it may have other repositories or another name."""
    assert works("team", action, BASE | payload) == expected


@pytest.mark.parametrize(
    ("name", "action", "payload"),
    [
        ("custom_property_values", "updated", HERE),
        ("custom_property_values", "updated", BASE),
        ("custom_property", "updated", {}),
        ("custom_property", "promote_to_enterprise", BASE),
        ("team", "deleted", {}),
        ("membership", "added", BASE),
    ],
)
def test_nothing_is_done_without_an_installation_or_news(
    name: str, action: str, payload: dict[str, Any]
) -> None:
    """An enterprise's definitions name no installation; who is in a team chooses no repository."""
    assert works(name, action, payload) == []
