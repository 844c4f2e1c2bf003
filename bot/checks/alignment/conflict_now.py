"""Check 52: open pull requests can be merged without a conflict."""

from __future__ import annotations

from datetime import datetime, timedelta

from pydantic import Field

from bot.model.facts import Mergeability, Mergeable, Repository
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
    """Options under ``checks.conflict-now``."""

    active_days: int = Field(
        default=90,
        ge=1,
        le=180,
        description="A pull request counts while something happened to it within these days.",
    )


@check("conflict-now", family="alignment", severity=Severity.HIGH, config=Config, number=52)
def conflict_now(
    mergeability: Mergeability, repository: Repository, now: datetime, config: Config
) -> Verdict:
    """No open pull request that is worked on conflicts with the branch it goes into.

    Drafts do not count. GitHub computes the answer when it is asked for; what it had not computed
    yet is told when the repository is looked at again.

    Why: a conflict grows with every commit on either side, and nobody can review what can not be
    merged.
    Fix: merge the base branch into the listed pull requests, or rebase them.
    Source: https://docs.github.com/en/rest/guides/using-the-rest-api-to-interact-with-your-git-database#checking-mergeability-of-pull-requests
    """
    if repository.archived:
        return not_applicable("the repository is archived: nothing will be merged")
    within = timedelta(days=config.active_days)
    active = [pull for pull in mergeability.asked if now - pull.updated_at <= within]
    # The limit itself still counts, so the first moment after it is meant.
    ends = [p.updated_at + within + timedelta(seconds=1) for p in active if p.mergeable is not True]
    until = min(ends, default=None)
    conflicting = [pull for pull in active if pull.mergeable is False]
    if conflicting:
        return failed(
            f"{len(conflicting)} of {counted(len(active), 'active pull request')} "
            f"{'has' if len(conflicting) == 1 else 'have'} conflicts",
            *(_evidence(pull) for pull in conflicting),
            valid_until=until,
        )
    waiting = [pull for pull in active if pull.mergeable is None]
    if waiting:
        return Verdict(
            Outcome.UNKNOWN,
            f"GitHub has not computed yet whether {counted(len(waiting), 'pull request')} can be merged",
            reason=Reason.FAULT,
            valid_until=until,
        )
    # What was not asked was touched before all that was; what was not listed, at any time.
    unasked = mergeability.unasked if len(active) == len(mergeability.asked) else 0
    if unasked or mergeability.more:
        return Verdict(
            Outcome.UNKNOWN,
            f"{counted(len(active), 'pull request')} without conflicts; at least "
            f"{unasked + int(mergeability.more)} more not asked about",
            reason=Reason.LIMIT,
        )
    if not active:
        return passed("no pull request is worked on")
    return passed(f"{counted(len(active), 'active pull request')} without conflicts")


def _evidence(pull: Mergeable) -> Evidence:
    return Evidence(
        f"{pull.head_branch} (#{pull.number}) conflicts with {pull.base_branch}",
        Place(branch=pull.head_branch),
        key=f"pull:{pull.number}",
    )
