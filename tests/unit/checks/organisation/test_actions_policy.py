"""Check 94 in all its outcomes."""

from dataclasses import replace

import pytest

from bot.checks.organisation.actions_policy import Config, actions_policy_check
from bot.model.organisation import ActionsPolicy
from bot.model.verdicts import Outcome, Severity

GOOD = ActionsPolicy("all", "selected", ("acme/*",), pinned=False)


@pytest.mark.parametrize(
    ("change", "options", "expected"),
    [
        pytest.param({}, {}, (), id="limited"),
        pytest.param({"allowed": "local_only"}, {}, (), id="its own"),
        pytest.param({"allowed": "all"}, {}, ("allowed",), id="anybody's"),
        pytest.param({"allowed": "all"}, {"any_action": True}, (), id="anybody's, on purpose"),
        pytest.param({"patterns": ("acme/*", "*/*@*")}, {}, ("allowed",), id="a pattern for all"),
        pytest.param({"patterns": (" * ",)}, {}, ("allowed",), id="a shorter one"),
        pytest.param({"patterns": ("*/scan@*",)}, {}, (), id="a pattern for many"),
        pytest.param({"token_writes": True}, {}, ("token",), id="writes"),
        pytest.param({"token_writes": True}, {"token_writes": True}, (), id="writes, on purpose"),
        pytest.param({"token_approves": True}, {}, ("approve",), id="approves"),
        pytest.param({"token_approves": True}, {"token_approves": True}, (), id="approves, on purpose"),
        pytest.param({}, {"pinned": True}, ("pinned",), id="not pinned"),
        pytest.param({"pinned": True}, {"pinned": True}, (), id="pinned"),
        pytest.param({"pinned": None}, {"pinned": True}, (), id="a server that can not"),
        pytest.param(
            {"allowed": "all", "token_writes": True, "token_approves": True},
            {},
            ("token", "approve", "allowed"),
            id="all at once, worst first",
        ),
    ],
)
def test_judges_each_setting(change, options, expected):
    """By itself."""
    verdict = actions_policy_check(replace(GOOD, **change), Config(**options))

    assert tuple(e.key for e in verdict.evidence) == expected
    assert verdict.outcome is (Outcome.FAIL if expected else Outcome.PASS)


def test_says_what_is_allowed():
    """Whose actions weigh less than what the token may do."""
    verdict = actions_policy_check(replace(GOOD, allowed="all", token_writes=True), Config())

    assert verdict.summary == (
        "the token of workflows may write unless they say less; actions of anybody may be used"
    )
    assert [e.severity for e in verdict.evidence] == [None, Severity.MEDIUM]
    assert verdict.evidence[1].place.setting == "Policies"


@pytest.mark.parametrize("found", [None, ActionsPolicy("none", "", token_writes=True)])
def test_nothing_to_judge(found):
    """A person, or no workflows at all."""
    assert actions_policy_check(found, Config()).outcome is Outcome.NOT_APPLICABLE
