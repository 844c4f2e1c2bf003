"""A pull request was opened or changed."""

from __future__ import annotations

from bot.model.events import Event
from bot.spec import on
from handlers.payloads import number, value
from jobs.check_pull_request import CheckPullRequest


@on("pull_request", actions=("opened", "synchronize", "reopened", "ready_for_review", "edited"))
def check_changed_pull_request(event: Event) -> list[CheckPullRequest]:
    """Judge it at its newest commit; an edit matters only when it changed the base."""
    installation, repository = event.installation_id, event.repository_id
    pull = number(event.payload, "pull_request", "number")
    if not installation or not repository or not pull:
        return []
    if event.action == "edited" and value(event.payload, "changes", "base") is None:
        return []
    return [CheckPullRequest(installation_id=installation, repository_id=repository, number=pull)]
