"""``plumbline replay``: from GitHub's log through the ledger."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.adapters.ledger import RedisLedger
from bot.adapters.redis_client import connect
from bot.adapters.redis_server import EmbeddedRedis
from bot.entry.replay import Wanted, chosen, moment, replay
from bot.model.errors import UserError
from bot.ports import HookDelivery
from bot.testing.clocks import SystemClock
from bot.testing.deliveries import SECRET
from bot.testing.fake import FakeGitHub
from tests.contract.github.loopback import Loopback

NOW = datetime(2026, 3, 14, 12, tzinfo=UTC)


class Scene:
    """GitHub with a delivery log, and a ledger."""

    def __init__(self, fake: FakeGitHub, ledger: RedisLedger) -> None:
        self.fake = fake
        self.ledger = ledger

    def logged(self, guid: str, event: str = "push", status: int = 500, **payload: object) -> int:
        body = {"installation": {"id": 7}, "repository": {"id": 42}, **payload}
        return self.fake.record_delivery(
            guid=guid, event=event, action="", status_code=status, payload=body, installation_id=7
        )

    def replay(self, *arguments: str) -> Result:
        return CliRunner().invoke(replay, [*arguments])


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    fake = FakeGitHub(tmp_path / "github", clock=SystemClock())
    server = Loopback(fake)
    (tmp_path / "redis").mkdir()
    redis = EmbeddedRedis(tmp_path / "redis")
    redis.start()
    client = connect(redis.url)
    for name, value in {
        "PLUMBLINE_HOME": str(tmp_path / "home"),
        "PLUMBLINE_GITHUB_URL": server.url,
        "PLUMBLINE_APP_ID": str(fake.app.id),
        "PLUMBLINE_PRIVATE_KEY": fake.app_private_key_pem,
        "PLUMBLINE_WEBHOOK_SECRET": SECRET,
        "REDIS_URL": redis.url,
    }.items():
        monkeypatch.setenv(name, value)
    yield Scene(fake, RedisLedger(client))
    client.close()
    redis.stop()
    server.close()
    fake.close()


def told(result: Result) -> list[tuple[str, str]]:
    """(guid, what became of it) of each line."""
    assert result.exit_code == 0, result.output + repr(result.exception)
    return [(entry["guid"], entry["now"]) for entry in json.loads(result.output)]


def test_one_delivery_by_guid_or_number(scene: Scene) -> None:
    """The ledger gets it with the body that GitHub keeps; routing finds it."""
    scene.logged("aaaa-1", "push", ref="refs/heads/main")
    number = scene.logged("bbbb-2", "issues")

    assert told(scene.replay("aaaa-1", "--json")) == [("aaaa-1", "replayed")]
    assert told(scene.replay(str(number), "--json")) == [("bbbb-2", "replayed")]
    claims = scene.ledger.claim_deliveries(5)
    assert {c.event for c in claims} == {"push", "issues"}
    assert any(json.loads(c.body).get("ref") == "refs/heads/main" for c in claims)
    assert scene.ledger.known_guids(["aaaa-1", "bbbb-2"]) == {"aaaa-1", "bbbb-2"}


def test_a_span_of_time_oldest_first(scene: Scene) -> None:
    """Of several attempts at one event there is one delivery; what was answered may be left out."""
    scene.logged("old-1", "push")
    scene.logged("ok-2", "push", 202)
    scene.logged("old-1", "push")
    scene.logged("issue-3", "issues")

    assert [g for g, _ in told(scene.replay("--since", "1h", "--dry-run", "--json"))] == [
        "ok-2",
        "old-1",
        "issue-3",
    ]
    assert scene.ledger.due_deliveries() == 0
    assert told(scene.replay("--since", "1h", "--failed", "--event", "push", "--json")) == [
        ("old-1", "replayed")
    ]
    assert scene.ledger.due_deliveries() == 1


def test_a_second_time_only_when_asked(scene: Scene) -> None:
    """It is waiting, or it was done; with --again it is done once more."""
    scene.logged("aaaa-1")

    assert told(scene.replay("aaaa-1", "--json")) == [("aaaa-1", "replayed")]
    assert told(scene.replay("aaaa-1", "--json")) == [("aaaa-1", "waits already")]
    (claimed,) = scene.ledger.claim_deliveries(1)
    scene.ledger.complete_delivery(claimed.claim, [])
    assert told(scene.replay("aaaa-1", "--json")) == [
        ("aaaa-1", "was replayed before (--again does it once more)")
    ]
    assert scene.ledger.due_deliveries() == 0
    assert told(scene.replay("aaaa-1", "--again", "--json")) == [("aaaa-1", "replayed")]
    assert scene.ledger.due_deliveries() == 1


def test_the_table_is_for_people(scene: Scene) -> None:
    """When it was sent, what it was, how we answered."""
    scene.logged("aaaa-1", "push", 0)
    lines = scene.replay("--since", "1h", "--dry-run").output.splitlines()

    assert lines[0].split()[:2] == ["GUID", "NUMBER"]
    assert "aaaa-1" in lines[1]
    assert "no answer" in lines[1]
    assert lines[1].endswith("not replayed (dry run)")
    assert scene.replay("--since", "1h", "--event", "fork").output == "there are none\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param((), "name DELIVERIES, or give --since", id="neither"),
        pytest.param(("x", "--since", "1h"), "name DELIVERIES, or give --since", id="both"),
        pytest.param(("nothing",), "GitHub's log has no delivery nothing", id="not in the log"),
        pytest.param(("--since", "yesterday"), "'yesterday' is no time; write 90m", id="no time"),
    ],
)
def test_wrong_use_is_explained(scene: Scene, arguments: tuple[str, ...], said: str) -> None:
    """Nothing is replayed."""
    result = scene.replay(*arguments)

    assert result.exit_code != 0
    assert said in result.output + str(result.exception)
    assert scene.ledger.due_deliveries() == 0


def test_without_an_app_there_is_no_log(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is said what to set."""
    monkeypatch.delenv("PLUMBLINE_APP_ID")
    monkeypatch.delenv("PLUMBLINE_PRIVATE_KEY")

    assert "the GitHub App is not set up" in str(scene.replay("--since", "1h").exception)


def entry(number: int, guid: str, *, minutes: int, event: str = "push", status: int = 500) -> HookDelivery:
    at = NOW - timedelta(minutes=minutes)
    return HookDelivery(number, guid, at, False, status, event, "", 7, 42)


@pytest.mark.parametrize(
    ("wanted", "numbers"),
    [
        pytest.param({}, [1, 2, 4], id="the newest attempt of each event, oldest first"),
        pytest.param({"ids": frozenset({"b"})}, [4], id="by guid"),
        pytest.param({"ids": frozenset({"3"})}, [3], id="by number, an older attempt too"),
        pytest.param({"event": "issues"}, [2], id="by event"),
        pytest.param({"failed": True}, [1, 2], id="only what failed in the end"),
        pytest.param({"since": NOW - timedelta(minutes=30)}, [2, 4], id="since"),
        pytest.param({"until": NOW - timedelta(minutes=30)}, [1, 3], id="until"),
    ],
)
def test_chooses_from_the_log(wanted: dict[str, object], numbers: list[int]) -> None:
    """The log is newest first; a redelivery repeats its guid."""
    log = [
        entry(4, "b", minutes=10, status=202),
        entry(2, "c", minutes=20, event="issues"),
        entry(3, "b", minutes=40),
        entry(1, "a", minutes=60),
    ]
    given: dict[str, object] = {"ids": frozenset(), "since": NOW - timedelta(days=3), "until": NOW, **wanted}

    assert [e.id for e in chosen(log, Wanted(**given))] == numbers  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("90m", NOW - timedelta(minutes=90)),
        ("3d", NOW - timedelta(days=3)),
        ("2026-03-14", datetime(2026, 3, 14, tzinfo=UTC)),
        ("2026-03-14T10:00+01:00", datetime(2026, 3, 14, 9, tzinfo=UTC)),
    ],
)
def test_reads_times(text: str, expected: datetime) -> None:
    """Spans go back from now; dates are UTC unless they say otherwise."""
    assert moment(text, NOW) == expected


@pytest.mark.parametrize("text", ["", "1y", "-1h", "99999999d", "2026-13-01"])
def test_refuses_what_is_no_time(text: str) -> None:
    """With what would be one."""
    with pytest.raises(UserError, match="write 90m, 12h, 3d"):
        moment(text, NOW)
