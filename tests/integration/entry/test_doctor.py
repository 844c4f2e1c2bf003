"""``plumbline doctor`` beside a simulated GitHub and a real Redis: all well, then one thing wrong each."""

from __future__ import annotations

import json
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from bot.adapters.redis_server import EmbeddedRedis
from bot.adapters.store.engine import FILE_NAME
from bot.simulator.server import Simulator
from bot.testing.clocks import ManualClock
from bot.testing.fake import FakeGitHub

MANIFEST = YAML(typ="safe").load((Path(__file__).parents[3] / "app.yml").read_text(encoding="utf-8"))
HOOK = "http://127.0.0.1:8000/webhook"


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedRedis]:
    server = EmbeddedRedis(tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime.now(UTC))


@pytest.fixture
def github(tmp_path: Path, clock: ManualClock) -> Iterator[Simulator]:
    """An App that has all it needs, installed on acme, with a push delivered."""
    (tmp_path / "fake").mkdir()
    fake = FakeGitHub(tmp_path / "fake", clock=clock, permissions=dict(MANIFEST["default_permissions"]))
    with Simulator(tmp_path / "github", fake=fake, webhook_url=HOOK) as running:
        # Nobody listens there; what the log says is written by hand.
        running.hooks.pause()
        fake.create_organisation("acme")
        fake.install("acme")
        delivered(running)
        yield running


def delivered(github: Simulator, status: int = 202) -> None:
    github.fake.record_delivery(guid="g", event="push", action="", status_code=status, payload={})


@pytest.fixture
def doctor(
    plumbline: Callable[..., subprocess.CompletedProcess[str]],
    github: Simulator,
    redis: EmbeddedRedis,
    tmp_path: Path,
) -> Callable[..., dict[str, dict[str, Any]]]:
    """Its findings by name; keywords replace variables."""
    pem = tmp_path / "key.pem"
    pem.write_text(github.fake.app_private_key_pem)
    given = {
        "PLUMBLINE_GITHUB_URL": f"{github.base_url}/api/v3",
        "PLUMBLINE_APP_ID": str(github.fake.app.id),
        "PLUMBLINE_PRIVATE_KEY": None,
        "PLUMBLINE_PRIVATE_KEY_FILE": str(pem),
        "REDIS_URL": redis.url,
    }
    assert plumbline("migrate", **given).returncode == 0

    def examine(*, code: int = 0, **changes: str | None) -> dict[str, dict[str, Any]]:
        told = plumbline("doctor", "--json", **(given | changes))
        assert told.returncode == code, told.stdout + told.stderr
        return {finding["name"]: finding for finding in json.loads(told.stdout)}

    return examine


def unwell(found: dict[str, dict[str, Any]]) -> dict[str, str]:
    return {name: finding["status"] for name, finding in found.items() if finding["status"] != "ok"}


def test_all_is_well(doctor) -> None:
    found = doctor()

    assert unwell(found) == {}
    assert list(found) == [
        "credentials",
        "key",
        "clock",
        "app",
        "permissions",
        "events",
        "installed",
        "webhook",
        "redis",
        "persistence",
        "memory",
        "queue",
        "parked",
        "secret keys",
        "database",
        "stopped",
        "git",
        "zizmor",
    ]
    assert "licence" in found["permissions"]["details"]["needed"]["contents: read"]
    assert found["webhook"]["details"]["address"] == HOOK


def test_a_key_that_is_not_the_apps(doctor, pem: str) -> None:
    found = doctor(code=1, PLUMBLINE_PRIVATE_KEY=pem, PLUMBLINE_PRIVATE_KEY_FILE=None)

    assert unwell(found) == {"app": "fail"}
    assert "does not take this App's key" in found["app"]["text"]
    assert "PLUMBLINE_APP_ID" in found["app"]["fix"]


def test_a_permission_that_was_taken_away(doctor, github: Simulator) -> None:
    """From the App, and so from its installations' next agreement; GitHub still has the old one."""
    del github.fake.app.permissions["contents"]

    found = doctor()

    assert unwell(found) == {"permissions": "warn"}
    assert "contents: read (" in found["permissions"]["text"]
    assert found["permissions"]["details"]["missing"] == ["contents: read"]


def test_an_installation_that_did_not_agree(doctor, github: Simulator) -> None:
    (number,) = github.fake.installations
    github.fake.set_permissions(number, {**github.fake.app.permissions, "checks": "read"})

    found = doctor(code=1)

    assert unwell(found) == {"installed": "fail"}
    assert "acme lacks checks: write" in found["installed"]["text"]


def test_what_a_permission_would_answer(doctor, github: Simulator) -> None:
    """By the checks that are installed, and nothing when all is granted."""
    (number,) = github.fake.installations
    asked = github.fake.app.permissions
    github.fake.set_permissions(number, {n: level for n, level in asked.items() if n != "repository_hooks"})

    found = doctor()

    assert unwell(found) == {"installed": "warn", "unknowns": "warn"}
    assert "repository_hooks: read answers 1 (webhook-hygiene)" in found["unknowns"]["text"]
    assert list(found["unknowns"]["details"]["acme"]) == ["repository_hooks: read"]


def test_an_event_that_is_not_ticked(doctor, github: Simulator) -> None:
    github.fake.app.events.remove("push")

    found = doctor()

    assert unwell(found) == {"events": "warn"}
    assert "does not tell of push" in found["events"]["text"]


def test_a_redis_that_evicts(doctor, tmp_path: Path) -> None:
    """And one that promises less than it seems to."""
    options = ("--maxmemory-policy", "allkeys-lru", "--appendfsync", "everysec", "--syslog-ident", "redis")
    server = EmbeddedRedis(tmp_path / "other", options)
    server.start()
    try:
        found = doctor(code=1, REDIS_URL=server.url)
    finally:
        server.stop()

    assert unwell(found) == {"redis": "fail", "persistence": "warn"}
    assert "maxmemory-policy noeviction" in found["redis"]["text"]
    assert "everysec" in found["persistence"]["text"]


def test_three_days_without_a_delivery(doctor, github: Simulator) -> None:
    """GitHub keeps its log for so long; a second more and nothing is left of it."""
    github.fake.deliveries[:] = []
    github.fake.record_delivery(guid="g", event="push", action="", status_code=202, payload={})
    github.fake.deliveries[0].delivered_at -= timedelta(days=3, seconds=1)

    found = doctor()

    assert unwell(found) == {"webhook": "warn"}
    assert "nothing to http://127.0.0.1:8000/webhook in the last 3 days" in found["webhook"]["text"]


def test_deliveries_that_are_refused(doctor, github: Simulator) -> None:
    delivered(github, 401)

    found = doctor(code=1)

    assert unwell(found) == {"webhook": "fail"}
    assert "was answered 401" in found["webhook"]["text"]
    assert "PLUMBLINE_WEBHOOK_SECRET" in found["webhook"]["fix"]


def test_an_app_without_a_webhook(doctor, github: Simulator) -> None:
    github.fake.app.webhook_url = ""

    assert unwell(doctor()) == {"webhook": "warn"}


def test_nothing_is_set_up(plumbline, redis: EmbeddedRedis) -> None:
    told = plumbline(
        "doctor",
        REDIS_URL=redis.url,
        PLUMBLINE_APP_ID=None,
        PLUMBLINE_PRIVATE_KEY=None,
        PLUMBLINE_WEBHOOK_SECRET=None,
    )

    first = told.stdout.splitlines()[0]
    assert told.returncode == 1
    assert first.startswith("fail     credentials")
    assert "start `plumbline up`" in first


def test_a_database_of_another_version(doctor, environment: dict[str, str]) -> None:
    database = Path(environment["PLUMBLINE_HOME"]) / FILE_NAME
    with sqlite3.connect(database) as connection:
        connection.execute("UPDATE alembic_version SET version_num = 'r0001'")
    connection.close()

    found = doctor(code=1)

    assert unwell(found) == {"database": "fail"}
    assert "r0001" in found["database"]["text"]
