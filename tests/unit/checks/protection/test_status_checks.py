"""Check 20 in all its outcomes."""

import pytest

from bot.checks.protection.status_checks import Config, status_checks
from bot.model.facts import Repository
from bot.model.protection import (
    Enforcement,
    Protection,
    RequiredCheck,
    RequiredWorkflow,
    Requirements,
    Ruleset,
)
from bot.model.verdicts import Outcome, Reason, Unknown

REPOSITORY = Repository(1, "acme/tool", "main")
NOT_GRANTED = Unknown(Reason.PERMISSION, "not granted", "administration: read")
TEST = {"checks": (RequiredCheck("test"),)}


def rules(classic=(), unread=None, **demands):
    ruleset = Ruleset("r", "acme", Enforcement.ACTIVE, ("~ALL",), (), Requirements(**demands))
    return Protection("main", (ruleset,), classic, unread)


@pytest.mark.parametrize(
    ("demands", "options", "expected"),
    [
        pytest.param({**TEST, "strict": True}, {}, [], id="strict"),
        pytest.param({**TEST, "queue": True}, {}, [], id="a queue"),
        pytest.param(TEST, {}, ["strict"], id="neither"),
        pytest.param(TEST, {"up_to_date": False}, [], id="neither is wanted"),
        pytest.param({}, {}, ["none"], id="no check"),
        pytest.param({"strict": True, "queue": True}, {}, ["none"], id="strict about nothing"),
        pytest.param(
            {"workflows": (RequiredWorkflow(".github/workflows/ci.yml", 1),), "queue": True},
            {},
            [],
            id="a required workflow",
        ),
    ],
)
def test_judges_what_must_pass(demands, options, expected):
    """At least one check, on the newest state."""
    verdict = status_checks(rules(**demands), REPOSITORY, Config(**options))

    assert verdict.outcome is (Outcome.FAIL if expected else Outcome.PASS)
    assert [e.fingerprint for e in verdict.evidence] == expected


@pytest.mark.parametrize(
    ("demands", "expected"), [({**TEST, "strict": True}, Outcome.PASS), (TEST, Outcome.UNKNOWN)]
)
def test_unread_rules_matter_where_something_lacks(demands, expected):
    """They could demand it."""
    assert status_checks(rules(None, NOT_GRANTED, **demands), REPOSITORY, Config()).outcome is expected
