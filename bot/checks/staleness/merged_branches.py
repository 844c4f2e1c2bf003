"""Check 46: branches that were merged are deleted."""

from __future__ import annotations

from datetime import datetime, timedelta

from pydantic import Field

from bot.model.branch_names import KEPT, named
from bot.model.facts import Repository, SideBranch, SideBranches
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
    """Options under ``checks.merged-branches``."""

    grace_days: int = Field(
        default=14,
        ge=0,
        description="A branch whose newest commit is younger may have been made just now, for work to come.",
    )
    exclude: tuple[str, ...] = Field(
        default=KEPT,
        max_length=200,
        description="Name patterns (`*`, `?`, `[...]`) of branches kept without commits of their own.",
    )


@check("merged-branches", family="staleness", severity=Severity.LOW, config=Config, number=46)
def merged_branches(
    side_branches: SideBranches, repository: Repository, now: datetime, config: Config
) -> Verdict:
    """No branch is left over that holds nothing which the default branch does not hold.

    Protected branches, those with an open pull request and those that are kept by custom, by their
    names, do not count. What was merged by squashing or rebasing can not be told from work of its own.

    Why: every branch left over makes those harder to find in which there is work.
    Fix: delete the listed branches, which loses nothing, and let GitHub delete branches when it
    merges them ("Automatically delete head branches" in the settings).
    Source: https://docs.github.com/en/repositories/configuring-branches-and-merges-in-your-repository/configuring-pull-request-merges/managing-the-automatic-deletion-of-branches
    """
    if repository.empty or not side_branches.default:
        return not_applicable("the repository has no commit yet")
    if repository.archived:
        return not_applicable("the repository is archived: its branches are kept as they are")
    counting = [branch for branch in side_branches.measured if _counts(branch, config)]
    merged = [branch for branch in counting if branch.merged and not branch.at_default_head]
    over = [branch for branch in merged if not _young(branch, now, config)]
    ends = [b.committed_at + _grace(config) for b in merged if b.committed_at and _young(b, now, config)]
    # The limit itself is still young, so the first moment after it is meant.
    until = min(ends) + timedelta(seconds=1) if ends else None
    more = f"; at least {side_branches.unmeasured} more not looked at" if side_branches.unmeasured else ""
    if over:
        return failed(
            f"{counted(len(over), 'branch has', 'branches have')} nothing that {side_branches.default} "
            f"does not have{more}",
            *(_evidence(branch, side_branches.default) for branch in over),
            valid_until=until,
        )
    unsure = sum(1 for branch in counting if branch.merged is None) + side_branches.unmeasured
    if unsure:
        return Verdict(
            Outcome.UNKNOWN,
            f"no merged branch found; at least {unsure} not compared with {side_branches.default}",
            reason=Reason.LIMIT,
            valid_until=until,
        )
    return passed("no merged branch is left over", valid_until=until)


def _counts(branch: SideBranch, config: Config) -> bool:
    in_use = branch.protected or branch.pull_request is not None
    return not in_use and not named(branch.name, config.exclude)


def _young(branch: SideBranch, now: datetime, config: Config) -> bool:
    return branch.committed_at is not None and now - branch.committed_at <= _grace(config)


def _grace(config: Config) -> timedelta:
    return timedelta(days=config.grace_days)


def _evidence(branch: SideBranch, default: str) -> Evidence:
    return Evidence(
        f"{branch.name} is merged into {default}", Place(branch=branch.name), key=f"branch:{branch.name}"
    )
