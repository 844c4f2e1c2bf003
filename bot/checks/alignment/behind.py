"""Check 49: work that is under way has not fallen far behind the branch it must merge into."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from pydantic import Field

from bot.model.branch_names import LONG_LIVED, named
from bot.model.facts import Drift, Drifts, Repository
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
    """Options under ``checks.behind``."""

    max_behind: int = Field(default=100, ge=0, description="Commits that a branch may lack.")
    max_merge_base_age_days: int = Field(
        default=90, ge=1, description="Days since a branch and its target last had a commit in common."
    )
    min_behind: int = Field(
        default=10, ge=1, description="With fewer commits than this behind, age does not matter."
    )
    active_days: int = Field(
        default=90,
        ge=1,
        le=180,
        description="A branch without a pull request counts while its newest commit is younger than this.",
    )
    exclude: tuple[str, ...] = Field(
        default=LONG_LIVED,
        max_length=100,
        description="Name patterns (`*`, `?`, `[...]`) of branches that need not keep up; a pull request "
        "counts whatever its branch is called.",
    )


@check("behind", family="alignment", severity=Severity.HIGH, config=Config, number=49)
def behind(drifts: Drifts, repository: Repository, now: datetime, config: Config) -> Verdict:
    """Open pull requests and active branches have kept up with the branch they must merge into.

    A branch counts when it has commits of its own, is not long-lived by its name, and was worked on
    lately; a pull request counts while it is open.

    Why: what has fallen far behind conflicts, and was tested against code that is no longer there.
    Fix: merge or rebase the listed branches, close the pull request, delete the branch, or list its
    name under `exclude`.
    Source: https://docs.github.com/en/pull-requests/collaborating-with-pull-requests/proposing-changes-to-your-work-with-pull-requests/keeping-your-pull-request-in-sync-with-the-base-branch
    """
    if repository.empty:
        return not_applicable("the repository has no commit yet")
    if repository.archived:
        return not_applicable("the repository is archived: nothing will be merged")
    if not drifts.target:
        return not_applicable("there is no default branch to keep up with")
    active = [drift for drift in drifts.measured if _counts(drift, now, config)]
    late = [drift for drift in active if _late(drift, now, config)]
    until = min((t for drift in active for t in _turns(drift, now, config)), default=None)
    if late:
        late.sort(key=lambda d: (-d.comparison.behind, d.branch))
        return failed(
            f"{len(late)} of {counted(len(active), 'active branch', 'active branches')} too far behind "
            f"{drifts.target}",
            *(_evidence(drift, now) for drift in late),
            valid_until=until,
        )
    keeping = counted(len(active), "active branch keeps up", "active branches keep up")
    if drifts.unmeasured and not _idle(drifts.unmeasured_head_at, now, config):
        return Verdict(
            Outcome.UNKNOWN,
            f"{keeping} with {drifts.target}; at least {drifts.unmeasured} more not measured",
            reason=Reason.LIMIT,
            valid_until=until,
        )
    if not active:
        return passed(f"no work is under way beside {drifts.target}", valid_until=until)
    return passed(f"{keeping} with {drifts.target}", valid_until=until)


def _counts(drift: Drift, now: datetime, config: Config) -> bool:
    compared = drift.comparison
    if compared.ahead == 0:
        return False
    if drift.pull_request is not None:
        return True
    # Without a common commit it is another thing kept in the same place, such as a website.
    if compared.merge_base is None or named(drift.branch, config.exclude):
        return False
    return not _idle(compared.head_at, now, config)


def _idle(head_at: datetime | None, now: datetime, config: Config) -> bool:
    return head_at is not None and now - head_at > timedelta(days=config.active_days)


def _late(drift: Drift, now: datetime, config: Config) -> bool:
    compared = drift.comparison
    if compared.behind > config.max_behind:
        return True
    if compared.behind < config.min_behind or compared.merge_base_at is None:
        return False
    return now - compared.merge_base_at > timedelta(days=config.max_merge_base_age_days)


def _turns(drift: Drift, now: datetime, config: Config) -> Iterator[datetime]:
    """Moments to come at which time alone changes what is said of a branch."""
    compared = drift.comparison
    moments = []
    if config.min_behind <= compared.behind <= config.max_behind and compared.merge_base_at:
        moments.append(compared.merge_base_at + timedelta(days=config.max_merge_base_age_days))
    if drift.pull_request is None and compared.head_at and _late(drift, now, config):
        moments.append(compared.head_at + timedelta(days=config.active_days))
    # The limit itself is still fine, so the first moment after it is meant.
    yield from (m + timedelta(seconds=1) for m in moments if m >= now)


def _evidence(drift: Drift, now: datetime) -> Evidence:
    compared = drift.comparison
    who = f"{drift.branch} (#{drift.pull_request})" if drift.pull_request is not None else drift.branch
    since = "they have no commit in common"
    if compared.merge_base_at is not None:
        days = (now - compared.merge_base_at).days
        since = f"last in common {counted(days, 'day')} ago"
    elif compared.merge_base is not None:
        since = "the age of their last common commit is not known"
    key = f"pull:{drift.pull_request}" if drift.pull_request is not None else f"branch:{drift.branch}"
    return Evidence(
        f"{who} is {counted(compared.behind, 'commit')} behind, {since}", Place(branch=drift.branch), key=key
    )
