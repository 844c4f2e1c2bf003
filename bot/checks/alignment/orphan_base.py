"""Check 54: every open pull request goes somewhere."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from pydantic import Field

from bot.model.alignment import PullRequestBase, PullRequestBases
from bot.model.branch_names import KEPT, named
from bot.model.facts import Repository
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
    """Options under ``checks.orphan-base``."""

    targets: tuple[str, ...] = Field(
        default=KEPT,
        max_length=200,
        description="Name patterns (`*`, `?`, `[...]`) of branches that pull requests may go into.",
    )
    min_age_days: int = Field(
        default=7, ge=0, description="A pull request that is no older than this is left alone."
    )


@check("orphan-base", family="alignment", severity=Severity.MEDIUM, config=Config, number=54)
def orphan_base(
    pull_request_bases: PullRequestBases, repository: Repository, now: datetime, config: Config
) -> Verdict:
    """Every open pull request goes into a branch from which its work gets on.

    That is the default branch, a protected one, one that is kept by custom, by its name, or the branch
    of another open pull request.

    Why: what is merged into a branch that was merged before, or that nobody proposes to merge, is lost
    although its pull request says *merged*.
    Fix: change the base of the listed pull requests to the default branch, open a pull request for
    their base, or list its name under `targets`.
    Source: https://docs.github.com/en/pull-requests/collaborating-with-pull-requests/proposing-changes-to-your-work-with-pull-requests/changing-the-base-branch-of-a-pull-request
    """
    if repository.archived:
        return not_applicable("the repository is archived: nothing will be merged")
    default = pull_request_bases.default
    if not default:
        return not_applicable("the repository has no commit yet")
    lost = [(base, why) for base in pull_request_bases.bases for why in _why(base, default, config)]
    limit = timedelta(days=config.min_age_days, seconds=1)
    # The limit itself is still fine, so the first moment after it is meant.
    found = [(base, why, number, at) for base, why in lost for number, at in base.pulls]
    late = [one for one in found if now >= one[3] + limit]
    until = min((at + limit for _, _, _, at in found if now < at + limit), default=None)
    if late:
        return failed(
            f"{counted(len(late), 'open pull request')} of {pull_request_bases.open} "
            f"{'goes' if len(late) == 1 else 'go'} nowhere",
            *(_evidence(base, why, number) for base, why, number, _ in late),
            valid_until=until,
        )
    if pull_request_bases.more:
        return Verdict(
            Outcome.UNKNOWN,
            f"{counted(pull_request_bases.open, 'open pull request')} get on; others were not listed",
            reason=Reason.LIMIT,
            valid_until=until,
        )
    if not pull_request_bases.open:
        return passed("no pull request is open")
    return passed(
        f"{counted(pull_request_bases.open, 'open pull request gets', 'open pull requests get')} on",
        valid_until=until,
    )


def _why(base: PullRequestBase, default: str, config: Config) -> Iterator[tuple[str, Severity | None]]:
    """What is wrong with a base, in words, and how much it weighs; nothing when all is well."""
    if base.exists is False:
        yield "which is not there any more", None
        return
    if base.protected or base.proposed_by is not None:
        return
    if named(base.name, config.targets):
        return
    if base.merged:
        yield f"which brings nothing that {default} does not have", None
    else:
        # Work may be gathered there on purpose.
        yield "which no pull request proposes to merge", Severity.LOW


def _evidence(base: PullRequestBase, why: tuple[str, Severity | None], number: int) -> Evidence:
    text, severity = why
    place = Place(branch=base.name)
    return Evidence(
        f"#{number} goes into {base.name}, {text}", place, key=f"pull:{number}", severity=severity
    )
