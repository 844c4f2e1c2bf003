"""Check 91: the organisation's webhooks are signed and encrypted."""

from __future__ import annotations

from bot.checks.dependencies.hooks import judged
from bot.model.security import Webhooks
from bot.model.verdicts import Audience, Scope, Severity, Verdict, not_applicable
from bot.spec import check


@check(
    "organisation-webhooks",
    family="dependencies",
    severity=Severity.HIGH,
    audience=Audience.RESTRICTED,
    number=91,
    scope=Scope.ORGANISATION,
)
def judge_organisation_webhooks(organisation_webhooks: Webhooks | None) -> Verdict:
    """Every active webhook of the organisation has a secret and goes to an `https` address that is verified.

    Why: it tells of every repository, private ones among them, and who receives it acts on it.
    Fix: in the organisation's settings, under Webhooks, set a secret, choose an `https` address and
    enable SSL verification; let the receiver check the signature.
    Source: https://docs.github.com/en/webhooks/using-webhooks/best-practices-for-using-webhooks
    """
    if organisation_webhooks is None:
        return not_applicable("a person's account has no webhooks of its own")
    return judged(organisation_webhooks)
