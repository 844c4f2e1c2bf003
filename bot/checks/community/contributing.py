"""Check 3: a guide for whoever wants to contribute."""

from __future__ import annotations

from pydantic import Field

from bot.model.facts import Repository, Visibility
from bot.model.guides import Guide
from bot.model.verdicts import Evidence, Place, Severity, Verdict, counted, failed, not_applicable, passed
from bot.spec import Section, check


class Config(Section):
    """Options under ``checks.contributing``."""

    min_bytes: int = Field(default=1, ge=1, description="A file shorter than this tells nothing.")
    own: bool = Field(default=False, description="The owner's default does not count.")
    private: bool = Field(default=False, description="Judge private repositories as well.")


@check("contributing", family="community", severity=Severity.LOW, config=Config, number=3)
def contributing(contributing_guide: Guide | None, repository: Repository, config: Config) -> Verdict:
    """A CONTRIBUTING file says how to propose a change.

    The owner's default in the `.github` repository counts.

    Why: whoever can not find out how changes are built, tested and accepted proposes them in a way
    that costs reviewers time, or not at all.
    Fix: write CONTRIBUTING.md in the root, .github or docs, or one for all repositories in the
    owner's `.github` repository.
    Source: https://docs.github.com/en/communities/setting-up-your-project-for-healthy-contributions/setting-guidelines-for-repository-contributors
    """
    if repository.empty:
        return not_applicable("the repository has no commit yet")
    if repository.archived:
        return not_applicable("the repository is archived: no change will be accepted")
    if repository.fork:
        return not_applicable("a fork: changes are proposed to the repository it came from")
    if repository.visibility is Visibility.PRIVATE and not config.private:
        return not_applicable("only its members can see the repository")
    guide = contributing_guide
    if guide is None:
        return failed(
            "there is no CONTRIBUTING file in the root, .github or docs, and no default of the owner"
        )
    if guide.by_default and config.own:
        return failed(f"there is only the owner's default {guide.path}")
    if guide.size is not None and guide.size < config.min_bytes:
        # The owner's file lies in another repository, so it is no place in this one.
        place = None if guide.by_default else Place(path=guide.path)
        text = f"{guide.path} has {counted(guide.size, 'byte')}, fewer than {config.min_bytes}"
        return failed(text, Evidence(text, place, key="short"))
    where = "the owner's default " if guide.by_default else ""
    return passed(f"{where}{guide.path}")
