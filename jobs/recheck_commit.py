"""Judge again what a check run stands on, because a person pressed a button on it."""

from __future__ import annotations

from bot.engine.context import Context
from bot.engine.scanning import target
from bot.model.events import Lane
from bot.spec import Payload, Submission, job
from jobs.check_pull_request import CheckPullRequest
from jobs.scan_repository import ScanRepository


class RecheckCommit(Payload):
    """The commit whose check run was to be run again, and the delivery that said so."""

    repository_id: int
    head_sha: str
    request: str

    @property
    def key(self) -> str:
        """Each wish is its own."""
        return f"recheck:{self.repository_id}:{self.head_sha}:{self.request}"


@job("recheck-commit", payload=RecheckCommit, timeout_s=120, lane=Lane.INTERACTIVE)
def recheck_commit(payload: RecheckCommit, context: Context) -> None:
    """Find out what the commit is now: the default branch's head, or a pull request's, or history."""
    runtime = context.runtime
    installation, repository = payload.installation_id, payload.repository_id
    with runtime.github.reader(payload.installation_id, payload.repository_id) as reader:
        at = target(runtime, payload.installation_id, payload.repository_id, reader)
        wanted: list[Submission] = []
        if reader.head(at.repository.default_branch) == payload.head_sha:
            wanted.append(
                Submission(
                    ScanRepository(
                        installation_id=installation, repository_id=repository, request=payload.request
                    ),
                    Lane.INTERACTIVE,
                )
            )
        pulls, _ = reader.open_pull_requests(limit=100)
        wanted += [
            Submission(
                CheckPullRequest(
                    installation_id=installation,
                    repository_id=repository,
                    number=pull.number,
                    request=payload.request,
                ),
                Lane.INTERACTIVE,
            )
            for pull in pulls
            if pull.head_sha == payload.head_sha
        ]
        runtime.submit(wanted)
