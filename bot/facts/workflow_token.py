"""What the token of workflows may do where they do not say."""

from __future__ import annotations

from bot.json_nodes import Node
from bot.model.security import WorkflowToken
from bot.model.verdicts import Unknown
from bot.ports import OwnerReader, RepoReader
from bot.spec import SIX_HOURS, fact

PATH = "/actions/permissions/workflow"


@fact(
    "organisation_workflow_token",
    permission="organization_administration: read",
    cost="one call per organisation",
)
def organisation_workflow_token(owner: OwnerReader) -> WorkflowToken | None:
    """The default of the organisation; None for a person's account."""
    if not owner.organisation:
        return None
    told = owner.rest(PATH, permission="organization_administration: read")
    return None if told is None else _token(told, organisation=True)


@fact(
    "workflow_token",
    permission="administration: read",
    cost="one call, where the organisation allows more than reading or does not tell",
    keep_s=SIX_HOURS,
    rest=True,
)
def workflow_token(
    reader: RepoReader, organisation_workflow_token: WorkflowToken | Unknown | None
) -> WorkflowToken | None:
    """The default of the organisation where it is the narrowest, else of the repository; None without any.

    A repository can not choose more than its organisation allows.

    Source: https://docs.github.com/en/repositories/managing-your-repositorys-settings-and-features/enabling-features-for-your-repository/managing-github-actions-settings-for-a-repository
    """
    of_all = organisation_workflow_token
    if isinstance(of_all, WorkflowToken) and not of_all.writes and not of_all.approves:
        return of_all
    told = reader.rest(PATH, permission="administration: read")
    return None if told is None else _token(told, organisation=False)


def _token(told: Node, *, organisation: bool) -> WorkflowToken:
    return WorkflowToken(
        writes=told["default_workflow_permissions"].text() != "read",
        approves=told["can_approve_pull_request_reviews"].flag(),
        organisation=organisation,
    )
