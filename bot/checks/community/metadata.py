"""Check 8: the repository's page says what it is."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from bot.model.facts import About, Repository, Visibility
from bot.model.verdicts import Evidence, Place, Severity, Verdict, failed, not_applicable, passed
from bot.spec import Section, check

_SPECIAL = (".github", ".github-private")
"""Repositories that only hold what GitHub takes from them; nobody looks for them."""


class Config(Section):
    """Options under ``checks.metadata``."""

    description: bool = Field(default=True, description="Ask for a description.")
    topics: int = Field(default=1, ge=0, le=20, description="Ask for that many topics at least.")
    homepage: Literal["always", "with-pages", "never"] = Field(
        default="with-pages",
        description="Ask for the address of a website: `with-pages` where GitHub Pages publishes one.",
    )
    private: bool = Field(default=False, description="Judge private repositories as well.")


@check("metadata", family="community", severity=Severity.LOW, config=Config, number=8)
def metadata(about: About, repository: Repository, config: Config) -> Verdict:
    """The repository has a description and topics, and names its website where it has one.

    Why: people find a repository by these, and decide by them whether it is what they look for.
    Fix: press the gear beside About on the repository's page, and fill in what is missing.
    Source: https://docs.github.com/en/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/classifying-your-repository-with-topics
    """
    if repository.empty:
        return not_applicable("the repository has no commit yet")
    if repository.archived:
        return not_applicable("the repository is archived: its settings can not be changed")
    if repository.fork:
        return not_applicable("a fork: people look for the repository it came from")
    if repository.name.lower() in (*_SPECIAL, repository.owner.lower()):
        return not_applicable("a repository that GitHub itself reads; nobody looks for it")
    if repository.visibility is Visibility.PRIVATE and not config.private:
        return not_applicable("only its members can see the repository")
    site = config.homepage == "always" or (config.homepage == "with-pages" and about.pages)
    lacks = [
        (setting, text)
        for setting, asked, there, text in (
            ("description", config.description, bool(about.description), "there is no description"),
            ("topics", config.topics > 0, len(about.topics) >= config.topics, _topics(about, config)),
            ("homepage", site, bool(about.homepage), "there is no address of a website"),
        )
        if asked and not there
    ]
    if lacks:
        return failed(
            "; ".join(text for _, text in lacks),
            *(Evidence(text, Place(setting=setting), key=setting) for setting, text in lacks),
        )
    return passed("what is asked for is there")


def _topics(about: About, config: Config) -> str:
    if not about.topics:
        return "there are no topics"
    return f"{len(about.topics)} of the {config.topics} topics that are asked for are there"
