"""The App was installed, changed, suspended or removed."""

from __future__ import annotations

from bot.model.events import Event
from bot.spec import on
from handlers.payloads import number, value
from jobs.forget_repositories import ForgetRepositories
from jobs.sync_installation import SyncInstallation


@on("installation")
def sync_changed_installation(event: Event) -> list[SyncInstallation]:
    """Whatever happened, GitHub's present answer counts: deleted, suspended, new permissions."""
    return _sync(event)


@on("installation_target", actions=("renamed",))
def sync_renamed_account(event: Event) -> list[SyncInstallation]:
    """Every full name below the account has changed."""
    return _sync(event)


@on("installation_repositories", actions=("added",))
def sync_added_repositories(event: Event) -> list[SyncInstallation]:
    """New repositories are looked at with the rest of the installation."""
    return _sync(event)


@on("installation_repositories", actions=("removed",))
def forget_removed_repositories(event: Event) -> list[ForgetRepositories]:
    """What was taken from us is dropped."""
    removed = value(event.payload, "repositories_removed")
    ids = tuple(number(entry, "id") for entry in removed) if isinstance(removed, list) else ()
    ids = tuple(i for i in ids if i)
    installation = event.installation_id
    if not installation or not ids:
        return []
    return [ForgetRepositories(installation_id=installation, repository_ids=ids)]


def _sync(event: Event) -> list[SyncInstallation]:
    installation = event.installation_id
    return [SyncInstallation(installation_id=installation)] if installation else []
