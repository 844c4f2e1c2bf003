"""Let what stood here before speak, too."""

from __future__ import annotations

from bot.engine.commands import Call, Reply
from bot.model.errors import UserError
from bot.model.events import Lane
from bot.model.people import Role
from bot.ports import StoredVerdict
from bot.report.replies import ratcheted_reply
from bot.spec import Submission, command
from jobs.scan_repository import ScanRepository

MOST = 20
"""Checks that one command names."""


@command(
    "ratchet",
    who=Role.MAINTAIN,
    changes=True,
    usage="/plumbline ratchet [check ...]",
    examples=["/plumbline ratchet licence", "/plumbline ratchet"],
)
def ratchet(call: Call) -> Reply:
    """End the baseline of these checks, or of all: what stood here before speaks from now on, for good.

    It counts for what the person could see: a check whose baseline grew after the comment was written
    is left as it is.
    """
    call.accept("ratchet", most=MOST)
    known = call.look.verdicts()
    names = tuple(dict.fromkeys(call.check(word).name for word in call.words)) or tuple(
        name for name in known if name in call.registry.checks
    )
    later = [name for name in names if _grown_since(known.get(name), call)]
    ended = tuple(name for name in names if name not in later and name in known)
    shown = {name for name in names if call.may_show(call.check(name))}
    if not ended:
        if any(name in shown for name in later):
            raise UserError(
                "nothing was done: what stands here became visible after the comment was written; please "
                "look at it and write the command again"
            )
        raise UserError("these checks have not judged this repository yet, so they have no baseline to end")
    scan = ScanRepository(
        installation_id=call.installation_id,
        repository_id=call.repository.id,
        request=call.request,
        tell=(call.request,),
    )
    return Reply(
        ratcheted_reply(
            [name for name in ended if name in shown] if call.words else None,
            [name for name in later if name in shown],
        ),
        work=(Submission(scan, Lane.INTERACTIVE),),
        ratchet=ended,
    )


def _grown_since(verdict: StoredVerdict | None, call: Call) -> bool:
    """Something joined the baseline that the person can not have seen."""
    if verdict is None or verdict.baseline_at is None or call.asked_at is None:
        return False
    # GitHub tells whole seconds.
    return verdict.baseline_at > call.asked_at.replace(microsecond=999_999)
