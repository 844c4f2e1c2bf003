"""Drop what is kept of repositories that are gone or were taken from us."""

from __future__ import annotations

from bot.config.organisation import is_organisations
from bot.engine.context import Context
from bot.spec import Payload, job
from jobs.refresh_policy import RefreshPolicy


class ForgetRepositories(Payload):
    """Which repositories, by id."""

    repository_ids: tuple[int, ...]

    @property
    def key(self) -> str:
        """Named by all of them."""
        return f"forget:{self.installation_id}:{','.join(map(str, sorted(self.repository_ids)))}"


@job("forget-repositories", payload=ForgetRepositories, timeout_s=120)
def forget_repositories(payload: ForgetRepositories, context: Context) -> None:
    """Only those that this installation owned; the audit stays."""
    store, installation_id = context.runtime.store, payload.installation_id
    known = [store.repository(i) for i in payload.repository_ids]
    gone = [found[1] for found in known if found and found[0] == installation_id]
    owned = [repository.id for repository in gone]
    store.remove_repositories(owned)
    if owned:
        detail = {"repositories": owned}
        store.audit(installation_id, "github", "repositories.removed", detail)
    # An attempt that ended between forgetting and this line told nobody that the policy is gone.
    if context.claim.attempt > 1 or any(is_organisations(repository.name) for repository in gone):
        context.runtime.submit([RefreshPolicy(installation_id=installation_id)])
