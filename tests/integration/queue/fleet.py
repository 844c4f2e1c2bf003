"""Processes for the fault tests: ``fleet.py worker|clock|supervise`` with a tiny job of their own.

The job leaves one line for its key in a file, as a stand-in for an effect on GitHub: it looks for
the line before it writes, and asks its guard. Where ``FAULT`` says so, it kills its process, once.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any, cast

from bot.adapters.ledger import RedisLedger
from bot.adapters.ledger.redis import Lifetimes
from bot.adapters.queue import HintWorker, RqQueue
from bot.adapters.redis_client import connect
from bot.adapters.supervisor import Program, Supervisor
from bot.adapters.tied import tied
from bot.config.settings import Settings
from bot.engine.context import Context, Runtime
from bot.engine.sweeper import sweep_once
from bot.model.events import Event
from bot.registry import Registry
from bot.spec import SPEC_ATTRIBUTE, Payload, job, on
from bot.testing.clocks import SystemClock
from jobs import entry

HOME = Path(os.environ.get("FLEET_HOME", "."))
URL = os.environ.get("REDIS_URL", "")
FAULT = os.environ.get("FAULT", "")
LEASE_S = float(os.environ.get("LEASE_S", "1"))


class Silent:
    """Metrics that nobody reads."""

    def count(self, name: str, amount: float = 1, **labels: str) -> None: ...
    def observe(self, name: str, value: float, **labels: str) -> None: ...
    def gauge(self, name: str, value: float, **labels: str) -> None: ...


class Touch(Payload):
    about: str
    act: str = ""

    @property
    def key(self) -> str:
        return f"touch:{self.about}"


@on("push")
def touch_what_was_pushed(event: Event) -> list[Touch]:
    """One effect for each push; a poisoned one kills whoever routes it."""
    if event.payload.get("poison"):
        os.kill(os.getpid(), signal.SIGKILL)
    return [Touch(about=str(event.payload["about"]), act=str(event.payload.get("act", "")))]


@job("touch", payload=Touch, timeout_s=int(os.environ.get("TIMEOUT_S", "30")))
def touch(request: Touch, context: Context) -> None:
    """Look, ask the guard, write."""
    if request.act == "poison":
        os.kill(os.getpid(), signal.SIGKILL)
    if request.act == "child":
        child = subprocess.Popen(tied(["sleep", "60"], os.getpid()))
        (HOME / "child").write_text(str(child.pid))
    if request.act == "hang":
        (HOME / f"hung-{context.claim.attempt}").touch()
        while context.claim.attempt == 1:
            try:
                time.sleep(0.01)
            except Exception:  # noqa: BLE001
                continue
    die_at("claim")
    if request.act in ("gate", "child"):
        (HOME / f"at-gate-{os.getpid()}").touch()
        while not (HOME / "gate").exists():
            time.sleep(0.01)
    effects = HOME / "effects"
    if effects.exists() and request.about in effects.read_text().split():
        return
    context.guard.check()
    die_at("before write")
    with effects.open("a") as file:
        file.write(request.about + "\n")
    die_at("after write")


def die_at(step: str) -> None:
    """Kill this process with SIGKILL, the first time that any process comes here."""
    if step != FAULT:
        return
    try:
        (HOME / "died").touch(exist_ok=False)
    except FileExistsError:
        return
    os.kill(os.getpid(), signal.SIGKILL)


class DyingLedger(RedisLedger):
    """Dies just before it would mark a work done."""

    def complete_work(self, claim: Any, result: str = "") -> None:
        die_at("before complete")
        super().complete_work(claim, result)


def runtime() -> Runtime:
    quick = Lifetimes(look_ms=300, backoff_ms=100, backoff_max_ms=500)
    client = connect(URL)
    specs = [getattr(touch, SPEC_ATTRIBUTE)]
    nothing = cast(Any, None)
    return Runtime(
        registry=Registry(
            {}, {}, (getattr(touch_what_was_pushed, SPEC_ATTRIBUTE),), {s.name: s for s in specs}
        ),
        settings=Settings(home=HOME),
        ledger=DyingLedger(client, lease_s=LEASE_S, attempts_cap=3, lifetimes=quick),
        queue=RqQueue(client),
        store=nothing,
        github=nothing,
        auditor=nothing,
        licences=nothing,
        clock=SystemClock(),
        metrics=Silent(),
    )


def work() -> None:
    own = runtime()
    entry.install(own, renew_s=LEASE_S / 4, grace_s=0.5, http_timeout_s=0.2, slice_s=2)
    if FAULT == "dequeue":
        original = entry.perform

        def perform(name: str, payload: Any) -> None:
            die_at("dequeue")
            original(name, payload)

        entry.perform = perform  # type: ignore[assignment]
    clean = HintWorker(connect(URL)).run(grace_s=float(os.environ.get("GRACE_S", "5")))
    os._exit(0 if clean else 3)


def clock() -> None:
    own = runtime()
    while True:
        try:
            sweep_once(own)
        except Exception as error:  # noqa: BLE001
            print("clock:", error, file=sys.stderr)
        time.sleep(0.2)


def supervise() -> None:
    me = [sys.executable, __file__]
    count = int(os.environ.get("WORKERS", "2"))
    Supervisor(
        [
            Program("worker", [*me, "worker"], os.environ, count),
            ("clock", [*me, "clock"], os.environ, 1),
        ],
        grace_s=5,
        backoff_s=0.05,
        backoff_max_s=0.2,
    ).run()


if __name__ == "__main__":
    assert threading.current_thread() is threading.main_thread()
    {"worker": work, "clock": clock, "supervise": supervise}[sys.argv[1]]()
