"""The validator catches what GitHub would not understand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bot.simulator.schemas import SCHEMAS_VARIABLE, Validator
from bot.testing.http import Emission, Request, Response

REPOSITORY = [
    {"name": "owner", "in": "path", "schema": {"type": "string"}},
    {"$ref": "#/components/parameters/repo"},
]
ANNOTATION = {
    "path": "a.py",
    "start_line": 1,
    "end_line": 1,
    "annotation_level": "notice",
    "message": "m",
}
DESCRIPTION: dict[str, Any] = {
    "paths": {
        "/repos/{owner}/{repo}": {
            "get": {
                "parameters": REPOSITORY,
                "responses": {"200": {"$ref": "#/components/responses/repository"}},
            },
        },
        "/repos/{owner}/{repo}/contents/{path}": {
            "get": {
                "parameters": [*REPOSITORY, {"name": "ref", "in": "query", "schema": {"type": "string"}}],
                "responses": {"200": {"description": "any"}},
            }
        },
        "/repos/{owner}/{repo}/commits/{ref}": {
            "get": {"parameters": REPOSITORY, "responses": {"200": {"description": "commit"}}}
        },
        "/repos/{owner}/{repo}/commits/{ref}/check-runs": {
            "get": {
                "parameters": [
                    *REPOSITORY,
                    {"name": "app_id", "in": "query", "schema": {"type": "integer"}},
                    {"name": "filter", "in": "query", "schema": {"enum": ["latest", "all"]}},
                    {"name": "sorted", "in": "query", "required": True, "schema": {"type": "boolean"}},
                    {
                        "name": "names",
                        "in": "query",
                        "schema": {"type": "array", "items": {"type": "string"}},
                    },
                ],
                "responses": {"200": {"description": "list"}},
            }
        },
        "/repos/{owner}/{repo}/check-runs": {
            "post": {
                "parameters": REPOSITORY,
                "requestBody": {
                    "required": True,
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/check-run"}}},
                },
                "responses": {"201": {"description": "made"}},
            }
        },
        "/repos/{owner}/{repo}/issues": {
            "post": {
                "parameters": REPOSITORY,
                "requestBody": {
                    "content": {
                        "application/json": {
                            "schema": {
                                "type": "object",
                                "oneOf": [{"properties": {"title": {"type": "string"}, "body": {}}}],
                            }
                        }
                    }
                },
                "responses": {"201": {"description": "made"}},
            }
        },
    },
    "x-webhooks": {
        "check-run-created": {
            "post": {
                "requestBody": {
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/repository"}}}
                }
            }
        }
    },
    "components": {
        "parameters": {"repo": {"name": "repo", "in": "path", "schema": {"type": "string"}}},
        "responses": {
            "repository": {
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/repository"}}}
            }
        },
        "schemas": {
            "repository": {
                "type": "object",
                "description": "prose",
                "required": ["id", "owner"],
                "properties": {
                    "id": {"type": "integer", "example": 1},
                    "description": {"type": "string", "nullable": True},
                    "owner": {"$ref": "#/components/schemas/user"},
                },
            },
            "user": {
                "type": "object",
                "nullable": True,
                "properties": {
                    "login": {"type": "string"},
                    "boss": {"$ref": "#/components/schemas/user"},
                },
            },
            "check-run": {
                "type": "object",
                "required": ["name"],
                "properties": {
                    "name": {"type": "string"},
                    "status": {"type": "string"},
                    "conclusion": {"type": "string"},
                    "completed_at": {"type": "string", "format": "date-time"},
                    "output": {
                        "type": "object",
                        "properties": {"annotations": {"type": "array", "maxItems": 50}},
                    },
                },
            },
            "unrelated": {"type": "object"},
        },
    },
}
GRAPHQL = """
interface Node { id: ID! }
type Repository implements Node { id: ID!, nameWithOwner: String!, visibility: Visibility }
enum Visibility { PUBLIC PRIVATE }
type Query { node(id: ID!): Node }
"""


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny description where the real ones would be."""
    root = tmp_path_factory.mktemp("packages")
    described = root / "node_modules" / "@octokit" / "openapi" / "generated"
    described.mkdir(parents=True)
    (described / "api.github.com.json").write_text(json.dumps(DESCRIPTION))
    graphql = root / "node_modules" / "@octokit" / "graphql-schema"
    graphql.mkdir()
    (graphql / "schema.graphql").write_text(GRAPHQL)
    return root


@pytest.fixture(scope="module")
def tiny(packages: Path) -> Validator:
    """A validator of the tiny description."""
    validator = Validator.load(packages)
    assert validator is not None
    return validator


def sent(method: str, path: str, body: object = None, **query: str) -> Request:
    raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    return Request(method, path, query, {}, raw)


def test_loads_from_the_directory_that_the_environment_names(
    packages: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Child processes find the descriptions by a variable; without them there is no validator."""
    monkeypatch.setenv(SCHEMAS_VARIABLE, str(packages))
    assert Validator.load() is not None
    monkeypatch.setenv(SCHEMAS_VARIABLE, str(packages / "absent"))
    assert Validator.load() is None


@pytest.mark.parametrize(
    ("request_", "problem"),
    [
        pytest.param(sent("GET", "/repos/a/b/nothing"), "no such operation", id="unknown path"),
        pytest.param(sent("DELETE", "/repos/a/b"), "no such operation", id="unknown method"),
        pytest.param(sent("GET", "/repos/a/b", pages="2"), "'pages' was unexpected", id="unknown query"),
        pytest.param(sent("GET", "/repos/a/b", per_page="101"), "not from 1 to 100", id="page too large"),
        pytest.param(sent("GET", "/repos/a/b", per_page="ten"), 'not of type "integer"', id="no number"),
        pytest.param(sent("GET", "/repos/a/b", {"a": 1}), "takes none", id="body where none belongs"),
        pytest.param(sent("POST", "/repos/a/b/check-runs"), "body is missing", id="no body"),
        pytest.param(sent("POST", "/repos/a/b/check-runs", b"{"), "not JSON", id="broken body"),
        pytest.param(sent("POST", "/repos/a/b/check-runs", {}), '"name" is a required', id="missing field"),
        pytest.param(
            sent("POST", "/repos/a/b/check-runs", {"name": "x", "shade": 1}),
            "/shade: no such field",
            id="field",
        ),
        pytest.param(
            sent(
                "POST",
                "/repos/a/b/check-runs",
                {"name": "x", "conclusion": "success", "completed_at": "soon"},
            ),
            '"soon" is not a "date-time"',
            id="no date",
        ),
        pytest.param(
            sent(
                "POST", "/repos/a/b/check-runs", {"name": "x", "output": {"annotations": [ANNOTATION] * 51}}
            ),
            "more than 50 items",
            id="51 annotations",
        ),
        pytest.param(
            sent("POST", "/repos/a/b/check-runs", {"name": "x", "status": "completed"}),
            "compulsory for a completed",
            id="completed without conclusion",
        ),
        pytest.param(
            sent("POST", "/repos/a/b/check-runs", {"name": "x", "status": "queued", "conclusion": "success"}),
            "in spite of its status",
            id="conclusion while queued",
        ),
        pytest.param(
            sent("POST", "/repos/a/b/issues", {"title": "t", "body": "x" * 65_537}), "65537", id="long issue"
        ),
    ],
)
def test_catches_a_wrong_request(tiny: Validator, request_: Request, problem: str) -> None:
    """One sentence says what is wrong."""
    problems = tiny.check_request(request_)

    assert len(problems) == 1
    assert problem in problems[0]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"start_line": 0}, "no range"),
        ({"end_line": 0}, "no range"),
        ({"end_line": 2, "start_column": 3}, "columns are for one line"),
        ({"title": "t" * 256}, "title is longer"),
        ({"message": "ä" * 33_000}, "message is longer"),
    ],
)
def test_catches_a_wrong_annotation(tiny: Validator, change: dict[str, object], problem: str) -> None:
    """What only GitHub's prose says of annotations."""
    body = {"name": "x", "output": {"annotations": [{**ANNOTATION, **change}]}}

    (found,) = tiny.check_request(sent("POST", "/repos/a/b/check-runs", body))

    assert problem in found


@pytest.mark.parametrize(
    "request_",
    [
        sent("GET", "/repos/a/b"),
        sent("GET", "/repositories/7"),
        sent("GET", "/repositories/7", page="2", per_page="100"),
        sent("GET", "/repos/a/b/contents"),
        sent("GET", "/repos/a/b/contents/.github/a%20b.yml", ref="heads/x"),
        sent("GET", "/repos/a/b/commits/heads/x"),
        sent("GET", "/repos/a/b/commits/heads/x/check-runs", sorted="true", app_id="3", names="a,b"),
        sent("POST", "/repos/a/b/check-runs", {"name": "x", "status": "completed", "conclusion": "success"}),
        sent("POST", "/repos/a/b/issues", {"title": "t"}),
    ],
    ids=lambda request: f"{request.method} {request.path}",
)
def test_lets_a_right_request_pass(tiny: Validator, request_: Request) -> None:
    """Paths by id, paths with slashes, and typed queries are understood."""
    assert tiny.check_request(request_) == []


@pytest.mark.parametrize(
    ("response", "problem"),
    [
        (Response(200, {}, b'{"id": 1, "owner": null, "description": null}'), ""),
        (
            Response(200, {}, b'{"id": 1, "owner": {"login": "a", "boss": {"login": 3}}}'),
            'not of type "string"',
        ),
        (Response(200, {}, b'{"owner": {}}'), '"id" is a required'),
        (Response(200, {}, b"<html>"), "not JSON"),
        (Response(202, {}, b"{}"), "no such status"),
        (Response(404, {}, b'{"message": "Not Found"}'), ""),
        (Response(403, {}, b"{}"), "no message"),
        (Response(403, {}, b"no"), "not JSON"),
        (Response(502, {}, b"<html>"), ""),
        (Response(304, {}, b""), ""),
    ],
)
def test_holds_answers_to_their_shape(tiny: Validator, response: Response, problem: str) -> None:
    """Documented answers by their schema, errors by having a message."""
    problems = tiny.check_response(sent("GET", "/repos/a/b"), response)

    assert (problem in problems[0]) if problem else (problems == [])


def test_an_answer_to_an_unknown_operation_is_a_problem(tiny: Validator) -> None:
    """Nothing passes because it was not looked at."""
    assert "no such operation" in tiny.check_response(sent("GET", "/nothing"), Response(200))[0]


@pytest.mark.parametrize(
    ("text", "variables", "problem"),
    [
        ("query($id:ID!){node(id:$id){... on Repository{nameWithOwner}}}", {"id": "x"}, ""),
        ("query($id:ID!){node(id:$id){... on Repository{name}}}", {"id": "x"}, "Cannot query field 'name'"),
        ("query($id:ID!){node(id:$id){id}}", {}, "non-null type 'ID!'"),
        ("query {", {}, "Syntax Error"),
    ],
)
def test_checks_graphql_texts_and_variables(
    tiny: Validator, text: str, variables: dict[str, str], problem: str
) -> None:
    """Fields that the schema lacks, and variables that do not fit, are told."""
    problems = tiny.check_request(sent("POST", "/graphql", {"query": text, "variables": variables}))

    assert (problem in problems[0]) if problem else (problems == [])


def test_a_graphql_request_needs_a_text(tiny: Validator) -> None:
    """Neither another method nor another body will do."""
    assert "sent as GET" in tiny.check_request(sent("GET", "/graphql"))[0]
    assert "with `query`" in tiny.check_request(sent("POST", "/graphql", {"text": ""}))[0]


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        ({"data": {"n": {"nameWithOwner": "a/b", "visibility": "PUBLIC"}}}, ""),
        ({"data": {"n": {"__typename": "Repository", "nameWithOwner": "a/b", "visibility": None}}}, ""),
        ({"data": {"n": None}}, ""),
        ({"data": {"n": {"nameWithOwner": "a/b"}}}, "visibility` is missing"),
        ({"data": {"n": {"nameWithOwner": "a/b", "visibility": "SECRET"}}}, "SECRET"),
        ({"data": {"n": {"nameWithOwner": None, "visibility": None}}}, "non-nullable"),
        ({"errors": [{"message": "limit"}]}, ""),
        ({}, "neither data nor errors"),
        ([], "not an object"),
    ],
)
def test_holds_graphql_answers_to_the_schema(tiny: Validator, answer: object, problem: str) -> None:
    """The answer is run through the query: what is missing or of another type is told."""
    text = "query($id:ID!){n:node(id:$id){... on Repository{nameWithOwner visibility}}}"
    request = sent("POST", "/graphql", {"query": text, "variables": {"id": "x"}})

    problems = tiny.check_response(request, Response(200, {}, json.dumps(answer).encode()))

    assert (problem in problems[0]) if problem else (problems == [])


@pytest.mark.parametrize(
    ("action", "payload", "problem"),
    [
        ("created", {"id": 1, "owner": {}}, ""),
        ("created", {"id": "one", "owner": {}}, 'not of type "integer"'),
        ("vanished", {}, "no such event"),
    ],
)
def test_holds_payloads_to_their_shape(
    tiny: Validator, action: str, payload: dict[str, object], problem: str
) -> None:
    """Webhooks are described by event and action."""
    problems = tiny.check_event(Emission("guid", "check_run", action, 1, 2, payload))

    assert (problem in problems[0]) if problem else (problems == [])


def test_an_unreadable_graphql_answer_is_a_problem(tiny: Validator) -> None:
    """HTML is not GraphQL."""
    request = sent("POST", "/graphql", {"query": "{__typename}"})
    assert "not JSON" in tiny.check_response(request, Response(200, {}, b"<html>"))[0]


def test_the_published_description_catches_wrong_requests(schemas: Validator) -> None:
    """The real description knows the limits that our code must keep."""
    run = {"name": "x", "head_sha": "y", "status": "completed", "conclusion": "success"}
    output = {"title": "t", "summary": "s"}
    button = {"label": "b" * 21, "description": "d", "identifier": "i"}

    def problems(body: dict[str, object]) -> list[str]:
        return schemas.check_request(sent("POST", "/repos/a/b/check-runs", body))

    assert problems({**run, "output": output}) == []
    assert "50 items" in problems({**run, "output": {**output, "annotations": [ANNOTATION] * 51}})[0]
    assert problems({**run, "output": {**output, "summary": "s" * 65_536}})
    assert problems({**run, "actions": [{**button, "label": "b"}] * 4})
    assert problems({**run, "actions": [button]})
    assert problems({**run, "output": {"title": "t"}})
    assert schemas.check_request(sent("GET", "/repos/a/b/nothing"))


def test_the_published_graphql_schema_catches_wrong_fields(schemas: Validator) -> None:
    """A misspelt field is told, with what was meant."""
    assert schemas.check_query("query{rateLimit{cost remaining resetAt}}") == []
    (problem,) = schemas.check_query("query{rateLimit{costs}}")
    assert "'cost'" in problem
