"""Someone pressed ``Re-run all checks``."""

from __future__ import annotations

from bot.model.events import Event, Lane
from bot.spec import on
from handlers.events.check_run import recheck
from handlers.payloads import sha
from jobs.recheck_commit import RecheckCommit


@on("check_suite", actions=("rerequested",), lane=Lane.INTERACTIVE)
def rerun_suite(event: Event) -> list[RecheckCommit]:
    """The suite's commit is checked again. A suite that was merely requested comes with its push."""
    return recheck(event, sha(event.payload, "check_suite", "head_sha"))
