"""Check 23: nobody is above the rules."""

from __future__ import annotations

from pydantic import Field

from bot.checks.protection.bounds import beside_the_point, undecided
from bot.model.facts import Repository
from bot.model.protection import BypassActor, Protection, Reach, Requirements, RuleSource
from bot.model.verdicts import (
    Audience,
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

ESSENTIAL = Requirements(pull_request=True, no_force_push=True)
"""Who is held to this can not put a commit on the branch alone."""


class Config(Section):
    """Options under ``checks.bypass``."""

    allowed: tuple[str, ...] = Field(
        default=(),
        max_length=50,
        description="Who may bypass, as the evidence names them, such as `App renovate` or `team acme/core`.",
    )


@check(
    "bypass",
    family="protection",
    severity=Severity.HIGH,
    audience=Audience.RESTRICTED,
    config=Config,
    number=23,
)
def bypass(protection: Protection, repository: Repository, config: Config) -> Verdict:
    """Nobody can set aside the rules of the default branch by pushing, administrators included.

    Who may bypass one rule counts only as far as no other rule holds them to the same. A bypass that
    works in pull requests alone does not count: it leaves a trace that others see.

    Why: rules protect against mistakes and stolen accounts, and those of administrators do most harm.
    Fix: take the listed actors from the bypass list of the ruleset or let them bypass in pull requests
    only; in a classic rule, tick "Do not allow bypassing the above settings". Name who must bypass
    under `allowed`.
    Source: https://docs.github.com/en/repositories/configuring-branches-and-merges-in-your-repository/managing-rulesets/creating-rulesets-for-a-repository#granting-bypass-permissions-for-your-branch-or-tag-ruleset
    """
    elsewhere = beside_the_point(repository)
    if elsewhere:
        return elsewhere
    found = protection.default
    if not found.protected and found.unread is None:
        return not_applicable(f"no rule protects {found.branch}")
    named = [(source, actor) for source, actor in found.bypasses() if actor.name not in config.allowed]
    # A rule that was not read may hold them all, but it may as well exempt them.
    if found.unread:
        if (
            not named
            and all(s.bypass is not None for s in found.sources)
            and found.requirements.cover(ESSENTIAL)
        ):
            return passed(f"nobody bypasses the rulesets that hold for {found.branch}")
        return undecided("hold everybody for certain", found.unread)
    if named:
        return failed(
            f"{counted(len({actor.name for _, actor in named}), 'actor')} can bypass the rules of "
            f"{found.branch}",
            *(_evidence(source, actor, found.branch) for source, actor in named),
        )
    hidden = [source for source in found.sources if source.bypass is None]
    if hidden:
        return unknown(
            f"GitHub does not tell who can bypass {', '.join(source.name for source in hidden[:5])}",
            Reason.PERMISSION,
            # Nothing that is only read would help with a ruleset of the repository itself.
            permission="organization_administration: read" if all(s.above for s in hidden) else None,
        )
    return passed(f"nobody can bypass the rules of {found.branch} by pushing")


_REACHES = {
    Reach.ALL: "all of it",
    Reach.PULL_REQUEST: "its pull requests",
    Reach.FORCE_PUSH: "its block of force pushes",
}


def _evidence(source: RuleSource, actor: BypassActor, branch: str) -> Evidence:
    return Evidence(
        f"{actor.name} can bypass {_REACHES[actor.reach]}: {source.name}",
        Place(branch=branch),
        key=f"{source.name}|{actor.name}|{actor.reach.value}",
    )
