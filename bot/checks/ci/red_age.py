"""Check 28: a red default branch is mended soon."""

from __future__ import annotations

from datetime import datetime, timedelta

from pydantic import Field

from bot.checks.ci.results import Standing, no_result, standing
from bot.model.commits import CheckState, CommitChecks, RecentCommits
from bot.model.facts import Repository
from bot.model.verdicts import (
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
    """Options under ``checks.red-age``."""

    max_days: int = Field(
        default=3, ge=0, le=365, description="Days that the default branch may stay red before it is told."
    )


@check("red-age", family="ci", severity=Severity.HIGH, config=Config, number=28, follows="default-green")
def red_age(
    checked_commits: tuple[CommitChecks, ...],
    recent_commits: RecentCommits,
    repository: Repository,
    now: datetime,
    config: Config,
) -> Verdict:
    """The default branch is green, or has been red for a short time only.

    It is red since the oldest failed commit after the last green one, of the newest thirty. Quiet
    weeks before that commit do not count.

    Why: the longer a branch is red, the more faults hide behind the first and the dearer each gets.
    Fix: revert what broke it, then mend at leisure; give red branches an owner of the week.
    Source: https://dora.dev/capabilities/continuous-integration/
    """
    if repository.archived:
        return not_applicable("the repository is archived: its checks do not run")
    stands = standing(checked_commits, recent_commits)
    if stands is None:
        return not_applicable(no_result(checked_commits))
    if stands.green:
        return passed(f"green at {stands.short}")
    since, first, green = _red_since(stands, recent_commits)
    limit = timedelta(days=config.max_days)
    days = max(0, (now - since).days)
    at_least = "" if green or not recent_commits.more else "at least "
    age = f"red for {at_least}{counted(days, 'day')}, since {first[:7]}"
    if now - since <= limit:
        return passed(
            f"{age}: within {counted(config.max_days, 'day')}",
            valid_until=since + limit + timedelta(seconds=1),
        )
    last = (
        f"the last green commit is {green[:7]}"
        if green
        else f"none of the newest {counted(len(recent_commits.listed), 'commit')} is green"
    )
    return failed(age, Evidence(last, Place(branch=repository.default_branch), key="red"))


def _red_since(stands: Standing, recent: RecentCommits) -> tuple[datetime, str, str]:
    """(since when, the first red commit, the last green one or "")."""
    since, first = stands.committed_at, stands.oid
    for commit in recent.listed[stands.before_head + 1 :]:
        if commit.rollup is CheckState.PASSED:
            return since, first, commit.oid
        if commit.rollup is CheckState.FAILED:
            since, first = min(since, commit.committed_at), commit.oid
    return since, first, ""
