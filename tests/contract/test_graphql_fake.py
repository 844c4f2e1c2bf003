"""Every selection that a fact declares is one that the fake answers, so that facts can be tried on it."""

from __future__ import annotations

import pytest
from graphql import parse, validate

from bot import selections
from bot.registry import load
from bot.selections import SIZES, Selection
from bot.testing.graphql.schema import schema

DECLARED = [
    pytest.param("Organization" if spec.owner else "Repository", selection, id=f"{spec.name}.{key}")
    for spec in load(plugins=False).facts.values()
    for key, selection in spec.graph.items()
]
STANDARD = [
    pytest.param("Repository", value, id=name)
    for name, value in vars(selections).items()
    if isinstance(value, Selection)
]


@pytest.mark.parametrize(("kind", "selection"), [*STANDARD, *DECLARED])
def test_the_fake_knows_the_selection(kind: str, selection: Selection) -> None:
    """What is missing belongs into ``bot/testing/graphql``: the schema's text and its resolver."""
    sizes = "".join(f", ${s}: {'String' if s == 'default' else 'Int'}!" for s in sorted(selection.sizes))
    document = f"query($id: ID!{sizes}) {{ node(id: $id) {{ ... on {kind} {{ s: {selection.text} }} }} }}"

    assert [str(error) for error in validate(schema(), parse(document))] == []


@pytest.mark.parametrize("name", SIZES)
def test_the_fake_knows_what_the_pulse_counts(name: str) -> None:
    """The pulse asks for the total of a connection."""
    document = f'query {{ repository(owner: "o", name: "n") {{ s: {SIZES[name].pulse} {{ totalCount }} }} }}'

    assert [str(error) for error in validate(schema(), parse(document))] == []
