"""A redis-server of our own, empty before each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from redis import Redis

from bot.adapters.redis_client import connect
from bot.adapters.redis_server import EmbeddedRedis


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
