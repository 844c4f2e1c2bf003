"""Judge again."""

from __future__ import annotations

from bot.engine.commands import Call, Reply
from bot.model.events import Lane
from bot.model.people import Role
from bot.report.replies import judging_again
from bot.spec import Submission, command
from jobs.recheck_commit import RecheckCommit
from jobs.scan_repository import ScanRepository


@command(
    "recheck",
    who=Role.TRIAGE,
    or_author=True,
    changes=True,
    usage="/plumbline recheck",
    examples=["/plumbline recheck"],
)
def recheck(call: Call) -> Reply:
    """Judge again: the newest commit of the pull request, or of the default branch when given on an issue."""
    call.accept("recheck", most=0)
    if call.head_sha is None:
        scan = ScanRepository(
            installation_id=call.installation_id,
            repository_id=call.repository.id,
            request=call.request,
            tell=(call.request,),
        )
        where = "The newest commit of the default branch is"
        return Reply(judging_again(where), work=(Submission(scan, Lane.INTERACTIVE),))
    again = RecheckCommit(
        installation_id=call.installation_id,
        repository_id=call.repository.id,
        head_sha=call.head_sha,
        request=call.request,
        number=call.number,
    )
    return Reply(judging_again(f"`{call.head_sha[:10]}` is"), work=(again,))
