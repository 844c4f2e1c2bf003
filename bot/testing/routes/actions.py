"""GitHub Actions: workflows, their runs, and what their tokens may do."""

from __future__ import annotations

from bot.testing import settings_render as shown
from bot.testing.routing import Answer, Call, in_organisation, in_repository, not_found
from bot.testing.settings import Workflow, WorkflowPermissions, WorkflowRun, token_permissions

_STATUSES = ("queued", "in_progress", "completed", "requested", "waiting", "pending")


def _permissions(found: WorkflowPermissions) -> Answer:
    return Answer(
        200,
        {
            "default_workflow_permissions": found.default,
            "can_approve_pull_request_reviews": found.may_approve,
        },
    )


@in_repository("GET", "/actions/permissions/workflow", "administration=read")
def workflow_permissions(call: Call) -> Answer:
    """What tokens of workflows may do by default."""
    return _permissions(token_permissions(call.repository))


@in_repository("GET", "/actions/permissions", "administration=read")
def permissions(call: Call) -> Answer:
    """Whether workflows run here, and which actions may: as the organisation says."""
    policy = call.repository.owner.settings.actions
    enabled = policy.repositories != "none"
    allowed = {"allowed_actions": policy.allowed} if enabled else {}
    return Answer(200, {"enabled": enabled, **allowed, "sha_pinning_required": policy.pinning_required})


@in_repository("GET", "/actions/workflows", "actions=read")
def workflows(call: Call) -> Answer:
    """The workflows of the default branch."""
    return call.page(
        call.world.workflows(call.repository),
        lambda found: shown.workflow(call.world.render, call.repository, found),
        key="workflows",
    )


def _workflow(call: Call) -> Workflow:
    """By id or by the name of its file. Raises Refusal 404."""
    wanted = call.params["workflow"]
    for found in call.world.workflows(call.repository):
        if wanted in (str(found.id), found.path.rpartition("/")[2]):
            return found
    raise not_found()


@in_repository("GET", "/actions/workflows/{workflow}", "actions=read")
def workflow(call: Call) -> Answer:
    """One of them."""
    return Answer(200, shown.workflow(call.world.render, call.repository, _workflow(call)))


@in_repository("GET", "/actions/workflows/{workflow}/runs", "actions=read")
def workflow_runs(call: Call) -> Answer:
    """Its runs, newest first."""
    found = _workflow(call)
    return _runs(call, [(found, run) for run in found.runs])


@in_repository("GET", "/actions/runs", "actions=read")
def runs(call: Call) -> Answer:
    """The runs of all workflows, newest first; filters branch, event, status, head_sha, actor."""
    return _runs(call, [(w, run) for w in call.world.workflows(call.repository) for run in w.runs])


def _runs(call: Call, pairs: list[tuple[Workflow, WorkflowRun]]) -> Answer:
    branch, event, sha = call.query("branch"), call.query("event"), call.query("head_sha")
    status, actor = call.query("status"), call.query("actor").lower()
    found = [
        (workflow, run)
        for workflow, run in pairs
        if branch in ("", run.branch)
        and event in ("", run.event)
        and sha in ("", run.sha)
        and actor in ("", run.actor.login.lower())
        and _has_status(run, status)
    ]
    found.sort(key=lambda pair: (pair[1].created_at, pair[1].id), reverse=True)
    return call.page(
        found, lambda pair: shown.run(call.world.render, call.repository, *pair), key="workflow_runs"
    )


def _has_status(run: WorkflowRun, wanted: str) -> bool:
    """``status`` of the query is a status or a conclusion."""
    if wanted in _STATUSES:
        return wanted == ("in_progress" if run.conclusion is None else "completed")
    return wanted in ("", run.conclusion)


# Of the organisation


@in_organisation("GET", "/actions/permissions", "organization_administration=read")
def organisation_permissions(call: Call) -> Answer:
    """Which repositories may run which actions."""
    account = call.organisation
    return Answer(200, shown.actions_policy(call.world.render, account, account.settings.actions))


@in_organisation("GET", "/actions/permissions/selected-actions", "organization_administration=read")
def selected_actions(call: Call) -> Answer:
    """Which actions are allowed, when some are selected; else there is nothing to tell."""
    policy = call.organisation.settings.actions
    if policy.allowed != "selected":
        raise not_found()
    return Answer(200, shown.selected_actions(policy))


@in_organisation("GET", "/actions/permissions/workflow", "organization_administration=read")
def organisation_workflow_permissions(call: Call) -> Answer:
    """What tokens of workflows may do where a repository does not say."""
    return _permissions(call.organisation.settings.actions.token)
