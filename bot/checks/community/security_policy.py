"""Check 5: a security policy that says whom to tell and what happens then."""

from __future__ import annotations

from pydantic import Field

from bot.model.facts import Repository, SecurityPolicy
from bot.model.verdicts import Evidence, Place, Severity, Verdict, counted, failed, not_applicable, passed
from bot.spec import Section, check


class Config(Section):
    """Options under ``checks.security-policy``."""

    require_contact: bool = Field(
        default=True, description="The policy must name an address or a link to report to."
    )
    require_delay: bool = Field(
        default=True, description="The policy must name a time span or speak of disclosure."
    )
    private: bool = Field(default=False, description="Judge private repositories as well.")


@check("security-policy", family="community", severity=Severity.HIGH, config=Config, number=5)
def security_policy_check(
    security_policy: SecurityPolicy | None, repository: Repository, config: Config
) -> Verdict:
    """There is a security policy that names a contact and says what happens after a report.

    Why: whoever finds a hole needs a private way to tell it, or will tell it in public.
    Fix: write SECURITY.md with an address or a link for private reports and the time within which
    reporters can expect an answer or a disclosure.
    Source: https://github.com/ossf/scorecard/blob/main/docs/checks.md#security-policy
    """
    if repository.empty:
        return not_applicable("the repository has no commit yet")
    if repository.archived:
        return not_applicable("the repository is archived: no report would lead to a fix")
    if not repository.public and not config.private:
        return not_applicable("only its members can see the repository")
    if security_policy is None:
        return failed("there is no SECURITY.md in the root, .github or docs, and no default of the owner")
    lacks = [
        (text, severity)
        for needed, count, text, severity in (
            (config.require_contact, security_policy.contacts, "names no address or link to report to", None),
            # Often it says so behind a link, which is not followed.
            (
                config.require_delay,
                security_policy.delays,
                "names no time span and no disclosure",
                Severity.LOW,
            ),
        )
        if needed and not count
    ]
    owner = "the owner's default " if security_policy.owner_default else ""
    if lacks:
        # The owner's file lies in another repository, so it is no place in this one.
        place = None if security_policy.owner_default else Place(path=security_policy.path)
        return failed(
            f"{owner}{security_policy.path} {' and '.join(text for text, _ in lacks)}",
            *(Evidence(f"the security policy {text}", place, severity=severity) for text, severity in lacks),
        )
    return passed(
        f"{owner}{security_policy.path} names {counted(security_policy.contacts, 'contact')} and "
        f"{counted(security_policy.delays, 'delay or disclosure term', 'delays or disclosure terms')}"
    )
