"""Check 17 in all its outcomes."""

import pytest

from bot.checks.protection.default_protected import default_protected
from bot.model.facts import Repository
from bot.model.protection import ClassicRule, Enforcement, Protection, Requirements, Ruleset
from bot.model.verdicts import Outcome, Reason, Unknown

REPOSITORY = Repository(1, "acme/tool", "main")
NOT_GRANTED = Unknown(Reason.PERMISSION, "not granted", "administration: read")
KEPT = Requirements(no_deletion=True)


def ruleset(enforcement=Enforcement.ACTIVE, *include, rules=1):
    return Ruleset("r", "acme", enforcement, include or ("~DEFAULT_BRANCH",), (), KEPT, rules)


CLASSIC = ClassicRule("ma*", 1, KEPT)


@pytest.mark.parametrize(
    ("protection", "expected"),
    [
        pytest.param(Protection("main", (ruleset(),)), Outcome.PASS, id="a ruleset"),
        pytest.param(Protection("main", classic=(CLASSIC,)), Outcome.PASS, id="a classic rule"),
        pytest.param(Protection("main"), Outcome.FAIL, id="nothing"),
        pytest.param(
            Protection("main", (ruleset(Enforcement.EVALUATE),)), Outcome.FAIL, id="a ruleset on trial"
        ),
        pytest.param(
            Protection("main", (ruleset(Enforcement.ACTIVE, "refs/heads/x"),)), Outcome.FAIL, id="elsewhere"
        ),
        pytest.param(Protection("main", (ruleset(rules=0),)), Outcome.FAIL, id="without rules"),
        pytest.param(
            Protection("main", (ruleset(),), None, NOT_GRANTED), Outcome.PASS, id="a ruleset, others unread"
        ),
        pytest.param(Protection("main", (), None, NOT_GRANTED), Outcome.UNKNOWN, id="others unread"),
        pytest.param(
            Protection("main", (), None, NOT_GRANTED, viewed=KEPT), Outcome.PASS, id="one that readers see"
        ),
    ],
)
def test_judges_whether_a_rule_is_in_force(protection, expected):
    """A pass that rulesets prove needs no classic rules."""
    assert default_protected(protection, REPOSITORY).outcome is expected


def test_evidence_names_the_rules():
    """Those in force, or those that would reach the branch and are not."""
    good = default_protected(Protection("main", (ruleset(),), (CLASSIC,)), REPOSITORY)
    idle = (ruleset(Enforcement.EVALUATE), ruleset(Enforcement.DISABLED), ruleset(rules=0))
    bad = default_protected(Protection("main", idle), REPOSITORY)

    assert good.summary == "2 rules hold for main"
    assert [e.text for e in good.evidence] == ["ruleset r of acme", "classic rule for ma*"]
    assert [e.text for e in bad.evidence] == [
        "ruleset r of acme is only evaluated, not enforced",
        "ruleset r of acme is disabled",
        "ruleset r of acme has no rules",
    ]


def test_what_is_not_read_names_the_permission():
    """So that somebody can grant it."""
    verdict = default_protected(Protection("main", (), None, NOT_GRANTED), REPOSITORY)

    assert (verdict.reason, verdict.permission) == (Reason.PERMISSION, "administration: read")
