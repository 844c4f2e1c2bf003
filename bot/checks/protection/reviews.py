"""Check 19: changes to the default branch are reviewed."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

from bot.checks.protection.bounds import beside_the_point, undecided
from bot.model.facts import Repository
from bot.model.protection import Protection, Requirements
from bot.model.verdicts import Audience, Evidence, Place, Severity, Verdict, counted, failed, passed
from bot.spec import Section, check


class Config(Section):
    """Options under ``checks.reviews``."""

    approvals: int = Field(default=1, ge=0, le=10, description="Approvals that a pull request needs.")
    stale_dismissed: bool = Field(
        default=True,
        description="New commits take approvals away, or the last push needs another's approval.",
    )
    code_owners: bool = Field(default=False, description="Code owners must approve what they own.")
    last_push: bool = Field(default=False, description="Somebody else must approve the last push.")


@check(
    "reviews",
    family="protection",
    severity=Severity.HIGH,
    audience=Audience.RESTRICTED,
    config=Config,
    number=19,
    follows="default-protected",
)
def reviews(protection: Protection, repository: Repository, config: Config) -> Verdict:
    """The default branch changes by pull request only, and somebody approves each.

    Rulesets and classic protection count together, the strictest of each demand. Who may set them
    aside is the matter of `bypass`.

    Why: a second pair of eyes finds mistakes, and keeps one stolen account from changing the code.
    Fix: in the ruleset for the default branch, require a pull request before merging with as many
    approvals as listed, and dismiss approvals when new commits are pushed.
    Source: https://github.com/ossf/scorecard/blob/main/docs/checks.md#branch-protection
    """
    elsewhere = beside_the_point(repository)
    if elsewhere:
        return elsewhere
    found = protection.default
    evidence = tuple(_evidence(found.requirements, found.branch, config))
    if evidence and found.unread:
        return undecided("demand all that is wanted of reviews", found.unread)
    if evidence:
        return failed(f"changes to {found.branch} need less review than is wanted", *evidence)
    return passed(
        f"a pull request to {found.branch} needs {counted(found.requirements.approvals, 'approval')}"
    )


def _evidence(demands: Requirements, branch: str, config: Config) -> Iterator[Evidence]:
    def lacks(key: str, text: str) -> Evidence:
        return Evidence(text, Place(branch=branch), key=key)

    if not demands.pull_request:
        yield lacks("pull-request", "commits can be pushed without a pull request")
        return
    if demands.approvals < config.approvals:
        yield lacks("approvals", f"{counted(demands.approvals, 'approval')}, not {config.approvals}")
    if config.code_owners and not demands.code_owners:
        yield lacks("code-owners", "code owners need not approve what they own")
    if config.stale_dismissed and not (demands.stale_dismissed or demands.last_push):
        yield lacks("stale-dismissed", "approvals stay when new commits are pushed")
    if config.last_push and not demands.last_push:
        yield lacks("last-push", "who pushed last may approve it")
