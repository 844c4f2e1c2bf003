"""Read the policy of an organisation anew, and look at the repositories for which it changed."""

from __future__ import annotations

from bot.config.organisation import is_organisations
from bot.engine.context import Context, Runtime
from bot.engine.refreshing import refresh
from bot.engine.scanning import target
from bot.model.errors import Gone, InstallationGone
from bot.spec import Payload, job
from jobs.scan_shard import shards


class RefreshPolicy(Payload):
    """Whose.

    Args:
        repository_id: what an event told of, which may be new or have a new name; 0 for none.
    """

    repository_id: int = 0

    @property
    def key(self) -> str:
        """One at a time for an installation."""
        return f"policy:{self.installation_id}"


@job("refresh-policy", payload=RefreshPolicy, timeout_s=600)
def refresh_policy(payload: RefreshPolicy, context: Context) -> None:
    """Keep what the file says now; shards of what it concerns go to the sweep lane."""
    runtime, installation_id = context.runtime, payload.installation_id
    if payload.repository_id:
        _learn_name(runtime, installation_id, payload.repository_id)
    known = runtime.store.installation(installation_id)
    installation = known or runtime.github.installation(installation_id)
    concerned = list(refresh(context, installation_id, installation.account).concerned)
    if context.claim.attempt > 1:
        # An attempt that ended between keeping the policy and this line told nobody whom it concerns.
        concerned = [repository.id for repository in runtime.store.repositories(installation_id)]
    runtime.submit(shards(installation_id, concerned))


def _learn_name(runtime: Runtime, installation_id: int, repository_id: int) -> None:
    """The file is looked for by the names that are kept."""
    known = runtime.store.repository(repository_id)
    if known is not None and known[0] == installation_id and is_organisations(known[1].name):
        # It is read anew with the file.
        return
    try:
        with runtime.github.reader(installation_id, repository_id) as reader:
            target(runtime, installation_id, repository_id, reader)
    except InstallationGone:
        raise
    except Gone:
        return
