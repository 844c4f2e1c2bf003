"""What people see of the ledger: the newest records of any state."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from redis import Redis

from bot.adapters.ledger import RedisLedger
from bot.model.errors import LedgerUnavailable
from bot.model.events import Delivery, Lane
from bot.model.work import State, Work


def delivery(guid: str, lane: Lane = Lane.EVENT) -> Delivery:
    return Delivery("9", guid, "push", lane, "7", b'{"installation":{"id":7}}')


def work(key: str, lane: Lane = Lane.EVENT) -> Work:
    return Work("scan-repository", key, lane, 7, {"repository_id": 42})


def test_shows_every_state_newest_first(make_ledger: Callable[..., RedisLedger]) -> None:
    ledger = make_ledger(lease_s=60)
    for guid, lane in (("a", Lane.EVENT), ("b", Lane.INTERACTIVE), ("c", Lane.SWEEP), ("d", Lane.EVENT)):
        ledger.accept(delivery(guid, lane))
    routed = ledger.claim_delivery("9:a")
    parked = ledger.claim_delivery("9:b")
    leased = ledger.claim_delivery("9:c")
    assert routed
    assert parked
    assert leased
    ledger.complete_delivery(routed.claim, [work("scan:42")], action="opened", repository_id=42)
    ledger.fail(parked.claim, "broken", permanent=True)

    seen = {record.id: record for record in ledger.recent("delivery")}
    assert {id_: record.state for id_, record in seen.items()} == {
        "9:a": State.DONE,
        "9:b": State.PARKED,
        "9:c": State.LEASED,
        "9:d": State.OPEN,
    }
    assert (seen["9:a"].action, seen["9:a"].repository_id, len(seen["9:a"].works)) == ("opened", 42, 1)
    assert seen["9:b"].error == "broken"
    assert all(record.payload == "" for record in seen.values())
    accepted = [record.accepted_at for record in ledger.recent("delivery")]
    assert accepted == sorted(accepted, reverse=True)
    (waiting,) = ledger.recent("work")
    assert (waiting.key, waiting.state, waiting.lane) == ("scan:42", State.OPEN, Lane.EVENT)


def test_keeps_a_hundred_of_what_is_done(ledger: RedisLedger, client: Redis) -> None:
    for number in range(105):
        (id_,) = ledger.submit([work(f"scan:{number}")])
        claimed = ledger.claim_work(Lane.EVENT, id_)
        assert claimed
        ledger.complete_work(claimed.claim)

    assert client.llen("pl:recent:w") == 100
    assert 0 < client.ttl("pl:recent:w") <= 86_400
    newest = ledger.recent("work", 10)
    assert [record.key for record in newest] == [f"scan:{number}" for number in range(104, 94, -1)]


def test_a_record_that_is_forgotten_is_left_out(ledger: RedisLedger, client: Redis) -> None:
    client.lpush("pl:recent:w", "w1")
    assert ledger.recent("work") == []


def test_the_action_is_cut(ledger: RedisLedger) -> None:
    """It is whatever the payload says."""
    ledger.accept(delivery("a"))
    (claimed,) = ledger.claim_deliveries(1)
    ledger.complete_delivery(claimed.claim, [], action="x y" * 100, repository_id=2**63 - 1)
    (record,) = ledger.recent("delivery")

    assert record.repository_id == 2**63 - 1
    assert len(record.action) == 50


def test_says_when_redis_is_away() -> None:
    away = RedisLedger(Redis(port=9, socket_timeout=0.5))
    with pytest.raises(LedgerUnavailable):
        away.recent("work")
