"""Check 94: GitHub Actions is given no more than workflows need, in all repositories."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

from bot.model.organisation import ActionsPolicy
from bot.model.verdicts import (
    Audience,
    Evidence,
    Place,
    Scope,
    Severity,
    Verdict,
    failed,
    not_applicable,
    passed,
)
from bot.spec import Section, check


class Config(Section):
    """Options under ``checks.actions-policy``."""

    any_action: bool = Field(default=False, description="Actions of anybody may be used.")
    token_writes: bool = Field(
        default=False, description="The token of a workflow that does not say may write."
    )
    token_approves: bool = Field(default=False, description="Workflows may approve pull requests.")
    pinned: bool = Field(
        default=False, description="Ask that actions must be named by a full commit id, where GitHub can."
    )


@check(
    "actions-policy",
    family="organisation",
    severity=Severity.HIGH,
    audience=Audience.RESTRICTED,
    config=Config,
    number=94,
    scope=Scope.ORGANISATION,
)
def actions_policy_check(actions_policy: ActionsPolicy | None, config: Config) -> Verdict:
    """Workflows use chosen actions only, their token may read unless they say more, and they approve nothing.

    Why: what an action does is decided by whoever can change it; with a token that writes, and approves
    what it wrote, it can put its own code into every repository.
    Fix: under *Actions*, *General* in the organisation's settings allow selected actions, choose *Read
    repository contents* for the token, and take away the right to approve pull requests.
    Source: https://docs.github.com/en/organizations/managing-organization-settings/disabling-or-limiting-github-actions-for-your-organization
    """
    if actions_policy is None:
        return not_applicable("a person's account has no policy for its repositories")
    if actions_policy.repositories == "none":
        return not_applicable("no repository may use GitHub Actions")
    found = tuple(_wrong(actions_policy, config))
    if found:
        return failed("; ".join(evidence.text for evidence in found), *found)
    return passed("GitHub Actions is limited as policy asks")


def _wrong(policy: ActionsPolicy, config: Config) -> Iterator[Evidence]:
    """What is allowed beyond policy, worst first."""
    if policy.token_writes and not config.token_writes:
        yield _evidence(
            "the token of workflows may write unless they say less", "Workflow permissions", "token"
        )
    if policy.token_approves and not config.token_approves:
        setting = "Allow GitHub Actions to create and approve pull requests"
        yield _evidence("workflows may approve pull requests", setting, "approve")
    if (policy.allowed == "all" or _everything(policy)) and not config.any_action:
        yield _evidence("actions of anybody may be used", "Policies", "allowed", Severity.MEDIUM)
    if policy.pinned is False and config.pinned:
        setting = "Require actions to be pinned to a full-length commit SHA"
        yield _evidence("actions need not be named by a full commit id", setting, "pinned", Severity.MEDIUM)


def _everything(policy: ActionsPolicy) -> bool:
    """Actions are selected, but by a pattern that stands for all."""
    return policy.allowed == "selected" and any(
        set(p.strip()) <= set("*/@") and "*" in p for p in policy.patterns
    )


def _evidence(text: str, setting: str, key: str, severity: Severity | None = None) -> Evidence:
    return Evidence(text, Place(setting=setting), key=key, severity=severity)
