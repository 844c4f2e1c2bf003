"""Learn which repositories an installation has, and look at each."""

from __future__ import annotations

from bot.engine.context import Context
from bot.engine.refreshing import refresh
from bot.model.errors import InstallationGone
from bot.spec import Payload, job
from jobs.scan_shard import shards


class SyncInstallation(Payload):
    """Which installation."""

    @property
    def key(self) -> str:
        """One at a time for an installation."""
        return f"installation:{self.installation_id}"


@job("sync-installation", payload=SyncInstallation, timeout_s=600)
def sync_installation(payload: SyncInstallation, context: Context) -> None:
    """Bring our list in line with GitHub's and queue a look at all of them; a deleted one is forgotten."""
    runtime = context.runtime
    try:
        installation = runtime.github.installation(payload.installation_id)
    except InstallationGone:
        runtime.store.remove_installation(payload.installation_id)
        runtime.store.audit(payload.installation_id, "github", "installation.deleted", {})
        return
    runtime.store.save_installation(installation)
    if installation.suspended:
        return
    seen = list(runtime.github.installation_repositories(payload.installation_id))
    runtime.store.save_repositories(payload.installation_id, seen)
    known = {r.id for r in runtime.store.repositories(payload.installation_id)}
    runtime.store.remove_repositories(known - {r.id for r in seen})
    # Before anything is judged, so that nothing is said where the organisation wants silence.
    refresh(context, payload.installation_id, installation.account)
    runtime.submit(shards(payload.installation_id, [repository.id for repository in seen]))
