"""The command: what the check said last, for people who ask."""

from __future__ import annotations

from bot.engine.commands import Call, Reply
from bot.model.people import Role
from bot.report.inert import prose
from bot.spec import command

CHECK = "python-end-of-life"


@command("python", who=Role.READ, usage="/plumbline python", examples=["/plumbline python"])
def python(call: Call) -> Reply:
    """Say until when the oldest Python that this project promises is looked after."""
    call.accept("python", most=0)
    verdict = call.look.verdicts().get(CHECK)
    if verdict is None:
        return Reply("This repository has not been judged yet; `/plumbline recheck` judges it now.")
    # What the check says may hold words of the repository, so it is made inert.
    return Reply(f"{prose(verdict.summary[:1].upper() + verdict.summary[1:], limit=300)}.")
