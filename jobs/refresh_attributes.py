"""Read anew what selectors of the organisation's policy ask of repositories, after it was changed."""

from __future__ import annotations

from bot.engine.context import Context
from bot.engine.refreshing import regroup, regroup_one
from bot.model.attributes import Attribute
from bot.spec import Payload, job
from jobs.scan_repository import ScanRepository
from jobs.scan_shard import shards


class RefreshAttributes(Payload):
    """What, and of which repository.

    Args:
        repository_id: 0 means all of the owner. Teams are listed by team, so always of all.
    """

    attribute: Attribute
    repository_id: int = 0

    @property
    def key(self) -> str:
        """One at a time for a repository, or for all of an installation."""
        return f"{self.attribute}:{self.installation_id}:{self.repository_id}"


@job("refresh-attributes", payload=RefreshAttributes, timeout_s=600)
def refresh_attributes(payload: RefreshAttributes, context: Context) -> None:
    """Keep what GitHub says now, and look at the repositories for which the policy means something else."""
    runtime, installation_id = context.runtime, payload.installation_id
    # An attempt that ended between keeping it and the last line told nobody whom it concerns.
    again = context.claim.attempt > 1
    if payload.repository_id:
        if regroup_one(runtime, installation_id, payload.repository_id) or again:
            scan = ScanRepository(installation_id=installation_id, repository_id=payload.repository_id)
            runtime.submit([scan])
        return
    known = runtime.store.installation(installation_id)
    installation = known or runtime.github.installation(installation_id)
    concerned = list(regroup(runtime, installation_id, installation.account, payload.attribute))
    if again:
        concerned = [repository.id for repository in runtime.store.repositories(installation_id)]
    runtime.submit(shards(installation_id, concerned))
