"""Approve what somebody else asked for."""

from __future__ import annotations

from dataclasses import replace

from bot.engine.commands import Call, Reply
from bot.engine.wishes import WAITS
from bot.model.errors import UserError
from bot.model.people import Role
from bot.report.replies import exempted_reply
from bot.spec import command
from handlers.exempting import look_again, rule_of


@command(
    "approve",
    who=Role.MAINTAIN,
    changes=True,
    usage="/plumbline approve exemption <id>",
    examples=["/plumbline approve exemption 0a1b2c3d4e"],
)
def approve(call: Call) -> Reply:
    """Approve an exemption that another person asked for; its id stands in the answer that they got.

    The id is bound to check, day, reason and person: what was changed since has another one.
    """
    call.accept("approve", most=2)
    if len(call.words) < 2 or call.words[0] != "exemption":
        raise UserError("write `/plumbline approve exemption <id>`, with the id of the answer that names it")
    wish = next((w for w in call.look.wishes() if w.id == call.words[1].lower()), None)
    if wish is None:
        raise UserError(f"no exemption with the id `{call.words[1][:20]}` waits for approval here")
    if call.now - wish.created_at > WAITS or wish.until < call.now.date():
        raise UserError(f"nobody approved it within {WAITS.days} days: whoever needs it asks for it again")
    if wish.actor_id == call.actor_id:
        raise UserError("nothing was done: a second person has to approve it, not the one who asked for it")
    rule_of(call, call.check(wish.check))
    # Whoever asked owns it, and it begins now.
    return Reply(
        exempted_reply(wish.check, wish.until),
        work=look_again(call),
        exempt=replace(wish, created_at=call.now),
    )
