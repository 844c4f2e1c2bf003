"""Tells whoever gave a command what came out of the work that it set going."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from bot.engine.answering import LAST_ATTEMPTS
from bot.engine.commanding import tell
from bot.engine.context import Context
from bot.engine.crew import describe
from bot.engine.scanning import Unpublished
from bot.model.errors import (
    Gone,
    LeaseLost,
    LedgerUnavailable,
    LimitReached,
    PermissionMissing,
    PlumblineError,
    Rejected,
    UserError,
)
from bot.model.reports import Report
from bot.ports import CHECK_RUN_EFFECT
from bot.report.replies import could_not_judge, judged_again, not_published, superseded

logger = logging.getLogger(__name__)

_COMES_BACK = (LimitReached, LeaseLost, LedgerUnavailable)
"""Nothing has ended yet: the work is put back, or another worker does it."""

_FINAL = (Gone, PermissionMissing, Rejected, UserError)
"""Trying again would change nothing, so the work ends with the first of these."""


@contextmanager
def telling(
    context: Context, installation_id: int, repository_id: int, requests: Sequence[str]
) -> Iterator[Callable[[str], None]]:
    """Around the work; what is yielded takes what the answers shall say when it has ended.

    A failure is told when it is final, or when it has happened again and again. That an answer can
    not be edited harms nothing; that GitHub is away for a moment has the work done again, as every
    part of it may be done twice.

    Args:
        requests: of the commands that wait for the result; any may be nobody's.
    """
    said: list[str] = []
    last = context.claim.attempt >= LAST_ATTEMPTS
    try:
        yield said.append
    except _COMES_BACK:
        raise
    except Exception as error:
        final = isinstance(error, _FINAL)
        if final or last:
            why = str(error) if isinstance(error, PlumblineError) else "an internal error"
            _tell(context, installation_id, repository_id, requests, could_not_judge(why), patient=True)
        raise
    if said:
        _tell(context, installation_id, repository_id, requests, said[-1], patient=last)


def _tell(
    context: Context,
    installation_id: int,
    repository_id: int,
    requests: Sequence[str],
    text: str,
    *,
    patient: bool,
) -> None:
    """``patient``: whatever hinders is only logged."""
    for request in requests:
        try:
            tell(context, installation_id, repository_id, request, text)
        except PlumblineError as error:
            if not (patient or isinstance(error, _FINAL)):
                raise
            logger.info("could not tell a result", extra={"request": request, "why": describe(error)})


def outcome(context: Context, repository_id: int, scope: str, came: Report | Unpublished) -> str:
    """What a judging that has ended has to say, as Markdown.

    Args:
        scope: what was judged, as its check run is kept (``health``, ``pull:7``).
    """
    if isinstance(came, Report):
        return judged_again(came, context.runtime.store.effect(repository_id, CHECK_RUN_EFFECT, scope))
    if came is Unpublished.SUPERSEDED:
        return superseded()
    return not_published(came.value)
