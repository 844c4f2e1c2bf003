"""Check 1: a README that says something."""

from __future__ import annotations

from pydantic import Field

from bot.model.facts import CommunityFiles, Document, Repository
from bot.model.verdicts import Evidence, Place, Severity, Verdict, counted, failed, not_applicable, passed
from bot.spec import Section, check


class Config(Section):
    """Options under ``checks.readme``."""

    min_bytes: int = Field(
        default=150, ge=0, le=100_000, description="A README that is smaller says next to nothing."
    )


@check("readme", family="community", severity=Severity.MEDIUM, config=Config, number=1)
def readme(community_files: CommunityFiles, repository: Repository, config: Config) -> Verdict:
    """There is a README, and it is more than a heading.

    Why: it is the first and often the only page that people read: what this is, how to use it.
    Fix: write a README.md at the root that says what the project does, how to install and use it,
    and where to ask.
    Source: https://docs.github.com/en/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/about-readmes
    """
    if repository.empty:
        return not_applicable("the repository has no commit yet")
    if repository.archived:
        return not_applicable("the repository is archived: nothing in it can be changed")
    found = community_files.readmes
    if not found:
        return failed("there is no README in the root, .github or docs")
    # What is no plain file, or too large to be measured, is no stub.
    fine = [d for d in found if d.size is None or d.size >= config.min_bytes]
    if fine:
        return passed(f"{fine[0].path} is there")
    return failed(
        f"the README says next to nothing: it has fewer than {config.min_bytes} bytes",
        *(_evidence(document) for document in found),
    )


def _evidence(document: Document) -> Evidence:
    size = counted(document.size or 0, "byte")
    return Evidence(f"{document.path} has {size}", Place(path=document.path), key=document.path)
