"""Holds requests and answers to GitHub's published OpenAPI description and GraphQL schema.

The descriptions are the npm packages ``@octokit/openapi`` and ``@octokit/graphql-schema``; they are
downloaded by ``scripts/ci-assets.sh`` and never committed. Without them nothing is checked.

What the description can not say is checked by hand in ``_unwritten_rules``: a completed check run
has a conclusion, a page has at most 100 entries, bodies of issues and comments end at 65,536
characters. What the published description gets wrong is listed in ``_ALLOWED``.
"""

from __future__ import annotations

import json
import os
import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import unquote

from bot.testing.http import Emission, Request, Response

if TYPE_CHECKING:
    from graphql import DocumentNode, GraphQLAbstractType, GraphQLResolveInfo, GraphQLSchema

SCHEMAS_VARIABLE = "PLUMBLINE_SCHEMAS"
"""Environment variable that names the directory with the npm packages."""

_OPENAPI = "@octokit/openapi/generated/api.github.com.json"
_GRAPHQL = "@octokit/graphql-schema/schema.graphql"
_METHODS = ("get", "post", "put", "patch", "delete")
_SLASHES_ALLOWED = frozenset({"path", "ref", "basehead", "branch", "dir"})
_NOT_VALIDATION = frozenset({"description", "title", "example", "examples", "discriminator", "externalDocs"})
_LITERAL_VALUES = frozenset({"enum", "const", "default", "required"})
_REFERENCE = re.compile(r'"#/components/schemas/([^"]+)"')
_BODY_LIMIT = 65_536
_TEXT_ROUTES = re.compile(r"/repos/[^/]+/[^/]+/(issues|pulls)(/.+)?")
_CHECK_RUN_ROUTES = re.compile(r"/repos/[^/]+/[^/]+/check-runs(/\d+)?")

_ALLOWED = tuple(
    (re.compile(where), re.compile(what), reason)
    for where, what, reason in (
        (
            r"PUT /repos/[^/]+/[^/]+/pulls/\d+/update-branch",
            r"/url",
            "recorded answers carry relative URLs",
        ),
        (
            r"GET /app/installations",
            r"/\d+/account:",
            "the description asks the account to be a user and an enterprise at once",
        ),
        (
            r"webhook .*|GET /app",
            r"/events/\d+: \"(custom_property(_values)?|dependabot_alert|merge_group|repository_ruleset)\"",
            "the description's list of events lacks some that exist",
        ),
        (
            r"webhook pull-request-edited",
            r"/changes/body/from: null",
            "there was no body before",
        ),
    )
)
"""(request, problem, reason) where the published description is known to differ from GitHub."""

_FORMATS = {"email": lambda text: "@" in text}
"""Bots have addresses with brackets, which the standard's format refuses."""

_UNDOCUMENTED_STATUSES = frozenset(
    {301, 302, 304, 307, 400, 401, 403, 404, 409, 410, 422, 429, 500, 502, 503, 504}
)
"""GitHub may give these to any request, whether the operation lists them or not."""


class Checker(Protocol):
    """What the fake and the simulator need of a validator."""

    def check_request(self, request: Request) -> list[str]:
        """Problems of a request that our code sent; empty when GitHub would understand it."""
        ...

    def check_response(self, request: Request, response: Response) -> list[str]:
        """Problems of an answer; empty when its shape is the published one."""
        ...

    def check_event(self, emission: Emission) -> list[str]:
        """Problems of a webhook's payload; empty when its shape is the published one."""
        ...


class Validator:
    """Checks against the downloaded descriptions, read at first use; safe for many threads.

    Args:
        packages: the directory that holds ``@octokit``.

    Raises:
        ModuleNotFoundError: at the first check, when the development extras are not installed.
    """

    def __init__(self, packages: Path) -> None:
        self._packages = packages
        self._building = threading.Lock()
        self._find = lru_cache(maxsize=8192)(self._search)
        self._compiled: dict[tuple[str, ...], Any] = {}
        self._graphql: GraphQLSchema | None = None
        self._query_problems = lru_cache(maxsize=512)(self._validate_query)

    @cached_property
    def _spec(self) -> dict[str, Any]:
        spec: dict[str, Any] = json.loads((self._packages / _OPENAPI).read_text(encoding="utf-8"))
        return spec

    @cached_property
    def _routes(self) -> list[tuple[re.Pattern[str], str, dict[str, Any]]]:
        return _routes(self._spec["paths"])

    @classmethod
    def load(cls, directory: Path | None = None) -> Validator | None:
        """Load from a directory, else from ``PLUMBLINE_SCHEMAS``, else from ``.cache/npm`` of the checkout.

        Returns:
            None when the descriptions are not there.
        """
        named = os.environ.get(SCHEMAS_VARIABLE, "").strip()
        start = directory or (Path(named) if named else Path(__file__).parents[2] / ".cache" / "npm")
        for packages in (start, start / "node_modules"):
            if (packages / _OPENAPI).is_file():
                return _validator(packages)
        return None

    def prepare(self) -> None:
        """Read the OpenAPI description now, so that the first request need not wait for it."""
        self._find("GET", "/app")

    def check_request(self, request: Request) -> list[str]:
        """Say what GitHub would not understand; one sentence per problem."""
        if request.path == "/graphql":
            return self._check_graphql_request(request)
        found = self._find(request.method, request.path)
        if found is None:
            return [f"{request.method} {request.path}: GitHub publishes no such operation"]
        template, operation = found
        problems = [*self._query(template, operation, request), *self._body(template, operation, request)]
        return [f"{request.method} {request.path}: {problem}" for problem in problems]

    def check_response(self, request: Request, response: Response) -> list[str]:
        """Say where an answer differs from the published shape; one sentence per problem."""
        where = f"{request.method} {request.path} answered {response.status}"
        if request.path == "/graphql":
            return [f"{where}: {problem}" for problem in self._graphql_response(request, response)]
        found = self._find(request.method, request.path)
        if found is None:
            return [f"{where}: GitHub publishes no such operation"]
        template, operation = found
        documented = operation["responses"].get(str(response.status))
        if documented is None:
            if response.status in _UNDOCUMENTED_STATUSES:
                return [f"{where}: {problem}" for problem in _plain_error(response)]
            return [f"{where}: the operation has no such status"]
        content = self._resolve(documented).get("content", {}).get("application/json")
        if content is None or response.status == 304 or "raw" in request.headers.get("accept", ""):
            return []
        problems = self._errors(
            (request.method, template, str(response.status)), content["schema"], response.body
        )
        place = f"{request.method} {request.path}"
        return [f"{where}: {problem}" for problem in problems if not _is_allowed(place, problem)]

    def check_event(self, emission: Emission) -> list[str]:
        """Say where a webhook's payload differs from the published shape; one sentence per problem."""
        name = "-".join(part for part in (emission.event, emission.action) if part).replace("_", "-")
        described = self._spec.get("x-webhooks", {}).get(name)
        if described is None:
            return [f"webhook {name}: GitHub publishes no such event"]
        schema = described["post"]["requestBody"]["content"]["application/json"]["schema"]
        where = f"webhook {name}"
        problems = self._errors(("webhook", name), schema, emission.payload)
        return [f"{where}: {problem}" for problem in problems if not _is_allowed(where, problem)]

    def check_query(self, text: str, variables: Mapping[str, Any] | None = None) -> list[str]:
        """Say what is wrong with a GraphQL text, and with its variables when given."""
        problems = list(self._query_problems(text))
        if problems or variables is None:
            return problems
        from graphql import OperationDefinitionNode
        from graphql.execution.values import get_variable_values

        definitions = (d for d in _document(text).definitions if isinstance(d, OperationDefinitionNode))
        for operation in definitions:
            values = get_variable_values(
                self._graphql_schema(), operation.variable_definitions or (), dict(variables)
            )
            if isinstance(values, list):
                problems += [str(error.message) for error in values]
        return problems

    def _search(self, method: str, path: str) -> tuple[str, dict[str, Any]] | None:
        by_id = re.fullmatch(r"/repositories/\d+(/.*)?", path)
        if by_id:
            path = f"/repos/owner/name{by_id[1] or ''}"
        for pattern, template, operations in self._routes:
            if method.lower() in operations and pattern.fullmatch(path):
                return template, operations[method.lower()]
        return None

    def _resolve(self, part: dict[str, Any]) -> dict[str, Any]:
        while "$ref" in part:
            _, _, section, name = part["$ref"].split("/", 3)
            part = self._spec["components"][section][name]
        return part

    def _closure(self, schema: Mapping[str, Any]) -> dict[str, Any]:
        """The schema together with only those schemas that it refers to, directly or not."""
        needed: dict[str, Any] = {}
        open_names = _REFERENCE.findall(json.dumps(schema))
        while open_names:
            name = open_names.pop()
            if name not in needed:
                needed[name] = _to_json_schema(self._spec["components"]["schemas"][name])
                open_names += _REFERENCE.findall(json.dumps(needed[name]))
        return {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "components": {"schemas": needed},
            **_to_json_schema(schema),
        }

    def _errors(
        self, key: tuple[str, ...], schema: Mapping[str, Any], body: bytes | Mapping[str, Any]
    ) -> Iterator[str]:
        value: Any = body
        if isinstance(body, bytes):
            try:
                value = json.loads(body)
            except ValueError:
                yield f"the body is not JSON: {body[:60]!r}"
                return
        if key not in self._compiled:
            import jsonschema_rs

            self._compiled[key] = jsonschema_rs.validator_for(
                self._closure(schema), validate_formats=True, formats=_FORMATS
            )
        for error in self._compiled[key].iter_errors(value):
            place = "/".join(str(step) for step in error.instance_path)
            yield f"{key[-1]} at /{place}: {_short(error.message)}"

    def _query(self, template: str, operation: Mapping[str, Any], request: Request) -> Iterator[str]:
        parameters = [self._resolve(part) for part in operation.get("parameters", ())]
        known = {part["name"]: part for part in parameters if part["in"] == "query"}
        # A pagination link may carry these on any list.
        known.setdefault("page", {"schema": {"type": "integer"}})
        known.setdefault("per_page", {"schema": {"type": "integer"}})
        schemas = {name: part["schema"] for name, part in known.items()}
        values: dict[str, Any] = {
            name: _typed(value, self._resolve(schemas.get(name, {}))) for name, value in request.query.items()
        }
        schema = {
            "type": "object",
            "properties": schemas,
            "required": [name for name, part in known.items() if part.get("required")],
            "additionalProperties": False,
        }
        yield from self._errors((request.method, template, "query"), schema, values)
        if isinstance(values.get("per_page"), int) and not 1 <= values["per_page"] <= 100:
            yield f"query at /per_page: {values['per_page']} is not from 1 to 100"

    def _body(self, template: str, operation: Mapping[str, Any], request: Request) -> Iterator[str]:
        described = self._resolve(operation.get("requestBody", {}))
        content = described.get("content", {}).get("application/json")
        if not request.body:
            if content and described.get("required"):
                yield "the body is missing"
            return
        if content is None:
            if not described and request.body.strip() != b"{}":
                yield "a body is sent but the operation takes none"
            return
        problems = list(self._errors((request.method, template, "body"), content["schema"], request.body))
        yield from problems
        if problems and problems[0].startswith("the body is not JSON"):
            return
        body: Any = json.loads(request.body)
        if isinstance(body, dict):
            fields = self._fields(content["schema"])
            yield from (f"body at /{name}: no such field" for name in body if fields and name not in fields)
            yield from _unwritten_rules(request.path, body)

    def _fields(self, schema: Mapping[str, Any]) -> set[str]:
        schema = self._resolve(dict(schema))
        fields = set(schema.get("properties", {}))
        for combined in ("allOf", "anyOf", "oneOf"):
            for part in schema.get(combined, ()):
                fields |= self._fields(part)
        return fields

    def _graphql_schema(self) -> GraphQLSchema:
        # It takes a second and a hundred megabytes: requests that come at once wait for one of them.
        with self._building:
            if self._graphql is None:
                from graphql import build_schema

                # Beside it the package has an older `schema.json`, which lacks what is newer.
                published = (self._packages / _GRAPHQL).read_text(encoding="utf-8")
                # GitHub's own schema breaks a rule on deprecations and tells two fields twice.
                self._graphql = build_schema(
                    published, assume_valid=True, assume_valid_sdl=True, no_location=True
                )
            return self._graphql

    def _validate_query(self, text: str) -> tuple[str, ...]:
        from graphql import GraphQLError, validate

        try:
            document = _document(text)
        except GraphQLError as error:
            return (error.message,)
        return tuple(error.message for error in validate(self._graphql_schema(), document))

    def _check_graphql_request(self, request: Request) -> list[str]:
        where = "POST /graphql"
        if request.method != "POST":
            return [f"{where}: sent as {request.method}"]
        try:
            body = json.loads(request.body)
            text, variables = body["query"], body.get("variables") or {}
        except (ValueError, TypeError, KeyError, AttributeError):
            return [f"{where}: the body is not a JSON object with `query`"]
        return [f"{where}: {problem}" for problem in self.check_query(text, variables)]

    def _graphql_response(self, request: Request, response: Response) -> list[str]:
        """Run the query with the answer itself as the data: what differs breaks the schema."""
        try:
            answer: Any = json.loads(response.body)
            asked: Any = json.loads(request.body)
        except ValueError:
            return ["the body is not JSON"]
        if not isinstance(answer, dict):
            return ["the body is not an object"]
        data = answer.get("data")
        if response.status != 200 or data is None:
            return (
                [] if "message" in answer or answer.get("errors") else ["neither data nor errors nor message"]
            )
        from graphql import execute_sync

        result = execute_sync(
            self._graphql_schema(),
            _document(asked["query"]),
            root_value=data,
            variable_values=asked.get("variables") or {},
            field_resolver=_by_response_key,
            type_resolver=_by_typename,
        )
        excused = {tuple(error["path"]) for error in answer.get("errors") or () if error.get("path")}
        return [
            _short(error.message) for error in result.errors or () if tuple(error.path or ()) not in excused
        ]


@lru_cache(maxsize=4)
def _validator(packages: Path) -> Validator:
    """One for a directory, as reading the descriptions takes half a second."""
    return Validator(packages)


@lru_cache(maxsize=512)
def _document(text: str) -> DocumentNode:
    """The syntax tree of a GraphQL text. The same texts come again and again, each for three looks."""
    from graphql import parse

    return parse(text)


def _by_response_key(source: Any, info: GraphQLResolveInfo[Any], **_arguments: Any) -> Any:
    key = info.path.key
    if key not in source:
        raise LookupError(f"`{'.'.join(str(step) for step in info.path.as_list())}` is missing")
    return source[key]


def _by_typename(value: Any, info: GraphQLResolveInfo[Any], abstract: GraphQLAbstractType) -> str | None:
    """The type that a value tells; else the first whose fields it has, named ones before others."""
    if "__typename" in value:
        return str(value["__typename"])
    named = list(_conditions(info))
    possible = sorted(
        (kind.name for kind in info.schema.get_possible_types(abstract)),
        key=lambda name: named.index(name) if name in named else len(named),
    )
    return next((name for name in possible if _keys(info, name) == set(value)), next(iter(named), None))


def _conditions(info: GraphQLResolveInfo[Any]) -> Iterator[str]:
    """The types that the text names for a place."""
    return (condition for condition, _ in _selected(info) if condition)


def _keys(info: GraphQLResolveInfo[Any], name: str) -> set[str]:
    """Keys of the answer for an object of a type."""
    from graphql import is_abstract_type

    def meant(condition: str) -> bool:
        kind = info.schema.get_type(condition)
        return condition in ("", name) or (
            is_abstract_type(kind) and info.schema.is_sub_type(kind, info.schema.type_map[name])
        )

    return {key for condition, key in _selected(info) if key and meant(condition)}


def _selected(info: GraphQLResolveInfo[Any]) -> Iterator[tuple[str, str]]:
    """(type condition or "", response key) of all that is asked of a place; fragments may be empty keys."""
    from graphql import FieldNode, FragmentSpreadNode, SelectionSetNode

    def walk(selections: SelectionSetNode | None, condition: str) -> Iterator[tuple[str, str]]:
        for selection in selections.selections if selections else ():
            if isinstance(selection, FieldNode):
                yield condition, (selection.alias or selection.name).value
                continue
            told: Any = selection
            if isinstance(selection, FragmentSpreadNode):
                told = info.fragments[selection.name.value]
            inside = told.type_condition.name.value if told.type_condition else condition
            yield inside, ""
            yield from walk(told.selection_set, inside)

    for node in info.field_nodes:
        yield from walk(node.selection_set, "")


def _routes(paths: Mapping[str, Any]) -> list[tuple[re.Pattern[str], str, dict[str, Any]]]:
    """(pattern, template, operations), those with more literal segments first."""

    def rank(template: str) -> tuple[int, int]:
        names = re.findall(r"{(\w+)}", template)
        literals = sum(not segment.startswith("{") for segment in template.split("/"))
        return (-literals, sum(name in _SLASHES_ALLOWED for name in names))

    return [
        (
            re.compile(_pattern(template)),
            template,
            {m: op for m, op in paths[template].items() if m in _METHODS},
        )
        for template in sorted(paths, key=rank)
    ]


def _pattern(template: str) -> str:
    if template.endswith("/contents/{path}"):
        # The root directory is read without a path.
        return _pattern(template.removesuffix("/{path}")) + "(/.*)?"
    parts = re.split(r"{(\w+)}", template)
    parts[::2] = [re.escape(literal) for literal in parts[::2]]
    parts[1::2] = [".+" if name in _SLASHES_ALLOWED else "[^/]+" for name in parts[1::2]]
    return "".join(parts)


def _to_json_schema(schema: Any) -> Any:
    """OpenAPI 3.0 to JSON Schema: ``nullable`` becomes a union, prose and examples go."""
    if isinstance(schema, list):
        return [_to_json_schema(part) for part in schema]
    if not isinstance(schema, Mapping):
        return schema
    result: dict[str, Any] = {}
    for key, value in schema.items():
        if key == "properties":
            result[key] = {name: _to_json_schema(part) for name, part in value.items()}
        elif key in _LITERAL_VALUES:
            result[key] = value
        elif key not in _NOT_VALIDATION and key != "nullable" and not key.startswith("x-"):
            result[key] = _to_json_schema(value)
    return _or_null(result) if schema.get("nullable") is True else result


def _or_null(schema: dict[str, Any]) -> dict[str, Any]:
    """A union with null; a typed schema keeps its own messages that way."""
    if not isinstance(schema.get("type"), str):
        return {"anyOf": [schema, {"type": "null"}]}
    either = {**schema, "type": [schema["type"], "null"]}
    return either | ({"enum": [*schema["enum"], None]} if "enum" in schema else {})


def _typed(value: str, schema: Mapping[str, Any]) -> int | bool | str | list[str]:
    """A query value as the type that its schema wants, or as text when it is not one."""
    kinds: Sequence[Mapping[str, Any]] = schema.get("oneOf") or schema.get("anyOf") or [schema]
    for kind in kinds:
        if kind.get("type") == "integer" and re.fullmatch(r"-?\d{1,18}", value):
            return int(value)
        if kind.get("type") == "boolean" and value in ("true", "false"):
            return value == "true"
        if kind.get("type") == "array":
            return value.split(",")
    return unquote(value)


def _unwritten_rules(path: str, body: Mapping[str, Any]) -> Iterator[str]:
    """Documented in prose or seen in answers, but absent from the description."""
    text = body.get("body")
    if _TEXT_ROUTES.fullmatch(path) and isinstance(text, str) and len(text) > _BODY_LIMIT:
        yield f"body at /body: {len(text)} characters, more than {_BODY_LIMIT}"
    if not _CHECK_RUN_ROUTES.fullmatch(path):
        return
    if (body.get("status") == "completed" or "completed_at" in body) and not body.get("conclusion"):
        yield "body at /conclusion: compulsory for a completed check run"
    if body.get("conclusion") and body.get("status") in ("queued", "in_progress"):
        yield "body at /conclusion: GitHub would complete the run in spite of its status"
    output = body.get("output")
    annotations = output.get("annotations") if isinstance(output, Mapping) else None
    for index, annotation in enumerate(annotations if isinstance(annotations, list) else ()):
        yield from (f"body at /output/annotations/{index}: {fault}" for fault in _annotation(annotation))


def _annotation(annotation: Mapping[str, Any]) -> Iterator[str]:
    first, last = annotation.get("start_line"), annotation.get("end_line")
    if isinstance(first, int) and isinstance(last, int):
        if not 1 <= first <= last:
            yield f"lines {first} to {last} are no range"
        if first != last and ("start_column" in annotation or "end_column" in annotation):
            yield "columns are for one line only"
    limits: dict[str, tuple[int, Callable[[str], int]]] = {
        "title": (255, len),
        "message": (65_536, lambda text: len(text.encode())),
        "raw_details": (65_536, lambda text: len(text.encode())),
    }
    for name, (limit, size) in limits.items():
        text = annotation.get(name)
        if isinstance(text, str) and size(text) > limit:
            yield f"{name} is longer than {limit}"


def _is_allowed(where: str, problem: str) -> bool:
    return any(of.fullmatch(where) and what.search(problem) for of, what, _reason in _ALLOWED)


def _plain_error(response: Response) -> list[str]:
    """Errors carry a JSON object with a message; redirects and 304 need none; 5xx may be HTML."""
    if response.status in (304, 500, 502, 503, 504):
        return []
    try:
        body = json.loads(response.body)
    except ValueError:
        return ["the body is not JSON"]
    return (
        []
        if isinstance(body, dict) and isinstance(body.get("message"), str)
        else ["the error has no message"]
    )


def _short(text: str, limit: int = 240) -> str:
    return text if len(text) <= limit else f"{text[: limit // 2]} ... {text[-limit // 2 :]}"
