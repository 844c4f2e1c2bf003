"""Go on after everything was stopped."""

from __future__ import annotations

from bot.engine.commands import Call, Reply
from bot.model.errors import UserError
from bot.model.people import Role
from bot.spec import command


@command(
    "resume",
    who=Role.ADMIN,
    changes=True,
    usage="/plumbline resume",
    examples=["/plumbline resume"],
)
def resume(call: Call) -> Reply:
    """Write again after `/plumbline stop`; by an owner of the organisation, in its page only.

    What was stopped by whoever runs Plumbline stays so.
    """
    call.accept("resume", most=0)
    call.owned_page("resume")
    if not call.look.stopped():
        raise UserError("nothing is stopped, so there is nothing to resume")
    return Reply(
        "Resumed: what is due is written with the next look at each repository, within a day. If whoever "
        "runs Plumbline has stopped it everywhere, it stays stopped until they resume it.",
        stop=False,
    )
