"""``plumbline clock``: gives lost hints again, keeps schedules, shows the ledger's counts."""

from __future__ import annotations

import logging
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.config.settings import Settings
from bot.entry import wiring
from bot.entry.environment import prepare_home
from bot.entry.process import configure_logs, serving_metrics, stop_on_signals
from bot.model.errors import LedgerUnavailable

if TYPE_CHECKING:
    from bot.engine.context import Runtime

log = logging.getLogger(__name__)

SWEEP_S = 2.0
TICK_S = 1.0
GAUGES_S = 5.0


@dataclass(slots=True)
class Duty:
    """Something to do every so many seconds; ``due`` on the monotonic clock."""

    name: str
    every_s: float
    act: Callable[[], object]
    due: float = 0.0
    failing: bool = False


def run(settings: Settings) -> None:
    """Go on until SIGTERM or SIGINT. Any number of clocks may run.

    Raises:
        SettingsError: Redis or the App's credentials are missing.
        LedgerUnavailable: Redis does not answer at the start.
        Unavailable: the database does not answer at the start.
    """
    # Until there is something to finish, a signal ends it at once.
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(0))
    settings = wiring.find_redis(prepare_home(settings))
    configure_logs(settings, "clock")
    with serving_metrics(settings) as metrics:
        runtime = wiring.build_runtime(settings, role=wiring.Role.CLOCK, metrics=metrics)
        stop = stop_on_signals()
        log.info("clock started")
        keep(duties(runtime), stop)
    log.info("clock stopped")


def duties(runtime: Runtime) -> list[Duty]:
    """What a clock does."""
    from bot.engine.schedule import tick
    from bot.engine.sweeper import sweep_once
    from bot.scale.rebirth import watch_epoch
    from jobs.heal_gaps import HealGaps
    from jobs.reconcile import Reconcile

    return [
        Duty("rebirth", GAUGES_S, lambda: watch_epoch(runtime, (Reconcile(), HealGaps(whole_window=True)))),
        Duty("schedule", TICK_S, lambda: tick(runtime)),
        Duty("sweep", SWEEP_S, lambda: sweep_once(runtime)),
        Duty("gauges", GAUGES_S, lambda: show(runtime)),
    ]


def keep(
    duties: Sequence[Duty], stop: threading.Event, monotonic: Callable[[], float] = time.monotonic
) -> None:
    """Do each duty when it is due. One that fails is logged when it begins to, and tried again."""
    while not stop.is_set():
        for duty in duties:
            if monotonic() >= duty.due:
                _do(duty)
                duty.due = monotonic() + duty.every_s
        stop.wait(max(0.0, min(duty.due for duty in duties) - monotonic()))


def _do(duty: Duty) -> None:
    try:
        duty.act()
    except LedgerUnavailable as error:
        if not duty.failing:
            log.warning("the ledger is away", extra={"duty": duty.name, "error": str(error)})
        duty.failing = True
    except Exception:
        log.exception("a duty failed", extra={"duty": duty.name})
        duty.failing = True
    else:
        if duty.failing:
            log.info("a duty works again", extra={"duty": duty.name})
        duty.failing = False


def show(runtime: Runtime) -> None:
    """Set gauges from the ledger's counts."""
    stats, metrics = runtime.ledger.stats(), runtime.metrics
    metrics.gauge("ledger_deliveries", stats.open_deliveries, state="open")
    metrics.gauge("ledger_deliveries", stats.leased_deliveries, state="leased")
    for lane, count in stats.open_work.items():
        metrics.gauge("ledger_open_work", count, lane=lane.value)
        metrics.gauge("queue_depth", runtime.queue.depth(lane), lane=lane.value)
    metrics.gauge("ledger_leased_work", stats.leased_work)
    metrics.gauge("ledger_parked", stats.parked)
    metrics.gauge("ledger_oldest_due_seconds", stats.oldest_due_s)
    metrics.gauge("ledger_bytes", stats.bytes_held)
