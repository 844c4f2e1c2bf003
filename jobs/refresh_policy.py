"""Read the policy of an organisation anew, and look at the repositories for which it changed."""

from __future__ import annotations

from bot.engine.context import Context
from bot.engine.refreshing import refresh
from bot.spec import Payload, job
from jobs.scan_shard import shards


class RefreshPolicy(Payload):
    """Whose."""

    @property
    def key(self) -> str:
        """One at a time for an installation."""
        return f"policy:{self.installation_id}"


@job("refresh-policy", payload=RefreshPolicy, timeout_s=600)
def refresh_policy(payload: RefreshPolicy, context: Context) -> None:
    """Keep what the file says now; shards of what it concerns go to the sweep lane."""
    runtime, installation_id = context.runtime, payload.installation_id
    known = runtime.store.installation(installation_id)
    installation = known or runtime.github.installation(installation_id)
    concerned = list(refresh(context, installation_id, installation.account).concerned)
    if context.claim.attempt > 1:
        # An attempt that ended between keeping the policy and this line told nobody whom it concerns.
        concerned = [repository.id for repository in runtime.store.repositories(installation_id)]
    runtime.submit(shards(installation_id, concerned))
