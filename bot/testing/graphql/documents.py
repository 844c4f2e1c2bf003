"""Documents as text: parsed and validated once, with GitHub's errors for what is wrong in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from graphql import (
    ASTValidationRule,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLError,
    InlineFragmentNode,
    Node,
    OperationDefinitionNode,
    parse,
    specified_rules,
    validate,
)

from bot.testing.graphql.schema import schema

Json = dict[str, Any]

_CODES = {
    "FieldsOnCorrectTypeRule": "undefinedField",
    "KnownArgumentNamesRule": "argumentNotAccepted",
    "KnownTypeNamesRule": "undefinedType",
    "KnownFragmentNamesRule": "undefinedFragment",
    "KnownDirectivesRule": "undefinedDirective",
    "NoUndefinedVariablesRule": "variableNotDefined",
    "NoUnusedVariablesRule": "variableNotUsed",
    "NoUnusedFragmentsRule": "useAndDefineFragment",
    "PossibleFragmentSpreadsRule": "cannotSpreadFragment",
    "ProvidedRequiredArgumentsRule": "missingRequiredArguments",
    "ScalarLeafsRule": "selectionMismatch",
    "ValuesOfCorrectTypeRule": "argumentLiteralsIncompatible",
    "VariablesInAllowedPositionRule": "variableMismatch",
    "OverlappingFieldsCanBeMergedRule": "fieldConflict",
}
"""Rule -> GitHub's ``extensions.code``."""

_NO_FIELD = re.compile(r"Cannot query field '(\w+)' on type '(\w+)'\.")
_MOST_ERRORS = 100


@dataclass(frozen=True, slots=True)
class Document:
    """A text as the fake understands it.

    Args:
        parsed: None when it is no GraphQL.
        errors: as they are answered; empty for a document that can be executed.
    """

    parsed: DocumentNode | None
    errors: tuple[Json, ...] = ()


@lru_cache(maxsize=256)
def document(text: str) -> Document:
    """Parse and validate a text."""
    try:
        parsed = parse(text)
    except GraphQLError as error:
        return Document(None, (_shown(error) | {"message": f"Parse error: {error.message}"},))
    if not validate(schema(), parsed, hide_suggestions=True):
        return Document(parsed)
    return Document(parsed, tuple(_problems(parsed))[:_MOST_ERRORS])


def _problems(parsed: DocumentNode) -> Iterator[Json]:
    """All that is wrong, rule by rule, as only the rule tells what kind of mistake it is."""
    rules: list[type[ASTValidationRule]] = list(specified_rules)
    for rule in rules:
        for error in validate(schema(), parsed, [rule], hide_suggestions=True):
            shown = _shown(error)
            place = error.nodes[0] if error.nodes else None
            shown["path"] = path(parsed, place) if place is not None else []
            shown["extensions"] = {"code": _CODES.get(rule.__name__, "invalid")}
            match = _NO_FIELD.fullmatch(error.message)
            if match:
                shown["message"] = f"Field '{match[1]}' doesn't exist on type '{match[2]}'"
                shown["extensions"] |= {"typeName": match[2], "fieldName": match[1]}
            yield shown


def _shown(error: GraphQLError) -> Json:
    places = [{"line": place.line, "column": place.column} for place in error.locations or ()]
    return {"message": error.message, "locations": places}


def path(parsed: DocumentNode, wanted: Node) -> list[str]:
    """Where a node of a document is, in GitHub's words: ``["fragment F", "s1", "nodes", "name"]``."""
    for definition in parsed.definitions:
        if isinstance(definition, FragmentDefinitionNode):
            start = f"fragment {definition.name.value}"
        elif isinstance(definition, OperationDefinitionNode):
            name = definition.name.value if definition.name else ""
            start = f"{definition.operation.value} {name}".strip()
        else:
            continue
        found = _below(definition, wanted, [start])
        if found is not None:
            return found
    return []


def _below(node: Node, wanted: Node, so_far: list[str]) -> list[str] | None:
    if node is wanted:
        return so_far
    for key in node.keys:
        inside = getattr(node, key, None)
        for child in inside if isinstance(inside, list | tuple) else (inside,):
            if not isinstance(child, Node):
                continue
            step = so_far
            if isinstance(child, FieldNode):
                step = [*so_far, (child.alias or child.name).value]
            elif isinstance(child, InlineFragmentNode) and child.type_condition is not None:
                step = [*so_far, f"... on {child.type_condition.name.value}"]
            found = _below(child, wanted, step)
            if found is not None:
                return found
    return None
