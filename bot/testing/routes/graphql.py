"""GraphQL: one route, answered by ``bot.testing.graphql``."""

from __future__ import annotations

from bot.testing.graphql import executor
from bot.testing.routing import Answer, Call, route


@route("POST", "/graphql")
def graphql(call: Call) -> Answer:
    """One document."""
    return executor.answer(call)
