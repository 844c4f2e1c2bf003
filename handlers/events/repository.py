"""A repository was renamed, moved, archived, published or deleted."""

from __future__ import annotations

from bot.model.events import Event, Lane
from bot.spec import on
from jobs.forget_repositories import ForgetRepositories
from jobs.redact_repository import RedactRepository
from jobs.scan_repository import ScanRepository

CHANGED = ("archived", "created", "edited", "privatized", "renamed", "transferred", "unarchived")


@on("repository", actions=CHANGED)
def scan_changed_repository(event: Event) -> list[ScanRepository]:
    """Names and settings are read anew; everything of ours is keyed by the id."""
    return _scan(event)


@on("repository", actions=("publicized",), lane=Lane.INTERACTIVE)
def redact_published_repository(event: Event) -> list[RedactRepository]:
    """What we wrote for fewer readers is taken away first; then it is judged anew for everybody."""
    installation, repository = event.installation_id, event.repository_id
    if not installation or not repository:
        return []
    return [RedactRepository(installation_id=installation, repository_id=repository)]


@on("repository", actions=("deleted",))
def forget_deleted_repository(event: Event) -> list[ForgetRepositories]:
    """Nothing is kept of it but the audit."""
    installation, repository = event.installation_id, event.repository_id
    if not installation or not repository:
        return []
    return [ForgetRepositories(installation_id=installation, repository_ids=(repository,))]


def _scan(event: Event) -> list[ScanRepository]:
    installation, repository = event.installation_id, event.repository_id
    if not installation or not repository:
        return []
    return [ScanRepository(installation_id=installation, repository_id=repository)]
