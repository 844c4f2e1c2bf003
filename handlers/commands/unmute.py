"""Let the health issue speak again."""

from __future__ import annotations

from bot.engine.commands import Call, Reply
from bot.model.errors import UserError
from bot.model.events import Lane
from bot.model.people import Role
from bot.spec import Submission, command
from jobs.scan_repository import ScanRepository


@command(
    "unmute",
    who=Role.MAINTAIN,
    changes=True,
    usage="/plumbline unmute",
    examples=["/plumbline unmute"],
)
def unmute(call: Call) -> Reply:
    """Let the health issue speak again after somebody closed it as not planned."""
    call.accept("unmute", most=0)
    issue = call.look.health_issue()
    if issue is None:
        raise UserError("this repository has no health issue, so there is nothing to unmute")
    if issue.state == "open":
        raise UserError(f"the health issue `{issue.number}` is open and not muted, so there is nothing to do")
    if issue.state_reason != "not_planned":
        raise UserError(
            f"the health issue `{issue.number}` was not closed as not planned; it reopens by itself when "
            "something bad comes up"
        )
    scan = ScanRepository(
        installation_id=call.installation_id, repository_id=call.repository.id, request=call.request
    )
    return Reply(
        f"The health issue #{issue.number} speaks again: the repository is being judged, and the issue "
        "reopens if there are findings.",
        work=(Submission(scan, Lane.INTERACTIVE),),
        unmute=True,
    )
