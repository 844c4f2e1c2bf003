"""The fake's schema: a part of GitHub's, and answered throughout."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLUnionType,
    build_schema,
    get_named_type,
    validate_schema,
)

from bot.testing.graphql.declaring import DECLARED
from bot.testing.graphql.schema import schema

SCHEMAS = os.environ.get("PLUMBLINE_SCHEMAS", "")
OURS = [
    name
    for name, kind in schema().type_map.items()
    if not name.startswith("__") and name not in ("String", "Int", "Float", "Boolean", "ID")
]


@cache
def published() -> GraphQLSchema:
    """GitHub's schema; it defines two fields twice, so it is taken as it is."""
    text = (Path(SCHEMAS) / "@octokit/graphql-schema/schema.graphql").read_text("utf-8")
    return build_schema(text, assume_valid=True, assume_valid_sdl=True)


def differences(ours: GraphQLNamedType, theirs: GraphQLNamedType | None) -> Iterator[str]:
    """What of our type GitHub has not, or has otherwise."""
    if type(ours) is not type(theirs):
        yield f"is {type(theirs).__name__}"
    elif isinstance(ours, GraphQLEnumType) and isinstance(theirs, GraphQLEnumType):
        yield from sorted(set(ours.values) - set(theirs.values))
    elif isinstance(ours, GraphQLUnionType) and isinstance(theirs, GraphQLUnionType):
        yield from sorted({t.name for t in ours.types} - {t.name for t in theirs.types})
    elif isinstance(ours, GraphQLInputObjectType) and isinstance(theirs, GraphQLInputObjectType):
        for name, entry in ours.fields.items():
            if name not in theirs.fields or str(entry.type) != str(theirs.fields[name].type):
                yield name
    elif isinstance(ours, GraphQLObjectType | GraphQLInterfaceType):
        assert isinstance(theirs, GraphQLObjectType | GraphQLInterfaceType)
        yield from sorted({i.name for i in ours.interfaces} - {i.name for i in theirs.interfaces})
        for name, field in ours.fields.items():
            found = theirs.fields.get(name)
            if found is None or str(found.type) != str(field.type):
                yield f"{name}: {field.type} is {found.type if found else 'not there'}"
                continue
            for argument, told in field.args.items():
                if argument not in found.args or str(found.args[argument].type) != str(told.type):
                    yield f"{name}({argument})"
            for argument, told in found.args.items():
                if argument not in field.args and isinstance(told.type, GraphQLNonNull):
                    yield f"{name} needs {argument}"


@pytest.mark.skipif(not SCHEMAS, reason="PLUMBLINE_SCHEMAS names no folder of GitHub's schemas")
@pytest.mark.parametrize("name", OURS)
def test_a_type_is_a_part_of_githubs(name: str) -> None:
    """Every field, argument, nullability and value is named and typed as GitHub's."""
    ours = schema().type_map[name]

    if isinstance(ours, GraphQLScalarType):
        assert isinstance(published().type_map[name], GraphQLScalarType)
        return
    assert list(differences(ours, published().get_type(name))) == []


def test_the_schema_is_sound() -> None:
    """Interfaces are kept, and every type is there."""
    assert validate_schema(schema()) == []


def test_every_connection_is_declared_as_one() -> None:
    """Otherwise it would not be paged."""
    undeclared = [
        f"{name}.{field_name}"
        for name, kind in schema().type_map.items()
        if isinstance(kind, GraphQLObjectType) and not name.startswith("__")
        for field_name, field in kind.fields.items()
        if get_named_type(field.type).name.endswith("Connection")
        and not ((name, field_name) in DECLARED.fields and DECLARED.fields[name, field_name].pages)
    ]

    assert undeclared == []
