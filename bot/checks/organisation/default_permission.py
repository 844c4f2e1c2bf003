"""Check 93: membership alone gives nobody the right to change every repository."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from bot.model.organisation import OrganisationSettings
from bot.model.verdicts import (
    Audience,
    Evidence,
    Place,
    Reason,
    Scope,
    Severity,
    Verdict,
    failed,
    not_applicable,
    passed,
    unknown,
)
from bot.spec import Section, check

_LEVELS = ("none", "read", "write", "admin")


class Config(Section):
    """Options under ``checks.default-permission``."""

    most: Literal["none", "read", "write"] = Field(
        default="read", description="What members may do at most in repositories without further rights."
    )


@check(
    "default-permission",
    family="organisation",
    severity=Severity.HIGH,
    audience=Audience.RESTRICTED,
    config=Config,
    number=93,
    scope=Scope.ORGANISATION,
)
def default_permission(organisation_settings: OrganisationSettings | None, config: Config) -> Verdict:
    """Every member may read the organisation's repositories at most, unless given more.

    Why: with more, whoever takes over any member's account, or any member by mistake, can change every
    repository, also those that they never worked on.
    Fix: choose *Read* or *No permission* as base permission under *Member privileges*, after giving
    teams the rights that they need.
    Source: https://docs.github.com/en/organizations/managing-user-access-to-your-organizations-repositories/managing-repository-roles/setting-base-permissions-for-an-organization
    """
    if organisation_settings is None:
        return not_applicable("a person's account has no members")
    base = organisation_settings.base_permission
    if base is None:
        return unknown(
            "GitHub does not tell what members may do",
            Reason.PERMISSION,
            permission="organization_administration: read",
        )
    if base not in _LEVELS:
        return unknown("what members may do is called by a name that is not known", Reason.FAULT)
    said = f"the base permission of members is {base}"
    if _LEVELS.index(base) <= _LEVELS.index(config.most):
        return passed(said)
    return failed(said, Evidence(said, Place(setting="Base permissions"), key="base-permission"))
