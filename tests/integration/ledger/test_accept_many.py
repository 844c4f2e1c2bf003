"""Recording several deliveries in one round trip."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.adapters.ledger import RedisLedger
from bot.adapters.redis_client import connect
from bot.adapters.redis_server import EmbeddedRedis
from bot.model.errors import LedgerUnavailable
from bot.model.events import Acceptance, Delivery, Lane


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedRedis]:
    redis = EmbeddedRedis(tmp_path)
    redis.start()
    yield redis
    redis.stop()


def delivery(guid: str, size: int = 10) -> Delivery:
    return Delivery("9", guid, "push", Lane.EVENT, "1", b"x" * size)


def test_each_is_recorded_by_itself_also_by_a_redis_that_knows_no_script(server: EmbeddedRedis) -> None:
    """Doubles inside one batch are seen; a fresh or flushed Redis is taught the script on the way."""
    client = connect(server.url)
    ledger = RedisLedger(client)
    new, known = Acceptance.NEW, Acceptance.OPEN

    assert ledger.accept_many([delivery("a"), delivery("b"), delivery("a")]) == [new, new, known]
    assert ledger.accept_many([delivery("b"), delivery("c")]) == [known, new]
    client.script_flush()
    assert ledger.accept_many([delivery("c"), delivery("d")]) == [known, new]
    assert ledger.stats().open_deliveries == 4
    client.close()


def test_one_that_does_not_fit_leaves_the_others_in(server: EmbeddedRedis) -> None:
    client = connect(server.url)
    ledger = RedisLedger(client, ledger_bytes=1000)

    first, second, third = ledger.accept_many([delivery("a", 400), delivery("b", 900), delivery("c", 400)])

    assert (first, third) == (Acceptance.NEW, Acceptance.NEW)
    assert isinstance(second, LedgerUnavailable)
    client.close()


def test_a_redis_that_refuses_writes_is_an_error_for_each(server: EmbeddedRedis) -> None:
    client = connect(server.url)
    ledger = RedisLedger(client)
    ledger.accept(delivery("known"))
    client.config_set("maxmemory", 1)

    outcomes = ledger.accept_many([delivery("a"), delivery("b")])

    assert all(isinstance(outcome, LedgerUnavailable) for outcome in outcomes)
    client.close()


def test_a_redis_that_is_away_is_one_error(server: EmbeddedRedis) -> None:
    client = connect(server.url)
    ledger = RedisLedger(client)
    server.stop()

    with pytest.raises(LedgerUnavailable):
        ledger.accept_many([delivery("a")])
    client.close()
