"""Check 20: what is merged has passed a check."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

from bot.checks.protection.bounds import beside_the_point, undecided
from bot.model.facts import Repository
from bot.model.protection import Protection, Requirements
from bot.model.verdicts import Audience, Evidence, Place, Severity, Verdict, counted, failed, passed
from bot.spec import Section, check


class Config(Section):
    """Options under ``checks.status-checks``."""

    up_to_date: bool = Field(
        default=True,
        description="Pull requests are checked together with the newest state of the branch: "
        "by the strict option, or by a merge queue.",
    )


@check(
    "status-checks",
    family="protection",
    severity=Severity.MEDIUM,
    audience=Audience.RESTRICTED,
    config=Config,
    number=20,
    follows="default-protected",
)
def status_checks(protection: Protection, repository: Repository, config: Config) -> Verdict:
    """At least one check must pass before the default branch changes, and on its newest state.

    A workflow that a ruleset requires counts as a check.

    Why: tests that need not pass will one day not pass; and two changes that pass each alone can
    break the branch together.
    Fix: in the ruleset for the default branch, require status checks to pass, and either branches
    to be up to date before merging or a merge queue.
    Source: https://github.com/ossf/scorecard/blob/main/docs/checks.md#branch-protection
    """
    elsewhere = beside_the_point(repository)
    if elsewhere:
        return elsewhere
    found = protection.default
    demands = found.requirements
    evidence = tuple(_evidence(demands, found.branch, config))
    if evidence and found.unread:
        return undecided("demand all that is wanted of checks", found.unread)
    if evidence:
        return failed(f"{found.branch} can change without a check of the outcome", *evidence)
    return passed(
        f"{counted(len(demands.checks) + len(demands.workflows), 'check')} must pass before "
        f"{found.branch} changes"
    )


def _evidence(demands: Requirements, branch: str, config: Config) -> Iterator[Evidence]:
    if not demands.checks and not demands.workflows:
        yield Evidence("no check is required", Place(branch=branch), key="none")
    elif config.up_to_date and not demands.strict and not demands.queue:
        yield Evidence(
            "a pull request may be merged that was checked on an older state of the branch",
            Place(branch=branch),
            key="strict",
        )
