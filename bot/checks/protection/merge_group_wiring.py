"""Check 22: a merge queue gets the checks that it waits for."""

from __future__ import annotations

from collections.abc import Iterator

from bot.checks.protection.bounds import beside_the_point
from bot.model.facts import Repository
from bot.model.merge_queue import QueueWorkflows
from bot.model.protection import Protection, RequiredCheck, Requirements
from bot.model.verdicts import (
    Audience,
    Evidence,
    Place,
    Reason,
    Severity,
    Verdict,
    counted,
    failed,
    not_applicable,
    passed,
    unknown,
)
from bot.spec import check

ACTIONS_APP = 15368
"""The App that reports the jobs of GitHub Actions on github.com."""


@check(
    "merge-group-wiring",
    family="protection",
    severity=Severity.HIGH,
    audience=Audience.RESTRICTED,
    number=22,
)
def merge_group_wiring(
    protection: Protection, queue_workflows: QueueWorkflows | None, repository: Repository
) -> Verdict:
    """Every workflow that reports a required check also runs for the merge queue.

    Checks of other Apps are not looked at: whether they answer a merge queue can not be seen in the
    repository. A workflow that runs for pushes to the queue's own branches counts as well.

    Why: the queue waits for every required check on what it wants to merge; a workflow that does not
    run there never reports, and every pull request is thrown out of the queue when its time is over.
    Fix: add `merge_group:` to the triggers (`on:`) of the listed workflows.
    Source: https://docs.github.com/en/repositories/configuring-branches-and-merges-in-your-repository/configuring-pull-request-merges/managing-a-merge-queue#triggering-merge-group-checks-with-github-actions
    """
    elsewhere = beside_the_point(repository)
    if elsewhere:
        return elsewhere
    found = protection.default
    if not found.requirements.queue or queue_workflows is None:
        if protection.queue is None:
            return unknown(
                f"whether {found.branch} has a merge queue can not be read",
                Reason.PERMISSION,
                permission="merge_queues: read",
            )
        return not_applicable(f"{found.branch} has no merge queue")
    evidence = tuple(_evidence(found.requirements, queue_workflows, repository.id))
    if evidence:
        return failed(
            f"{counted(len(evidence), 'required check')} that the merge queue waits for in vain", *evidence
        )
    if found.unread:
        return unknown(
            "the checks that are known to be required run for the merge queue, but there may be others: "
            f"{found.unread.detail}",
            found.unread.reason,
            permission=found.unread.permission,
        )
    if queue_workflows.unread:
        paths = ", ".join(file.path for file in queue_workflows.unread[:5])
        return unknown(f"not all workflows could be read: {paths}", Reason.LIMIT)
    return passed("workflows with required checks run for the merge queue")


def _evidence(demands: Requirements, workflows: QueueWorkflows, repository_id: int) -> Iterator[Evidence]:
    for required in demands.checks:
        files = [file for file in workflows.files if _by_actions(required) and file.reports(required.context)]
        if files and not any(file.queued for file in files):
            yield Evidence(
                f"reports the required check {required.context}, but lacks the trigger merge_group",
                Place(path=files[0].path, line=files[0].line),
                key=f"{files[0].path}|{required.context}",
            )
    wanted = {workflow.path for workflow in demands.workflows if workflow.repository_id == repository_id}
    for file in workflows.files:
        if file.path in wanted and not file.queued:
            yield Evidence(
                "is required by a ruleset, but lacks the trigger merge_group",
                Place(path=file.path, line=file.line),
                key=f"{file.path}|workflow",
            )


def _by_actions(required: RequiredCheck) -> bool:
    return required.app_id in (None, ACTIONS_APP)
