"""The whole system, and what must hold at the end of every test."""

from __future__ import annotations

import logging
import shutil
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import pytest
from redis import Redis

from bot import registry as registry_module
from bot.adapters.redis_client import connect
from bot.adapters.redis_server import EmbeddedRedis
from bot.adapters.store import open_store
from bot.config.settings import Settings
from bot.registry import Registry
from bot.simulator.schemas import Validator
from bot.testing.clocks import SystemClock
from tests.integration.system.world import System, running

CHECKS = ("behind", "dangerous-trigger", "licence", "pinned-actions", "security-policy")


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedRedis]:
    """A redis-server of our own."""
    server = EmbeddedRedis(tmp_path_factory.mktemp("redis-home"))
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def registry() -> Registry:
    """All plug-ins but checks, and five checks: what these tests count does not change with new ones."""
    loaded = registry_module.load()
    return replace(loaded, checks=MappingProxyType({name: loaded.checks[name] for name in CHECKS}))


@pytest.fixture(scope="session")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose database has all its tables; tests copy it, as making them takes long."""
    home = tmp_path_factory.mktemp("database")
    open_store(Settings(home=home), clock=SystemClock()).migrate()
    return home


@pytest.fixture
def redis_client(redis_server: EmbeddedRedis) -> Iterator[Redis]:
    """Connected to an empty Redis."""
    client = connect(redis_server.url)
    client.flushall()
    yield client
    client.close()


@pytest.fixture
def written_to_redis(redis_server: EmbeddedRedis, redis_client: Redis) -> Callable[[], bytes]:
    """All that this test has ever written to Redis: what was appended to its file."""
    path = next(redis_server.directory.rglob("appendonly.aof*"))
    start = path.stat().st_size

    def read() -> bytes:
        with path.open("rb") as file:
            file.seek(start)
            return file.read()

    return read


@pytest.fixture
def _logging_restored() -> Iterator[None]:
    root, hooks = logging.getLogger(), (sys.excepthook, threading.excepthook)
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    sys.excepthook, threading.excepthook = hooks
    logging.captureWarnings(False)


@pytest.fixture
def system(
    tmp_path: Path,
    redis_client: Redis,
    written_to_redis: Callable[[], bytes],
    database: Path,
    registry: Registry,
    _descriptions: Validator | None,
    monkeypatch: pytest.MonkeyPatch,
    _logging_restored: None,
) -> Iterator[System]:
    """Everything but the processes; at the end the oracles are asked."""
    shutil.copytree(database, tmp_path / "home")
    with running(tmp_path, redis_client, written_to_redis, registry, _descriptions, monkeypatch) as built:
        yield built
        broken = built.broken_promises()
    assert broken == []
