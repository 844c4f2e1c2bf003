"""Every selection that a fact declares is one that GitHub's published schema knows."""

from __future__ import annotations

import os
import sys
from functools import cache
from pathlib import Path

import pytest
from graphql import GraphQLSchema, build_schema, parse, validate

from bot import selections
from bot.registry import load
from bot.selections import SIZES, Selection

SCHEMAS = os.environ.get("PLUMBLINE_SCHEMAS", "")
REGISTRY = load(plugins=False)

DECLARED = [
    pytest.param("Organization" if spec.owner else "Repository", selection, id=f"{spec.name}.{key}")
    for spec in REGISTRY.facts.values()
    for key, selection in spec.graph.items()
]
STANDARD = [
    pytest.param("Repository", value, id=name)
    for name, value in vars(selections).items()
    if isinstance(value, Selection)
]
LATER = [
    pytest.param("Repository", value, id=f"{spec.name}:{name}")
    for spec in REGISTRY.facts.values()
    for name, value in vars(sys.modules[spec.module]).items()
    if isinstance(value, Selection)
    and value not in vars(selections).values()
    and not any(value in other.graph.values() for other in REGISTRY.facts.values())
]
"""What facts ask for only when something that came before makes it necessary."""

pytestmark = pytest.mark.skipif(not SCHEMAS, reason="PLUMBLINE_SCHEMAS names no folder of GitHub's schemas")


@cache
def published() -> GraphQLSchema:
    """GitHub's schema; it defines two fields twice, so it is taken as it is."""
    text = (Path(SCHEMAS) / "@octokit/graphql-schema/schema.graphql").read_text("utf-8")
    return build_schema(text, assume_valid=True, assume_valid_sdl=True)


@pytest.mark.parametrize(("kind", "selection"), [*STANDARD, *DECLARED, *LATER])
def test_github_knows_the_selection(kind: str, selection: Selection) -> None:
    """A field that GitHub does not have would cost every repository of a document its answer."""
    sizes = "".join(f", ${s}: {'String' if s == 'default' else 'Int'}!" for s in sorted(selection.sizes))
    document = f"query($id: ID!{sizes}) {{ node(id: $id) {{ ... on {kind} {{ s: {selection.text} }} }} }}"

    errors = validate(published(), parse(document))

    assert [str(error) for error in errors] == []
    assert selection.sizes <= {*SIZES, "default"}


@pytest.mark.parametrize("name", SIZES)
def test_github_knows_what_the_pulse_counts(name: str) -> None:
    """The pulse asks for the total of a connection."""
    document = f'query {{ repository(owner: "o", name: "n") {{ s: {SIZES[name].pulse} {{ totalCount }} }} }}'

    assert [str(error) for error in validate(published(), parse(document))] == []
