"""Check 26 in all its outcomes."""

import pytest

from bot.checks.protection.baseline_drift import Config, baseline_drift
from bot.model.facts import Repository
from bot.model.protection import Enforcement, Protection, RequiredCheck, Requirements, Ruleset
from bot.model.verdicts import Outcome, Reason, Unknown

REPOSITORY = Repository(1, "acme/tool", "main")
NOT_GRANTED = Unknown(Reason.PERMISSION, "not granted", "administration: read")
FLAGS = (
    "pull_request",
    "code_owners",
    "stale_dismissed",
    "last_push",
    "conversations",
    "no_force_push",
    "no_deletion",
    "strict",
    "queue",
    "signatures",
    "linear",
)


def rules(unread=None, **demands):
    ruleset = Ruleset("r", "acme", Enforcement.ACTIVE, ("~ALL",), (), Requirements(**demands))
    return Protection("main", (ruleset,), None if unread else (), unread)


@pytest.mark.parametrize("flag", FLAGS)
@pytest.mark.parametrize("wanted", [True, False])
@pytest.mark.parametrize("there", [True, False])
def test_each_setting_must_be_as_in_the_profile(flag, wanted, there):
    """On where it says true, off where it says false."""
    verdict = baseline_drift(rules(**{flag: there}), REPOSITORY, Config(**{flag: wanted}))

    assert verdict.outcome is (Outcome.PASS if wanted is there else Outcome.FAIL)
    assert [e.fingerprint for e in verdict.evidence] == ([] if wanted is there else [flag])


@pytest.mark.parametrize(
    ("demands", "profile", "expected"),
    [
        pytest.param({"approvals": 2}, {"approvals": 2}, [], id="exactly as many approvals"),
        pytest.param({"approvals": 3}, {"approvals": 2}, [], id="more approvals"),
        pytest.param({"approvals": 1}, {"approvals": 2}, ["approvals"], id="one too few"),
        pytest.param({"checks": (RequiredCheck("a", 7),)}, {"checks": ["a"]}, [], id="the check"),
        pytest.param({"checks": (RequiredCheck("a"),)}, {"checks": ["b"]}, ["check:b"], id="another check"),
        pytest.param(
            {"linear": True},
            {"linear": False, "queue": True, "approvals": 1},
            ["queue", "linear", "approvals"],
            id="every difference is listed",
        ),
    ],
)
def test_lists_each_difference(demands, profile, expected):
    """And nothing that the profile leaves out."""
    verdict = baseline_drift(rules(**demands), REPOSITORY, Config(**profile))

    assert verdict.outcome is (Outcome.FAIL if expected else Outcome.PASS)
    assert [e.fingerprint for e in verdict.evidence] == expected


def test_without_a_profile_there_is_nothing_to_say():
    """That is the default."""
    assert baseline_drift(rules(), REPOSITORY, Config()).outcome is Outcome.NOT_APPLICABLE


@pytest.mark.parametrize(
    ("demands", "profile", "expected"),
    [
        pytest.param({"linear": True}, {"linear": True}, Outcome.PASS, id="in force whatever the others say"),
        pytest.param({"linear": True}, {"linear": False}, Outcome.FAIL, id="in force and not wanted"),
        pytest.param({}, {"linear": True}, Outcome.UNKNOWN, id="the others may demand it"),
        pytest.param(
            {}, {"linear": False}, Outcome.UNKNOWN, id="the others may demand it against the profile"
        ),
        pytest.param({"linear": True}, {"linear": False, "queue": True}, Outcome.FAIL, id="one is certain"),
    ],
)
def test_unread_rules_only_add(demands, profile, expected):
    """What is in force stays so."""
    assert baseline_drift(rules(NOT_GRANTED, **demands), REPOSITORY, Config(**profile)).outcome is expected
