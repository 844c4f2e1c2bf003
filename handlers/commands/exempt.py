"""Let a check be silent for a while."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from bot.config.policy_file import DATE, REASON_LIMIT
from bot.engine.commands import Call, Reply
from bot.engine.wishes import WAITS
from bot.model.errors import UserError
from bot.model.people import Role
from bot.ports import StoredExemption
from bot.report.replies import exempted_reply, exemption_waits
from bot.spec import command
from handlers.exempting import look_again, rule_of

LONGEST = timedelta(days=366)
"""An exemption that nobody looks at again is a check that nobody wants: policy switches those off."""


@command(
    "exempt",
    who=Role.MAINTAIN,
    changes=True,
    usage='/plumbline exempt <check> reason="..." until=YYYY-MM-DD',
    examples=['/plumbline exempt licence reason="the lawyers are choosing one" until=2027-03-31'],
)
def exempt(call: Call) -> Reply:
    """Let a check be silent in this repository until a day, with the reason; a year at most."""
    call.accept("exempt", most=1, options=("reason", "until"))
    if not call.words:
        raise UserError('name a check, as in `/plumbline exempt licence reason="..." until=2027-03-31`')
    spec = call.check(call.words[0])
    exemption = StoredExemption(
        check=spec.name,
        reason=_reason(call.options.get("reason", "")),
        until=_until(call.options.get("until", ""), call.now.date()),
        actor_id=call.actor_id,
        comment_id=call.comment_id,
        created_at=call.now,
    )
    rule = rule_of(call, spec)
    if rule.approval:
        wish = call.look.wish(spec)
        if wish is None or not _approves(exemption, wish):
            who = f"those who have the role {rule.who.label} or more" if rule.who else "nobody"
            said = exemption_waits(spec.name, exemption.until, who, exemption.id)
            return Reply(said, wish=exemption)
        # Whoever asked first is the one who owns it.
        exemption = replace(exemption, reason=wish.reason, actor_id=wish.actor_id)
    return Reply(exempted_reply(spec.name, exemption.until), work=look_again(call), exempt=exemption)


def _approves(exemption: StoredExemption, wish: StoredExemption) -> bool:
    """Another person asks for the same, in time."""
    return (
        exemption.actor_id != wish.actor_id
        and exemption.until == wish.until
        and exemption.created_at - wish.created_at <= WAITS
    )


def _reason(text: str) -> str:
    reason = " ".join(text.split())
    # The dots of a prefilled command are no reason.
    if any(c.isalnum() for c in reason) and len(reason) <= REASON_LIMIT:
        return reason
    raise UserError(f'say in 1 to {REASON_LIMIT} characters why this may wait, as in `reason="..."`')


def _until(text: str, today: date) -> date:
    try:
        day = date.fromisoformat(text) if DATE.fullmatch(text) else None
    except ValueError:
        day = None
    if day is None:
        raise UserError(f"say the last day as `until=YYYY-MM-DD`, for instance `until={_month_on(today)}`")
    if day < today:
        raise UserError(f"`until={day}` is over; it is {today} (UTC) and the day must be today or later")
    if day > today + LONGEST:
        raise UserError(
            f"`until={day}` is more than a year away; name an earlier day, or switch the check off in the "
            "policy file"
        )
    return day


def _month_on(today: date) -> date:
    return today + timedelta(days=30)
