"""What a document costs, by GitHub's formula, from its text and variables alone.

A connection is a field with ``first`` or ``last``; it is asked for once for each parent, assuming
that every connection above it is filled, and a ``totalCount`` without a page is free.
Requests / 100, rounded, at least 1, are the points. Read so, the documented example costs 5,101
requests.

Source: GitHub Docs, "Rate limits and query limits for the GraphQL API".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    ArgumentNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    IntValueNode,
    ListValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
)


@dataclass(frozen=True, slots=True)
class Cost:
    """How heavy a document is.

    Args:
        requests: connections, each as often as it has parents.
        nodes: all that these connections can return.
    """

    requests: int
    nodes: int

    @property
    def points(self) -> int:
        """What is taken from the hour."""
        return max(1, (self.requests + 50) // 100)


def cost(document: DocumentNode, variables: Mapping[str, Any], operation: str | None = None) -> Cost:
    """The cost of a document's operation.

    Args:
        document: valid, so that its fragments do not contain themselves.
        operation: names it where there are several.
    """
    fragments = {d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)}
    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode) and operation in (
            None,
            definition.name.value if definition.name else "",
        ):
            known = {
                d.variable.name.value: int(d.default_value.value)
                for d in definition.variable_definitions or ()
                if isinstance(d.default_value, IntValueNode)
            }
            walk = _Walk(fragments, {**known, **variables})
            walk.selections(definition.selection_set, 1)
            return Cost(walk.requests, walk.nodes)
    return Cost(0, 0)


@dataclass(slots=True)
class _Walk:
    fragments: Mapping[str, FragmentDefinitionNode]
    variables: Mapping[str, Any]
    requests: int = 0
    nodes: int = 0

    def selections(self, selections: SelectionSetNode | None, parents: int) -> None:
        for selection in selections.selections if selections else ():
            if isinstance(selection, FieldNode):
                self.selections(selection.selection_set, self._field(selection, parents))
            elif isinstance(selection, FragmentSpreadNode):
                fragment = self.fragments.get(selection.name.value)
                self.selections(fragment.selection_set if fragment else None, parents)
            else:
                self.selections(getattr(selection, "selection_set", None), parents)

    def _field(self, node: FieldNode, parents: int) -> int:
        """Count a field; returns how many parents it is for what is below it."""
        for argument in node.arguments or ():
            name = argument.name.value
            if name == "ids" and node.name.value == "nodes":
                return self._length(argument)
            if name in ("first", "last"):
                size = self._size(argument)
                if size is not None:
                    self.requests += parents
                    self.nodes += parents * size
                    return parents * size
        return parents

    def _size(self, argument: ArgumentNode) -> int | None:
        value = argument.value
        told = self.variables.get(value.name.value) if isinstance(value, VariableNode) else None
        if isinstance(value, IntValueNode):
            told = int(value.value)
        return max(0, told) if isinstance(told, int) and not isinstance(told, bool) else None

    def _length(self, argument: ArgumentNode) -> int:
        value = argument.value
        if isinstance(value, ListValueNode):
            return len(value.values)
        told = self.variables.get(value.name.value) if isinstance(value, VariableNode) else None
        return len(told) if isinstance(told, list) else 1
