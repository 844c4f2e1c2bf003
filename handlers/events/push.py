"""A branch moved."""

from __future__ import annotations

from bot.model.events import Event
from bot.spec import on
from handlers.payloads import branch_of, text
from jobs.scan_repository import ScanRepository


@on("push")
def scan_pushed_default_branch(event: Event) -> list[ScanRepository]:
    """Look at the repository when its default branch moved; tags and other branches wait.

    A pull request's branch comes as ``pull_request.synchronize``.
    """
    installation, repository = event.installation_id, event.repository_id
    default = text(event.payload, "repository", "default_branch")
    branch = branch_of(text(event.payload, "ref"))
    if not installation or not repository or not branch or branch != default:
        return []
    if event.payload.get("deleted") is True:
        return []
    return [ScanRepository(installation_id=installation, repository_id=repository)]
