"""Costs of documents: GitHub's documented example, ours, and what counts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from graphql import parse

from bot.testing.graphql.cost import Cost, cost

DOCUMENTED = """
query {
  viewer { login repositories(first: 100) { edges { node { id issues(first: 50) { edges { node {
    id labels(first: 60) { edges { node { id name } } } } } } } } } }
}
"""
"""The example of GitHub's page on limits: 5,101 requests, 51 points."""

WIDEST = (Path(__file__).parent / "widest.graphql").read_text("utf-8")
"""All that checks may want of one repository, with generous sizes: 3 points."""


@pytest.mark.parametrize(
    ("text", "variables", "requests", "points"),
    [
        pytest.param(DOCUMENTED, {}, 5_101, 51, id="documented"),
        pytest.param(WIDEST, {}, 267, 3, id="widest"),
        pytest.param("{ rateLimit { cost } }", {}, 0, 1, id="never less than one point"),
        pytest.param("{ a { issues { totalCount } } }", {}, 0, 1, id="a total without a page is free"),
        pytest.param("{ a { issues(last: 5) { nodes { id } } } }", {}, 1, 1, id="last"),
        pytest.param(
            "query($n: Int!) { a { b(first: $n) { nodes { c(first: 1) { totalCount } } } } }",
            {"n": 40},
            41,
            1,
            id="a variable",
        ),
        pytest.param(
            "query($n: Int = 60) { a { b(first: $n) { nodes { c(first: 1) { totalCount } } } } }",
            {},
            61,
            1,
            id="a variable's default",
        ),
        pytest.param(
            "query($ids: [ID!]!) { nodes(ids: $ids) { ...F } } fragment F on R { a(first: 1) { id } }",
            {"ids": ["x"] * 70},
            70,
            1,
            id="each of several nodes",
        ),
        pytest.param(
            '{ nodes(ids: ["x", "y"]) { ... on R { a(first: 1) { totalCount } } } }',
            {},
            2,
            1,
            id="literal ids",
        ),
        pytest.param("{ b(first: 149) { nodes { c(first: 1) { id } } } }", {}, 150, 2, id="halves up"),
    ],
)
def test_costs(text: str, variables: dict[str, Any], requests: int, points: int) -> None:
    """Each connection once for each parent, all connections above it filled."""
    found = cost(parse(text), variables)

    assert (found.requests, found.points) == (requests, points)


def test_nodes() -> None:
    """The documented limit counts all nodes that could come."""
    text = "{ a(first: 50) { nodes { b(first: 10) { nodes { id } } c(first: 20) { nodes { id } } } } }"

    assert cost(parse(text), {}) == Cost(requests=101, nodes=50 + 50 * 10 + 50 * 20)


def test_of_several_operations_the_named_one_counts() -> None:
    """GitHub executes only that."""
    text = "query A { a(first: 1) { totalCount } } query B { rateLimit { cost } }"

    assert cost(parse(text), {}, "B").requests == 0
    assert cost(parse(text), {}, "A").requests == 1
