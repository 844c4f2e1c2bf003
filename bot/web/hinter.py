"""Asks for a drain after deliveries were recorded, beside the requests and not in them."""

from __future__ import annotations

import logging
import threading

from bot.ports import Ledger, Metrics, Queue

log = logging.getLogger(__name__)


class Hinter:
    """Turns any number of notices into at most one question to the ledger per pause.

    The first notice after a quiet time is passed on at once; what comes during the pause is passed
    on after it. When that fails or this process dies, the sweeper finds what is due.

    Args:
        pause_s: between two questions.
    """

    def __init__(self, ledger: Ledger, queue: Queue, metrics: Metrics, *, pause_s: float = 0.02) -> None:
        self._ledger = ledger
        self._queue = queue
        self._metrics = metrics
        self._pause_s = pause_s
        self._wanted = threading.Event()
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    def notify(self) -> None:
        """A delivery is due; returns at once."""
        if self._thread is None:
            self._start()
        self._wanted.set()

    def stop(self) -> None:
        """Pass on the last notice and end."""
        self._stopped.set()
        self._wanted.set()
        if self._thread is not None:
            self._thread.join()

    def _start(self) -> None:
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="hinter", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while not self._stopped.is_set():
            self._wanted.wait()
            self._wanted.clear()
            self._ask()
            self._stopped.wait(self._pause_s)

    def _ask(self) -> None:
        try:
            if self._ledger.want_drain():
                self._queue.hint_drain()
        except Exception:
            self._metrics.count("hints_failed_total")
            log.warning("drain not hinted; the sweeper will", exc_info=True)
