"""Write the reports of organisations, once a day and whenever somebody asks."""

from __future__ import annotations

from bot.engine.context import Context
from bot.engine.each_installation import submit_for_each
from bot.engine.rolling_up import roll_up
from bot.model.events import Lane
from bot.spec import Payload, job


class PublishRollUp(Payload):
    """Which installation; 0 means each of them, in work of its own."""

    @property
    def key(self) -> str:
        """One at a time for an installation."""
        return f"roll-up:{self.installation_id}"


@job("publish-roll-up", payload=PublishRollUp, timeout_s=900, every_s=86400, lane=Lane.SWEEP)
def publish_roll_up(payload: PublishRollUp, context: Context) -> None:
    """Sum up what is kept, keep a sample of the day, and edit the page where policy wants one."""
    if payload.installation_id:
        roll_up(context, payload.installation_id)
    else:
        submit_for_each(context.runtime, payload)
