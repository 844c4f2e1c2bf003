"""Check 24: branches that releases are made from are protected."""

from __future__ import annotations

from pydantic import Field

from bot.checks.protection.bounds import beside_the_point, undecided, unlisted
from bot.checks.protection.bounds import release_branches as named
from bot.model.facts import Branches, Repository
from bot.model.protection import RELEASES, Protection
from bot.model.verdicts import (
    Audience,
    Evidence,
    Place,
    Severity,
    Verdict,
    counted,
    failed,
    not_applicable,
    passed,
)
from bot.spec import Section, check


class Config(Section):
    """Options under ``checks.release-branches``."""

    branches: tuple[str, ...] = Field(
        default=RELEASES,
        max_length=100,
        description="Name patterns (`*`, `?`, `[...]`) of long-lived branches beside the default one.",
    )


@check(
    "release-branches",
    family="protection",
    severity=Severity.HIGH,
    audience=Audience.RESTRICTED,
    config=Config,
    number=24,
)
def release_branches(
    protection: Protection, branches: Branches, repository: Repository, config: Config
) -> Verdict:
    """A rule is in force for every branch that releases are made from.

    Which branches these are is told by their names.

    Why: what is released from an unprotected branch was seen by nobody, however well the default
    branch is kept.
    Fix: let a ruleset target the listed branches by a pattern such as `refs/heads/release/**/*`, delete
    branches that are no longer needed, or say under `branches` which ones are meant.
    Source: https://docs.github.com/en/repositories/configuring-branches-and-merges-in-your-repository/managing-rulesets/creating-rulesets-for-a-repository#using-fnmatch-syntax
    """
    elsewhere = beside_the_point(repository)
    if elsewhere:
        return elsewhere
    names = named(protection, branches, config.branches)
    bare = [name for name in names if not protection.of(name).protected]
    if bare and protection.unread:
        return undecided(
            f"reach {counted(len(bare), 'release branch', 'release branches')}", protection.unread
        )
    if bare:
        return failed(
            f"{len(bare)} of {counted(len(names), 'release branch', 'release branches')} without a rule",
            *(Evidence(f"{name}: no rule", Place(branch=name), key=f"branch:{name}") for name in bare),
        )
    if branches.more and config.branches:
        return unlisted()
    if not names:
        return not_applicable("no branch has the name of a release branch")
    return passed(f"rules hold for {counted(len(names), 'release branch', 'release branches')}")
