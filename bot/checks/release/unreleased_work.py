"""Check 59: finished work does not wait for a release for long."""

from __future__ import annotations

from datetime import datetime, timedelta

from pydantic import Field

from bot.model.facts import Repository
from bot.model.releases import Unreleased
from bot.model.verdicts import (
    Evidence,
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
    """Options under ``checks.unreleased-work``."""

    max_commits: int = Field(default=50, ge=0, description="Commits that may wait for a release.")
    min_age_days: int = Field(
        default=90, ge=0, description="While the last release is no older than this, any number may wait."
    )
    forks: bool = Field(default=False, description="Judge forks as well.")


@check("unreleased-work", family="release", severity=Severity.LOW, config=Config, number=59)
def unreleased_work(
    unreleased: Unreleased | None, repository: Repository, now: datetime, config: Config
) -> Verdict:
    """Few commits came after the last release, or the last release is not three months old yet.

    Why: the more a release brings at once, the harder it is to find what broke, and the longer people
    wait for what is done already.
    Fix: release what is there, in small steps and by a workflow rather than by hand.
    Source: https://docs.github.com/en/repositories/releasing-projects-on-github/about-releases
    """
    if repository.archived:
        return not_applicable("the repository is archived: there will be no release")
    if repository.fork and not config.forks:
        return not_applicable("a fork: releases are made where it came from")
    if unreleased is None:
        return not_applicable("nothing was ever released")
    since, commits = unreleased.since, unreleased.commits
    if commits is None:
        return unknown(f"{since.name} and the default branch have no known commit in common", Reason.FAULT)
    said = f"{counted(commits, 'commit')} came after {since.name}"
    if commits <= config.max_commits:
        return passed(said)
    if since.at is None:
        return unknown(f"{said}, and it is not known when that was", Reason.FAULT)
    # The limit itself is still fine, so the first moment after it is meant.
    ends = since.at + timedelta(days=config.min_age_days, seconds=1)
    if now < ends:
        return passed(f"{said}, which was on {since.at:%Y-%m-%d}", valid_until=ends)
    return failed(said, Evidence(f"{said}, which was on {since.at:%Y-%m-%d}", key="unreleased"))
