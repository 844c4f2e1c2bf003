"""What a hint sets going: routing due deliveries, and doing due work."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from datetime import timedelta

from bot.engine.context import Runtime
from bot.engine.crew import HTTP_TIMEOUT_S, Crew, describe
from bot.engine.routing import parse, route
from bot.model.errors import (
    LeaseLost,
    LedgerUnavailable,
    LimitReached,
    Malformed,
    PlumblineError,
    Unavailable,
)
from bot.model.events import Lane
from bot.model.work import ClaimedDelivery, ClaimedWork

log = logging.getLogger(__name__)

DRAIN_RECORDS = 200
DRAIN_S = 1.0
BATCH = 50
SLICE_S = 10.0
ALONE_S = 30.0
"""How long a work that is suspected of killing its process waits for the others, and they for it."""
POLL_S = 0.2
"""How often a process that waits for its works looks for deliveries and more urgent work."""
NOT_GITHUBS = (
    "GitHub sends no such body: drop the record, and if you did not send it, "
    "set a new PLUMBLINE_WEBHOOK_SECRET here and in the App's webhook"
)
LOG_OVERLAP = timedelta(minutes=10)
"""How much older than our record GitHub's log entry of a delivery may be."""


class Dispatcher:
    """Routes and works for one process; build one and keep it.

    Args:
        threads: how many works run at once.
        slice_s: how long one hint keeps claiming work.
        renew_s: see ``Crew``.
    """

    def __init__(
        self,
        runtime: Runtime,
        *,
        threads: int = 8,
        slice_s: float = SLICE_S,
        renew_s: float = 15.0,
        grace_s: float = 3.0,
        http_timeout_s: float = HTTP_TIMEOUT_S,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._runtime = runtime
        self._slice_s = slice_s
        self._monotonic = monotonic
        self._stopping = threading.Event()
        self.crew = Crew(
            runtime,
            threads=threads,
            renew_s=renew_s,
            grace_s=grace_s,
            http_timeout_s=http_timeout_s,
            monotonic=monotonic,
        )

    def stop(self) -> None:
        """Claim nothing more; what runs goes on."""
        self._stopping.set()

    def close(self, grace_s: float) -> bool:
        """Stop, wait for what runs, give the rest back; False when threads may still run."""
        self.stop()
        return self.crew.close(grace_s)

    def drain(self) -> int:
        """Route at most 200 due deliveries, or for one second; returns how many were settled.

        The flag that keeps receivers from hinting is cleared after the last claim, and then looked
        past once more: what was accepted in between had no hint of its own.
        """
        routed = self._drain_some(self._monotonic() + DRAIN_S)
        self._runtime.ledger.drain_done()
        if self._runtime.ledger.due_deliveries():
            self._runtime.queue.hint_drain()
        return routed

    def run_work(self, lane: Lane, work_id: str) -> int:
        """Do the named work, then whatever is due, for one slice; returns how many works began.

        Ends early when nothing runs and nothing is due. While it waits it also routes deliveries.
        Works that outlast the slice go on in the background.
        """
        ends = self._monotonic() + self._slice_s
        begun = 0
        named: str | None = work_id
        idle = True
        while not self._stopping.is_set() and self._monotonic() < ends:
            busy = self.crew.busy
            if self.crew.free > 0 and (claimed := self._claim(lane, named, own_first=begun % 2 == 0)):
                if claimed.alone:
                    self._run_alone(claimed)
                else:
                    self.crew.start(claimed)
                begun += 1
                idle, named = False, None
            elif busy:
                idle, named = False, named if self.crew.free <= 0 else None
                self.crew.wait(POLL_S, below=busy)
                if self._runtime.ledger.due_deliveries():
                    self._drain_some(ends)
            elif idle:
                break
            else:
                # What ended since the look at the ledger may have let the next of its key in.
                idle, named = True, None
        return begun

    def _claim(self, lane: Lane, named: str | None, *, own_first: bool) -> ClaimedWork | None:
        """The named work; else of the hint's own lane and the others, by turns, the most urgent first."""
        if named and (claimed := self._runtime.ledger.claim_work(lane, named)):
            return claimed
        order = [lane, *(other for other in Lane if other is not lane)] if own_first else list(Lane)
        for candidate in order:
            claimed = self._runtime.ledger.claim_work(candidate)
            if claimed:
                return claimed
        return None

    def _run_alone(self, claimed: ClaimedWork) -> None:
        """Start a work when nothing else runs, and let it end first.

        If it kills its process again, nobody loses an attempt with it.
        """
        patience = self._monotonic() + ALONE_S
        while self.crew.busy and self._monotonic() < patience and not self._stopping.is_set():
            self.crew.wait(POLL_S, below=1)
            self._runtime.ledger.renew([claimed.claim])
        self.crew.start(claimed)
        self.crew.wait(ALONE_S, below=1)

    def _drain_some(self, until: float) -> int:
        settled = 0
        while settled < DRAIN_RECORDS and self._monotonic() < until and not self._stopping.is_set():
            batch = self._runtime.ledger.claim_deliveries(min(BATCH, DRAIN_RECORDS - settled))
            if not batch:
                break
            # Bodies that must be fetched from GitHub take long; nobody waits behind them.
            batch.sort(key=lambda claimed: claimed.body is None)
            hints: dict[str, Lane] = {}
            for position, claimed in enumerate(batch):
                if claimed.body is None:
                    self._runtime.ledger.renew([later.claim for later in batch[position:]])
                hints.update(self._settle(claimed))
            self._runtime.queue.hint_work([(lane, id_) for id_, lane in hints.items()])
            settled += len(batch)
        return settled

    def _settle(self, claimed: ClaimedDelivery) -> dict[str, Lane]:
        """Route one delivery and settle its record; returns the lanes of its works by id."""
        metrics, known = self._runtime.metrics, self._runtime.registry.lanes
        label = claimed.event if claimed.event in known or claimed.event == "ping" else "other"
        metrics.observe("delivery_waited_seconds", claimed.waited_s, lane=claimed.lane.value)
        hints: dict[str, Lane] = {}
        try:
            outcome = self._route(claimed, hints)
        except LeaseLost:
            outcome = "lost"
        metrics.count("deliveries_routed_total", event=label, outcome=outcome)
        return hints

    def _route(self, claimed: ClaimedDelivery, hints: dict[str, Lane]) -> str:
        ledger, claim, registry = self._runtime.ledger, claimed.claim, self._runtime.registry
        try:
            body = claimed.body if claimed.body is not None else self._logged_body(claim.id)
        except LimitReached as error:
            ledger.postpone(claim, max(error.until, ledger.now() + timedelta(seconds=1)), describe(error))
            return "postponed"
        except LedgerUnavailable:
            raise
        except PlumblineError as error:
            return self._fail(claimed, describe(error))
        try:
            event = parse(claimed.event, claim.id, body, app_id=self._runtime.settings.app_id)
        except Malformed as error:
            return self._fail(claimed, f"{describe(error)[:300]}; {NOT_GITHUBS}", permanent=True)
        try:
            works = route(registry, event)
        except Exception as error:
            log.exception("a handler failed", extra={"delivery": claim.id, "github_event": claimed.event})
            return self._fail(claimed, describe(error))
        about = event.repository_id or 0
        ids = ledger.complete_delivery(claim, works, action=event.action, repository_id=about)
        hints.update(zip(ids, (work.lane for work in works), strict=True))
        return "routed" if registry.handlers_for(event) else "unhandled"

    def _fail(self, claimed: ClaimedDelivery, text: str, *, permanent: bool = False) -> str:
        if not self._runtime.ledger.fail(claimed.claim, text, permanent=permanent):
            return "failed"
        log.error("a delivery was parked", extra={"delivery": claimed.claim.id, "error": text})
        return "parked"

    def _logged_body(self, delivery_id: str) -> bytes:
        """The body from GitHub's own log of deliveries, for one that was too large to keep."""
        record = self._runtime.ledger.record(delivery_id)
        since = (record.accepted_at if record else self._runtime.ledger.now()) - LOG_OVERLAP
        guid = delivery_id.partition(":")[2]
        for logged in self._runtime.github.hook_deliveries(since=since):
            if logged.guid == guid:
                return self._runtime.github.hook_delivery_body(logged.id)
        raise Unavailable("GitHub's log of deliveries does not have this one yet")


def drain(runtime: Runtime) -> int:
    """Route what is due now, in one go; for tests and commands."""
    return Dispatcher(runtime).drain()


def run_work(runtime: Runtime, lane: Lane, work_id: str, *, grace_s: float = 30.0) -> int:
    """Do the named work and what is due beside it, and wait for its end; for tests and commands."""
    dispatcher = Dispatcher(runtime)
    begun = dispatcher.run_work(lane, work_id)
    dispatcher.close(grace_s)
    return begun
