"""Every payload that GitHub's own examples hold, signed, through receiver, ledger, drain and handlers."""

from __future__ import annotations

import collections
import json
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from bot import registry
from bot.adapters.clock import SystemClock
from bot.adapters.ledger import RedisLedger
from bot.adapters.queue import RqQueue
from bot.adapters.redis_client import connect
from bot.adapters.redis_server import EmbeddedRedis
from bot.config.settings import Settings
from bot.engine.context import Runtime
from bot.engine.dispatch import Dispatcher
from bot.model.events import Lane
from bot.model.work import State
from bot.testing.deliveries import SECRET, MemoryMetrics, headers
from bot.web.app import create_app
from bot.web.readiness import Readiness
from bot.web.receiver import Receiver

INSTALLATION = 77


def corpus() -> Path | None:
    """The recorded payloads of npm's ``@octokit/webhooks-examples``, where they were installed."""
    name = "@octokit/webhooks-examples/api.github.com/index.json"
    root = Path(__file__).parents[2]
    places = [os.environ.get("PLUMBLINE_SCHEMAS"), root / ".cache/npm/node_modules"]
    return next((Path(p) / name for p in places if p and (Path(p) / name).is_file()), None)


@pytest.fixture(scope="module")
def payloads() -> list[tuple[str, dict[str, Any]]]:
    """Event and payload."""
    path = corpus()
    assert path is not None
    return [
        (entry["name"], example) for entry in json.loads(path.read_bytes()) for example in entry["examples"]
    ]


@pytest.fixture
def runtime(tmp_path: Path) -> Iterator[Runtime]:
    """A real ledger and queue; routing needs nothing else."""
    server = EmbeddedRedis(tmp_path)
    server.start()
    client = connect(server.url)
    try:
        yield Runtime(
            registry=registry.load(plugins=False),
            settings=Settings(home=tmp_path),
            ledger=RedisLedger(client),
            queue=RqQueue(client),
            clock=SystemClock(),
            metrics=MemoryMetrics(),
            **cast(
                dict[str, Any], dict.fromkeys(("store", "github", "auditor", "licences"), SimpleNamespace())
            ),
        )
    finally:
        client.close()
        server.stop()


@pytest.mark.skipif(corpus() is None, reason="recorded payloads are missing: run scripts/ci-assets.sh")
@pytest.mark.parametrize("installed", [True, False], ids=["with installation", "without"])
def test_every_recorded_payload_is_accepted_and_routed(
    runtime: Runtime,
    payloads: list[tuple[str, dict[str, Any]]],
    installed: bool,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.WARNING)
    ledger = cast(RedisLedger, runtime.ledger)
    receiver = Receiver(
        ledger=ledger,
        hint=lambda: None,
        metrics=runtime.metrics,
        lanes=runtime.registry.lanes,
        secrets=[SECRET],
        app_id=42,
    )
    client = create_app(receiver, Readiness(ledger.ping)).test_client()
    guids = []
    for event, payload in payloads:
        changed = {name: value for name, value in payload.items() if name != "installation"}
        if installed:
            changed["installation"] = {"id": INSTALLATION, "node_id": "x"}
        body = json.dumps(changed, separators=(",", ":")).encode()
        sent = headers(body, x_github_event=event)
        guids.append(sent["x-github-delivery"])
        assert client.post("/webhook", data=body, headers=sent).status_code == 202
    assert len(guids) >= 329

    dispatcher = Dispatcher(runtime)
    while ledger.stats().open_deliveries:
        assert dispatcher.drain() > 0
    dispatcher.close(0)

    records = [ledger.record(f"99:{guid}") for guid in guids]
    assert {record.state for record in records if record} == {State.DONE}
    assert {(record.attempts, record.error) for record in records if record} == {(0, "")}
    assert ledger.stats().parked == 0
    assert caplog.text == ""
    works = collections.Counter(id_ for record in records if record for id_ in record.works)
    waiting = sum(ledger.stats().open_work.values())
    assert waiting == len(works)
    if not installed:
        assert waiting == 0, "nobody to do it for"
        return
    jobs = collections.Counter(work.name for id_ in works if (work := ledger.record(id_)))
    assert {"scan-repository", "check-pull-request", "sync-installation", "recheck-commit"} <= set(jobs)
    assert max(works.values()) > 1, "equal work is merged"
    claimed = ledger.claim_work(Lane.EVENT)
    assert claimed is not None
    assert claimed.work.installation_id == INSTALLATION
