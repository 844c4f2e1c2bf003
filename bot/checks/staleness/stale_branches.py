"""Check 45: no branch lies about with work that nobody goes on with."""

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
    """Options under ``checks.stale-branches``."""

    max_age_days: int = Field(default=90, ge=1, description="Days since a branch's newest commit.")
    exclude: tuple[str, ...] = Field(
        default=KEPT,
        max_length=200,
        description="Name patterns (`*`, `?`, `[...]`) of branches that are kept without work on them.",
    )


@check("stale-branches", family="staleness", severity=Severity.LOW, config=Config, number=45)
def stale_branches(
    side_branches: SideBranches, repository: Repository, now: datetime, config: Config
) -> Verdict:
    """Every branch with work of its own was worked on in the last three months, or has a pull request.

    Protected branches and those that are kept by custom, by their names, do not count. Branches whose
    commits are all in the default branch are the matter of `merged-branches`. A clone tells of no
    pull requests, so there a branch is judged without them.

    Why: old branches hide the ones that matter, and work in them is forgotten rather than finished.
    Fix: open a pull request for the work, delete the branch, or list its name under `exclude`.
    Source: https://docs.github.com/en/repositories/configuring-branches-and-merges-in-your-repository/managing-branches-in-your-repository/viewing-branches-in-your-repository
    """
    if repository.empty or not side_branches.default:
        return not_applicable("the repository has no commit yet")
    if repository.archived:
        return not_applicable("the repository is archived: its branches are kept as they are")
    counting = [branch for branch in side_branches.measured if _counts(branch, config)]
    stale = [b for b in counting if b.committed_at and now - b.committed_at > _limit(config)]
    fresh = [b.committed_at for b in counting if b.committed_at and now - b.committed_at <= _limit(config)]
    # The limit itself is still fine, so the first moment after it is meant.
    until = min(fresh) + _limit(config) + timedelta(seconds=1) if fresh else None
    if stale and not side_branches.pull_requests:
        return Verdict(
            Outcome.UNKNOWN,
            f"{counted(len(stale), 'old branch', 'old branches')}, but not all open pull requests were "
            "listed, so some may have one",
            reason=Reason.LIMIT,
            valid_until=until,
        )
    more = f"; at least {side_branches.unmeasured} more not looked at" if side_branches.unmeasured else ""
    if stale:
        stale.sort(key=lambda branch: (branch.committed_at, branch.name))
        return failed(
            f"{counted(len(stale), 'branch', 'branches')} without a commit for "
            f"{counted(config.max_age_days, 'day')}{more}",
            *(_evidence(branch) for branch in stale),
            valid_until=until,
        )
    undated = sum(1 for branch in counting if branch.committed_at is None)
    if undated or side_branches.unmeasured:
        return Verdict(
            Outcome.UNKNOWN,
            f"no stale branch found; at least {undated + side_branches.unmeasured} not looked at",
            reason=Reason.LIMIT,
            valid_until=until,
        )
    if not counting:
        return passed(f"no work lies beside {side_branches.default}")
    return passed(
        f"{counted(len(counting), 'branch was', 'branches were')} worked on lately", valid_until=until
    )


def _counts(branch: SideBranch, config: Config) -> bool:
    in_use = branch.protected or branch.pull_request is not None
    if in_use or branch.merged or branch.at_default_head:
        return False
    return not named(branch.name, config.exclude)


def _limit(config: Config) -> timedelta:
    return timedelta(days=config.max_age_days)


def _evidence(branch: SideBranch) -> Evidence:
    since = f"{branch.committed_at:%Y-%m-%d}" if branch.committed_at else ""
    return Evidence(
        f"{branch.name}: no commit since {since}", Place(branch=branch.name), key=f"branch:{branch.name}"
    )
