"""Check 32 in all its outcomes."""

from dataclasses import replace

import pytest

from bot.checks.ci.pinned_actions import Config, pinned_actions
from bot.model.facts import WorkflowAudit
from bot.model.verdicts import Outcome, Reason


@pytest.mark.parametrize(
    ("trust", "expected"),
    [
        pytest.param([], Outcome.FAIL, id="nobody is trusted"),
        pytest.param(["Actions"], Outcome.PASS, id="the owner"),
        pytest.param(["actions/checkout"], Outcome.PASS, id="the repository"),
        pytest.param(["action", "actions/cache"], Outcome.FAIL, id="others"),
    ],
)
def test_trusts_whom_policy_names(audit, finding, public, trust, expected):
    """Owners and repositories, in any case, never by a part of the name."""
    found = audit(finding("unpinned-uses", "actions/checkout@v4"), finding("artipacked", "x"))

    assert pinned_actions(found, public, Config(trust=trust)).outcome is expected


def test_lists_each_use(audit, finding, public):
    """One line of evidence per use; keys without line numbers, told apart by order."""
    found = [finding("unpinned-uses", "a/b@v1", line=n) for n in (4, 8)] + [
        finding("unpinned-uses", "c/d@main")
    ]

    verdict = pinned_actions(audit(*found), public, Config())

    assert verdict.summary == "2 references in 3 places not pinned to a commit"
    assert [e.key.partition("|")[2] for e in verdict.evidence] == ["a/b@v1#1", "a/b@v1#2", "c/d@main#1"]
    assert [e.place.line for e in verdict.evidence] == [4, 8, 3]


def test_comments_are_heeded_unless_policy_says_no(audit, finding, public):
    """Some actions can not be pinned; the file says so where it matters."""
    found = audit(finding("unpinned-uses", "a/b@v1", ignored=True))

    assert "1 silenced" in pinned_actions(found, public, Config()).summary
    assert pinned_actions(found, public, Config(heed_comments=False)).outcome is Outcome.FAIL


def test_what_was_not_audited_is_unknown(audit, public):
    """Nobody looked into it."""
    verdict = pinned_actions(audit(problem="it is not YAML"), public, Config())

    assert (verdict.outcome, verdict.reason) == (Outcome.UNKNOWN, Reason.FAULT)


def test_passes_and_not_applicable(audit, public):
    """All pinned; no workflows; archived."""
    assert pinned_actions(audit(), public, Config()).outcome is Outcome.PASS
    assert pinned_actions(WorkflowAudit((), ()), public, Config()).outcome is Outcome.NOT_APPLICABLE
    archived = replace(public, archived=True)
    assert pinned_actions(audit(), archived, Config()).outcome is Outcome.NOT_APPLICABLE
