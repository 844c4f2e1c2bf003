"""Check 19 in all its outcomes."""

import pytest

from bot.checks.protection.reviews import Config, reviews
from bot.model.facts import Repository
from bot.model.protection import ClassicRule, Enforcement, Protection, Requirements, Ruleset
from bot.model.verdicts import Outcome, Reason, Unknown

REPOSITORY = Repository(1, "acme/tool", "main")
NOT_GRANTED = Unknown(Reason.PERMISSION, "not granted", "administration: read")


def rules(classic=(), unread=None, **demands):
    ruleset = Ruleset("r", "acme", Enforcement.ACTIVE, ("~ALL",), (), Requirements(**demands))
    return Protection("main", (ruleset,), classic, unread)


GOOD = {"pull_request": True, "approvals": 1, "stale_dismissed": True}


@pytest.mark.parametrize(
    ("demands", "options", "expected"),
    [
        pytest.param(GOOD, {}, [], id="exactly what is wanted"),
        pytest.param({**GOOD, "approvals": 0}, {}, ["approvals"], id="nobody approves"),
        pytest.param({**GOOD, "approvals": 0}, {"approvals": 0}, [], id="nobody need approve"),
        pytest.param(GOOD, {"approvals": 2}, ["approvals"], id="one too few"),
        pytest.param({**GOOD, "approvals": 2}, {"approvals": 2}, [], id="two of two"),
        pytest.param({}, {}, ["pull-request"], id="no pull request"),
        pytest.param({**GOOD, "stale_dismissed": False}, {}, ["stale-dismissed"], id="old approvals stay"),
        pytest.param(
            {**GOOD, "stale_dismissed": False, "last_push": True}, {}, [], id="the last push is seen"
        ),
        pytest.param({**GOOD, "stale_dismissed": False}, {"stale_dismissed": False}, [], id="they may stay"),
        pytest.param(GOOD, {"code_owners": True}, ["code-owners"], id="owners are not asked"),
        pytest.param({**GOOD, "code_owners": True}, {"code_owners": True}, [], id="owners are asked"),
        pytest.param(GOOD, {"last_push": True}, ["last-push"], id="the last pusher may approve"),
        pytest.param(
            {"pull_request": True}, {}, ["approvals", "stale-dismissed"], id="everything that lacks"
        ),
    ],
)
def test_judges_each_demand(demands, options, expected):
    """The number itself is enough."""
    verdict = reviews(rules(**demands), REPOSITORY, Config(**options))

    assert verdict.outcome is (Outcome.FAIL if expected else Outcome.PASS)
    assert [e.fingerprint for e in verdict.evidence] == expected


def test_both_kinds_of_rule_count_together():
    """What the one lacks the other may demand."""
    classic = ClassicRule("main", 1, Requirements(pull_request=True, approvals=1))

    verdict = reviews(rules((classic,), pull_request=True, stale_dismissed=True), REPOSITORY, Config())
    assert verdict.outcome is Outcome.PASS
    assert verdict.summary == "a pull request to main needs 1 approval"


@pytest.mark.parametrize(("demands", "expected"), [(GOOD, Outcome.PASS), ({}, Outcome.UNKNOWN)])
def test_unread_rules_matter_where_something_lacks(demands, expected):
    """They could demand it."""
    verdict = reviews(rules(None, NOT_GRANTED, **demands), REPOSITORY, Config())

    assert verdict.outcome is expected
    assert verdict.permission == (None if expected is Outcome.PASS else "administration: read")
