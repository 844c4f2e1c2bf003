"""``plumbline up``: everything on one machine, one console, one way to stop it."""

from __future__ import annotations

import logging
import os
import socket
import sys
import threading
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

from bot.config.settings import Settings
from bot.entry import setup, wiring, worker
from bot.entry.environment import REDIS_URL_FILE, prepare_home
from bot.entry.process import CONSOLE_VARIABLE, METRICS_BY_PARENT, configure_logs, serving_metrics
from bot.model.errors import SettingsError

log = logging.getLogger(__name__)

Running = tuple[str, list[str], Mapping[str, str], int]
"""Name, command, environment and number, as the supervisor takes them."""

GRACE_S = 15.0

LOOK_S = 0.05
"""Between two looks whether the web process answers."""

THREADS = 8


def run(settings: Settings, *, workers: int) -> int:
    """Run web, workers and a clock, with a Redis and a database of our own where none is set.

    Without credentials the web process alone runs and offers set-up; the others follow it.

    Raises:
        SettingsError: credentials are there in part only, a port is taken, or another Plumbline uses home.
        LedgerUnavailable: Redis does not answer.
        Unavailable: the database does not answer.
    """
    from bot.adapters.store import open_store
    from bot.adapters.supervisor import Supervisor

    settings = prepare_home(settings)
    if not settings.registered:
        setup.refuse_half_set(settings)
    _refuse_taken_port(settings)
    os.environ.setdefault(CONSOLE_VARIABLE, "console")
    configure_logs(settings, "up")
    with redis(settings) as found, serving_metrics(found):
        wiring.check_redis(found)
        store = open_store(found)
        store.migrate()
        store.close()
        env = os.environ | {"REDIS_URL": found.redis_url, METRICS_BY_PARENT: "1"}
        log.info("starting; Ctrl-C stops it", extra={"home": str(settings.home)})
        web, *others = programs(env, workers)
        if not found.registered:
            _set_up(found, web, others)
        else:
            with when_answering(found, lambda: _say_where(found)):
                Supervisor([web, *others], grace_s=GRACE_S).run()
    log.info("down; no process is left")
    return 0


def _say_where(settings: Settings) -> None:
    log.info(
        "up; Ctrl-C stops it",
        extra={
            "deliveries": f"{setup.address(settings)}/webhook",
            "metrics": f"http://{settings.metrics_host}:{settings.metrics_port}/metrics",
        },
    )


@contextmanager
def when_answering(settings: Settings, act: Callable[[], None]) -> Iterator[None]:
    """Call ``act`` once the web process answers, from a thread that ends with the block.

    An address that nobody answers at yet would be tried, and be taken for broken.
    """
    ended = threading.Event()

    def look() -> None:
        while not ended.wait(LOOK_S):
            try:
                with urllib.request.urlopen(f"{setup.address(settings)}/healthz", timeout=2):  # noqa: S310 - our own
                    pass
            except OSError:
                continue
            act()
            return

    thread = threading.Thread(target=look, name="answering", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _set_up(settings: Settings, web: Running, others: list[Running]) -> None:
    """Run the web process alone until the App is registered, then everything."""
    from bot.adapters.supervisor import Supervisor
    from bot.web.setup import code_digest, new_code

    code = new_code()
    name, argv, env, count = web
    supervisor = Supervisor(
        [(name, argv, {**env, setup.DIGEST_VARIABLE: code_digest(code)}, count)], grace_s=GRACE_S
    )

    def go_on() -> None:
        configure_logs(prepare_home(settings), "up")
        log.info("the App is registered; workers and the clock are started")
        supervisor.add(others)

    stop = threading.Event()
    waiting = setup.when_registered(settings, go_on, stop)
    try:
        with when_answering(settings, lambda: print(setup.invitation(settings, code), flush=True)):
            supervisor.run()
    finally:
        stop.set()
        waiting.join()


def programs(env: Mapping[str, str], workers: int) -> list[Running]:
    """What runs: receivers first."""
    command = [sys.executable, "-P", "-m", "bot.entry.cli"]
    return [
        ("web", [*command, "web"], env, 1),
        worker.program(env, workers, THREADS),
        ("clock", [*command, "clock"], env, 1),
    ]


@contextmanager
def redis(settings: Settings) -> Iterator[Settings]:
    """The configured Redis, or one of our own that other commands find under home."""
    from bot.adapters.redis_server import EmbeddedRedis

    if settings.redis_url:
        yield settings
        return
    server = EmbeddedRedis(settings.home)
    server.start()
    note = settings.home / REDIS_URL_FILE
    try:
        note.write_text(server.url + "\n", encoding="utf-8")
        yield replace(settings, redis_url=server.url)
    finally:
        note.unlink(missing_ok=True)
        server.stop()


def _refuse_taken_port(settings: Settings) -> None:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            raise SettingsError(
                f"nothing can listen on {settings.host}:{settings.port} ({error.strerror}); "
                "set HOST and PORT to a free address"
            ) from error
