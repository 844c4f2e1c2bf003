"""Judge again what a check run stands on, because a person pressed a button on it."""

from __future__ import annotations

from bot.engine.context import Context
from bot.engine.scanning import target
from bot.engine.telling import telling
from bot.model.events import Lane
from bot.report.replies import not_published
from bot.spec import Payload, Submission, job
from jobs.check_pull_request import CheckPullRequest
from jobs.scan_repository import ScanRepository


class RecheckCommit(Payload):
    """The commit that was to be judged again.

    Args:
        request: names the wish: a delivery, or a command.
        number: of the pull request on which a command said so, whose answer shall say what came out.
    """

    repository_id: int
    head_sha: str
    request: str
    number: int = 0

    @property
    def key(self) -> str:
        """Each wish is its own."""
        return f"recheck:{self.repository_id}:{self.head_sha}:{self.request}"


@job("recheck-commit", payload=RecheckCommit, timeout_s=120, lane=Lane.INTERACTIVE)
def recheck_commit(payload: RecheckCommit, context: Context) -> None:
    """Find out what the commit is now: the default branch's head, or a pull request's, or history."""
    runtime = context.runtime
    installation, repository = payload.installation_id, payload.repository_id
    asked = (payload.request,) if payload.number else ()
    with (
        telling(context, installation, repository, asked) as tell,
        runtime.github.reader(installation, repository) as reader,
    ):
        at = target(runtime, installation, repository, reader)
        wanted: list[Submission] = []
        if reader.head(at.repository.default_branch) == payload.head_sha:
            scan = ScanRepository(
                installation_id=installation, repository_id=repository, request=payload.request
            )
            wanted.append(Submission(scan, Lane.INTERACTIVE))
        found = {pull.number: pull for pull in reader.open_pull_requests(limit=100)[0]}
        if payload.number and payload.number not in found:
            found[payload.number] = reader.pull_request(payload.number)
        numbers = [
            number
            for number, pull in found.items()
            if pull.state == "open" and pull.head_sha == payload.head_sha
        ]
        wanted += [
            Submission(
                CheckPullRequest(
                    installation_id=installation,
                    repository_id=repository,
                    number=number,
                    request=payload.request,
                    tell=asked if number == payload.number else (),
                ),
                Lane.INTERACTIVE,
            )
            for number in numbers
        ]
        runtime.submit(wanted)
        if payload.number and payload.number not in numbers:
            tell(not_published("that is not the newest commit of an open pull request any more"))
