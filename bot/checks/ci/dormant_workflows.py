"""Check 35: no workflow sleeps, and none fails every time."""

from __future__ import annotations

from fnmatch import fnmatchcase

from pydantic import Field

from bot.model.facts import Repository
from bot.model.security import WorkflowState, WorkflowStates
from bot.model.verdicts import (
    Evidence,
    Outcome,
    Place,
    Reason,
    Severity,
    Verdict,
    counted,
    failed,
    not_applicable,
    passed,
)
from bot.spec import Section, check


class Config(Section):
    """Options under ``checks.dormant-workflows``."""

    min_failures: int = Field(
        default=5, ge=2, le=50, description="Failed runs without a successful one that are told."
    )
    manually_disabled: bool = Field(
        default=False, description="Tell of workflows, too, that somebody switched off by hand."
    )
    exclude: tuple[str, ...] = Field(
        default=(), max_length=100, description="Path patterns (`*`, `?`, `[...]`) of workflows to leave out."
    )


@check("dormant-workflows", family="ci", severity=Severity.MEDIUM, config=Config, number=35)
def dormant_workflows(
    workflow_states: WorkflowStates | None, repository: Repository, config: Config
) -> Verdict:
    """No workflow was switched off for want of activity, and none fails at every run.

    Runs on the default branch count, the newest fifty of all workflows together.

    Why: GitHub stops scheduled workflows after sixty quiet days without much ado, so scans and
    releases stop unseen; of a workflow that always fails nobody reads the result any more.
    Fix: enable the workflow under Actions, or delete its file; mend what fails, or delete it too.
    Source: https://docs.github.com/en/actions/how-tos/manage-workflow-runs/disable-and-enable-workflows
    """
    if repository.archived:
        return not_applicable("the repository is archived: its workflows do not run")
    if workflow_states is None:
        return not_applicable("GitHub Actions is switched off")
    judged = [
        w
        for w in workflow_states.listed
        if w.state != "deleted" and not any(fnmatchcase(w.path, pattern) for pattern in config.exclude)
    ]
    if not judged:
        return not_applicable("there are no workflows")
    evidence = [found for workflow in judged if (found := _evidence(workflow, config))]
    of = counted(len(judged), "workflow")
    if evidence:
        do = "sleeps or fails" if len(evidence) == 1 else "sleep or fail"
        return failed(f"{len(evidence)} of {of} {do} every time", *evidence)
    if workflow_states.more:
        return Verdict(
            Outcome.UNKNOWN, f"only the first {of} were listed, and these are well", reason=Reason.LIMIT
        )
    return passed(f"none of {of} sleeps or fails every time")


def _evidence(workflow: WorkflowState, config: Config) -> Evidence | None:
    place = Place(path=workflow.path)
    if workflow.state == "disabled_inactivity":
        return Evidence("switched off for want of activity", place, key=f"{workflow.path}|inactive")
    if workflow.state == "disabled_manually" and config.manually_disabled:
        return Evidence("switched off by hand", place, key=f"{workflow.path}|disabled")
    failing = workflow.failed >= config.min_failures and workflow.succeeded == 0
    if workflow.state == "active" and failing:
        text = f"its newest {counted(workflow.failed, 'run')} failed, and none succeeded"
        return Evidence(text, place, key=f"{workflow.path}|failing")
    return None
