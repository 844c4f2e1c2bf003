"""Judge a repository at the head of its default branch."""

from __future__ import annotations

from bot.engine.context import Context
from bot.engine.scanning import judge_repository, target
from bot.engine.telling import outcome, telling
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
        tell: requests of the commands whose answers shall say what came out.
    """

    repository_id: int
    request: str = ""
    pull_requests: bool = False
    tell: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """One scan of a repository at a time."""
        return f"scan:{self.repository_id}"


@job("scan-repository", payload=ScanRepository, timeout_s=300)
def scan_repository(payload: ScanRepository, context: Context) -> None:
    """Read the facts once, judge them, publish one report (an earlier one is edited)."""
    installation, repository = payload.installation_id, payload.repository_id
    if payload.pull_requests:
        submit_pull_requests(context, installation, repository)
    with telling(context, installation, repository, payload.tell) as tell:
        came = judge_repository(context, installation, repository, payload.request)
        tell(outcome(context, repository, "health", came))


def submit_pull_requests(context: Context, installation_id: int, repository_id: int) -> None:
    """Have every open pull request looked at, when there is time for it."""
    runtime = context.runtime
    with runtime.github.reader(installation_id, repository_id) as reader:
        at = target(runtime, installation_id, repository_id, reader)
        found, _ = reader.open_pull_requests(limit=PULL_REQUESTS_PER_SCAN)
    runtime.submit(
        Submission(
            CheckPullRequest(
                installation_id=installation_id, repository_id=at.repository.id, number=pull.number
            ),
            Lane.SWEEP,
        )
        for pull in found
    )
