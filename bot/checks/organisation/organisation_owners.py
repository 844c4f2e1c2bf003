"""Check 95: the organisation has owners enough, and not too many."""

from __future__ import annotations

from pydantic import Field, model_validator

from bot.model.organisation import OrganisationOwners
from bot.model.verdicts import (
    Audience,
    Evidence,
    Scope,
    Severity,
    Verdict,
    counted,
    failed,
    not_applicable,
    passed,
)
from bot.spec import Section, check


class Config(Section):
    """Options under ``checks.organisation-owners``."""

    least: int = Field(default=2, ge=1, le=100, description="Owners that there must be.")
    most: int = Field(default=10, ge=1, le=100, description="Owners that there may be.")

    @model_validator(mode="after")
    def _ordered(self) -> Config:
        if self.least > self.most:
            raise ValueError("`least` must not be more than `most`")
        return self


@check(
    "organisation-owners",
    family="organisation",
    severity=Severity.MEDIUM,
    audience=Audience.RESTRICTED,
    config=Config,
    number=95,
    scope=Scope.ORGANISATION,
)
def organisation_owners_check(organisation_owners: OrganisationOwners | None, config: Config) -> Verdict:
    """At least two people own the organisation, and no more than ten.

    Why: an only owner who leaves, or loses access, leaves nobody who could change anything; and each
    owner's account is enough to delete everything.
    Fix: make a second person an owner, or make owners members with the rights that they need.
    Source: https://docs.github.com/en/organizations/managing-peoples-access-to-your-organization-with-roles/maintaining-ownership-continuity-for-your-organization
    """
    if organisation_owners is None:
        return not_applicable("a person's account is owned by that person")
    number = organisation_owners.number
    said = f"{'more than ' if organisation_owners.more else ''}{counted(number, 'owner')}"
    if number < config.least:
        return failed(said, Evidence(f"there are fewer than {counted(config.least, 'owner')}", key="few"))
    if number > config.most or organisation_owners.more:
        return failed(said, Evidence(f"there are more than {counted(config.most, 'owner')}", key="many"))
    return passed(said)
