"""Check 43: webhooks are signed and encrypted."""

from __future__ import annotations

from bot.checks.dependencies.hooks import judged
from bot.model.facts import Repository
from bot.model.security import Webhooks
from bot.model.verdicts import Audience, Severity, Verdict, not_applicable
from bot.spec import check


@check(
    "webhook-hygiene", family="dependencies", severity=Severity.HIGH, audience=Audience.RESTRICTED, number=43
)
def webhook_hygiene(webhooks: Webhooks, repository: Repository) -> Verdict:
    """Every active webhook of the repository has a secret and goes to an `https` address that is verified.

    Those of the organisation are judged once, by `organisation-webhooks`.

    Why: what a webhook sends names private work, and who receives it acts on it; without a
    secret anybody can send the same.
    Fix: under Settings, Webhooks, set a secret, choose an `https` address and enable SSL verification;
    let the receiver check the signature.
    Source: https://docs.github.com/en/webhooks/using-webhooks/best-practices-for-using-webhooks
    """
    if repository.archived:
        return not_applicable("the repository is archived: hardly anything happens in it")
    return judged(webhooks)
