"""Someone ticked a box in an issue of ours."""

from __future__ import annotations

from bot.model.events import Event, Lane
from bot.report.health_issue import wants_recheck
from bot.report.roll_up import wants_anew
from bot.spec import on
from handlers.payloads import text
from jobs.publish_roll_up import PublishRollUp
from jobs.scan_repository import ScanRepository


@on("issues", actions=("edited",), lane=Lane.INTERACTIVE)
def tick_recheck_box(event: Event) -> list[ScanRepository]:
    """Look again; the next report puts the box back. Our own edits never command."""
    body = text(event.payload, "issue", "body")
    installation, repository = event.installation_id, event.repository_id
    if event.sender_is_bot or not installation or not repository:
        return []
    # Anyone can copy our marker into an issue of their own.
    if text(event.payload, "issue", "user", "type") != "Bot" or not wants_recheck(body):
        return []
    return [ScanRepository(installation_id=installation, repository_id=repository, request=event.delivery)]


@on("issues", actions=("edited",), lane=Lane.INTERACTIVE)
def tick_box_for_a_new_page(event: Event) -> list[PublishRollUp]:
    """Write the organisation's report anew; the next one puts the box back."""
    body = text(event.payload, "issue", "body")
    if event.sender_is_bot or not event.installation_id:
        return []
    if text(event.payload, "issue", "user", "type") != "Bot" or not wants_anew(body):
        return []
    return [PublishRollUp(installation_id=event.installation_id)]
