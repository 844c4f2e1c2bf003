"""The Flask routes, by Flask's own client."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from bot.model.errors import LedgerUnavailable
from bot.testing.deliveries import BODY, headers
from bot.web.app import create_app
from bot.web.readiness import Readiness
from bot.web.receiver import MAX_BODY


@pytest.fixture
def client(world) -> FlaskClient:
    return create_app(world.receiver, Readiness(world.ledger.ping, fresh_s=0)).test_client()


def test_accepts_a_delivery(world, client: FlaskClient) -> None:
    answer = client.post("/webhook", data=BODY, headers=headers())

    assert (answer.status_code, answer.data) == (202, b"accepted\n")
    assert len(world.ledger.deliveries) == 1


def test_refuses_a_forged_delivery(world, client: FlaskClient) -> None:
    assert client.post("/webhook", data=BODY + b" ", headers=headers()).status_code == 401
    assert world.ledger.calls == 0


@pytest.mark.fault
def test_ka6_refuses_a_chunked_body_past_the_limit_instead_of_cutting_it(world, client: FlaskClient) -> None:
    """Without a length the stream itself is measured; signed or not, it is 413 and not 401."""
    body = bytes(MAX_BODY + 1)
    answer = client.post(
        "/webhook",
        input_stream=io.BytesIO(body),
        headers=headers(body),
        environ_base={"wsgi.input_terminated": True},
    )

    assert answer.status_code == 413
    assert world.ledger.calls == 0


def test_liveness_depends_on_nothing(world, client: FlaskClient) -> None:
    world.ledger.error = LedgerUnavailable("away")

    assert client.get("/healthz").status_code == 200


def test_readiness_follows_the_ledger(world, client: FlaskClient) -> None:
    assert client.get("/readyz").status_code == 200
    world.ledger.error = LedgerUnavailable("away at redis://:secret@host")

    answer = client.get("/readyz")

    assert (answer.status_code, answer.data) == (503, b"not ready\n")


@pytest.mark.parametrize("path", ["/", "/metrics", "/webhook", "/webhook/"])
def test_everything_else_is_not_there_and_says_so_safely(client: FlaskClient, path: str) -> None:
    """Metrics have a listener of their own; refusals carry the security headers too."""
    answer = client.get(path)

    assert answer.status_code in (404, 405)
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]


def test_a_fault_of_ours_is_500_without_its_text(world, client: FlaskClient, caplog) -> None:
    world.ledger.error = RuntimeError("secret detail")

    answer = client.post("/webhook", data=BODY, headers=headers())

    assert (answer.status_code, answer.data) == (500, b"internal error\n")
    assert "request failed" in caplog.text


def examples() -> Path | None:
    """The recorded payloads of npm's ``@octokit/webhooks-examples``, where they are installed."""
    name = "@octokit/webhooks-examples/api.github.com/index.json"
    roots = [os.environ.get("PLUMBLINE_SCHEMAS"), ".cache/npm/node_modules"]
    return next((Path(r) / name for r in roots if r and (Path(r) / name).is_file()), None)


def recorded() -> Iterator[tuple[str, dict]]:
    path = examples()
    for entry in json.loads(path.read_bytes()) if path else []:
        for example in entry["examples"]:
            yield entry["name"], example


@pytest.mark.skipif(examples() is None, reason="npm package @octokit/webhooks-examples is not installed")
@pytest.mark.parametrize("installed", [True, False], ids=["with installation", "without"])
def test_accepts_every_recorded_payload(world, client: FlaskClient, installed: bool) -> None:
    statuses, keys, count = set(), set(), 0
    for event, payload in recorded():
        changed = {k: v for k, v in payload.items() if k != "installation"}
        if installed:
            changed["installation"] = {"id": 77, "node_id": "x"}
        body = json.dumps(changed, separators=(",", ":")).encode()
        statuses.add(
            client.post("/webhook", data=body, headers=headers(body, x_github_event=event)).status_code
        )
        count += 1
    keys = {delivery.fairness_key for delivery in world.ledger.deliveries.values()}

    assert statuses == {202}
    assert len(world.ledger.deliveries) == count >= 329
    assert keys == ({"77"} if installed else {"0"})
