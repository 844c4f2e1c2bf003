"""Check 14: most of what lies at the root has an owner."""

from __future__ import annotations

from pydantic import Field

from bot.model.facts import Codeowners, Repository
from bot.model.verdicts import (
    Evidence,
    Place,
    Reason,
    Severity,
    Verdict,
    failed,
    not_applicable,
    passed,
    unknown,
)
from bot.spec import Section, check


class Config(Section):
    """Options under ``checks.codeowners-coverage``."""

    min_percent: int = Field(
        default=50, ge=0, le=100, description="Share of the files and folders at the root with an owner."
    )


@check("codeowners-coverage", family="ownership", severity=Severity.LOW, config=Config, number=14)
def codeowners_coverage(codeowners: Codeowners | None, repository: Repository, config: Config) -> Verdict:
    """Enough of the files and folders at the root have an owner by CODEOWNERS.

    The last rule that matches decides, and one without owners takes ownership away. A folder has an
    owner as soon as a rule reaches something in it.

    Why: a change to what nobody owns is reviewed by whoever happens to see it, or by nobody.
    Fix: add a line for each listed path, or `* @organisation/team` as the first line for all that has
    no line of its own. If only some paths are meant to have owners, lower `min_percent`.
    Source: https://docs.github.com/en/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/about-code-owners#codeowners-syntax
    """
    if repository.archived:
        return not_applicable("the repository is archived: nothing will be reviewed")
    if repository.fork:
        return not_applicable("a fork: reviews happen in the repository it came from")
    if codeowners is None:
        return not_applicable("there is no CODEOWNERS file")
    if codeowners.oversized:
        return unknown(f"{codeowners.path} is larger than GitHub reads", Reason.LIMIT)
    if not codeowners.measured:
        return unknown("there are too many rules and paths to hold them against each other", Reason.LIMIT)
    owned, unowned = len(codeowners.owned), len(codeowners.unowned)
    if not owned + unowned:
        return not_applicable("there is nothing at the root")
    said = f"{owned} of {owned + unowned} paths at the root have an owner"
    if owned * 100 >= config.min_percent * (owned + unowned):
        return passed(said)
    return failed(said, *(_evidence(path) for path in codeowners.unowned))


def _evidence(path: str) -> Evidence:
    return Evidence("no owner", Place(path=path), key=path)
