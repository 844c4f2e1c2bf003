"""Check 6: templates for issues and pull requests."""

from __future__ import annotations

from pydantic import Field

from bot.model.facts import Repository, Templates, Visibility
from bot.model.verdicts import Evidence, Severity, Verdict, failed, not_applicable, passed
from bot.spec import Section, check


class Config(Section):
    """Options under ``checks.templates``."""

    issue: bool = Field(default=True, description="Ask for a template or form of issues.")
    forms: bool = Field(default=False, description="Only forms (YAML) count, not Markdown templates.")
    pull_request: bool = Field(default=True, description="Ask for a template of pull requests.")
    private: bool = Field(default=False, description="Judge private repositories as well.")


@check("templates", family="community", severity=Severity.LOW, config=Config, number=6)
def templates_check(templates: Templates, repository: Repository, config: Config) -> Verdict:
    """Whoever opens an issue or a pull request is shown what to write.

    The owner's defaults in the `.github` repository count. Issue templates are not asked for where
    issues are switched off.

    Why: a report without version and steps, or a change without its reason, costs a round of
    questions each.
    Fix: add a form under .github/ISSUE_TEMPLATE and a .github/pull_request_template.md, here or in
    the owner's `.github` repository.
    Source: https://docs.github.com/en/communities/using-templates-to-encourage-useful-issues-and-pull-requests/about-issue-and-pull-request-templates
    """
    if repository.empty:
        return not_applicable("the repository has no commit yet")
    if repository.archived:
        return not_applicable("the repository is archived: nobody can open anything")
    if repository.fork:
        return not_applicable("a fork: issues and pull requests go to the repository it came from")
    if repository.visibility is Visibility.PRIVATE and not config.private:
        return not_applicable("only its members can see the repository")
    asked = []
    if config.issue and repository.has_issues:
        issue = templates.forms or (() if config.forms else templates.issue)
        where = "the owner's default " if templates.issue_by_default else ""
        asked.append(("issue form" if config.forms else "issue template or form", issue, where))
    if config.pull_request:
        where = "the owner's default " if templates.pull_request_by_default else ""
        asked.append(("pull request template", templates.pull_request, where))
    if not asked:
        return not_applicable("issues are switched off")
    lacking = [kind for kind, found, _ in asked if not found]
    if lacking:
        return failed(
            f"there is no {' and no '.join(lacking)}",
            *(Evidence(f"there is no {kind}, nor a default of the owner", key=kind) for kind in lacking),
        )
    return passed(", ".join(f"{where}{found[0]}" for _, found, where in asked))
