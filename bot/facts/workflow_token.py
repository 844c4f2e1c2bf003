"""What the token of workflows may do where they do not say."""

from __future__ import annotations

from bot.json_nodes import Node
from bot.model.errors import PermissionMissing
from bot.model.security import WorkflowToken
from bot.ports import OwnerReader, RepoReader
from bot.spec import SIX_HOURS, fact

PATH = "/actions/permissions/workflow"


@fact(
    "workflow_token",
    permission="administration: read",
    cost="one call per organisation; where that allows more than reading, one per repository",
    keep_s=SIX_HOURS,
)
def workflow_token(reader: RepoReader, owner: OwnerReader) -> WorkflowToken | None:
    """The default of the organisation where it is the narrowest, else of the repository; None without any.

    A repository can not choose more than its organisation allows.

    Source: https://docs.github.com/en/repositories/managing-your-repositorys-settings-and-features/enabling-features-for-your-repository/managing-github-actions-settings-for-a-repository
    """
    of_all = _of_organisation(owner)
    if of_all is not None and not of_all.writes and not of_all.approves:
        return of_all
    told = reader.rest(PATH, permission="administration: read")
    return None if told is None else _token(told, organisation=False)


def _of_organisation(owner: OwnerReader) -> WorkflowToken | None:
    if not owner.organisation:
        return None
    try:
        told = owner.rest(PATH, permission="organization_administration: read")
    except PermissionMissing:
        # It would only have saved a call: the repository tells the same of itself.
        return None
    return None if told is None else _token(told, organisation=True)


def _token(told: Node, *, organisation: bool) -> WorkflowToken:
    return WorkflowToken(
        writes=told["default_workflow_permissions"].text() != "read",
        approves=told["can_approve_pull_request_reviews"].flag(),
        organisation=organisation,
    )
