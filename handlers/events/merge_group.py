"""A merge queue asks for checks."""

from __future__ import annotations

from bot.model.events import Event, Lane
from bot.spec import on
from handlers.payloads import branch_of, sha, text
from jobs.answer_merge_group import AnswerMergeGroup


@on("merge_group", actions=("checks_requested",), lane=Lane.INTERACTIVE)
def answer_queue(event: Event) -> list[AnswerMergeGroup]:
    """The queue stalls until every required check has answered, so this does not wait in line."""
    installation, repository = event.installation_id, event.repository_id
    head = sha(event.payload, "merge_group", "head_sha")
    base = sha(event.payload, "merge_group", "base_sha")
    branch = branch_of(text(event.payload, "merge_group", "base_ref"))
    if not installation or not repository or not head or not base:
        return []
    return [
        AnswerMergeGroup(
            installation_id=installation,
            repository_id=repository,
            head_sha=head,
            base_sha=base,
            base_branch=branch,
        )
    ]
