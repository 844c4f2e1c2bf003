"""The schema of policy files, served to editors."""

from __future__ import annotations

import pytest

from bot.config.organisation_file import organisation_schema
from bot.config.policy_file import policy_schema
from bot.registry import load
from bot.web.app import create_app
from bot.web.readiness import Readiness
from bot.web.schema import create_schema


@pytest.mark.parametrize("name", ["plumbline.json", "plumbline.org.json"])
def test_editors_get_the_schema_of_this_version(world, name: str) -> None:
    """From any page, and kept for an hour."""
    checks = load(("bot.checks", "bot.facts"), plugins=False).checks
    documents = {"plumbline.json": policy_schema(checks), "plumbline.org.json": organisation_schema(checks)}
    app = create_app(world.receiver, Readiness(world.ledger.ping), [create_schema(*documents.values())])

    answer = app.test_client().get(f"/schema/{name}")

    assert answer.status_code == 200
    assert answer.get_json() == documents[name]
    assert app.test_client().get("/schema/other.json").status_code == 404
    assert answer.headers["content-type"] == "application/schema+json"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["cache-control"] == "public, max-age=3600"
    assert answer.headers["x-content-type-options"] == "nosniff"
