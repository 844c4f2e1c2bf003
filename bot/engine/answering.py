"""What a commit shows while it is judged, and when it can not be judged at all."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from bot.config.policy import Policy
from bot.engine.context import Context
from bot.engine.publish import publish_check_run
from bot.model.errors import (
    Gone,
    LeaseLost,
    LedgerUnavailable,
    LimitReached,
    PlumblineError,
)
from bot.report.check_run import render_started, render_unjudged

logger = logging.getLogger(__name__)

ANNOUNCE_AFTER_S = 10.0
"""Most commits are judged sooner, and then one request says all."""

LAST_ATTEMPTS = 4
"""From this attempt on a failure is told on the commit, so that nobody waits for an answer."""

_NOT_THE_COMMITS_FAULT = (LimitReached, Gone, LeaseLost, LedgerUnavailable)
"""Passing, or nobody is left to tell: the work is put back or dropped without a word."""


@contextmanager
def answering(
    context: Context,
    installation_id: int,
    repository_id: int,
    head: str,
    *,
    policy: Policy,
    request: str,
    silent: bool = False,
    after_s: float = ANNOUNCE_AFTER_S,
) -> Iterator[None]:
    """Around reading and judging, before publishing.

    After ``after_s`` seconds the commit shows a check run in progress. When the block fails again
    and again, it shows one that says why it could not be judged; the failure goes on to the ledger.

    Args:
        silent: show nothing in either case.
    """
    if silent:
        yield
        return
    runtime = context.runtime
    started = runtime.clock.now()

    def publish_started() -> None:
        run = render_started(head, request=request, started_at=started)
        try:
            with runtime.github.writer(installation_id, repository_id, context.guard) as writer:
                if not writer.check_runs(head, run.name):
                    publish_check_run(context, writer, run)
        except PlumblineError as error:
            # It only passes the time; the result that follows is what counts.
            logger.info("could not announce", extra={"repository": repository_id, "why": str(error)})

    timer = threading.Timer(after_s, publish_started)
    timer.daemon = True
    timer.start()
    try:
        yield
    except _NOT_THE_COMMITS_FAULT:
        raise
    except Exception as error:
        if context.claim.attempt >= LAST_ATTEMPTS:
            reason = (
                f"{type(error).__name__}: {error}"
                if isinstance(error, PlumblineError)
                else "an internal error"
            )
            run = render_unjudged(
                head,
                reason,
                block=policy.block,
                fail_closed=policy.fail_closed,
                request=request,
                completed_at=runtime.clock.now(),
            )
            with runtime.github.writer(installation_id, repository_id, context.guard) as writer:
                publish_check_run(context, writer, run)
        raise
    finally:
        timer.cancel()
        timer.join()
