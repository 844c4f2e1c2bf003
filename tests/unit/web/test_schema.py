"""The schema of policy files, served to editors."""

from __future__ import annotations

from bot.config.policy_file import policy_schema
from bot.registry import load
from bot.web.app import create_app
from bot.web.readiness import Readiness
from bot.web.schema import create_schema


def test_editors_get_the_schema_of_this_version(world) -> None:
    """From any page, and kept for an hour."""
    document = policy_schema(load(("bot.checks", "bot.facts"), plugins=False).checks)
    app = create_app(world.receiver, Readiness(world.ledger.ping), [create_schema(document)])

    answer = app.test_client().get("/schema/plumbline.json")

    assert answer.status_code == 200
    assert answer.get_json() == document
    assert answer.headers["content-type"] == "application/schema+json"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["cache-control"] == "public, max-age=3600"
    assert answer.headers["x-content-type-options"] == "nosniff"
