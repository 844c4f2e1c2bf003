"""Check 92: whoever belongs to the organisation signs in with a second factor."""

from __future__ import annotations

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
from bot.spec import check


@check(
    "two-factor-required",
    family="organisation",
    severity=Severity.HIGH,
    audience=Audience.RESTRICTED,
    number=92,
    scope=Scope.ORGANISATION,
)
def two_factor_required(organisation_settings: OrganisationSettings | None) -> Verdict:
    """The organisation requires two-factor authentication of its members and outside collaborators.

    An organisation whose members sign in through its own identity provider may require it there; then
    this check can be disabled.

    Why: one password that was guessed or leaked is enough to change what everybody else relies on.
    Fix: require two-factor authentication under *Authentication security* in the organisation's
    settings, after telling those who have none: they can not get in until they have.
    Source: https://docs.github.com/en/organizations/keeping-your-organization-secure/managing-two-factor-authentication-for-your-organization/requiring-two-factor-authentication-in-your-organization
    """
    if organisation_settings is None:
        return not_applicable("a person's account has no members")
    if organisation_settings.two_factor is None:
        return unknown(
            "GitHub does not tell whether a second factor is required",
            Reason.PERMISSION,
            permission="organization_administration: read",
        )
    if organisation_settings.two_factor:
        return passed("a second factor is required")
    said = "no second factor is required"
    return failed(said, Evidence(said, Place(setting="Require two-factor authentication"), key="two-factor"))
