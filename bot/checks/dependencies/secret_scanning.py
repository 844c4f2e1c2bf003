"""Check 40: GitHub looks for secrets in what is pushed."""

from __future__ import annotations

from pydantic import Field

from bot.model.facts import Repository
from bot.model.security import SecretScanning
from bot.model.verdicts import (
    Audience,
    Evidence,
    Place,
    Severity,
    Verdict,
    failed,
    not_applicable,
    passed,
)
from bot.spec import Section, check


class Config(Section):
    """Options under ``checks.secret-scanning``."""

    private: bool = Field(
        default=False,
        description="Judge private and internal repositories, too. For these GitHub sells it, so it is on "
        "request only.",
    )
    push_protection: bool = Field(
        default=True, description="Pushes that hold a secret must be refused, not only told of."
    )


@check(
    "secret-scanning",
    family="dependencies",
    severity=Severity.HIGH,
    audience=Audience.RESTRICTED,
    config=Config,
    number=40,
)
def judge_secret_scanning(secret_scanning: SecretScanning, repository: Repository, config: Config) -> Verdict:
    """GitHub looks for secrets in what is pushed, and refuses a push that holds one.

    Why: a secret that was pushed is public within minutes, and deleting the commit does not help.
    Fix: under Settings, "Advanced Security", enable "Secret Protection" and "Push protection"; best by
    a security configuration for the whole organisation.
    Source: https://docs.github.com/en/code-security/secret-scanning/introduction/about-secret-scanning
    """
    if repository.archived:
        return not_applicable("the repository is archived: nothing is pushed to it")
    if not repository.public and not secret_scanning.enabled and not config.private:
        return not_applicable("it is off, and GitHub sells it for repositories that are not public")
    if not secret_scanning.enabled:
        return failed(
            "secret scanning is off",
            Evidence("nobody looks for secrets", Place(setting="Secret scanning"), key="scanning"),
        )
    if not secret_scanning.push_protection and config.push_protection:
        place = Place(setting="Push protection")
        text = "a push that holds a secret is not refused"
        return failed(
            "secret scanning is on, push protection is off",
            Evidence(text, place, key="push", severity=Severity.MEDIUM),
        )
    both = " and push protection are" if secret_scanning.push_protection else " is"
    return passed(f"secret scanning{both} on")
