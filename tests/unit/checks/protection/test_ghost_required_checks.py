"""Check 21 in all its outcomes."""

import pytest

from bot.checks.protection.ghost_required_checks import ghost_required_checks
from bot.model.facts import Repository
from bot.model.protection import (
    ClassicRule,
    Enforcement,
    Protection,
    ReportedChecks,
    RequiredCheck,
    Requirements,
    Ruleset,
)
from bot.model.verdicts import Outcome, Reason, Severity, Unknown

REPOSITORY = Repository(1, "acme/tool", "main")
NOT_GRANTED = Unknown(Reason.PERMISSION, "not granted", "administration: read")


def rules(*checks, classic=(), unread=None, **demands):
    requirements = Requirements(checks=checks, **demands)
    ruleset = Ruleset("r", "acme", Enforcement.ACTIVE, ("~ALL",), (), requirements)
    return Protection("main", (ruleset,), classic, unread)


def reported(*checks, pulls=3, more=False):
    return ReportedChecks(checks, pulls, more)


TEST, GONE = RequiredCheck("test"), RequiredCheck("gone")
BY_SEVEN = RequiredCheck("test", 7)


@pytest.mark.parametrize(
    ("protection", "seen", "expected"),
    [
        pytest.param(rules(TEST), reported(BY_SEVEN), Outcome.PASS, id="reported"),
        pytest.param(rules(TEST, GONE), reported(BY_SEVEN), Outcome.FAIL, id="one never reported"),
        pytest.param(rules(BY_SEVEN), reported(BY_SEVEN), Outcome.PASS, id="by the App"),
        pytest.param(rules(BY_SEVEN), reported(RequiredCheck("test", 8)), Outcome.FAIL, id="by another App"),
        pytest.param(rules(BY_SEVEN), reported(TEST), Outcome.PASS, id="a status does not tell its App"),
        pytest.param(rules(GONE), reported(TEST, pulls=0), Outcome.UNKNOWN, id="no pull request to look at"),
        pytest.param(rules(TEST), reported(TEST, pulls=0), Outcome.PASS, id="the branch shows it"),
        pytest.param(rules(GONE), reported(TEST, more=True), Outcome.UNKNOWN, id="more checks than are read"),
        pytest.param(rules(), reported(), Outcome.NOT_APPLICABLE, id="nothing is required"),
        pytest.param(
            rules(GONE, unread=NOT_GRANTED), reported(TEST), Outcome.FAIL, id="certain, others unread"
        ),
        pytest.param(rules(TEST, unread=NOT_GRANTED), reported(TEST), Outcome.UNKNOWN, id="others unread"),
    ],
)
def test_judges_what_is_required_by_what_reported(protection, seen, expected):
    """Rules that were not read may require more."""
    assert ghost_required_checks(protection, seen, REPOSITORY).outcome is expected


SHADOWED = (ClassicRule("main", 2, Requirements(linear=True)), ClassicRule("*", 1, Requirements(queue=True)))
WEAKER = (SHADOWED[0], ClassicRule("*", 1, Requirements(linear=True)))


@pytest.mark.parametrize(
    ("protection", "expected"),
    [
        pytest.param(rules(BY_SEVEN, RequiredCheck("test", 8)), ["apps:test"], id="two Apps for one check"),
        pytest.param(rules(merge_methods=()), ["merge-methods"], id="no way to merge"),
        pytest.param(rules(linear=True, merge_methods=("merge",)), ["linear"], id="linear by merge commits"),
        pytest.param(rules(linear=True, merge_methods=("merge", "squash")), [], id="linear by squashing"),
        pytest.param(rules(classic=SHADOWED), ["shadowed:*"], id="a classic rule that does not count"),
        pytest.param(rules(classic=WEAKER), [], id="one that would add nothing"),
    ],
)
def test_names_rules_that_conflict(protection, expected):
    """Of rulesets and classic rules."""
    seen = reported(BY_SEVEN, RequiredCheck("test", 8))
    verdict = ghost_required_checks(protection, seen, REPOSITORY)

    assert [e.fingerprint for e in verdict.evidence] == expected
    assert verdict.outcome is (Outcome.FAIL if expected else Outcome.NOT_APPLICABLE)


def test_evidence_tells_the_check():
    """And weighs what is only misleading less."""
    verdict = ghost_required_checks(rules(GONE, BY_SEVEN, classic=SHADOWED), reported(TEST), REPOSITORY)
    other = ghost_required_checks(rules(BY_SEVEN), reported(RequiredCheck("test", 8)), REPOSITORY)

    assert verdict.summary == "2 demands on main that can not be met"
    assert [(e.text, e.severity) for e in verdict.evidence] == [
        ("gone is required, but never reported lately", None),
        ("the classic rule for * demands more, but only one classic rule counts for a branch", Severity.LOW),
    ]
    assert other.evidence[0].text == "test is required from App 7, but another App reports it"
