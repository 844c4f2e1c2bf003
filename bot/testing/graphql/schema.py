"""The schema: all ``schema/*.graphql`` together, bound to all declared resolvers."""

from __future__ import annotations

import functools
import importlib
import pkgutil
from datetime import datetime
from importlib import resources
from typing import Any

from graphql import (
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLUnionType,
    build_schema,
)

from bot.testing.graphql import resolvers
from bot.testing.graphql.declaring import DECLARED, bound, snake
from bot.testing.render import stamp


def text() -> str:
    """The schema's text, files in the order of their names."""
    folder = resources.files("bot.testing.graphql") / "schema"
    files = sorted((f for f in folder.iterdir() if f.name.endswith(".graphql")), key=lambda f: f.name)
    return "\n".join(file.read_text(encoding="utf-8") for file in files)


@functools.cache
def schema() -> GraphQLSchema:
    """The schema, made once.

    Raises:
        LookupError: a resolver answers a field that the schema does not have.
    """
    for module in pkgutil.iter_modules(resolvers.__path__):
        importlib.import_module(f"{resolvers.__name__}.{module.name}")
    made = build_schema(text())
    for name, kind in made.type_map.items():
        if name.startswith("__"):
            continue
        if isinstance(kind, GraphQLObjectType):
            _bind(name, kind)
        elif isinstance(kind, GraphQLInterfaceType | GraphQLUnionType):
            kind.resolve_type = _type_of
        elif isinstance(kind, GraphQLInputObjectType):
            for key, entry in kind.fields.items():
                entry.out_name = snake(key)
        elif isinstance(kind, GraphQLScalarType) and name == "DateTime":
            kind.coerce_output_value = _moment
    for type_name, field_name in DECLARED.fields:
        found = made.get_type(type_name)
        if not isinstance(found, GraphQLObjectType) or field_name not in found.fields:
            raise LookupError(f"the schema has no field {type_name}.{field_name}")
    return made


def _bind(name: str, kind: GraphQLObjectType) -> None:
    for field_name, entry in kind.fields.items():
        entry.resolve = bound(name, field_name)
        for argument_name, argument in entry.args.items():
            argument.out_name = snake(argument_name)


def _type_of(value: Any, _info: Any, _abstract: Any) -> str:
    return DECLARED.type_of(value)


def _moment(value: Any) -> str:
    return stamp(value) if isinstance(value, datetime) else str(value)
