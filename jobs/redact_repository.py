"""Take away what was written in a repository for fewer readers than it has now."""

from __future__ import annotations

import logging

from bot.engine.context import Context
from bot.engine.publish import redact
from bot.engine.scanning import target
from bot.engine.turns import turn
from bot.model.errors import Rejected
from bot.model.events import Lane
from bot.spec import Payload, Submission, job
from jobs.scan_repository import ScanRepository

logger = logging.getLogger(__name__)


class RedactRepository(Payload):
    """Which repository."""

    repository_id: int

    @property
    def key(self) -> str:
        """One at a time for a repository."""
        return f"redact:{self.repository_id}"


@job("redact-repository", payload=RedactRepository, timeout_s=120, lane=Lane.INTERACTIVE)
def redact_repository(payload: RedactRepository, context: Context) -> None:
    """Rewrite our issues without findings, keep what was judged before from being published, judge anew."""
    runtime = context.runtime
    installation, number = payload.installation_id, payload.repository_id
    with runtime.github.reader(installation, number) as reader:
        repository = target(runtime, installation, number, reader).repository
    if repository.public:
        with turn(context, number, "health") as alone:
            # A look that began while it was private must not write after this.
            runtime.ledger.claim_publication(number, "health", runtime.ledger.next_generation(number))
            try:
                with runtime.github.writer(installation, number, alone.guard) as writer:
                    redact(alone, writer, number)
            except Rejected as refusal:
                # As of an archived repository, or one without issues: then nobody can read them, or
                # only a person can mend it.
                logger.warning("could not redact", extra={"repository": number, "why": str(refusal)})
    scan = ScanRepository(installation_id=installation, repository_id=number)
    runtime.submit([Submission(scan, Lane.INTERACTIVE)])
