"""Stop everything that is written by itself."""

from __future__ import annotations

from bot.engine.commands import Call, Reply
from bot.model.errors import UserError
from bot.model.people import Role
from bot.spec import command


@command(
    "stop",
    who=Role.ADMIN,
    changes=True,
    usage="/plumbline stop",
    examples=["/plumbline stop"],
)
def stop(call: Call) -> Reply:
    """Write nothing by itself in any repository of the organisation until an owner resumes; in its page only.

    Verdicts are kept all the same, people who ask are answered, and so are merge queues.
    """
    call.accept("stop", most=0)
    call.owned_page("stop")
    if call.look.stopped():
        raise UserError("it is stopped already; `/plumbline resume` ends that")
    return Reply(
        "Stopped: nothing is written by itself in any repository of this organisation. Whoever asks gets an "
        "answer, merge queues do, too, and verdicts are kept. `/plumbline resume` here ends that.",
        stop=True,
    )
