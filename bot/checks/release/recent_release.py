"""Check 58: what is developed is released, too."""

from __future__ import annotations

from datetime import datetime, timedelta

from pydantic import Field

from bot.model.facts import DefaultHead, Repository
from bot.model.releases import Releases
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
    """Options under ``checks.recent-release``."""

    max_age_days: int = Field(default=365, ge=1, description="Days that the last release may be old.")
    prereleases: bool = Field(default=True, description="A pre-release counts as a release.")
    required: bool = Field(default=False, description="A repository that never released anything fails.")
    forks: bool = Field(default=False, description="Judge forks as well.")


@check("recent-release", family="release", severity=Severity.LOW, config=Config, number=58)
def recent_release(
    releases: Releases,
    default_head: DefaultHead | None,
    repository: Repository,
    now: datetime,
    config: Config,
) -> Verdict:
    """The last release is at most a year old, unless nothing was committed since.

    A version tag without a release counts. A repository that never released anything is left alone
    unless policy asks for releases.

    Why: who depends on releases gets no fixes while they lie on the default branch only.
    Fix: release what is there, or archive the repository when nothing more will come.
    Source: https://github.com/cncf/clomonitor/blob/main/docs/checks.md#recent-release
    """
    if repository.empty or default_head is None:
        return not_applicable("the repository has no commit yet")
    if repository.archived:
        return not_applicable("the repository is archived: there will be no release")
    if repository.fork and not config.forks:
        return not_applicable("a fork: releases are made where it came from")
    newest = releases.newest(prereleases=config.prereleases)
    if newest is None:
        if config.required:
            return failed("nothing was ever released")
        return not_applicable("nothing was ever released")
    if newest.commit == default_head.commit:
        return passed(f"{newest.name} is what the default branch holds")
    if newest.at is None:
        return unknown(f"it is not known when {newest.name} was released", Reason.FAULT)
    if default_head.committed_at is not None and default_head.committed_at <= newest.at:
        return passed(f"nothing was committed since {newest.name}")
    said = f"the last release, {newest.name}, is {counted(max((now - newest.at).days, 0), 'day')} old"
    # The limit itself is still fine, so the first moment after it is meant.
    ends = newest.at + timedelta(days=config.max_age_days, seconds=1)
    if now >= ends:
        return failed(
            said, Evidence(f"{newest.name} was released on {newest.at:%Y-%m-%d}", key="last-release")
        )
    return passed(said, valid_until=ends)
