"""Hints, and what is refused in their place."""

from __future__ import annotations

import json
import pickle
import zlib
from collections.abc import Iterator
from typing import Any

import pytest
from redis import Redis
from redis.connection import UnixDomainSocketConnection
from rq import Queue
from rq.serializers import JSONSerializer

from bot.adapters.queue import HintJob, HintWorker, RqQueue
from bot.adapters.redis_client import connect
from bot.adapters.redis_server import EmbeddedRedis
from bot.model.errors import LedgerUnavailable
from bot.model.events import Lane
from jobs import entry

GOOD = ["jobs.entry.perform", None, ["drain", {}], {}]


@pytest.fixture
def performed(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, str]]]:
    calls: list[tuple[str, dict[str, str]]] = []
    monkeypatch.setattr(entry, "perform", lambda name, payload: calls.append((name, payload)))
    return calls


@pytest.fixture
def refused() -> list[str]:
    return []


@pytest.fixture
def worker(server: EmbeddedRedis, client: Redis, refused: list[str]) -> Iterator[HintWorker]:
    own = connect(server.url)
    yield HintWorker(own, on_refused=refused.append)
    HintJob.on_refused = None
    own.close()


def put(
    client: Redis, data: Any = GOOD, *, raw: bytes | None = None, id_: str = "drain", **fields: str
) -> None:
    packed = raw if raw is not None else zlib.compress(json.dumps(data).encode())
    client.hset(f"rq:job:{id_}", mapping={"data": packed, "origin": "interactive", **fields})
    client.rpush("rq:queue:interactive", id_)


def test_hints_reach_the_worker_and_leave_nothing(
    client: Redis, worker: HintWorker, performed: list[tuple[str, dict[str, str]]]
) -> None:
    queue = RqQueue(client)
    queue.hint_drain()
    queue.hint_work([(Lane.EVENT, "w1"), (Lane.SWEEP, "w2"), (Lane.EVENT, "w1")])
    assert (queue.depth(Lane.INTERACTIVE), queue.depth(Lane.EVENT), queue.depth(Lane.SWEEP)) == (1, 1, 1)

    assert worker.run(burst=True)

    assert sorted(performed, key=str) == [
        ("drain", {}),
        ("work", {"lane": "event", "id": "w1"}),
        ("work", {"lane": "sweep", "id": "w2"}),
    ]
    left = {key for key in client.scan_iter() if not key.startswith(b"rq:worker:")}
    assert left == {b"rq:queues"}
    assert [key for key in client.scan_iter() if client.ttl(key) < 0] == []


def test_hints_are_one_round_trip(client: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    queue = RqQueue(client)
    queue.hint_drain()
    sent: list[int] = []
    original = UnixDomainSocketConnection.send_packed_command

    def counted(self: Any, *args: Any, **options: Any) -> None:
        sent.append(1)
        original(self, *args, **options)

    monkeypatch.setattr(UnixDomainSocketConnection, "send_packed_command", counted)
    queue.hint_work([(lane, f"w{lane.value}{n}") for n in range(20) for lane in Lane])

    # The first use of a lane also asks for the server's version.
    assert len(sent) <= 1 + 2
    sent.clear()
    queue.hint_work([(lane, f"x{lane.value}{n}") for n in range(20) for lane in Lane])
    assert len(sent) == 1
    assert sum(queue.depth(lane) for lane in Lane) == 1 + 120


def test_doubles_collapse(client: Redis, worker: HintWorker, performed: list[Any]) -> None:
    queue = RqQueue(client)
    for _ in range(5):
        queue.hint_drain()
        queue.hint_work([(Lane.EVENT, "w1")])

    worker.run(burst=True)

    assert len(performed) == 2


def test_nothing_to_hint_is_nothing(client: Redis) -> None:
    RqQueue(client).hint_work([])

    assert client.dbsize() == 0


def test_an_absent_redis_is_unavailable(tmp_path: Any) -> None:
    queue = RqQueue(connect(f"unix://{tmp_path}/none"))

    with pytest.raises(LedgerUnavailable):
        queue.hint_drain()
    with pytest.raises(LedgerUnavailable):
        queue.depth(Lane.EVENT)


@pytest.mark.fault
@pytest.mark.parametrize(
    ("data", "fields", "reason"),
    [
        pytest.param(["os.system", None, ["touch {canary}"], {}], {}, "os.system", id="os.system"),
        pytest.param(
            ["bot.entry.cli.main", None, [], {}], {}, "bot.entry.cli", id="another function of ours"
        ),
        pytest.param(
            ["builtins.eval", None, ["drain", {}], {}],
            {},
            "builtins.eval",
            id="right arguments, wrong function",
        ),
        pytest.param(GOOD, {"success_callback_name": "os.getcwd"}, "success_callback_name", id="callback"),
        pytest.param(GOOD, {"failure_callback_name": "os.abort"}, "failure_callback_name", id="on failure"),
        pytest.param(GOOD, {"stopped_callback_name": "os.abort"}, "stopped_callback_name", id="on stop"),
        pytest.param(
            GOOD,
            {"webhooks": json.dumps([{"url": "http://127.0.0.1:9/", "job_status": "finished"}])},
            "webhooks",
            id="webhook",
        ),
        pytest.param(GOOD, {"dependency_ids": '["x"]'}, "dependency_ids", id="dependency"),
        pytest.param(GOOD, {"meta": "{}"}, "meta", id="meta"),
        pytest.param(GOOD, {"repeats_left": "9"}, "repeats_left", id="repeat"),
        pytest.param(
            ["jobs.entry.perform", None, ["format-disk", {}], {}], {}, "arguments", id="unknown hint"
        ),
        pytest.param(
            ["jobs.entry.perform", None, ["work", {"id": 7}], {}], {}, "arguments", id="not a string"
        ),
        pytest.param(["jobs.entry.perform", "x", ["drain", {}], {}], {}, "shape", id="an instance"),
        pytest.param(["jobs.entry.perform", None, ["drain", {}], {"x": 1}], {}, "shape", id="keywords"),
        pytest.param(
            ["jobs.entry.perform", None, ["drain", {"x": "y" * 9000}], {}], {}, "JSON|shape", id="large"
        ),
    ],
)
def test_kg5_a_forged_job_is_refused(
    client: Redis,
    worker: HintWorker,
    performed: list[Any],
    refused: list[str],
    data: list[Any],
    fields: dict[str, str],
    reason: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Nothing runs, its hash is gone, an alarm is logged, and the worker takes the next hint."""
    put(client, data, id_="forged", **fields)
    put(client)

    assert worker.run(burst=True)

    assert performed == [("drain", {})]
    assert len(refused) == 1
    assert any(part in refused[0] for part in reason.split("|"))
    assert "refused an RQ job" in caplog.text
    assert not client.exists("rq:job:forged")


class _Bomb:
    """Unpickling it would run a command."""

    def __init__(self, canary: str) -> None:
        self.canary = canary

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        import os

        return os.system, (f"touch {self.canary}",)


@pytest.mark.fault
@pytest.mark.parametrize("where", ["data", "compressed data", "meta", "result"])
def test_kg5_a_pickle_is_never_opened(
    client: Redis, worker: HintWorker, performed: list[Any], refused: list[str], tmp_path: Any, where: str
) -> None:
    canary = tmp_path / "canary"
    bomb = pickle.dumps(_Bomb(str(canary)))
    if "data" in where:
        put(client, raw=zlib.compress(bomb) if "compressed" in where else bomb)
    else:
        put(client)
        client.hset("rq:job:drain", where, bomb)

    worker.run(burst=True)

    assert not canary.exists()
    assert performed == []
    assert len(refused) == 1


@pytest.mark.fault
def test_kg5_a_zip_bomb_is_not_unpacked(
    client: Redis, worker: HintWorker, performed: list[Any], refused: list[str]
) -> None:
    put(client, raw=zlib.compress(b" " * 50_000_000 + json.dumps(GOOD).encode()))

    worker.run(burst=True)

    assert performed == []
    assert len(refused) == 1


@pytest.mark.fault
def test_kb9_corrupt_rq_keys_do_not_stop_the_worker(
    client: Redis, worker: HintWorker, performed: list[Any]
) -> None:
    """Bad fields, junk ids, hashes of the wrong type, junk in registries and worker sets."""
    put(client, id_="bad-date", created_at="x")
    put(client, id_="bad-timeout", timeout="12parsecs")
    put(client, id_="bad-status", status="exploded")
    client.set("rq:job:a-string", "junk")
    client.rpush("rq:queue:interactive", "a-string", "no such job", "\u2603", "gone")
    client.zadd("rq:wip:interactive", {"junk": 1, "bad-date:x": 1, "::::": 1})
    client.zadd("rq:failed:event", {"junk": 1})
    client.set("rq:finished:event", "junk")
    client.rpush("rq:queue:interactive:intermediate", "bad-date", "junk")
    client.set("rq:workers:sweep", "junk")
    client.set("rq:queue:sweep", "junk")
    client.sadd("rq:workers", "rq:worker:dead")
    put(client)

    assert worker.run(burst=True)

    assert performed == [("drain", {})]
    assert client.exists("rq:job:bad-date", "rq:wip:interactive", "rq:queue:interactive:intermediate") == 0


@pytest.mark.fault
def test_kb10_stale_ids_in_rqs_lists_run_nothing(
    client: Redis, worker: HintWorker, performed: list[Any]
) -> None:
    """The id of a finished hint is pushed back to the queue, the intermediate list and wip."""
    queue = RqQueue(client)
    queue.hint_work([(Lane.EVENT, "w1")])
    worker.run(burst=True)
    client.rpush("rq:queue:event", "work-w1")
    client.rpush("rq:queue:event:intermediate", "work-w1")
    client.zadd("rq:wip:event", {"work-w1:x": 1})

    HintWorker(worker.connection).run(burst=True)

    assert len(performed) == 1


@pytest.mark.fault
def test_kb13_the_maintenance_of_a_foreign_worker_steals_nothing_that_matters(client: Redis) -> None:
    """A plain RQ worker with a clock far ahead cleans up: the ledger is not its to touch."""
    from bot.adapters.ledger import RedisLedger
    from bot.model.work import Work

    ledger = RedisLedger(client)
    (id_,) = ledger.submit([Work("scan", "k", Lane.EVENT, 1, {})])
    claimed = ledger.claim_work(Lane.EVENT)
    assert claimed is not None
    RqQueue(client).hint_work([(Lane.EVENT, id_)])
    queue = Queue("event", connection=client, serializer=JSONSerializer, job_class=HintJob)
    for registry in (queue.started_job_registry, queue.failed_job_registry, queue.finished_job_registry):
        registry.cleanup(timestamp=2**33)

    assert ledger.holds(claimed.claim)
    ledger.complete_work(claimed.claim)


def test_a_hint_that_fails_does_not_end_the_worker(
    client: Redis, worker: HintWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []

    def perform(name: str, payload: dict[str, str]) -> None:
        calls.append(name)
        raise ValueError(name)

    monkeypatch.setattr(entry, "perform", perform)
    queue = RqQueue(client)
    queue.hint_drain()
    queue.hint_work([(Lane.EVENT, "w1")])

    assert worker.run(burst=True)

    assert sorted(calls) == ["drain", "work"]
    assert [key for key in client.scan_iter() if b"failed" in key or b"results" in key] == []


@pytest.mark.fault
def test_kb11_a_swallowed_timeout_ends_the_hint_and_disconnects_all_clients(
    server: EmbeddedRedis, client: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``except Exception`` does not catch the alarm; pools are disconnected after it."""
    interrupted: list[bool] = []
    monkeypatch.setattr("bot.adapters.queue.worker.HINT_TIMEOUT_S", 1)

    def perform(name: str, payload: dict[str, str]) -> None:
        while True:
            try:
                client.get("key")
            except Exception:  # noqa: BLE001
                continue

    monkeypatch.setattr(entry, "perform", perform)
    worker = HintWorker(connect(server.url), on_interrupt=lambda: interrupted.append(True))
    RqQueue(client).hint_drain()

    worker.run(burst=True)

    assert interrupted == [True]


def test_it_ends_for_a_fresh_process(
    server: EmbeddedRedis, client: Redis, monkeypatch: pytest.MonkeyPatch, performed: list[Any]
) -> None:
    """After so many hints, when it has grown, and when a job hung."""
    queue = RqQueue(client)
    queue.hint_work([(Lane.EVENT, f"w{n}") for n in range(6)])
    HintWorker(connect(server.url), max_hints=1).run()
    assert len(performed) == 1
    HintWorker(connect(server.url), max_rss=1).run()
    assert len(performed) == 2
    monkeypatch.setattr(entry, "healthy", lambda: False)
    HintWorker(connect(server.url)).run()

    assert len(performed) == 3
    assert queue.depth(Lane.EVENT) == 3


def test_each_lane_has_a_minimum_share(server: EmbeddedRedis, client: Redis, performed: list[Any]) -> None:
    """With all lanes full, sweep gets one hint of ten and event three."""
    queue = RqQueue(client)
    queue.hint_work([(lane, f"{lane.value}-{n}") for n in range(40) for lane in Lane])

    HintWorker(connect(server.url), max_hints=20).run()

    lanes = [payload["lane"] for _, payload in performed]
    assert {lane.value: lanes.count(lane.value) for lane in Lane} == {
        "interactive": 12,
        "event": 6,
        "sweep": 2,
    }
    assert lanes[0] == "interactive"
