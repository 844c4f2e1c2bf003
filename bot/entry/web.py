"""``plumbline web``: the receiver under granian."""

from __future__ import annotations

import logging
import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING, Any

from bot.config.settings import Settings, from_environment
from bot.entry import setup, wiring
from bot.entry.environment import prepare_home, with_stored
from bot.entry.process import configure_logs, serving_metrics
from bot.model.errors import SettingsError
from bot.ports import Metrics, Store

if TYPE_CHECKING:
    from flask import Flask

    from bot.web.front import Front
    from bot.web.receiver import Receiver

log = logging.getLogger(__name__)

HEADER_TIMEOUT_MS = 15_000
"""Also how long an idle connection is kept: a proxy's own keep-alive must be shorter."""

CONNECTIONS = 1024
"""At once and per process; more wait in the kernel's backlog."""

PAUSE_S = 0.5
"""Before all processes are started again after granian gave up."""

_GRANIAN_LOGS: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "loggers": {"_granian": {"propagate": True}, "granian.access": {"propagate": True}},
}


def run(settings: Settings, *, processes: int = 1) -> None:
    """Serve until SIGTERM or SIGINT.

    Raises:
        SettingsError: the webhook secret is missing, or Redis is unfit or can not be found.
        LedgerUnavailable: Redis does not answer.
    """
    settings = wiring.find_redis(prepare_home(settings))
    configure_logs(settings, "web")
    with serving_metrics(settings) as metrics:
        # Built once here for its refusals: a child that can not start is only started again.
        transport = wiring.build_transport(settings)
        _receiver(settings, metrics, transport, hint=lambda: None)
        transport.client.close()
        os.environ["REDIS_URL"] = settings.redis_url
        _serve(settings, processes)


def _serve(settings: Settings, processes: int) -> None:
    from granian import Granian
    from granian.constants import HTTPModes, Interfaces
    from granian.http import HTTP1Settings
    from granian.log import LogLevels

    # A child has our handlers until granian sets its own there, and they would swallow the signal
    # that shall stop it: it would be waited for until it is killed. Nothing is half-done yet then.
    os.register_at_fork(after_in_child=_end_by_signals)
    log.info("listening", extra={"host": settings.host, "port": settings.port, "processes": processes})
    loader: Any = create_front
    while True:
        server = Granian(
            "bot.entry.web:create_front",
            address=settings.host,
            port=settings.port,
            interface=Interfaces.RSGI,
            workers=processes,
            http=HTTPModes.http1,
            websockets=False,
            backlog=max(CONNECTIONS, 128),
            backpressure=CONNECTIONS,
            http1_settings=HTTP1Settings(header_read_timeout=HEADER_TIMEOUT_MS),
            log_level=LogLevels.warning,
            log_dictconfig=_GRANIAN_LOGS,
            respawn_failed_workers=True,
            respawn_interval=0.1,
            workers_kill_timeout=10,
        )
        # Granian gives up when a process dies twice within seconds; a receiver must not.
        with suppress(SystemExit):
            server.serve(target_loader=loader, wrap_loader=False)
        time.sleep(0 if server.interrupt_signal else PAUSE_S)
        if server.interrupt_signal:
            return
        log.error("the receiver ended unexpectedly and is started again")


def create_front() -> Front:
    """What granian loads in each of its processes."""
    from bot.web.front import Front

    _die_with_parent()
    settings = prepare_home(from_environment(os.environ))
    configure_logs(settings, "web")
    receiver, app = parts(settings)
    return Front(receiver, app)


def create_app() -> Flask:
    """The same as a plain WSGI application, for other servers (``bot.entry.web:create_app()``).

    Put a proxy before it that buffers requests: a WSGI server gives a thread to each slow sender.
    """
    settings = wiring.find_redis(prepare_home(from_environment(os.environ)))
    configure_logs(settings, "web")
    return parts(settings)[1]


def parts(settings: Settings) -> tuple[Receiver, Flask]:
    """The receiver, and the application that serves it."""
    from bot.adapters.metrics import PrometheusMetrics, shared_directory
    from bot.config.organisation_file import organisation_schema
    from bot.config.policy_file import policy_schema
    from bot.web.app import create_app
    from bot.web.badges import create_badges
    from bot.web.dashboard import Watcher, create_dashboard
    from bot.web.hinter import Hinter
    from bot.web.readiness import Readiness
    from bot.web.schema import create_schema

    metrics = PrometheusMetrics(shared_directory())
    transport = wiring.build_transport(settings, check=False)
    hinter = Hinter(transport.ledger, transport.queue, metrics)
    receiver = _receiver(settings, metrics, transport, hint=hinter.notify)
    store = cache(lambda: _open_store(settings))
    watcher = Watcher(transport.ledger, store)
    dashboard = create_dashboard(
        # Which GitHub it is may be chosen in the set-up, after the start.
        watcher,
        pages=settings.pages,
        github_url=lambda: with_stored(settings).github_url,
    )
    checks = wiring.load_registry().checks
    schema = create_schema(policy_schema(checks), organisation_schema(checks))
    pages = [dashboard, schema, create_badges(store, settings.secret_keys)]
    if setup.offered():
        pages.append(setup.pages(settings, receiver, lambda known: configure_logs(known, "web")))

    def ready() -> None:
        if receiver.waiting:
            raise SettingsError(wiring.REGISTRATION)
        transport.ledger.ping()

    return receiver, create_app(receiver, Readiness(ready), pages)


def _open_store(settings: Settings) -> Store:
    # Receivers need no database, so it is opened, and its library loaded, when somebody looks.
    from bot.adapters.store import open_store

    return open_store(settings)


def _receiver(
    settings: Settings, metrics: Metrics, transport: wiring.Transport, hint: Callable[[], None]
) -> Receiver:
    from bot.web.receiver import Receiver

    return Receiver(
        ledger=transport.ledger,
        hint=hint,
        metrics=metrics,
        lanes=wiring.load_registry().lanes,
        secrets=settings.webhook_secrets,
        app_id=settings.app_id,
        waiting=setup.offered(),
    )


def _end_by_signals() -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)


def _die_with_parent() -> None:
    """Ask the kernel to end this process when granian's main process is killed (Linux).

    By SIGKILL: until granian has set its own handlers this process still has those of its parent,
    which swallow a SIGTERM. Nothing can be half-done, a record is one script.
    """
    if sys.platform.startswith("linux"):
        import ctypes
        import multiprocessing

        pr_set_pdeathsig = 1
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, int(signal.SIGKILL))
        parent = multiprocessing.parent_process()
        if parent is not None and os.getppid() != parent.pid:
            os._exit(1)  # It died before the kernel was asked.
