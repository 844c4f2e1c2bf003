"""Judge what organisations set for all their repositories, once a day."""

from __future__ import annotations

from bot.engine.context import Context
from bot.engine.each_installation import submit_for_each
from bot.engine.judging_owner import judge_owner
from bot.model.events import Lane
from bot.spec import Payload, job


class JudgeOrganisation(Payload):
    """Which installation; 0 means each of them, in work of its own."""

    @property
    def key(self) -> str:
        """One at a time for an installation."""
        return f"judge-organisation:{self.installation_id}"


@job("judge-organisation", payload=JudgeOrganisation, timeout_s=300, every_s=86400, lane=Lane.SWEEP)
def judge_organisation(payload: JudgeOrganisation, context: Context) -> None:
    """Read the organisation's settings and keep the verdicts; the roll-up shows them."""
    if payload.installation_id:
        judge_owner(context, payload.installation_id)
    else:
        submit_for_each(context.runtime, payload)
