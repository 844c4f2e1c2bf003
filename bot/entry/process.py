"""What the long-lived processes share: logs, metrics and their listener, an end on a signal."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING

from bot.config.settings import Settings
from bot.entry.environment import secrets_in, secrets_of

if TYPE_CHECKING:
    from bot.adapters.metrics import PrometheusMetrics

CONSOLE_VARIABLE = "PLUMBLINE_LOG_FORMAT"
"""``console`` or ``json``; without it a terminal gets lines for people, all else gets JSON."""

METRICS_BY_PARENT = "PLUMBLINE_METRICS_BY_PARENT"
"""Set by ``plumbline up``: it serves the metrics of all its children."""


def configure_logs(settings: Settings, process: str) -> None:
    """Send this process's logs to stderr, without the secrets that it knows."""
    from bot.adapters import log

    wanted = os.environ.get(CONSOLE_VARIABLE, "")
    log.configure(
        level=settings.log_level,
        console=wanted == "console" or (not wanted and sys.stderr.isatty()),
        secrets=[*secrets_in(os.environ), *secrets_of(settings)],
        process=process,
    )


@contextmanager
def serving_metrics(settings: Settings) -> Iterator[PrometheusMetrics]:
    """Metrics of this process and its children, served on the metrics address meanwhile.

    All their temporary files lie in one directory, which is removed at the end.
    """
    from bot.adapters import metrics
    from bot.adapters.scratch import scratch_directory
    from bot.web.metrics_listener import MetricsListener

    if os.environ.get(METRICS_BY_PARENT):
        yield metrics.PrometheusMetrics(metrics.shared_directory())
        return
    with scratch_directory():
        directory = metrics.shared_directory()
        adapter = metrics.PrometheusMetrics(directory)
        try:
            listener = MetricsListener(adapter.render, host=settings.metrics_host, port=settings.metrics_port)
            listener.start()
            try:
                yield adapter
            finally:
                listener.stop()
        finally:
            metrics.remove_directory(directory)


def stop_on_signals() -> threading.Event:
    """An event that SIGTERM and SIGINT set; the second signal ends the process at once."""
    stop = threading.Event()

    def handle(number: int, _frame: FrameType | None) -> None:
        if stop.is_set():
            os._exit(128 + number)
        stop.set()

    signal.signal(signal.SIGTERM, handle)
    signal.signal(signal.SIGINT, handle)
    return stop
