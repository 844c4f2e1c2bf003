"""Check 18: history that others build on can not be rewritten or deleted."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

from bot.checks.protection.bounds import beside_the_point, release_branches, undecided, unlisted
from bot.model.facts import Branches, Repository
from bot.model.protection import RELEASES, EffectiveProtection, Protection
from bot.model.verdicts import Audience, Evidence, Place, Severity, Verdict, counted, failed, passed
from bot.spec import Section, check


class Config(Section):
    """Options under ``checks.force-push-delete``."""

    branches: tuple[str, ...] = Field(
        default=RELEASES,
        max_length=100,
        description="Name patterns (`*`, `?`, `[...]`) of branches beside the default one that must be kept.",
    )


@check(
    "force-push-delete",
    family="protection",
    severity=Severity.HIGH,
    audience=Audience.RESTRICTED,
    config=Config,
    number=18,
    follows="default-protected",
)
def force_push_delete(
    protection: Protection, branches: Branches, repository: Repository, config: Config
) -> Verdict:
    """Rules block force pushes to the default and the release branches, and their deletion.

    Classic branch protection blocks both unless it allows them; a ruleset has a rule for each.

    Why: one force push or deletion takes away commits that others have built on, released or audited.
    Fix: in the ruleset for the listed branches, tick "Block force pushes" and "Restrict deletions"; in a
    classic rule, untick what allows them.
    Source: https://docs.github.com/en/repositories/configuring-branches-and-merges-in-your-repository/managing-rulesets/available-rules-for-rulesets#block-force-pushes
    """
    elsewhere = beside_the_point(repository)
    if elsewhere:
        return elsewhere
    names = (protection.default_branch, *release_branches(protection, branches, config.branches))
    evidence = [item for name in names for item in _evidence(protection.of(name), name, protection)]
    if evidence and protection.unread:
        return undecided("block force pushes and deletion", protection.unread)
    if evidence:
        lacking = len({item.place.branch for item in evidence if item.place})
        return failed(
            f"{lacking} of {counted(len(names), 'branch', 'branches')} can be rewritten or deleted", *evidence
        )
    if branches.more and config.branches:
        return unlisted()
    return passed(
        f"force pushes and deletion are blocked on {counted(len(names), 'branch', 'branches')}: "
        + ", ".join(names[:10])
    )


def _evidence(found: EffectiveProtection, branch: str, protection: Protection) -> Iterator[Evidence]:
    demands = found.requirements
    if not demands.no_force_push:
        yield Evidence("no rule blocks force pushes", Place(branch=branch), key=f"force-push:{branch}")
    if not demands.no_deletion:
        # GitHub itself does not delete a branch while it is the default one.
        default = branch == protection.default_branch
        yield Evidence(
            "no rule blocks its deletion",
            Place(branch=branch),
            key=f"deletion:{branch}",
            severity=Severity.LOW if default else None,
        )
