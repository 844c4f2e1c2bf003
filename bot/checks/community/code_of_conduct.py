"""Check 4: rules for how people treat each other."""

from __future__ import annotations

from pydantic import Field

from bot.model.facts import Repository
from bot.model.guides import Guide
from bot.model.verdicts import Evidence, Place, Severity, Verdict, failed, not_applicable, passed
from bot.spec import Section, check


class Config(Section):
    """Options under ``checks.code-of-conduct``."""

    own: bool = Field(default=False, description="The owner's default does not count.")
    private: bool = Field(default=False, description="Judge private and internal repositories as well.")


@check("code-of-conduct", family="community", severity=Severity.LOW, config=Config, number=4)
def code_of_conduct(conduct_guide: Guide | None, repository: Repository, config: Config) -> Verdict:
    """A code of conduct says how people treat each other, and whom to tell when somebody does not.

    The owner's default in the `.github` repository counts.

    Why: people stay away from where they do not know what is tolerated, and a conflict is hard to
    settle by rules that are made during it.
    Fix: write CODE_OF_CONDUCT.md in the root, .github or docs, or one for all repositories in the
    owner's `.github` repository.
    Source: https://docs.github.com/en/communities/setting-up-your-project-for-healthy-contributions/adding-a-code-of-conduct-to-your-project
    """
    if repository.empty:
        return not_applicable("the repository has no commit yet")
    if repository.archived:
        return not_applicable("the repository is archived: nobody can write anything")
    if repository.fork:
        return not_applicable("a fork: people talk where it came from")
    if not repository.public and not config.private:
        return not_applicable("only its members can see the repository")
    guide = conduct_guide
    if guide is None:
        return failed("there is no code of conduct in the root, .github or docs, and no default of the owner")
    if guide.by_default and config.own:
        return failed(f"there is only the owner's default {guide.path}")
    if guide.size == 0:
        # The owner's file lies in another repository, so it is no place in this one.
        place = None if guide.by_default else Place(path=guide.path)
        return failed(f"{guide.path} is empty", Evidence(f"{guide.path} is empty", place, key="empty"))
    where = "the owner's default " if guide.by_default else ""
    return passed(f"{where}{guide.path}")
