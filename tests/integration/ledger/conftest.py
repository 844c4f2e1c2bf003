"""A redis-server of our own, empty before each test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from redis import Redis

from bot.adapters.ledger import RedisLedger
from bot.adapters.ledger.redis import Lifetimes
from bot.adapters.redis_client import connect
from bot.adapters.redis_server import EmbeddedRedis

QUICK = Lifetimes(look_ms=40, backoff_ms=20, backoff_max_ms=100, drain_flag_ms=60)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedRedis]:
    server = EmbeddedRedis(tmp_path_factory.mktemp("home"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def client(server: EmbeddedRedis) -> Iterator[Redis]:
    client = connect(server.url)
    client.flushall()
    yield client
    client.close()


@pytest.fixture
def make_ledger(client: Redis) -> Callable[..., RedisLedger]:
    def make(**options: Any) -> RedisLedger:
        return RedisLedger(
            client,
            **{"lease_s": 0.15, "jitter": lambda: 0.0, "attempts_cap": 3, "lifetimes": QUICK} | options,
        )

    return make


@pytest.fixture
def ledger(make_ledger: Callable[..., RedisLedger]) -> RedisLedger:
    return make_ledger()
