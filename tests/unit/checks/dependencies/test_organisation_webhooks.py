"""Check 91 in all its outcomes; the faults themselves are those of check 43."""

from bot.checks.dependencies.organisation_webhooks import judge_organisation_webhooks
from bot.model.security import Webhook, Webhooks
from bot.model.verdicts import Outcome


def hook(*, secret: bool) -> Webhooks:
    return Webhooks((Webhook(1, "ci.example.org", https=True, verified=True, secret=secret),))


def test_the_organisations_own_are_judged_alike():
    """With the same words."""
    assert judge_organisation_webhooks(hook(secret=True)).outcome is Outcome.PASS
    verdict = judge_organisation_webhooks(hook(secret=False))
    assert verdict.outcome is Outcome.FAIL
    assert verdict.evidence[0].text.endswith("has no secret, so anyone can forge its deliveries")


def test_a_persons_account_has_none():
    """The question does not arise."""
    assert judge_organisation_webhooks(None).outcome is Outcome.NOT_APPLICABLE
