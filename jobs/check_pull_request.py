"""Judge what a pull request would change."""

from __future__ import annotations

from bot.engine.commanding import remember_head
from bot.engine.context import Context
from bot.engine.scanning import Proposal, judge_proposal, target
from bot.report.check_run import exemptible
from bot.spec import Payload, job


class CheckPullRequest(Payload):
    """Which pull request; ``request`` names a person's wish for a new check run."""

    repository_id: int
    number: int
    request: str = ""

    @property
    def key(self) -> str:
        """One judging of a pull request at a time."""
        return f"pull:{self.repository_id}:{self.number}"


@job("check-pull-request", payload=CheckPullRequest, timeout_s=300)
def check_pull_request(payload: CheckPullRequest, context: Context) -> None:
    """Compare its head with the merge base under the base's policy; a closed one needs nothing."""
    runtime = context.runtime
    with runtime.github.reader(payload.installation_id, payload.repository_id) as reader:
        at = target(runtime, payload.installation_id, payload.repository_id, reader)
        generation = runtime.ledger.next_generation(payload.repository_id)
        pull = reader.pull_request(payload.number)
        if pull.state != "open":
            return
        proposal = Proposal(
            head=pull.head_sha,
            base=reader.head(pull.base_branch),
            branch=pull.base_branch,
            scope=f"pull:{pull.number}",
            pull_request=pull.number,
        )
        report = judge_proposal(context, reader, at, proposal, generation, payload.request)
        if report is not None:
            remember_head(context, at.repository.id, pull, exemptible(report))
