"""What a check is about."""

from __future__ import annotations

from bot.engine.commands import Call, Reply
from bot.model.errors import UserError
from bot.model.people import Role
from bot.report.replies import check_explained
from bot.spec import command


@command(
    "explain",
    who=Role.READ,
    usage="/plumbline explain <check>",
    examples=["/plumbline explain licence"],
)
def explain(call: Call) -> Reply:
    """Say what a check wants, why, how to mend it, and what it said last."""
    call.accept("explain", most=1)
    if not call.words:
        raise UserError("name a check, as in `/plumbline explain licence`; `/plumbline health` lists them")
    spec = call.check(call.words[0])
    shown = call.may_show(spec)
    verdict = call.look.verdicts().get(spec.name) if shown else None
    return Reply(check_explained(spec, verdict, shown=shown, named=call.may_name(spec)))
