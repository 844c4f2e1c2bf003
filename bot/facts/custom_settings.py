"""Settings and custom properties of a repository that checks of policy ask about."""

from __future__ import annotations

from collections.abc import Mapping

from bot.json_nodes import Node
from bot.model.attributes import Properties
from bot.model.custom_checks import SETTINGS
from bot.model.errors import Malformed
from bot.ports import RepoReader
from bot.selections import Selection
from bot.spec import fact

ASKED = {s.field: Selection(s.field) for s in SETTINGS.values() if s.fact == "custom_settings"}


@fact(
    "custom_settings",
    permission="metadata: read",
    cost="fields of the document that is read anyway, free of points; nothing without such a check",
    graph=ASKED,
)
def custom_settings(answer: Node) -> Mapping[str, bool]:
    """Settings that nothing else reads, by GitHub's names for them; all are switches."""
    return {name: answer[name].flag() for name in ASKED}


@fact(
    "custom_properties",
    permission="metadata: read",
    cost="none where the organisation's policy asks for custom properties as well, else one request; "
    "nothing without such a check",
    rest=True,
)
def custom_properties(reader: RepoReader, properties: Properties | None) -> Properties:
    """The values that the organisation gave the repository, by the property's name.

    Args:
        properties: as they were read for the whole organisation; None when they were not.
    """
    if properties is not None:
        return properties
    answer = reader.rest("/properties/values", permission="metadata: read")
    if answer is None:
        # A person's repositories have none.
        return {}
    return {item["property_name"].text(): _values(item.optional("value")) for item in answer.items()}


def _values(value: Node | None) -> tuple[str, ...]:
    if value is None:
        return ()
    try:
        return (value.text(),)
    except Malformed:
        return value.texts()
