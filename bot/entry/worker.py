"""``plumbline worker``: worker processes under a supervisor; and one such process."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Mapping

from bot.config.settings import Settings, from_environment
from bot.entry import wiring
from bot.entry.environment import prepare_home
from bot.entry.process import METRICS_BY_PARENT, configure_logs, serving_metrics
from bot.model.errors import PlumblineError

log = logging.getLogger(__name__)

GRACE_S = 30.0
"""From SIGTERM to the end of a process: work that is not done by then is given back."""


def run(settings: Settings, *, processes: int, threads: int) -> int:
    """Keep worker processes running until SIGTERM or SIGINT.

    Raises:
        SettingsError: Redis or the App's credentials are missing, or Redis is unfit.
        LedgerUnavailable: Redis does not answer at the start.
    """
    from bot.adapters.supervisor import Supervisor

    settings = wiring.find_redis(prepare_home(settings))
    wiring.require_credentials(settings)
    configure_logs(settings, "worker")
    with serving_metrics(settings):
        wiring.check_redis(settings)
        env = os.environ | {"REDIS_URL": settings.redis_url, METRICS_BY_PARENT: "1"}
        log.info("workers started", extra={"processes": processes, "threads": threads})
        Supervisor([program(env, processes, threads)], grace_s=GRACE_S + 10).run()
    log.info("workers stopped")
    return 0


def program(
    env: Mapping[str, str], processes: int, threads: int
) -> tuple[str, list[str], Mapping[str, str], int]:
    """What the supervisor runs."""
    # -P: modules come from this installation, never from the directory it was started in.
    return ("worker", [sys.executable, "-P", "-m", "bot.entry.worker", str(threads)], env, processes)


def work(settings: Settings, *, threads: int) -> bool:
    """Be one worker process until SIGTERM; False when a job hung and its threads still run.

    Raises:
        PlumblineError: it can not start; the supervisor tries again.
    """
    from bot.adapters.metrics import PrometheusMetrics, shared_directory
    from bot.adapters.queue import HintWorker
    from bot.adapters.redis_client import connect
    from jobs import entry

    metrics = PrometheusMetrics(shared_directory())
    transport = wiring.build_transport(settings)
    runtime = wiring.build_runtime(settings, role=wiring.Role.WORKER, metrics=metrics, transport=transport)
    entry.install(runtime, threads=threads)

    def refused(reason: str) -> None:
        metrics.count("jobs_refused_total")
        log.error("a forged job was refused", extra={"reason": reason})

    worker = HintWorker(
        connect(settings.redis_url),
        on_interrupt=transport.client.connection_pool.disconnect,
        on_refused=refused,
    )
    log.info("worker process started")
    return worker.run(GRACE_S)


def main() -> None:
    """Entry point of a worker process: ``python -P -m bot.entry.worker THREADS``."""
    try:
        settings = wiring.find_redis(prepare_home(from_environment(os.environ)))
        configure_logs(settings, "worker")
        clean = work(settings, threads=int(sys.argv[1]))
    except PlumblineError as error:
        log.error("worker process can not start", extra={"reason": str(error)})
        sys.exit(1)
    if not clean:
        logging.shutdown()
        os._exit(1)


if __name__ == "__main__":
    main()
