"""Answer a merge queue, which stalls until every required check has spoken."""

from __future__ import annotations

from bot.engine.context import Context
from bot.engine.reading import open_proposal, settle
from bot.engine.scanning import Proposal, judge_proposal, known_repository, target
from bot.model.events import Lane
from bot.spec import Payload, job


class AnswerMergeGroup(Payload):
    """The group's commit, the commit it was built on, and the branch it shall go into."""

    repository_id: int
    head_sha: str
    base_sha: str
    base_branch: str

    @property
    def key(self) -> str:
        """A group is named by its commit."""
        return f"merge-group:{self.repository_id}:{self.head_sha}"


@job("answer-merge-group", payload=AnswerMergeGroup, timeout_s=300, lane=Lane.INTERACTIVE)
def answer_merge_group(payload: AnswerMergeGroup, context: Context) -> None:
    """Judge the group's commit against the commit it was built on."""
    runtime = context.runtime
    known = known_repository(runtime, payload.installation_id, payload.repository_id)
    batch = open_proposal(runtime, payload.installation_id, known, None)
    generation = runtime.ledger.next_generation(payload.repository_id)
    at = settle(
        batch, lambda: target(runtime, payload.installation_id, payload.repository_id, batch.reader(known.id))
    )
    proposal = Proposal(
        head=payload.head_sha,
        base=payload.base_sha,
        branch=payload.base_branch,
        scope=f"merge-group:{payload.head_sha}",
    )
    judge_proposal(context, batch, at, proposal, generation, "")
