"""The RQ worker: takes hints and runs them in its own process.

RQ's books about running jobs (registries, executions, results) are not kept: a hint that is lost
is given again by the sweeper, and its clean-ups by wall clock are what steals jobs and trips over
corrupt keys. ``docs/decisions/0002-worker-class.md`` has the figures.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from types import FrameType, MappingProxyType
from typing import Any

import psutil
from redis import Redis
from rq import SimpleWorker, worker_registration
from rq.exceptions import StopRequested
from rq.job import Job
from rq.queue import Queue
from rq.serializers import JSONSerializer
from rq.timeouts import UnixSignalDeathPenalty
from rq.utils import now
from rq.worker import WorkerStatus

from bot.adapters.queue.job import HintJob
from bot.adapters.queue.queue import HINT_TIMEOUT_S, queue_of
from bot.model.events import Lane
from jobs import entry

log = logging.getLogger(__name__)

WORKER_TTL_S = 20
MAINTENANCE_S = 15
HEARTBEAT_S = 5
DAY = 86_400
WEIGHTS: Mapping[Lane, int] = MappingProxyType({Lane.INTERACTIVE: 6, Lane.EVENT: 3, Lane.SWEEP: 1})
"""Of every ten hints, how many each lane gets first choice of; what it leaves goes to the others."""
REGISTRIES = ("wip", "finished", "failed", "deferred", "scheduled", "canceled")


class HintTimeout(BaseException):
    """A hint ran into its backstop; no ``except Exception`` of a handler can swallow it."""


class HintDeathPenalty(UnixSignalDeathPenalty):
    """RQ's alarm, raising a BaseException."""

    def __init__(self, timeout: int, exception: type[BaseException] = HintTimeout, **kwargs: Any) -> None:  # noqa: ARG002
        super().__init__(timeout, HintTimeout, **kwargs)  # type: ignore[no-untyped-call]


def turns(weights: Mapping[Lane, int]) -> list[Lane]:
    """One round of first choices: each lane as often as its weight, spread evenly.

    Source: the smooth weighted round robin of nginx.
    """
    total = sum(weights.values())
    credit = dict.fromkeys(weights, 0)
    order = []
    for _ in range(total):
        for lane, weight in weights.items():
            credit[lane] += weight
        chosen = max(credit, key=lambda lane: credit[lane])
        credit[chosen] -= total
        order.append(chosen)
    return order


class HintWorker(SimpleWorker):
    """Runs hints in process until told to stop, until ``max_hints``, or until it grew too large.

    Args:
        client: this worker's own; RQ raises its time-outs for the blocking read.
        on_interrupt: called after an alarm broke into a hint: disconnects the pools of all clients,
            as a connection that was interrupted may hold another command's answer.
        on_refused: called with the reason when a forged job was refused.
        max_rss: bytes of resident memory after which it ends for a fresh process.
    """

    death_penalty_class = HintDeathPenalty
    job_class = HintJob
    log_result_lifespan = False
    max_connection_wait_time = 5.0

    def __init__(
        self,
        client: Redis,
        *,
        on_interrupt: Callable[[], None] = lambda: None,
        on_refused: Callable[[str], None] | None = None,
        max_hints: int = 50_000,
        max_rss: int = 1 << 30,
        weights: Mapping[Lane, int] = WEIGHTS,
        name: str | None = None,
    ) -> None:
        self._by_lane = {lane: queue_of(client, lane) for lane in weights}
        self._turns = turns(weights)
        self._turn = 0
        self._on_interrupt = on_interrupt
        self._max_hints = max_hints
        self._max_rss = max_rss
        self._beaten = 0.0
        HintJob.on_refused = on_refused
        super().__init__(
            list(self._by_lane.values()),
            name=name,
            connection=client,
            job_class=HintJob,
            serializer=JSONSerializer,
            worker_ttl=WORKER_TTL_S,
            job_monitoring_interval=HEARTBEAT_S,
            maintenance_interval=MAINTENANCE_S,
            log_job_description=False,
        )
        self._reorder()

    def run(self, grace_s: float = 30, *, burst: bool = False) -> bool:
        """Work until told to stop, then give back what is unfinished.

        Returns:
            False when a job hung: threads of it may still run, so the caller shall end the process
            with ``os._exit``.
        """
        logging.getLogger("rq.worker").setLevel(logging.WARNING)
        try:
            self.work(burst=burst, max_jobs=self._max_hints)
        finally:
            clean = entry.close(grace_s)
        return clean

    # What follows replaces parts of RQ's worker.

    def bootstrap(self, *_args: Any, **_kwargs: Any) -> None:
        """Register; no log handlers, no remote commands (whoever can publish could stop us)."""
        self.run_maintenance_tasks()
        self.register_birth()

    def check_for_suspension(self, burst: bool) -> None:
        """Never suspended through Redis."""

    def unsubscribe(self) -> None:
        """Was never subscribed."""

    def procline(self, message: str) -> None:
        """The process keeps its name."""

    def set_state(self, state: str, pipeline: Any = None) -> None:  # noqa: ARG002
        """Known to this process only; it would cost a round trip for each hint."""
        self._state = state

    def heartbeat(self, timeout: int | None = None, pipeline: Any = None) -> None:
        """RQ's, at most every few seconds."""
        moment = time.monotonic()
        if pipeline is None and timeout is None and moment - self._beaten < HEARTBEAT_S:
            return
        self._beaten = moment
        super().heartbeat(timeout or HINT_TIMEOUT_S + 60, pipeline)

    def reorder_queues(self, reference_queue: Queue) -> None:  # noqa: ARG002
        """Give the next lane its first choice, so that none starves."""
        self._reorder()

    def execute_job(self, job: Job, queue: Queue) -> None:  # noqa: ARG002
        """Run a hint. It is deleted first: one that is given again while it runs is kept."""
        self._state = WorkerStatus.BUSY
        try:
            self.connection.delete(job.key)
            with self.death_penalty_class(HINT_TIMEOUT_S, HintTimeout):
                job._execute()
        except HintTimeout:
            log.error("a hint ran into its time limit", extra={"job": job.id})
            self._interrupted()
        except Exception:
            log.exception("a hint failed", extra={"job": job.id})
        finally:
            self._state = WorkerStatus.IDLE
        if not entry.healthy() or psutil.Process().memory_info().rss > self._max_rss:
            log.warning("this worker ends for a fresh process", extra={"healthy": entry.healthy()})
            self._stop_requested = True

    def handle_warm_shutdown_request(self) -> None:
        """Claim nothing more."""
        entry.stop()

    def _shutdown(self) -> None:
        # Called from a signal handler: RQ's own would talk to Redis in the middle of another command.
        if self._state == WorkerStatus.BUSY:
            self._stop_requested = True
        else:
            raise StopRequested

    def request_force_stop(self, signum: int, frame: FrameType | None) -> None:
        """The second signal ends the hint at once; leases bring its work back."""
        self._interrupted()
        super().request_force_stop(signum, frame)

    def teardown(self) -> None:
        """Say goodbye on a fresh connection: a signal may have broken into the last one."""
        self.connection.connection_pool.disconnect()
        super().teardown()  # type: ignore[no-untyped-call]

    def run_maintenance_tasks(self) -> None:
        """Drop what RQ keeps about jobs, and keys that are not what RQ expects; never touch a job."""
        expected = {"rq:queues": "set", worker_registration.REDIS_WORKER_KEYS: "set"}
        for queue in self.queues:
            expected[queue.key] = "list"
            expected[worker_registration.WORKERS_BY_QUEUE_KEY % queue.name] = "set"
        for key, kind in expected.items():
            found: Any = self.connection.type(key)
            if found.decode() not in (kind, "none"):
                log.error("removed a Redis key of the wrong type", extra={"key": key, "type": found.decode()})
                self.connection.delete(key)
        names = [queue.name for queue in self.queues]
        stale = [f"rq:{registry}:{name}" for registry in REGISTRIES for name in names]
        self.connection.delete(*stale, *(queue.intermediate_queue_key for queue in self.queues))
        for queue in self.queues:
            worker_registration.clean_worker_registry(queue)
        with self.connection.pipeline(transaction=False) as pipeline:
            for key in expected:
                pipeline.expire(key, DAY)
            pipeline.execute()
        self.last_cleaned_at = now()  # type: ignore[assignment]

    def register_birth(self) -> None:
        """RQ's, with a lifetime on the sets it adds to."""
        super().register_birth()  # type: ignore[no-untyped-call]
        self.connection.expire(worker_registration.REDIS_WORKER_KEYS, DAY)
        for queue in self.queues:
            self.connection.expire(worker_registration.WORKERS_BY_QUEUE_KEY % queue.name, DAY)

    def _reorder(self) -> None:
        first = self._turns[self._turn % len(self._turns)]
        self._turn += 1
        rest = [queue for lane, queue in self._by_lane.items() if lane is not first]
        self._ordered_queues = [self._by_lane[first], *rest]

    def _interrupted(self) -> None:
        self._on_interrupt()
        self.connection.connection_pool.disconnect()
