"""Look at everything once a day: what no delivery told us is found here."""

from __future__ import annotations

from bot.engine.context import Context
from bot.model.events import Lane
from bot.spec import Payload, Submission, job
from jobs.sync_installation import SyncInstallation


class Reconcile(Payload):
    """Nothing to say: all installations are meant."""

    @property
    def key(self) -> str:
        """One at a time."""
        return "reconcile"


@job("reconcile", payload=Reconcile, timeout_s=600, every_s=86400, lane=Lane.SWEEP)
def reconcile(_: Reconcile, context: Context) -> None:
    """Queue a sync of every installation, and purge what retention no longer allows to keep."""
    runtime = context.runtime
    runtime.submit(
        Submission(SyncInstallation(installation_id=installation.id), Lane.SWEEP)
        for installation in runtime.github.installations()
    )
    runtime.store.purge(runtime.clock.now())
