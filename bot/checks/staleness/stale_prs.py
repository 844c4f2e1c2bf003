"""Check 47: no open pull request lies about that nobody goes on with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import Field

from bot.model.facts import OpenPullRequests, PullRequest, Repository
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
    unknown,
)
from bot.spec import Section, check


class Config(Section):
    """Options under ``checks.stale-prs``."""

    idle_days: int = Field(default=60, ge=1, description="Days that a pull request may lie untouched.")
    review_days: int = Field(
        default=30, ge=1, description="The same for one that lacks nothing but a review that is required."
    )
    draft_days: int = Field(default=90, ge=1, description="The same for a draft.")
    bots: bool = Field(
        default=False,
        description="Judge pull requests of bots as well; those of update tools are the matter of "
        "`bot-pr-backlog`.",
    )


@dataclass(frozen=True, slots=True)
class _Waiting:
    pull: PullRequest
    what: str
    limit: timedelta

    @property
    def ends(self) -> datetime:
        # The limit itself is still fine, so the first moment after it is meant.
        return self.pull.updated_at + self.limit + timedelta(seconds=1)


@check("stale-prs", family="staleness", severity=Severity.LOW, config=Config, number=47)
def stale_prs(
    open_pull_requests: OpenPullRequests, repository: Repository, now: datetime, config: Config
) -> Verdict:
    """Something happened lately to every open pull request.

    A commit, a comment, a review, or a changed label is something. A draft may wait longer, and one
    that waits for a required review only half as long: somebody did their part.

    Why: an old pull request no longer fits the code, hides the ones that matter, and tells its author
    that nobody cares.
    Fix: review it, say what it lacks, or close it with thanks; it can be opened again.
    Source: https://github.com/actions/stale#readme
    """
    if repository.archived:
        return not_applicable("the repository is archived: nothing will be merged")
    if not open_pull_requests.known:
        return unknown("a clone does not hold pull requests", Reason.PERMISSION)
    waiting = list(_waiting(open_pull_requests, config))
    stale = [one for one in waiting if now >= one.ends]
    until = min((one.ends for one in waiting if now < one.ends), default=None)
    if stale:
        stale.sort(key=lambda one: (one.pull.updated_at, one.pull.number))
        more = "; there are more that were not listed" if open_pull_requests.more else ""
        return failed(
            f"{len(stale)} of {counted(len(waiting), 'open pull request')} "
            f"{'lies' if len(stale) == 1 else 'lie'} untouched{more}",
            *(_evidence(one) for one in stale),
            valid_until=until,
        )
    if open_pull_requests.more:
        # The oldest are the ones that were not listed.
        return Verdict(
            Outcome.UNKNOWN,
            f"{counted(len(waiting), 'open pull request')} touched lately; older ones were not listed",
            reason=Reason.LIMIT,
            valid_until=until,
        )
    if not waiting:
        return passed("no pull request is open")
    return passed(
        f"{counted(len(waiting), 'open pull request was', 'open pull requests were')} touched lately",
        valid_until=until,
    )


def _waiting(pulls: OpenPullRequests, config: Config) -> Iterator[_Waiting]:
    for pull in pulls.listed:
        if pull.bot and not config.bots:
            continue
        if pull.draft:
            what, days = "a draft", config.draft_days
        elif pull.review_decision == "REVIEW_REQUIRED" and config.review_days < config.idle_days:
            what, days = "waiting for a review", config.review_days
        else:
            what, days = "open", config.idle_days
        yield _Waiting(pull, what, timedelta(days=days))


def _evidence(waiting: _Waiting) -> Evidence:
    pull = waiting.pull
    return Evidence(
        f"#{pull.number} ({pull.head_branch}), {waiting.what}: nothing happened since "
        f"{pull.updated_at:%Y-%m-%d}",
        Place(branch=pull.head_branch),
        key=f"pull:{pull.number}",
    )
