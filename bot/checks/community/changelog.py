"""Check 7: people can read what changed."""

from __future__ import annotations

from pydantic import Field

from bot.model.facts import Changelog, Repository, Visibility
from bot.model.verdicts import Evidence, Severity, Verdict, counted, failed, not_applicable, passed
from bot.spec import Section, check


class Config(Section):
    """Options under ``checks.changelog``."""

    min_words: int = Field(
        default=3,
        ge=1,
        le=1000,
        description="Words that the notes of the latest release must have, where there is no file.",
    )
    private: bool = Field(default=False, description="Judge private repositories as well.")


@check("changelog", family="community", severity=Severity.LOW, config=Config, number=7)
def changelog_check(changelog: Changelog, repository: Repository, config: Config) -> Verdict:
    """What changes from release to release is written down: in a file or in the release's notes.

    A repository without a release on GitHub and without a file has nothing to tell yet.

    Why: whoever updates needs to know what is new and what breaks.
    Fix: keep a CHANGELOG.md at the root, or write notes for each release; GitHub can generate them.
    Source: https://docs.github.com/en/repositories/releasing-projects-on-github/automatically-generated-release-notes
    """
    if repository.empty:
        return not_applicable("the repository has no commit yet")
    if repository.archived:
        return not_applicable("the repository is archived: nothing changes any more")
    if repository.fork:
        return not_applicable("a fork: releases are those of the repository it came from")
    if repository.visibility is Visibility.PRIVATE and not config.private:
        return not_applicable("only its members can see the repository")
    if changelog.paths:
        return passed(f"{changelog.paths[0]} is there")
    if not changelog.release:
        return not_applicable("there is no release on GitHub yet")
    if changelog.notes_words >= config.min_words:
        return passed(f"the notes of {changelog.release} say what changed")
    return failed(
        "neither a file nor the latest release says what changed",
        Evidence(
            f"the notes of {changelog.release} have {counted(changelog.notes_words, 'word')}",
            # The next release may lack its notes as well, and is the same finding then.
            key="release notes",
        ),
    )
