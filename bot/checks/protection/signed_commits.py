"""Check 25: commits of the default branch are signed."""

from __future__ import annotations

from pydantic import Field

from bot.checks.protection.bounds import beside_the_point
from bot.model.commits import RecentCommits
from bot.model.facts import Repository
from bot.model.protection import Protection
from bot.model.verdicts import Audience, Evidence, Severity, Verdict, counted, failed, not_applicable, passed
from bot.spec import Section, check


class Config(Section):
    """Options under ``checks.signed-commits``."""

    max_unsigned: int = Field(
        default=0, ge=0, le=30, description="Commits without a valid signature among the newest 30."
    )


@check(
    "signed-commits",
    family="protection",
    severity=Severity.LOW,
    audience=Audience.RESTRICTED,
    config=Config,
    number=25,
)
def signed_commits(
    protection: Protection, recent_commits: RecentCommits, repository: Repository, config: Config
) -> Verdict:
    """Commits of the default branch must be signed, or the newest 30 are.

    Commits that GitHub makes itself, as when it merges a pull request, are signed by GitHub.

    Why: the author of a commit is only a text; a signature shows whose key it came from.
    Fix: sign commits (`git config commit.gpgsign true`, an SSH key is enough), let everybody register
    their key, and then require signed commits in the ruleset for the default branch.
    Source: https://docs.github.com/en/authentication/managing-commit-signature-verification/about-commit-signature-verification
    """
    elsewhere = beside_the_point(repository)
    if elsewhere:
        return elsewhere
    found = protection.default
    if found.requirements.signatures:
        return passed(f"commits of {found.branch} must be signed")
    if not recent_commits.listed:
        return not_applicable("the repository has no commit yet")
    unsigned = [commit for commit in recent_commits.listed if not commit.signed]
    total = counted(len(recent_commits.listed), "newest commit")
    if len(unsigned) <= config.max_unsigned:
        return passed(f"{len(recent_commits.listed) - len(unsigned)} of {total} are signed")
    return failed(
        f"{len(unsigned)} of {total} have no valid signature",
        *(
            # One mark for all: who does not sign would else bring a new finding with every push.
            Evidence(f"{c.oid[:12]} of {c.committed_at:%Y-%m-%d} is not signed", key="unsigned")
            for c in unsigned[:10]
        ),
    )
