"""The one place that builds adapters and joins them to the core."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from bot.config.settings import Settings
from bot.entry.environment import REDIS_URL_FILE
from bot.model.errors import SettingsError
from bot.ports import Metrics, Queue

if TYPE_CHECKING:
    from redis import Redis

    from bot.adapters.ledger import RedisLedger
    from bot.engine.context import Runtime
    from bot.registry import Registry

log = logging.getLogger(__name__)

REGISTRATION = (
    "the GitHub App is not set up: set PLUMBLINE_APP_ID, PLUMBLINE_PRIVATE_KEY (or "
    "PLUMBLINE_PRIVATE_KEY_FILE) and PLUMBLINE_WEBHOOK_SECRET to what GitHub shows for your App"
)


class Role(StrEnum):
    """What a process is for."""

    WEB = "web"
    WORKER = "worker"
    CLOCK = "clock"
    TOOL = "tool"


@dataclass(frozen=True, slots=True)
class Transport:
    """Redis and what stands on it."""

    client: Redis
    ledger: RedisLedger
    queue: Queue


def find_redis(settings: Settings) -> Settings:
    """Settings with ``redis_url`` filled in from a running ``plumbline up`` on the same home.

    Raises:
        SettingsError: no Redis is configured and none runs under home.
    """
    if settings.redis_url:
        return settings
    url = running_redis(settings.home)
    if url:
        return replace(settings, redis_url=url)
    raise SettingsError(
        f"there is no Redis: set REDIS_URL, or start `plumbline up`, which brings its own "
        f"(nothing runs under PLUMBLINE_HOME={str(settings.home)!r})"
    )


def running_redis(home: Path) -> str:
    """The URL that ``plumbline up`` left for other processes; empty when it does not run."""
    try:
        url = (home / REDIS_URL_FILE).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeError):
        return ""
    return url if url.startswith("unix://") and Path(url.removeprefix("unix://")).is_socket() else ""


@contextmanager
def redis_at_hand(settings: Settings) -> Iterator[Settings]:
    """For tools: the configured Redis, that of a running ``up``, or one started for the while."""
    if settings.redis_url or running_redis(settings.home):
        yield find_redis(settings)
        return
    from bot.adapters.redis_server import EmbeddedRedis

    server = EmbeddedRedis(settings.home)
    server.start()
    try:
        yield replace(settings, redis_url=server.url)
    finally:
        server.stop()


def build_transport(settings: Settings, *, check: bool = True) -> Transport:
    """Connect to Redis.

    Args:
        check: refuse a Redis that would lose records, warn of one that may.

    Raises:
        SettingsError: the server's settings would lose records.
        LedgerUnavailable: it does not answer.
    """
    from bot.adapters.ledger import RedisLedger
    from bot.adapters.queue import RqQueue
    from bot.adapters.redis_client import connect

    client = connect(settings.redis_url)
    if check:
        refuse_unfit_redis(client)
    ledger = RedisLedger(client, ledger_bytes=settings.ledger_bytes)
    return Transport(client, ledger, RqQueue(client))


def check_redis(settings: Settings) -> None:
    """For parents, which leave Redis to their children and need nothing but its being fit.

    Raises:
        SettingsError: the server's settings would lose records.
        LedgerUnavailable: it does not answer.
    """
    from bot.adapters.redis_client import connect

    client = connect(settings.redis_url)
    try:
        refuse_unfit_redis(client)
    finally:
        client.close()


def refuse_unfit_redis(client: Redis) -> None:
    """Raise for what loses records, log what may."""
    from bot.adapters.redis_server import check_server

    found = check_server(client)
    for text in found.warnings:
        log.warning(text)
    if found.errors:
        raise SettingsError("; ".join(found.errors))


def load_registry() -> Registry:
    """All plug-ins of this installation."""
    from bot import registry

    return registry.load()


def require_credentials(settings: Settings) -> None:
    """Refuse to work without the App's id and key."""
    if not (settings.app_id and settings.private_key):
        raise SettingsError(REGISTRATION)


def build_runtime(
    settings: Settings,
    *,
    role: Role,
    metrics: Metrics,
    transport: Transport | None = None,
    registry: Registry | None = None,
) -> Runtime:
    """Build every port of a process that routes or does work.

    Args:
        settings: with ``redis_url`` filled in (``find_redis``).
        role: workers and clocks need the App's credentials, tools do without until GitHub is asked.

    Raises:
        SettingsError: something is missing or wrong; names the variable.
        LedgerUnavailable: Redis does not answer.
        Unavailable: the database does not answer.
    """
    if role in (Role.WORKER, Role.CLOCK):
        require_credentials(settings)

    from bot.adapters import github
    from bot.adapters.clock import SystemClock
    from bot.adapters.licences import Licences
    from bot.adapters.store import open_store
    from bot.adapters.zizmor import Zizmor
    from bot.engine.context import Runtime

    transport = transport or build_transport(settings)
    clock = SystemClock()
    store = open_store(settings, clock=clock)
    store.migrate()
    return Runtime(
        registry=registry or load_registry(),
        settings=settings,
        ledger=transport.ledger,
        queue=transport.queue,
        store=store,
        github=github.build(
            settings,
            ledger=transport.ledger,
            clock=clock,
            metrics=metrics,
            cache=github.RedisCache(transport.client),
        ),
        auditor=Zizmor(store),
        licences=Licences(),
        clock=clock,
        metrics=metrics,
    )
