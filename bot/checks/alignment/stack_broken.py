"""Check 55: pull requests that build on each other still fit together."""

from __future__ import annotations

from pydantic import Field

from bot.model.alignment import Stacked, Stacks
from bot.model.facts import Repository
from bot.model.verdicts import (
    Evidence,
    Outcome,
    Place,
    Reason,
    Severity,
    Verdict,
    counted,
    failed,
    not_applicable,
    passed,
)
from bot.spec import Section, check


class Config(Section):
    """Options under ``checks.stack-broken``."""

    max_behind: int = Field(
        default=0, ge=0, description="Commits of the pull request below that one above it may lack."
    )


@check("stack-broken", family="alignment", severity=Severity.MEDIUM, config=Config, number=55)
def stack_broken(stacks: Stacks, repository: Repository, config: Config) -> Verdict:
    """Every pull request that goes into another's branch has all commits of that one.

    Why: after the lower one was amended or rebased, the upper one shows changes that are not its own,
    and merging it brings back what was replaced.
    Fix: rebase the upper pull request onto the branch of the lower one, or merge that into it.
    Source: https://git-machete.readthedocs.io/en/stable/
    """
    if repository.archived:
        return not_applicable("the repository is archived: nothing will be merged")
    broken = [one for one in stacks.measured if one.behind > config.max_behind or not one.related]
    if broken:
        return failed(
            f"{len(broken)} of {counted(len(stacks.measured), 'stacked pull request')} "
            f"{'lacks' if len(broken) == 1 else 'lack'} commits of the one below",
            *(_evidence(one) for one in broken),
        )
    unseen = stacks.unmeasured + int(stacks.more)
    if unseen:
        return Verdict(
            Outcome.UNKNOWN,
            f"{counted(len(stacks.measured), 'stacked pull request')} in order; at least {unseen} more not "
            "compared",
            reason=Reason.LIMIT,
        )
    if not stacks.measured:
        return passed("no pull request goes into the branch of another")
    return passed(f"{counted(len(stacks.measured), 'stacked pull request')} in order")


def _evidence(one: Stacked) -> Evidence:
    lacks = f"lacks {counted(one.behind, 'commit')} of" if one.related else "has no commit in common with"
    return Evidence(
        f"#{one.child} ({one.child_branch}) {lacks} #{one.parent} ({one.parent_branch})",
        Place(branch=one.child_branch),
        key=f"stack:{one.child}:{one.parent}",
    )
