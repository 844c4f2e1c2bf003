"""Which worker class: RQ's forking Worker, its SimpleWorker, or ours; prints one table.

    python benchmarks/workers.py [--hints 2000] [--works 2000] [--wait-ms 20]

Each class gets an embedded redis-server and one worker process. *Empty hints* names works that are
done already: the cost of a hint itself. *Works* are records in the ledger whose job waits for
``--wait-ms`` as for an answer of GitHub; each has a hint. RQ's classes run one hint's named work
at a time; ours overlaps works on threads. CPU is that of the worker and its children, RSS that of
the worker at the end.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import psutil
from rq import SimpleWorker, Worker
from rq.serializers import JSONSerializer

from bot.adapters.ledger import RedisLedger
from bot.adapters.queue import HintJob, HintWorker, RqQueue
from bot.adapters.queue.queue import queue_of
from bot.adapters.redis_client import connect
from bot.adapters.redis_server import EmbeddedRedis
from bot.config.settings import Settings
from bot.engine.context import Context, Runtime
from bot.model.events import Lane
from bot.model.work import Work
from bot.registry import Registry
from bot.spec import SPEC_ATTRIBUTE, Payload, job
from bot.testing.clocks import SystemClock
from jobs import entry

CLASSES = ("RQ Worker (fork)", "RQ SimpleWorker", "ours, 1 thread", "ours, 8 threads", "ours, 20 threads")


class Wait(Payload):
    number: int
    seconds: float

    @property
    def key(self) -> str:
        return f"wait:{self.number}"


@job("wait", payload=Wait)
def wait(request: Wait, _context: Context) -> None:
    """As long as GitHub takes to answer."""
    time.sleep(request.seconds)


class _Silent:
    def count(self, name: str, amount: float = 1, **labels: str) -> None: ...
    def observe(self, name: str, value: float, **labels: str) -> None: ...
    def gauge(self, name: str, value: float, **labels: str) -> None: ...


def _runtime(url: str) -> Runtime:
    client = connect(url)
    nothing = cast(Any, None)
    return Runtime(
        registry=Registry({}, {}, (), {"wait": getattr(wait, SPEC_ATTRIBUTE)}),
        settings=Settings(home=Path()),
        ledger=RedisLedger(client),
        queue=RqQueue(client),
        store=nothing,
        github=nothing,
        auditor=nothing,
        licences=nothing,
        clock=SystemClock(),
        metrics=_Silent(),
    )


def _work(name: str, url: str) -> None:
    client = connect(url)
    threads = int(name.split()[1]) if name.startswith("ours") else 1
    # RQ's own classes: one named work for each hint, in the manner of one job for each thing to do.
    slice_s = 10.0 if name.startswith("ours") else 1e-9
    entry.install(_runtime(url), threads=threads, slice_s=slice_s)
    if name.startswith("ours"):
        HintWorker(client).run()
        os._exit(0)
    dispatcher = entry._dispatcher
    assert dispatcher is not None

    def one_by_one(lane: Lane, work_id: str) -> int:
        claimed = dispatcher._runtime.ledger.claim_work(lane, work_id)
        if claimed:
            dispatcher.crew.start(claimed)
            dispatcher.crew.wait(60, below=1)
        return int(claimed is not None)

    dispatcher.run_work = one_by_one  # type: ignore[method-assign]
    kind = Worker if name.endswith("(fork)") else SimpleWorker
    queues = [queue_of(client, lane) for lane in Lane]
    kind(
        queues, connection=client, job_class=HintJob, serializer=JSONSerializer, log_job_description=False
    ).work(logging_level="ERROR")


@dataclass
class Result:
    """Figures of one run."""

    per_second: float
    cpu_ms: float
    rss_mb: float


def _measure(name: str, hints: int, works: int, wait_s: float) -> Result:
    with tempfile.TemporaryDirectory() as home:
        server = EmbeddedRedis(Path(home))
        server.start()
        try:
            return _run(name, server.url, hints, works, wait_s)
        finally:
            server.stop()


def _run(name: str, url: str, hints: int, works: int, wait_s: float) -> Result:
    ledger, queue = RedisLedger(connect(url)), RqQueue(connect(url))
    payloads = [
        Work("wait", f"wait:{n}", Lane.EVENT, n % 9, {"number": n, "seconds": wait_s}) for n in range(works)
    ]
    ids = ledger.submit(payloads) or [f"w{n}" for n in range(hints)]
    queue.hint_work([(Lane.EVENT, id_) for id_ in ids])
    process = multiprocessing.get_context("fork").Process(target=_work, args=(name, url))
    began = time.perf_counter()
    process.start()
    assert process.pid is not None
    worker = psutil.Process(process.pid)

    def open_() -> int:
        stats = ledger.stats()
        return queue.depth(Lane.EVENT) if not works else sum(stats.open_work.values()) + stats.leased_work

    while open_():
        time.sleep(0.02)
    seconds = time.perf_counter() - began
    times, rss = worker.cpu_times(), worker.memory_info().rss
    cpu = times.user + times.system + times.children_user + times.children_system
    process.kill()
    process.join()
    return Result(len(ids) / seconds, cpu / len(ids) * 1000, rss / 1e6)


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--hints", type=int, default=2000)
    options.add_argument("--works", type=int, default=2000)
    options.add_argument("--wait-ms", type=float, default=20)
    chosen = options.parse_args()
    print(f"| worker | empty hints/s | CPU ms each | {chosen.wait_ms:g} ms works/s | CPU ms each | RSS MB |")
    print("|---|---|---|---|---|---|")
    for name in CLASSES:
        slow = name.startswith("RQ") or name.endswith("1 thread")
        empty = _measure(name, chosen.hints // (10 if "fork" in name else 1), 0, 0)
        full = _measure(name, 0, chosen.works // (10 if slow else 1), chosen.wait_ms / 1000)
        print(
            f"| {name} | {empty.per_second:,.0f} | {empty.cpu_ms:.2f} "
            f"| {full.per_second:,.0f} | {full.cpu_ms:.2f} | {full.rss_mb:.0f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
