"""Check 43 in all its outcomes."""

from dataclasses import replace

import pytest

from bot.checks.dependencies.webhook_hygiene import webhook_hygiene
from bot.model.security import Webhook, Webhooks
from bot.model.verdicts import Outcome, Reason, Severity

GOOD = Webhook(1, "ci.example.org", https=True, verified=True, secret=True)


@pytest.mark.parametrize(
    ("hook", "keys"),
    [
        pytest.param(GOOD, [], id="good"),
        pytest.param(replace(GOOD, https=False), ["1|http"], id="not encrypted"),
        pytest.param(replace(GOOD, verified=False), ["1|certificate"], id="not verified"),
        pytest.param(replace(GOOD, secret=False), ["1|secret"], id="not signed"),
        pytest.param(replace(GOOD, https=False, verified=False), ["1|http"], id="nothing to verify"),
        pytest.param(replace(GOOD, https=False, secret=False), ["1|http", "1|secret"], id="both"),
    ],
)
def test_each_fault_is_an_observation(repository, hook, keys):
    """By the webhook's id, which does not move."""
    verdict = webhook_hygiene(Webhooks((hook,)), repository)

    assert verdict.outcome is (Outcome.FAIL if keys else Outcome.PASS)
    assert [e.key for e in verdict.evidence] == keys


def test_what_can_be_read_weighs_more_than_what_can_be_forged(repository):
    """The worst first; a webhook with two faults counts once."""
    hooks = (replace(GOOD, secret=False), replace(GOOD, id=2, https=False, secret=False), replace(GOOD, id=3))

    verdict = webhook_hygiene(Webhooks(hooks), repository)

    assert verdict.summary == "2 of 3 active webhooks can be read or forged on the way"
    assert [e.severity for e in verdict.evidence] == [None, Severity.MEDIUM, Severity.MEDIUM]
    assert verdict.evidence[0].text == "the webhook to ci.example.org is not encrypted"


def test_a_listing_that_was_cut_is_no_pass(repository):
    """What was not seen may be faulty."""
    verdict = webhook_hygiene(Webhooks((GOOD,), more=True), repository)

    assert (verdict.outcome, verdict.reason) == (Outcome.UNKNOWN, Reason.LIMIT)


def test_no_webhooks_and_an_archived_repository(repository):
    """Nothing to mend."""
    assert webhook_hygiene(Webhooks(()), repository).summary == "there are no active webhooks"
    bad = Webhooks((replace(GOOD, secret=False),))
    assert webhook_hygiene(bad, replace(repository, archived=True)).outcome is Outcome.NOT_APPLICABLE
