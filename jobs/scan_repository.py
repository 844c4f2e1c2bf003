"""Judge a repository at the head of its default branch."""

from __future__ import annotations

from bot.engine.context import Context
from bot.engine.scanning import judge_repository, target
from bot.model.events import Lane
from bot.spec import Payload, Submission, job
from jobs.check_pull_request import CheckPullRequest

PULL_REQUESTS_PER_SCAN = 100
"""How many open pull requests a reconciling scan looks at."""


class ScanRepository(Payload):
    """Which repository, and why.

    Args:
        request: names a person's wish for a new check run (a delivery id); empty otherwise.
        pull_requests: also look at every open pull request, as after lost events.
    """

    repository_id: int
    request: str = ""
    pull_requests: bool = False

    @property
    def key(self) -> str:
        """One scan of a repository at a time."""
        return f"scan:{self.repository_id}"


@job("scan-repository", payload=ScanRepository, timeout_s=300)
def scan_repository(payload: ScanRepository, context: Context) -> None:
    """Read the facts once, judge them, publish one report (an earlier one is edited)."""
    runtime = context.runtime
    with runtime.github.reader(payload.installation_id, payload.repository_id) as reader:
        at = target(runtime, payload.installation_id, payload.repository_id, reader)
        if at.repository.empty or at.repository.disabled:
            return
        if payload.pull_requests:
            found, _ = reader.open_pull_requests(limit=PULL_REQUESTS_PER_SCAN)
            runtime.submit(
                Submission(
                    CheckPullRequest(
                        installation_id=payload.installation_id,
                        repository_id=payload.repository_id,
                        number=pull.number,
                    ),
                    Lane.SWEEP,
                )
                for pull in found
            )
        judge_repository(context, reader, at, payload.request)
