"""What a queue may call: ``perform`` is the only dotted path that is stored in Redis.

A process installs its runtime once; hints then name what to do, never how.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from bot.engine.context import Runtime
from bot.engine.dispatch import Dispatcher
from bot.model.errors import LedgerUnavailable, UserError
from bot.model.events import Lane

log = logging.getLogger(__name__)

DRAIN = "drain"
WORK = "work"
NAMES = frozenset({DRAIN, WORK})

_dispatcher: Dispatcher | None = None


def install(runtime: Runtime, **options: Any) -> None:
    """Give this process its runtime; ``options`` are those of ``Dispatcher``."""
    global _dispatcher
    _dispatcher = Dispatcher(runtime, **options)


def perform(name: str, payload: Mapping[str, str]) -> None:
    """Follow a hint: ``drain``, or ``work`` with ``lane`` and ``id``.

    A ledger that is away is not an error: the sweeper gives the hint again.

    Raises:
        UserError: the hint is none of ours, or no runtime was installed.
    """
    if _dispatcher is None:
        raise UserError("this process can not work: jobs.entry.install was not called")
    try:
        if name == DRAIN:
            _dispatcher.drain()
        elif name == WORK and payload.get("lane") in set(Lane) and payload.get("id"):
            _dispatcher.run_work(Lane(payload["lane"]), payload["id"])
        else:
            raise UserError(f"a hint must be drain, or work with a lane and an id; this one is {name[:40]!r}")
    except LedgerUnavailable as error:
        log.warning("a hint came to nothing: the ledger is away", extra={"hint": name, "error": str(error)})


def stop() -> None:
    """Claim nothing more; safe in a signal handler."""
    if _dispatcher:
        _dispatcher.stop()


def close(grace_s: float) -> bool:
    """Stop, wait for what runs, give the rest back; False when threads may still run."""
    return _dispatcher.close(grace_s) if _dispatcher else True


def healthy() -> bool:
    """False when a job hung: its thread can not be ended, so the process should be."""
    return _dispatcher is None or _dispatcher.crew.hung == 0
