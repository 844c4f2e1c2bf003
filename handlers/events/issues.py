"""Someone ticked a box in a health issue."""

from __future__ import annotations

from bot.model.events import Event, Lane
from bot.report.health_issue import wants_recheck
from bot.spec import on
from handlers.payloads import text
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
