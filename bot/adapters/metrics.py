"""Counters, histograms and gauges through prometheus_client, over all processes of a role.

The processes of one ``plumbline web``, ``worker``, ``clock`` or ``up`` write memory-mapped files in
one directory; the parent adds them up when it is asked. A process writes under the number of a
*slot* that it holds by a file lock, not under its pid: a process that replaces another goes on in
its slot, so counters never fall back and the number of files is that of the processes at once.
"""

from __future__ import annotations

import fcntl
import logging
import os
import shutil
import tempfile
import threading
from pathlib import Path
from typing import IO

import prometheus_client
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, values
from prometheus_client.multiprocess import MultiProcessCollector

from bot.model.metrics import MEANINGS

DIRECTORY_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
PREFIX = "plumbline_"
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)
BYTES = tuple(float(4**n) for n in range(5, 14))
POINTS = (0.05, 0.1, 0.2, 0.3, 0.4, 0.6, 0.8, 1, 1.5, 2, 3, 5, 10, 20, 50, 100)

Metric = Counter | Gauge | Histogram

log = logging.getLogger(__name__)


def shared_directory() -> Path:
    """The directory of this role's processes: made by the first one, inherited by its children."""
    known = os.environ.get(DIRECTORY_VARIABLE)
    if known and Path(known).is_dir():
        return Path(known)
    made = tempfile.mkdtemp(prefix="plumbline-metrics-")
    os.environ[DIRECTORY_VARIABLE] = made
    return Path(made)


def remove_directory(directory: Path) -> None:
    """Delete what ``shared_directory`` made; the process that made it does this at its end."""
    shutil.rmtree(directory, ignore_errors=True)
    if os.environ.get(DIRECTORY_VARIABLE) == str(directory):
        del os.environ[DIRECTORY_VARIABLE]


class _Slots:
    """Hands each process the lowest number whose lock is free; freed by the kernel at its end."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._pid = 0
        self._slot = ""
        self._lock: IO[bytes] | None = None

    def __call__(self) -> str:
        pid = os.getpid()
        if pid != self._pid:
            self._take()
            self._pid = pid
        return self._slot

    def _take(self) -> None:
        for number in range(10_000):
            lock = (self._directory / f"slot-{number}.lock").open("ab")
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                lock.close()
                continue
            # After a fork the inherited file must stay open: closing it is harmless, but the
            # parent's lock belongs to the open file that both share.
            self._lock, self._slot = lock, str(number)
            return
        raise RuntimeError(f"more than 10,000 processes write metrics in {self._directory}")


class PrometheusMetrics:
    """Implements ``bot.ports.Metrics``; a mistake in a name or label is logged, never raised.

    Args:
        directory: where the processes of this role write; None keeps all in this process.
    """

    def __init__(self, directory: Path | None = None) -> None:
        self._metrics: dict[tuple[str, str], Metric | None] = {}
        self._lock = threading.Lock()
        self._own = CollectorRegistry()
        self._directory = directory
        if directory is not None:
            os.environ[DIRECTORY_VARIABLE] = str(directory)
            values.ValueClass = values.MultiProcessValue(_Slots(directory))  # type: ignore[no-untyped-call]

    def count(self, name: str, amount: float = 1, **labels: str) -> None:
        """Add to a counter; the exposed name ends in ``_total``."""
        metric = self._metric("counter", name, labels)
        if isinstance(metric, Counter):
            (metric.labels(**labels) if labels else metric).inc(amount)

    def observe(self, name: str, value: float, **labels: str) -> None:
        """Add to a histogram; names end in ``_bytes``, ``_points`` (of GraphQL), or mean seconds."""
        metric = self._metric("histogram", name, labels)
        if isinstance(metric, Histogram):
            (metric.labels(**labels) if labels else metric).observe(value)

    def gauge(self, name: str, value: float, **labels: str) -> None:
        """Set a gauge; of several processes the one that set it last is shown."""
        metric = self._metric("gauge", name, labels)
        if isinstance(metric, Gauge):
            (metric.labels(**labels) if labels else metric).set(value)

    def render(self) -> bytes:
        """All metrics of all processes in Prometheus' text format."""
        if self._directory is None:
            return prometheus_client.generate_latest(self._own)
        registry = CollectorRegistry()
        MultiProcessCollector(registry, path=str(self._directory))  # type: ignore[no-untyped-call]
        return prometheus_client.generate_latest(registry)

    def _metric(self, kind: str, name: str, labels: dict[str, str]) -> Metric | None:
        metric = self._metrics.get((kind, name))
        if metric is None and (kind, name) not in self._metrics:
            with self._lock:
                if (kind, name) not in self._metrics:
                    self._metrics[kind, name] = self._create(kind, name, tuple(sorted(labels)))
            metric = self._metrics[kind, name]
        if metric is not None and set(metric._labelnames) != labels.keys():
            log.error("metric used with other labels than before", extra={"metric": name})
            return None
        return metric

    def _create(self, kind: str, name: str, labels: tuple[str, ...]) -> Metric | None:
        full = PREFIX + name
        total = "_total" if kind == "counter" else ""
        text = MEANINGS.get(name.removesuffix("_total") + total, name.replace("_", " "))
        try:
            if kind == "counter":
                return Counter(full, text, labels, registry=self._own)
            if kind == "gauge":
                return Gauge(full, text, labels, registry=self._own, multiprocess_mode="mostrecent")
            buckets = {"bytes": BYTES, "points": POINTS}.get(name.rpartition("_")[2], SECONDS)
            return Histogram(full, text, labels, registry=self._own, buckets=buckets)
        except ValueError:
            log.exception("metric can not be made", extra={"metric": name})
            return None
