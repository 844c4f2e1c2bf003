"""Check 39: updates that a tool proposes are taken in time."""

from __future__ import annotations

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

AUTHORS = (
    "dependabot[bot]",
    "dependabot-preview[bot]",
    "renovate[bot]",
    "renovate-bot",
    "self-hosted-renovate[bot]",
    "pyup-bot",
    "scala-steward",
    "snyk-bot",
)


class Config(Section):
    """Options under ``checks.bot-pr-backlog``."""

    max_age_days: int = Field(
        default=30, ge=1, le=3650, description="Days that an update may wait, from when it was proposed."
    )
    max_late: int = Field(default=0, ge=0, le=100, description="Updates that may wait for longer.")
    authors: tuple[str, ...] = Field(
        default=AUTHORS,
        max_length=50,
        description="Accounts whose pull requests are updates of dependencies.",
    )


@check("bot-pr-backlog", family="dependencies", severity=Severity.MEDIUM, config=Config, number=39)
def bot_pr_backlog(
    open_pull_requests: OpenPullRequests, repository: Repository, now: datetime, config: Config
) -> Verdict:
    """No update that a tool proposes waits for longer than a month.

    Why: updates that pile up are taken all at once, late and untested, or never; a fix of a
    vulnerability lies among them unseen.
    Fix: merge or close the listed pull requests; let the tool group updates and merge those that
    pass the tests.
    Source: https://docs.github.com/en/code-security/dependabot/dependabot-version-updates/optimizing-pr-creation-version-updates
    """
    if repository.archived:
        return not_applicable("the repository is archived: nothing can be merged")
    if not open_pull_requests.known:
        return unknown("a clone does not hold pull requests", Reason.PERMISSION)
    authors = {name.lower() for name in config.authors}
    updates = [pull for pull in open_pull_requests.listed if pull.author.lower() in authors]
    limit = timedelta(days=config.max_age_days)
    late = sorted((p for p in updates if now - p.created_at > limit), key=lambda p: (p.created_at, p.number))
    waiting = [pull.created_at for pull in updates if now - pull.created_at <= limit]
    until = min(waiting) + limit + timedelta(seconds=1) if waiting else None
    said = f"{counted(len(updates), 'update')} proposed, {len(late)} for more than {config.max_age_days} days"
    if len(late) > config.max_late:
        return failed(said, *(_evidence(pull) for pull in late), valid_until=until)
    if open_pull_requests.more:
        # The newest are listed, so what is missing is older.
        return Verdict(
            Outcome.UNKNOWN,
            f"{said}, of the newest {len(open_pull_requests.listed)} pull requests",
            reason=Reason.LIMIT,
            valid_until=until,
        )
    return passed(said if updates else "no update waits", valid_until=until)


def _evidence(pull: PullRequest) -> Evidence:
    return Evidence(
        f"#{pull.number} waits since {pull.created_at:%Y-%m-%d}: {pull.title[:120]}",
        Place(branch=pull.head_branch),
        key=f"pull request {pull.number}",
    )
