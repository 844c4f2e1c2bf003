"""Runs claimed works on threads, keeps their leases alive, and ends what takes too long."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from pydantic import ValidationError

from bot.engine.context import Context, Runtime
from bot.model.errors import (
    Ambiguous,
    Gone,
    InstallationGone,
    LeaseLost,
    LedgerUnavailable,
    LimitReached,
    PermissionMissing,
    ReadOnly,
    Rejected,
    Unreadable,
    UserError,
)
from bot.model.work import Claim, ClaimedWork

log = logging.getLogger(__name__)

HTTP_TIMEOUT_S = 15.0
"""No write to GitHub starts with less than this left before the job's deadline."""
UNKNOWN_JOB_PATIENCE = timedelta(hours=1)
"""So long work for a job that this process does not know is left to newer workers."""


@dataclass(slots=True)
class Run:
    """One work being done by one thread."""

    claimed: ClaimedWork
    deadline: float
    lost: threading.Event = field(default_factory=threading.Event)
    abandoned: bool = False
    thread: threading.Thread | None = None

    @property
    def claim(self) -> Claim:
        """Its lease."""
        return self.claimed.claim


class WorkGuard:
    """Stands before every write: the lease is ours and there is time for one more request."""

    def __init__(
        self, runtime: Runtime, run: Run, http_timeout_s: float, monotonic: Callable[[], float]
    ) -> None:
        self._runtime = runtime
        self._run = run
        self._http_timeout_s = http_timeout_s
        self._monotonic = monotonic

    def check(self) -> None:
        """Return if a write may start now; raises LeaseLost otherwise."""
        if self._run.lost.is_set():
            raise LeaseLost("the lease was lost")
        if self._run.deadline - self._monotonic() < self._http_timeout_s:
            raise LeaseLost("too little time is left before the job's deadline")
        if not self._runtime.ledger.holds(self._run.claim):
            self._run.lost.set()
            raise LeaseLost("the lease was lost")


class Crew:
    """The threads of one process that do work; one more renews all their leases.

    Args:
        threads: how many works run at once.
        renew_s: how often leases are renewed and deadlines are looked at.
        grace_s: how long after its deadline a job may take to notice.
        http_timeout_s: see ``HTTP_TIMEOUT_S``.
    """

    def __init__(
        self,
        runtime: Runtime,
        *,
        threads: int = 8,
        renew_s: float = 15.0,
        grace_s: float = 3.0,
        http_timeout_s: float = HTTP_TIMEOUT_S,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._runtime = runtime
        self._threads = threads
        self._renew_s = renew_s
        self._grace_s = grace_s
        self._http_timeout_s = http_timeout_s
        self._monotonic = monotonic
        self._changed = threading.Condition()
        self._runs: dict[str, Run] = {}
        self._hung = 0
        self._closing = threading.Event()
        self._renewer: threading.Thread | None = None

    @property
    def hung(self) -> int:
        """How many threads were given up; the process should end for a fresh one."""
        return self._hung

    @property
    def busy(self) -> int:
        """How many works run."""
        with self._changed:
            return len(self._runs)

    @property
    def free(self) -> int:
        """How many more may start."""
        return self._threads - self.busy

    def start(self, claimed: ClaimedWork) -> None:
        """Run a claimed work on a thread of its own."""
        spec = self._runtime.registry.jobs.get(claimed.work.job)
        timeout_s = spec.timeout_s if spec else 60
        run = Run(claimed, self._monotonic() + timeout_s)
        thread = threading.Thread(
            target=self._work, args=(run,), name=f"work-{claimed.claim.id}", daemon=True
        )
        run.thread = thread
        with self._changed:
            self._runs[claimed.claim.id] = run
            if self._renewer is None:
                self._renewer = threading.Thread(target=self._keep, name="lease-renewer", daemon=True)
                self._renewer.start()
        thread.start()

    def wait(self, timeout_s: float, *, below: int) -> bool:
        """Wait until fewer than ``below`` works run; False when the time is over before."""
        with self._changed:
            return self._changed.wait_for(lambda: len(self._runs) < below, timeout_s)

    def close(self, grace_s: float) -> bool:
        """Wait for what runs, then give the rest back uncounted; False when a thread may still run."""
        self.wait(grace_s, below=1)
        with self._changed:
            rest = list(self._runs.values())
            self._runs.clear()
        for run in rest:
            run.lost.set()
            self._settle(run, "given-back", lambda run=run: self._give_back(run))  # type: ignore[misc]
        self._closing.set()
        with self._changed:
            renewer = self._renewer
        if renewer:
            renewer.join(2)
        return not rest and not self._hung

    def _give_back(self, run: Run) -> None:
        self._runtime.ledger.postpone(run.claim, self._runtime.ledger.now(), "its worker stopped")

    def _work(self, run: Run) -> None:
        work = run.claimed.work
        began = self._monotonic()
        metrics = self._runtime.metrics
        metrics.observe("work_waited_seconds", run.claimed.waited_s, lane=work.lane.value)
        try:
            outcome = self._perform(run)
        except Exception:
            log.exception("a work could not be settled", extra={"work": run.claim.id, "job": work.job})
            outcome = "unsettled"
        finally:
            with self._changed:
                self._runs.pop(run.claim.id, None)
                self._changed.notify_all()
        metrics.count("work_total", lane=work.lane.value, job=work.job, outcome=outcome)
        metrics.observe("work_seconds", self._monotonic() - began, job=work.job)

    def _perform(self, run: Run) -> str:
        """Run the job and settle its record; returns the outcome for metrics."""
        ledger, claim, work = self._runtime.ledger, run.claim, run.claimed.work
        spec = self._runtime.registry.jobs.get(work.job)
        if spec is None:
            return self._settle(run, "unknown-job", lambda: self._leave_to_newer(run))
        try:
            payload = spec.payload.model_validate(work.payload)
        except ValidationError as error:
            # Its inputs may be anything, so only the places are told.
            places = ", ".join(".".join(map(str, e["loc"])) for e in error.errors())
            text = f"the payload does not fit the job {work.job}: {places}"
            return self._settle(run, "parked", lambda: ledger.fail(claim, text, permanent=True))
        guard = WorkGuard(self._runtime, run, self._http_timeout_s, self._monotonic)
        try:
            spec.function(payload, Context(self._runtime, claim, guard))
        except LimitReached as error:
            until = max(error.until, ledger.now() + timedelta(seconds=1))
            reason = describe(error)
            return self._settle(run, "postponed", lambda: ledger.postpone(claim, until, reason))
        except LeaseLost as error:
            if run.lost.is_set():
                return "lost"
            return self._fail(run, error)
        except InstallationGone as error:
            note = "installation suspended" if error.suspended else "installation gone"
            return self._settle(run, "gone", lambda: ledger.complete_work(claim, note))
        except Gone:
            return self._settle(run, "gone", lambda: ledger.complete_work(claim, "gone"))
        except ReadOnly:
            return self._settle(run, "read-only", lambda: ledger.complete_work(claim, "archived"))
        except PermissionMissing as error:
            note = describe(error)
            return self._settle(run, "no-permission", lambda: ledger.complete_work(claim, note))
        except (Rejected, UserError) as error:
            text = describe(error)
            return self._settle(run, "parked", lambda: ledger.fail(claim, text, permanent=True))
        except (Unreadable, Ambiguous, LedgerUnavailable) as error:
            return self._fail(run, error)
        except Exception as error:
            log.exception("a job failed", extra={"work": claim.id, "job": work.job})
            return self._fail(run, error)
        return self._settle(run, "done", lambda: ledger.complete_work(claim))

    def _fail(self, run: Run, error: Exception) -> str:
        text = describe(error)
        parked = False

        def give_back() -> None:
            nonlocal parked
            parked = self._runtime.ledger.fail(run.claim, text)

        outcome = self._settle(run, "failed", give_back)
        if parked:
            log.error(
                "a work was parked", extra={"work": run.claim.id, "job": run.claimed.work.job, "error": text}
            )
            return "parked"
        return outcome

    def _settle(self, run: Run, outcome: str, change: Callable[[], object]) -> str:
        """Tell the ledger; a lost lease is not an error, an absent ledger ends the lease by itself."""
        try:
            change()
        except LeaseLost:
            return "lost"
        except LedgerUnavailable as error:
            log.warning("a work could not be settled", extra={"work": run.claim.id, "error": str(error)})
            return "unsettled"
        return outcome

    def _leave_to_newer(self, run: Run) -> None:
        ledger, claim = self._runtime.ledger, run.claim
        record = ledger.record(claim.id)
        now = ledger.now()
        reason = f"no job is named {run.claimed.work.job} here"
        if record is None or now - record.accepted_at > UNKNOWN_JOB_PATIENCE:
            ledger.fail(claim, reason, permanent=True)
        else:
            ledger.postpone(claim, now + timedelta(seconds=30), reason)

    def _keep(self) -> None:
        """Renew the leases of all works of this process; give up those past their deadline."""
        renewed = self._monotonic()
        while not self._closing.wait(min(self._renew_s, 0.5)):
            with self._changed:
                runs = list(self._runs.values())
            now = self._monotonic()
            for run in runs:
                if now > run.deadline + self._grace_s:
                    self._give_up(run)
            if now - renewed < self._renew_s:
                continue
            renewed = now
            self._renew([run for run in runs if not run.abandoned])

    def _renew(self, runs: list[Run]) -> None:
        try:
            kept = self._runtime.ledger.renew([run.claim for run in runs])
        except LedgerUnavailable as error:
            log.warning("leases could not be renewed", extra={"leases": len(runs), "error": str(error)})
            return
        for run, mine in zip(runs, kept, strict=True):
            if not mine:
                run.lost.set()
                log.warning("a lease was lost", extra={"work": run.claim.id})

    def _give_up(self, run: Run) -> None:
        run.abandoned = True
        run.lost.set()
        work = run.claimed.work
        log.error("a job did not end in time", extra={"work": run.claim.id, "job": work.job})
        text = f"the job {work.job} did not end by its deadline"
        outcome = self._settle(run, "hung", lambda: self._runtime.ledger.fail(run.claim, text))
        self._runtime.metrics.count("work_total", lane=work.lane.value, job=work.job, outcome=outcome)
        with self._changed:
            self._hung += 1
            self._runs.pop(run.claim.id, None)
            self._changed.notify_all()


def describe(error: Exception) -> str:
    """One printable line about an error, at most 500 characters; the ledger takes secrets out."""
    text = " ".join(f"{type(error).__name__}: {error}".split())
    return "".join(c if c.isprintable() else "�" for c in text)[:500]
