"""Answers one GraphQL request: reads it, counts it, executes it, and words its errors."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import Any

from graphql import DocumentNode, ExecutionResult, GraphQLError, execute_sync

from bot.testing.graphql.cost import Cost, cost
from bot.testing.graphql.declaring import Asked, Budget, Problem
from bot.testing.graphql.documents import document
from bot.testing.graphql.overload import Overload, Sign
from bot.testing.graphql.schema import schema
from bot.testing.routing import Answer, Call, Refusal

Json = dict[str, Any]

_log = logging.getLogger(__name__)
_NO_QUERY = "A query attribute must be specified and must be a string."
WENT_WRONG = (
    "Something went wrong while executing your query. This may be the result of a timeout, or it could be a "
    "GitHub bug. Please include `{request}` when reporting this issue."
)
TIMED_OUT = (
    "We couldn't respond to your request in time. Sorry about that. Please try resubmitting your request and "
    "contact us if the problem persists."
)


def answer(call: Call) -> Answer:
    """Answer ``POST /graphql``.

    Raises:
        Refusal: who calls may not, or GitHub did not finish (502).
    """
    token = call.credentials.token
    if token is None:
        raise Refusal(401, "This endpoint requires you to be authenticated.")
    world, bucket = call.world, f"graphql {call.credentials.bucket}"
    limit, now = world.hourly_points(call.credentials), world.now()

    def told(body: Json) -> Answer:
        return Answer(200, body, world.limits.headers(bucket, limit, now, "graphql"))

    body = call.json()
    text, variables = body.get("query"), body.get("variables") or {}
    if not isinstance(text, str) or not isinstance(variables, Mapping):
        return told({"errors": [{"message": _NO_QUERY}]})
    found = document(text)
    if found.errors or found.parsed is None:
        return told({"errors": list(found.errors)})
    name = body.get("operationName")
    spent = cost(found.parsed, variables, name if isinstance(name, str) else None)
    overload = world.overload
    if spent.nodes > overload.node_limit:
        return told({"errors": [_too_many(spent, overload)]})
    if world.limits.exhausted(bucket, limit, now):
        text = f"API rate limit exceeded for {call.credentials.bucket}."
        return told({"errors": [{"type": "RATE_LIMITED", "message": text}]})
    world.limits.spend(bucket, spent.points, now)
    heavy = overload.above is not None and spent.requests > overload.above
    if heavy:
        world.limits.spend(bucket, overload.penalty, now)
    if heavy and overload.sign is Sign.BAD_GATEWAY:
        headers = world.limits.headers(bucket, limit, now, "graphql")
        raise Refusal(502, TIMED_OUT, headers=headers)
    if heavy and overload.sign is Sign.WENT_WRONG:
        message = WENT_WRONG.format(request=world.new_request_id())
        return told({"data": None, "errors": [{"message": message}]})
    budget = Budget(spent.points, limit, spent.nodes, *world.limits.state(bucket, limit, now))
    pages_left = overload.above if heavy else None
    asked = Asked(world, call.credentials, token, budget, pages_left)
    return told(_execute(found.parsed, asked, variables, name if isinstance(name, str) else None))


def measure(body: bytes) -> tuple[Cost, Mapping[str, Any]] | None:
    """(cost, variables) of a request's body; None when it would not be executed."""
    try:
        told = json.loads(body)
        text, variables = told["query"], told.get("variables") or {}
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
    if not isinstance(text, str) or not isinstance(variables, Mapping):
        return None
    found = document(text)
    if found.errors or found.parsed is None:
        return None
    return cost(found.parsed, variables), variables


def _execute(parsed: DocumentNode, asked: Asked, variables: Mapping[str, Any], name: str | None) -> Json:
    result = execute_sync(
        schema(), parsed, context_value=asked, variable_values=dict(variables), operation_name=name
    )
    for act in asked.afterwards:
        act()
    errors = [_shown(error) for error in result.errors or ()]
    if result.data is None and not any("path" in error for error in errors):
        # Nothing was begun: a variable is missing or of the wrong type.
        return {"errors": errors}
    return _body(result, errors)


def _body(result: ExecutionResult, errors: list[Json]) -> Json:
    return {"data": result.data, "errors": errors} if errors else {"data": result.data}


def _shown(error: GraphQLError) -> Json:
    shown: Json = {}
    cause = error.original_error
    if isinstance(cause, Problem):
        shown["type"] = cause.kind
    elif cause is not None and not isinstance(cause, GraphQLError):
        # A mistake of the fake itself must not pass for an answer of GitHub's.
        _log.error("a resolver failed at %s", error.path, exc_info=cause)
        raise cause
    if error.path:
        shown["path"] = list(error.path)
    if isinstance(cause, Problem) and cause.kind == "FORBIDDEN":
        shown["extensions"] = {"saml_failure": False}
    shown["locations"] = [{"line": place.line, "column": place.column} for place in error.locations or ()]
    shown["message"] = error.message
    return shown


def _too_many(spent: Cost, overload: Overload) -> Json:
    text = (
        f"This query requests up to {spent.nodes:,} possible nodes which exceeds the maximum limit of "
        f"{overload.node_limit:,}."
    )
    return {"type": "MAX_NODE_LIMIT_EXCEEDED", "message": text}
