"""Settings and properties that checks of policy ask about."""

import pytest

from bot.facts.custom_settings import ASKED, custom_properties, custom_settings
from bot.json_nodes import Refused
from bot.model.custom_checks import SETTINGS
from bot.model.errors import Malformed, PermissionMissing
from bot.model.facts import About, Repository
from bot.registry import load


def test_every_setting_is_told_by_a_fact():
    """Fields of values that there are, or asked of GitHub."""
    values = {"about": About.__dataclass_fields__, "repository": Repository.__dataclass_fields__}
    facts = load(plugins=False).facts

    for name, setting in SETTINGS.items():
        assert setting.fact in facts
        assert setting.field in values.get(setting.fact, ASKED), name
        assert setting.about.endswith(".")


def test_tells_every_switch(reader):
    """By GitHub's names."""
    reader.graphs = {name: number % 2 == 0 for number, name in enumerate(ASKED)}

    assert custom_settings(reader.graph(ASKED)) == reader.graphs


@pytest.mark.parametrize(
    ("value", "error"),
    [(None, Malformed), ("yes", Malformed), (Refused("no", permission=True), PermissionMissing)],
)
def test_what_is_not_told_is_no_switch_that_is_off(reader, value, error):
    """The reason goes on."""
    reader.graphs = dict.fromkeys(ASKED, value)
    with pytest.raises(error):
        custom_settings(reader.graph(ASKED))


def test_properties_that_are_known_cost_nothing(reader):
    """As the organisation's policy keeps them."""
    assert custom_properties(reader, {"tier": ("1",)}) == {"tier": ("1",)}
    assert reader.calls == []


def test_reads_properties_of_every_kind(reader):
    """Several values, one, none."""
    reader.rests["/properties/values"] = [
        {"property_name": "tier", "value": "1"},
        {"property_name": "uses", "value": ["a", "b"]},
        {"property_name": "old", "value": None},
    ]

    assert custom_properties(reader, None) == {"tier": ("1",), "uses": ("a", "b"), "old": ()}


def test_a_person_has_none(reader):
    """GitHub knows no such address."""
    assert custom_properties(reader, None) == {}


def test_strange_and_refused_properties_are_told(reader):
    """Never taken for none."""
    reader.rests["/properties/values"] = [{"property_name": "tier", "value": 1}]
    with pytest.raises(Malformed):
        custom_properties(reader, None)
    reader.rests["/properties/values"] = PermissionMissing("no")
    with pytest.raises(PermissionMissing):
        custom_properties(reader, None)
