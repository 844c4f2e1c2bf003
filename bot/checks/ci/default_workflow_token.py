"""Check 34: workflows that do not say which rights they need get few."""

from __future__ import annotations

from pydantic import Field

from bot.model.facts import Repository
from bot.model.security import WorkflowToken
from bot.model.verdicts import (
    Audience,
    Evidence,
    Place,
    Severity,
    Verdict,
    failed,
    not_applicable,
    passed,
)
from bot.spec import Section, check


class Config(Section):
    """Options under ``checks.default-workflow-token``."""

    allow_approving: bool = Field(
        default=False,
        description="Workflows may open and approve pull requests; a release workflow may need the first, "
        "and GitHub has one setting for both.",
    )


@check(
    "default-workflow-token",
    family="ci",
    severity=Severity.HIGH,
    audience=Audience.RESTRICTED,
    config=Config,
    number=34,
)
def default_workflow_token(
    workflow_token: WorkflowToken | None, repository: Repository, config: Config
) -> Verdict:
    """The token of a workflow that does not say otherwise may only read, and approves no pull request.

    Why: whoever gets into any step of any workflow has what its token may do; with the right to
    approve, a workflow can wave its own change through.
    Fix: under Settings, Actions, General, "Workflow permissions", choose to read only and clear the
    box for pull requests; best for the whole organisation.
    Source: https://docs.github.com/en/repositories/managing-your-repositorys-settings-and-features/enabling-features-for-your-repository/managing-github-actions-settings-for-a-repository#setting-the-permissions-of-the-github_token-for-your-repository
    """
    if repository.archived:
        return not_applicable("the repository is archived: its workflows do not run")
    if workflow_token is None:
        return not_applicable("GitHub Actions is switched off")
    place = Place(setting="Workflow permissions")
    evidence = []
    if workflow_token.writes:
        evidence.append(Evidence("the token may write to everything by default", place, key="write"))
    if workflow_token.approves and not config.allow_approving:
        text = "workflows may open and approve pull requests"
        evidence.append(Evidence(text, place, key="approve", severity=Severity.MEDIUM))
    if evidence:
        return failed("workflows get more rights by default than to read", *evidence)
    whose = "the whole organisation" if workflow_token.organisation else "the repository"
    return passed(f"the token may only read by default, as {whose} has it")
