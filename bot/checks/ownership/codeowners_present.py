"""Check 11: a CODEOWNERS file is there."""

from __future__ import annotations

from bot.model.facts import Codeowners, Repository
from bot.model.verdicts import Evidence, Place, Severity, Verdict, failed, not_applicable, passed
from bot.spec import check


@check("codeowners-present", family="ownership", severity=Severity.MEDIUM, number=11)
def codeowners_present(codeowners: Codeowners | None, repository: Repository) -> Verdict:
    """A CODEOWNERS file says who answers for what.

    Why: without one nobody in particular is asked to review a change, and rules can not demand it.
    Fix: write .github/CODEOWNERS; a line such as `* @organisation/team` is a start.
    Source: https://docs.github.com/en/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/about-code-owners
    """
    if repository.empty:
        return not_applicable("the repository has no commit yet")
    if repository.archived:
        return not_applicable("the repository is archived: nothing will be reviewed")
    if repository.fork:
        return not_applicable("a fork: reviews happen in the repository it came from")
    if codeowners is None:
        return failed("there is no CODEOWNERS file in .github, the root or docs")
    if codeowners.oversized or codeowners.rules:
        return passed(f"{codeowners.path} is there")
    return failed(
        f"{codeowners.path} names no path",
        Evidence("no line of it counts", Place(path=codeowners.path), key="no rules"),
    )
