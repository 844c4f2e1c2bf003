"""Commands over a real Redis and database, with what they print."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.adapters.ledger import RedisLedger
from bot.adapters.redis_client import connect
from bot.adapters.redis_server import EmbeddedRedis
from bot.model.events import Delivery, Lane
from bot.model.work import Work

TOKEN = "ghs_" + "A1b2C3d4" * 6
EVIL = f'{{"name":"\\u001b[2J x","token":"{TOKEN}"}}'


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[EmbeddedRedis]:
    server = EmbeddedRedis(tmp_path / "elsewhere")
    (tmp_path / "elsewhere").mkdir()
    server.start()
    yield server
    server.stop()


@pytest.fixture
def ledger(redis: EmbeddedRedis) -> Iterator[RedisLedger]:
    client = connect(redis.url)
    yield RedisLedger(client)
    client.close()


@pytest.fixture
def parked(ledger: RedisLedger) -> list[str]:
    """The ids of a parked delivery and a parked work, with hostile texts in them."""
    ledger.accept(Delivery("9", "poison", "push", Lane.EVENT, "1", EVIL.encode() + b"\x1b[31m\nforged"))
    (delivery,) = ledger.claim_deliveries(1)
    ledger.fail(delivery.claim, f"it broke\n\x1b[31mforged with {TOKEN}", permanent=True)
    (work_id,) = ledger.submit([Work("scan-repository", "scan:1", Lane.SWEEP, 7, {"repository_id": 1})])
    claimed = ledger.claim_work(Lane.SWEEP)
    assert claimed is not None
    ledger.fail(claimed.claim, "no luck", permanent=True)
    return [delivery.claim.id, work_id]


def test_lists_and_shows_what_is_parked_safely(plumbline, redis, parked) -> None:
    """One line per record whatever its error says; no terminal command and no token gets out."""
    listed = plumbline("parked", "list", REDIS_URL=redis.url)
    as_json = plumbline("parked", "list", "--json", REDIS_URL=redis.url)
    shown = plumbline("parked", "show", "9:poison", REDIS_URL=redis.url)
    shown_json = plumbline("parked", "show", "9:poison", "--json", REDIS_URL=redis.url)

    assert len(listed.stdout.splitlines()) == 3
    assert {record["id"] for record in json.loads(as_json.stdout)} == set(parked)
    assert "it broke" in shown.stdout
    assert json.loads(shown_json.stdout)["state"] == "parked"
    for told in (listed, as_json, shown, shown_json):
        assert told.returncode == 0, told.stderr
        assert TOKEN not in told.stdout
        assert "\x1b" not in told.stdout


def test_replays_and_drops(plumbline, redis, ledger, parked) -> None:
    delivery, work = parked
    replayed = plumbline("parked", "replay", delivery, REDIS_URL=redis.url)
    dropped = plumbline("parked", "drop", work, REDIS_URL=redis.url)

    assert (replayed.stdout, dropped.stdout) == (f"{delivery} is open again\n", f"{work} is given up\n")
    assert ledger.stats().parked == 0
    assert ledger.due_deliveries() == 1
    again = plumbline("parked", "replay", delivery, REDIS_URL=redis.url)
    assert again.returncode == 2
    assert "is not parked, it is open" in again.stderr
    unknown = plumbline("parked", "show", "nothing", REDIS_URL=redis.url)
    assert unknown.returncode == 2
    assert "no record 'nothing'" in unknown.stderr


def test_replays_all(plumbline, redis, ledger, parked) -> None:
    assert plumbline("parked", "replay", "--all", REDIS_URL=redis.url).stdout == "2 records are open again\n"
    assert ledger.stats().parked == 0


def payload(tmp_path: Path, text: str) -> str:
    path = tmp_path / "payload.json"
    path.write_text(text)
    return str(path)


PUSH = json.dumps(
    {
        "ref": "refs/heads/main",
        "before": "0" * 40,
        "after": "a" * 40,
        "deleted": False,
        "repository": {"id": 42, "full_name": "acme/rocket", "default_branch": "main"},
        "installation": {"id": 7},
        "sender": {"type": "User", "login": "octocat"},
    }
)


def test_a_dry_run_prints_the_work_and_needs_nothing(plumbline, tmp_path: Path) -> None:
    told = plumbline("receive", "push", payload(tmp_path, PUSH), "--dry-run")

    assert told.returncode == 0, told.stderr
    assert told.stdout.startswith("work ")
    assert '"repository_id": 42' in told.stdout
    assert not (tmp_path / "home" / "redis").exists()


def test_an_unknown_event_makes_no_work_and_is_done(plumbline, tmp_path: Path) -> None:
    """Without a Redis it brings its own for the while."""
    told = plumbline("receive", "star", payload(tmp_path, '{"action":"created"}'), "--guid", "g1")

    assert told.returncode == 0, told.stderr
    assert told.stdout.splitlines() == [
        "no handler wants this star",
        "delivery 0:g1 new",
        "delivery 0:g1 star is done",
    ]


def test_work_that_can_not_be_done_is_told(plumbline, tmp_path: Path) -> None:
    """GitHub is away: the work goes back with its reason, and the exit code says so."""
    told = plumbline("receive", "push", payload(tmp_path, PUSH), "--guid", "g2")

    assert told.returncode == 1, told.stdout + told.stderr
    lines = told.stdout.splitlines()
    assert "delivery 0:g2 push is done" in lines
    assert lines[-1].startswith("work ")
    assert " is open: " in lines[-1] or " is parked: " in lines[-1]


@pytest.mark.parametrize(
    ("event", "text", "why"),
    [
        pytest.param("push", "{", "not JSON", id="truncated"),
        pytest.param("push", "[]", "not an object", id="a list"),
        pytest.param("Push!", "{}", "not the name of a GitHub event", id="a wrong name"),
    ],
)
def test_a_file_that_is_no_payload_is_explained(plumbline, tmp_path: Path, event, text, why) -> None:
    told = plumbline("receive", event, payload(tmp_path, text))

    assert told.returncode == 2
    assert told.stderr.count("\n") == 1
    assert why in told.stderr


def test_the_doctor_says_what_is_wrong(plumbline, redis) -> None:
    """GitHub is away, the database is not migrated: failures; the rest is judged all the same."""
    told = plumbline("doctor", "--json", REDIS_URL=redis.url)
    found = {finding["name"]: finding for finding in json.loads(told.stdout)}

    assert told.returncode == 1
    assert {name: finding["status"] for name, finding in found.items()} == {
        "credentials": "ok",
        "key": "ok",
        "clock": "unknown",
        "app": "fail",
        "redis": "ok",
        "persistence": "ok",
        "memory": "ok",
        "queue": "ok",
        "parked": "ok",
        "secret keys": "ok",
        "database": "fail",
        "git": "ok",
        "zizmor": "ok",
    }
    assert "plumbline migrate" in found["database"]["fix"]


def test_the_doctor_finds_a_migrated_database_and_parked_records(plumbline, redis, parked) -> None:
    migrated = plumbline("migrate")
    assert migrated.returncode == 0, migrated.stderr

    lines = plumbline("doctor", REDIS_URL=redis.url).stdout.splitlines()

    assert any(line.startswith("ok       database") for line in lines)
    assert any(line.startswith("warn     parked       2 records") for line in lines)


@pytest.mark.fault
@pytest.mark.parametrize("command", ["doctor", "web", "worker", "clock", "up", "migrate"])
def test_kg4_no_secret_in_what_a_failing_command_prints(plumbline, command: str, pem: str) -> None:
    """Every store is away and its URL has a password; what is printed names neither it nor a key."""
    told = plumbline(
        command,
        REDIS_URL="redis://user:redis-canary@127.0.0.1:9/0",
        DATABASE_URL="postgresql://user:database-canary@127.0.0.1:9/x",
        PLUMBLINE_WEBHOOK_SECRET="hook-secret-canary",
        PLUMBLINE_SECRET_KEYS="sealing-canary",
    )

    assert told.returncode in (1, 2)
    text = told.stdout + told.stderr
    assert text
    assert "canary" not in text
    assert not [line for line in pem.splitlines() if "-----" not in line and line in text]


@pytest.mark.parametrize("command", ["worker", "clock"])
def test_refuses_to_work_without_credentials(plumbline, redis, command: str) -> None:
    told = plumbline(command, REDIS_URL=redis.url, PLUMBLINE_APP_ID=None)

    assert told.returncode == 2
    assert told.stderr.count("\n") == 1
    assert "PLUMBLINE_APP_ID" in told.stderr
