"""What the ledger does when Redis is hung, away, full, read-only or killed."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bot.adapters.ledger import RedisLedger
from bot.adapters.redis_client import connect
from bot.adapters.redis_server import EmbeddedRedis, check_server
from bot.model.errors import LedgerUnavailable
from bot.model.events import Acceptance, Delivery, Lane
from bot.model.work import Work

pytestmark = pytest.mark.fault


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[EmbeddedRedis]:
    server = EmbeddedRedis(tmp_path)
    server.start()
    yield server
    if server.pid:
        os.kill(server.pid, signal.SIGCONT)
    server.stop()


def delivery(guid: str, body: bytes = b"{}") -> Delivery:
    return Delivery("9", guid, "push", Lane.EVENT, "1", body)


def work(key: str) -> Work:
    return Work("scan", key, Lane.EVENT, 1, {})


def until_it_works(call: Callable[[], object], timeout_s: float = 60) -> None:
    deadline = time.monotonic() + timeout_s
    while True:
        try:
            call()
            return
        except LedgerUnavailable:
            assert time.monotonic() < deadline, "Redis did not come back in time"
            time.sleep(0.02)


def kill(server: EmbeddedRedis) -> None:
    restarts, pid = server.restarts, server.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + 60
    while server.restarts == restarts or server.pid == pid:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_ka9_a_hung_redis_is_an_error_within_2_seconds(own_server: EmbeddedRedis) -> None:
    """And the same ledger works again when it comes back, with no answer mixed up."""
    ledger = RedisLedger(connect(own_server.url))
    ledger.accept(delivery("before"))
    assert own_server.pid is not None
    os.kill(own_server.pid, signal.SIGSTOP)
    for call in (lambda: ledger.accept(delivery("g")), ledger.ping):
        began = time.monotonic()
        with pytest.raises(LedgerUnavailable):
            call()
        assert time.monotonic() - began < 2
    began = time.monotonic()
    with pytest.raises(LedgerUnavailable):
        RedisLedger(connect(own_server.url)).ping()
    assert time.monotonic() - began < 2

    os.kill(own_server.pid, signal.SIGCONT)

    until_it_works(ledger.ping)
    assert ledger.accept(delivery("before")) is Acceptance.OPEN
    assert ledger.accept(delivery("g")) in (Acceptance.NEW, Acceptance.OPEN)


def test_ka9_an_absent_redis_is_an_error_at_once(own_server: EmbeddedRedis) -> None:
    ledger = RedisLedger(connect(own_server.url))
    own_server.stop()
    began = time.monotonic()

    with pytest.raises(LedgerUnavailable):
        ledger.accept(delivery("g"))

    assert time.monotonic() - began < 1


def test_kc1_what_was_accepted_survives_five_kills_under_load(own_server: EmbeddedRedis) -> None:
    """Redis writes before it answers, and the kernel keeps what a killed process wrote."""
    accepted: list[str] = []
    done = threading.Event()

    def send() -> None:
        ledger = RedisLedger(connect(own_server.url))
        number = 0
        while not done.is_set():
            number += 1
            try:
                ledger.accept(delivery(f"g{number}"))
                accepted.append(f"9:g{number}")
            except LedgerUnavailable:
                time.sleep(0.01)

    sender = threading.Thread(target=send)
    sender.start()
    for _ in range(5):
        target = len(accepted) + 30
        deadline = time.monotonic() + 60
        while len(accepted) < target:
            assert time.monotonic() < deadline
            time.sleep(0.005)
        kill(own_server)
    done.set()
    sender.join()
    ledger = RedisLedger(connect(own_server.url))
    until_it_works(ledger.ping)

    claimed = {c.claim.id for c in ledger.claim_deliveries(100_000)}

    assert len(accepted) >= 150
    assert set(accepted) <= claimed


def test_kc2_leases_outlive_a_redis_that_was_away(own_server: EmbeddedRedis) -> None:
    """A claim held before the kill completes after it."""
    ledger = RedisLedger(connect(own_server.url), lease_s=30)
    ledger.submit([work("a")])
    claimed = ledger.claim_work(Lane.EVENT)
    assert claimed is not None
    kill(own_server)
    until_it_works(ledger.ping)

    assert ledger.renew([claimed.claim]) == [True]
    ledger.complete_work(claimed.claim)

    assert ledger.claim_work(Lane.EVENT) is None


def test_kc3_a_job_that_ends_while_redis_is_away_completes_later(own_server: EmbeddedRedis) -> None:
    """Its effect is done; as long as its lease lives, nobody else may begin it."""
    ledger = RedisLedger(connect(own_server.url), lease_s=30)
    ledger.submit([work("a")])
    claimed = ledger.claim_work(Lane.EVENT)
    assert claimed is not None
    assert own_server.pid is not None
    os.kill(own_server.pid, signal.SIGSTOP)
    with pytest.raises(LedgerUnavailable):
        ledger.complete_work(claimed.claim)
    os.kill(own_server.pid, signal.SIGCONT)
    until_it_works(ledger.ping)

    # The stopped server may have taken the first call after all; the second must not mind.
    ledger.complete_work(claimed.claim)

    ledger.sweep()
    assert ledger.claim_work(Lane.EVENT, claimed.claim.id) is None


def test_kc6_a_full_redis_refuses_new_deliveries_and_finishes_old_ones(own_server: EmbeddedRedis) -> None:
    client = connect(own_server.url)
    ledger = RedisLedger(client)
    ledger.accept(delivery("before"))
    ledger.submit([work("a"), work("b")])
    routed, running = ledger.claim_deliveries(1)[0], ledger.claim_work(Lane.EVENT)
    other = ledger.claim_work(Lane.EVENT)
    assert running is not None
    assert other is not None
    client.config_set("maxmemory", 1)

    with pytest.raises(LedgerUnavailable, match="OutOfMemory"):
        ledger.ping()
    with pytest.raises(LedgerUnavailable):
        ledger.accept(delivery("g"))
    assert ledger.record("9:g") is None
    assert ledger.renew([running.claim]) == [True]
    assert len(ledger.complete_delivery(routed.claim, [work("c")])) == 1
    ledger.complete_work(running.claim)
    assert ledger.fail(other.claim, "broken") is False

    client.config_set("maxmemory", 0)
    ledger.ping()
    assert ledger.accept(delivery("g")) is Acceptance.NEW


def test_kc6_a_wrong_eviction_policy_is_refused(own_server: EmbeddedRedis) -> None:
    client = connect(own_server.url)
    assert check_server(client) == check_server(client)
    assert (check_server(client).errors, check_server(client).warnings) == ((), ())
    client.config_set("maxmemory-policy", "allkeys-lru")
    client.config_set("appendonly", "no")

    found = check_server(client)

    assert "noeviction" in found.errors[0]
    assert "appendonly yes" in found.warnings[0]
    assert "not at all" in found.warnings[0]


def test_a_read_only_replica_is_red(own_server: EmbeddedRedis) -> None:
    """After a fail-over the old address may be a replica."""
    client = connect(own_server.url)
    ledger = RedisLedger(client)
    client.replicaof("127.0.0.1", "1")

    with pytest.raises(LedgerUnavailable, match="ReadOnly"):
        ledger.ping()
    with pytest.raises(LedgerUnavailable):
        ledger.accept(delivery("g"))
    assert "replica" in check_server(client).errors[0]


def test_without_enough_replicas_it_is_red(own_server: EmbeddedRedis) -> None:
    client = connect(own_server.url)
    client.config_set("min-replicas-to-write", 1)

    with pytest.raises(LedgerUnavailable, match="NOREPLICAS"):
        RedisLedger(client).ping()
    with pytest.raises(LedgerUnavailable):
        RedisLedger(client).accept(delivery("g"))
