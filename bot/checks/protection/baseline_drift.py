"""Check 26: the rules of the default branch are those that the organisation wants."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import Field

from bot.checks.protection.bounds import beside_the_point, undecided
from bot.model.facts import Repository
from bot.model.protection import Protection, Requirements
from bot.model.verdicts import (
    Audience,
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
    """Options under ``checks.baseline-drift``: the profile. What is left out is not looked at.

    ``true`` must be in force, ``false`` must not be.
    """

    pull_request: bool | None = Field(default=None, description="Changes come by pull request.")
    approvals: int | None = Field(default=None, ge=0, le=10, description="Approvals, at least.")
    code_owners: bool | None = Field(default=None, description="Code owners approve what they own.")
    stale_dismissed: bool | None = Field(default=None, description="New commits take approvals away.")
    last_push: bool | None = Field(default=None, description="Somebody else approves the last push.")
    conversations: bool | None = Field(default=None, description="Conversations are resolved first.")
    no_force_push: bool | None = Field(default=None, description="Force pushes are blocked.")
    no_deletion: bool | None = Field(default=None, description="Deletion is blocked.")
    checks: tuple[str, ...] = Field(
        default=(), max_length=100, description="Names of checks that must pass; others may be required, too."
    )
    strict: bool | None = Field(default=None, description="Pull requests are up to date before merging.")
    queue: bool | None = Field(default=None, description="Pull requests are merged by a merge queue.")
    signatures: bool | None = Field(default=None, description="Commits are signed.")
    linear: bool | None = Field(default=None, description="The history has no merge commits.")


@check(
    "baseline-drift",
    family="protection",
    severity=Severity.MEDIUM,
    audience=Audience.RESTRICTED,
    config=Config,
    number=26,
)
def baseline_drift(protection: Protection, repository: Repository, config: Config) -> Verdict:
    """The rules of the default branch are as the profile in the options of this check says.

    The profile is usually set by the policy of the organisation. Without one, this check has nothing
    to say.

    Why: settings are changed in haste and stay changed; a profile shows where.
    Fix: change the listed settings in the ruleset for the default branch, better in one ruleset of
    the organisation for all repositories; or change the profile.
    Source: https://docs.github.com/en/organizations/managing-organization-settings/creating-rulesets-for-repositories-in-your-organization
    """
    elsewhere = beside_the_point(repository)
    if elsewhere:
        return elsewhere
    found = protection.default
    wishes = tuple(_wishes(found.requirements, config))
    if not wishes:
        return not_applicable("the policy gives no profile")
    # Further rules only add to what is demanded, so what is in force already stays so.
    certain = [wish for wish in wishes if found.unread is None or wish.in_force]
    drifted = [wish for wish in certain if not wish.met]
    if drifted:
        return failed(
            f"{counted(len(drifted), 'setting')} of {found.branch} not as in the profile",
            *(Evidence(wish.text, Place(branch=found.branch), key=wish.key) for wish in drifted),
        )
    if found.unread and len(certain) < len(wishes):
        return undecided("settle all that the profile asks for", found.unread)
    return passed(f"{counted(len(wishes), 'setting')} of {found.branch} as in the profile")


@dataclass(frozen=True, slots=True)
class _Wish:
    """One entry of the profile; ``in_force`` is what the rules that were read demand already."""

    key: str
    met: bool
    in_force: bool
    text: str


_SETTINGS = {
    "pull_request": "a pull request for every change",
    "code_owners": "approval by code owners",
    "stale_dismissed": "that new commits take approvals away",
    "last_push": "that somebody else approves the last push",
    "conversations": "that conversations are resolved",
    "no_force_push": "that nobody force-pushes",
    "no_deletion": "that nobody deletes the branch",
    "strict": "that pull requests are up to date",
    "queue": "a merge queue",
    "signatures": "signed commits",
    "linear": "a linear history",
}


def _wishes(demands: Requirements, config: Config) -> Iterator[_Wish]:
    for name, words in _SETTINGS.items():
        wanted, there = getattr(config, name), getattr(demands, name)
        if wanted is not None:
            said = f"rules demand {words}, the profile does not" if there else f"no rule demands {words}"
            yield _Wish(name, wanted is there, there, said)
    if config.approvals is not None:
        enough = demands.approvals >= config.approvals
        said = f"{counted(demands.approvals, 'approval')} needed, not {config.approvals}"
        yield _Wish("approvals", enough, enough, said)
    required = {check.context for check in demands.checks}
    for name in config.checks:
        there = name in required
        yield _Wish(f"check:{name}", there, there, f"the check {name} is not required")
