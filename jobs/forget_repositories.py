"""Drop what is kept of repositories that are gone or were taken from us."""

from __future__ import annotations

from bot.engine.context import Context
from bot.spec import Payload, job


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
    store = context.runtime.store
    owned = [i for i in payload.repository_ids if (store.repository(i) or (0,))[0] == payload.installation_id]
    store.remove_repositories(owned)
    if owned:
        detail = {"repositories": owned}
        store.audit(payload.installation_id, "github", "repositories.removed", detail)
