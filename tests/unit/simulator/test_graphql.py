"""GraphQL at the simulator: its faults, and what the journal counts of it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.simulator.faults import Fault, FaultKind, FaultPlan, answer
from bot.simulator.journal import Entry, traffic
from bot.simulator.oracles import foreign_tokens
from bot.simulator.schemas import Validator
from bot.testing.http import Request, Response

TEXT = "query($ids: [ID!]!) { nodes(ids: $ids) { ... on Repository { issues(first: 1) { totalCount } } } }"


def request(repositories: int = 4) -> Request:
    body = {"query": TEXT, "variables": {"ids": [f"R_{n}" for n in range(repositories)]}}
    return Request("POST", "/graphql", body=json.dumps(body).encode())


def play(fault: Fault, true: dict[str, Any] | None = None) -> tuple[Response, Any]:
    whole = Response(200, {}, json.dumps(true).encode())
    sent = answer(fault, request(), lambda: whole, url="http://127.0.0.1/graphql")
    assert sent is not None
    return sent, json.loads(sent.body)


def test_a_document_that_takes_too_long() -> None:
    """502 with a message in JSON."""
    sent, told = play(Fault(FaultKind.GRAPHQL_TIMEOUT))

    assert sent.status == 502
    assert "couldn't respond to your request in time" in told["message"]


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        (FaultKind.GRAPHQL_WRONG, {"message": "Something went wrong while executing your query"}),
        (FaultKind.GRAPHQL_NODES, {"type": "MAX_NODE_LIMIT_EXCEEDED"}),
    ],
)
def test_successes_without_data(kind: FaultKind, error: dict[str, str]) -> None:
    """200 tells nothing of GraphQL."""
    sent, told = play(Fault(kind))

    assert sent.status == 200
    assert told.get("data") is None
    assert all(told["errors"][0][key].startswith(text) for key, text in error.items())


@pytest.mark.parametrize(
    ("data", "left", "lost"),
    [
        (
            {"rateLimit": {"cost": 1}, "nodes": [{"a": 1}, {"a": 2}, {"a": 3}]},
            {"rateLimit": {"cost": 1}, "nodes": [{"a": 1}, None, None]},
            [["nodes", 1], ["nodes", 2]],
        ),
        ({"rateLimit": {"cost": 1}, "node": {"a": 1}}, {"rateLimit": {"cost": 1}, "node": None}, [["node"]]),
    ],
)
def test_a_partial_answer(data: dict[str, Any], left: dict[str, Any], lost: list[list[Any]]) -> None:
    """What was not told is null, with an error at its place."""
    _, told = play(Fault(FaultKind.GRAPHQL_PARTIAL), {"data": data})

    assert told["data"] == left
    assert [error["path"] for error in told["errors"]] == lost
    assert {error["type"] for error in told["errors"]} == {"RESOURCE_LIMITS_EXCEEDED"}


@pytest.mark.parametrize(
    ("fault", "asked", "hit"),
    [
        (Fault(FaultKind.GRAPHQL_TIMEOUT, above=3), request(4), True),
        (Fault(FaultKind.GRAPHQL_TIMEOUT, above=3), request(3), False),
        (Fault(FaultKind.GRAPHQL_TIMEOUT), request(1), True),
        (Fault(FaultKind.GRAPHQL_TIMEOUT), Request("POST", "/repos/acme/rocket/issues"), False),
        (Fault(FaultKind.ERROR, above=3), request(4), True),
        (Fault(FaultKind.ERROR, above=3), Request("GET", "/repos/acme/rocket"), False),
        (Fault(FaultKind.ERROR, above=3), Request("POST", "/graphql", body=b"{"), False),
    ],
)
def test_only_heavy_documents_are_hit(fault: Fault, asked: Request, hit: bool) -> None:
    """So that a client can be made to split them."""
    plan = FaultPlan()
    plan.add(fault)

    assert (plan.choose(asked) is not None) is hit


def entry(path: str, method: str = "GET", **detail: Any) -> Entry:
    return Entry(1, "request", 0.0, method=method, path=path, applied=200, detail=detail)


def test_traffic_counts_rest_and_graphql_apart() -> None:
    """Tokens are not calls; a document's cost is shared by its repositories."""
    entries = [
        entry("/app/installations/1/access_tokens", "POST"),
        entry("/repos/acme/rocket"),
        entry("/graphql", "POST", points=2, requests=150, nodes=10, repositories=[7, 8]),
        entry("/graphql", "POST", points=1, requests=50, nodes=10, repositories=[8]),
        entry("/graphql", "POST"),
        Entry(2, "event", 0.0),
    ]

    found = traffic(entries)

    assert (found.rest, found.graphql, found.points) == (1, 3, 3)
    assert found.per_repository == {7: 0.75, 8: 1.25}


def test_a_document_asks_for_the_tokens_own_repositories() -> None:
    """Each of those that it names."""
    call = entry("/graphql", "POST", requests=1, repositories=[7, 8], owners=[1, 2])
    asked = replace(call, auth="installation", installation_id=1)

    found = foreign_tokens([asked])

    assert [violation.text for violation in found] == [
        "POST /graphql was called with a token of installation 1"
    ]
    assert foreign_tokens([replace(asked, detail={**call.detail, "owners": [1, 1]})]) == []


def test_a_document_writes_nothing() -> None:
    """Though it is a POST."""
    assert not entry("/graphql", "POST").wrote
    assert entry("/repos/acme/rocket/issues", "POST").wrote


SCHEMA = """
interface Node { id: ID! }
type Commit implements Node { id: ID!, message: String! }
type Tree implements Node { id: ID!, entries: [String!] }
type Tag implements Node { id: ID! }
type Query { node(id: ID!): Node }
"""


@pytest.mark.parametrize(
    ("text", "answer", "problem"),
    [
        pytest.param(
            "{ node(id: 1) { ...F } } fragment F on Commit { message }", {"message": "m"}, "", id="spread"
        ),
        pytest.param(
            "{ node(id: 1) { id ...F } } fragment F on Node { id }", {"id": "1"}, "", id="interface"
        ),
        pytest.param(
            "{ node(id: 1) { ... on Tree { entries } ... on Commit { message } } }",
            {"message": "m"},
            "",
            id="second of two",
        ),
        pytest.param("{ node(id: 1) { ... on Tree { entries } } }", {}, "", id="neither"),
        pytest.param(
            "{ node(id: 1) { ... on Tree { id entries } } }",
            {"entries": []},
            "`node.id` is missing",
            id="lacking",
        ),
    ],
)
def test_the_type_of_a_value_is_known_by_its_fields(
    tmp_path: Path, text: str, answer: dict[str, Any], problem: str
) -> None:
    """Where the text does not ask for ``__typename``."""
    folder = tmp_path / "@octokit" / "graphql-schema"
    folder.mkdir(parents=True)
    (folder / "schema.graphql").write_text(SCHEMA)
    asked = Request("POST", "/graphql", body=json.dumps({"query": text}).encode())
    answered = Response(200, {}, json.dumps({"data": {"node": answer}}).encode())

    problems = Validator(tmp_path).check_response(asked, answered)

    assert (problem in problems[0]) if problem else (problems == [])
