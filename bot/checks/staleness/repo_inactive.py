"""Check 44: work on the default branch goes on."""

from __future__ import annotations

from datetime import datetime, timedelta

from pydantic import Field

from bot.model.facts import DefaultHead, Repository
from bot.model.verdicts import (
    Evidence,
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
    """Options under ``checks.repo-inactive``."""

    max_age_days: int = Field(default=365, ge=1, description="Days that the newest commit may be old.")
    exempt_topics: tuple[str, ...] = Field(
        default=("feature-complete", "keep", "stable"),
        max_length=50,
        description="Topics that say of a repository that it is finished on purpose.",
    )
    forks: bool = Field(default=False, description="Judge forks as well.")


@check("repo-inactive", family="staleness", severity=Severity.MEDIUM, config=Config, number=44)
def repo_inactive(
    default_head: DefaultHead | None,
    topics: tuple[str, ...],
    repository: Repository,
    now: datetime,
    config: Config,
) -> Verdict:
    """The default branch got a commit within the last year, or the repository says that it is finished.

    Why: nobody can tell a finished project from an abandoned one, and holes in it stay open.
    Fix: archive the repository, or give it one of the topics under `exempt_topics`.
    Source: https://github.com/github/stale-repos
    """
    if repository.empty or default_head is None:
        return not_applicable("there is no commit yet")
    if repository.archived:
        return not_applicable("the repository is archived")
    if repository.fork and not config.forks:
        return not_applicable("a fork may be kept without work on it")
    exempt = {topic.lower() for topic in config.exempt_topics} & {topic.lower() for topic in topics}
    if exempt:
        return not_applicable(f"the topic {min(exempt)} says that it is finished")
    if default_head.committed_at is None:
        return unknown("the newest commit has no date", Reason.FAULT)
    age = now - default_head.committed_at
    said = f"the newest commit of {default_head.branch} is {counted(max(age.days, 0), 'day')} old"
    if age > timedelta(days=config.max_age_days):
        return failed(
            said,
            Evidence(
                f"no commit since {default_head.committed_at:%Y-%m-%d}",
                Place(branch=default_head.branch),
                key="inactive",
            ),
        )
    # The limit itself is still fine, so the first moment after it is meant.
    ends = default_head.committed_at + timedelta(days=config.max_age_days, seconds=1)
    return passed(said, valid_until=ends)
