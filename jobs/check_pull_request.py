"""Judge what a pull request would change."""

from __future__ import annotations

from bot.config.organisation import ORGANISATION_REPOSITORIES
from bot.engine.commanding import remember_head
from bot.engine.context import Context
from bot.engine.reading import open_proposal, settle
from bot.engine.scanning import Proposal, Target, judge_proposal, known_repository, target
from bot.engine.telling import outcome, telling
from bot.model.facts import PullRequest
from bot.model.reports import Report
from bot.report.check_run import exemptible
from bot.report.replies import not_published
from bot.spec import Payload, job
from jobs.what_if import WhatIf


class CheckPullRequest(Payload):
    """Which pull request.

    Args:
        request: names a person's wish for a new check run; empty otherwise.
        tell: requests of the commands whose answers shall say what came out.
    """

    repository_id: int
    number: int
    request: str = ""
    tell: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """One judging of a pull request at a time."""
        return f"pull:{self.repository_id}:{self.number}"


@job("check-pull-request", payload=CheckPullRequest, timeout_s=300)
def check_pull_request(payload: CheckPullRequest, context: Context) -> None:
    """Compare its head with the merge base under the base's policy; a closed one needs nothing."""
    with telling(context, payload.installation_id, payload.repository_id, payload.tell) as tell:
        tell(_check(payload, context))


def _check(payload: CheckPullRequest, context: Context) -> str:
    """What came out, for those who asked."""
    runtime = context.runtime
    known = known_repository(runtime, payload.installation_id, payload.repository_id)
    batch = open_proposal(runtime, payload.installation_id, known, payload.number)
    generation = runtime.ledger.next_generation(payload.repository_id)

    def looked() -> tuple[Target, PullRequest, str]:
        reader = batch.reader(known.id)
        at = target(runtime, payload.installation_id, payload.repository_id, reader)
        pull = reader.pull_request(payload.number)
        return at, pull, reader.head(pull.base_branch) if pull.state == "open" else ""

    at, pull, base = settle(batch, looked)
    if pull.state != "open":
        return not_published("this pull request is not open any more")
    proposal = Proposal(
        head=pull.head_sha,
        base=base,
        branch=pull.base_branch,
        scope=f"pull:{pull.number}",
        pull_request=pull.number,
    )
    if at.repository.name.lower() in ORGANISATION_REPOSITORIES:
        whose = {"installation_id": payload.installation_id, "repository_id": at.repository.id}
        runtime.submit([WhatIf(**whose, number=pull.number)])
    came = judge_proposal(context, batch, at, proposal, generation, payload.request)
    if isinstance(came, Report):
        remember_head(context, at.repository.id, pull, exemptible(came))
    return outcome(context, at.repository.id, proposal.scope, came)
