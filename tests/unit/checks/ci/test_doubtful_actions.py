"""Check 88 in all its outcomes."""

from dataclasses import replace

import pytest

from bot.checks.ci.doubtful_actions import Config, doubtful_actions
from bot.model.facts import WorkflowAudit
from bot.model.verdicts import Outcome, Reason, Severity


@pytest.mark.parametrize(
    ("name", "changes", "expected"),
    [
        pytest.param("archived-uses", {"severity": Severity.MEDIUM}, Outcome.FAIL, id="archived"),
        pytest.param("typosquat-uses", {"confidence": "low"}, Outcome.FAIL, id="imitated"),
        pytest.param("unpinned-uses", {}, Outcome.PASS, id="another audit"),
    ],
)
def test_what_counts(audit, finding, public, name, changes, expected):
    """Without the network the auditor is never sure of an imitation."""
    found = audit(finding(name, "the feature", **changes))

    assert doubtful_actions(found, public, Config()).outcome is expected


def test_tells_where_and_how_bad(audit, finding, public):
    """At the line, weighing as the check does, under a key that does not move with the line."""
    found = [finding("archived-uses", "the feature", line=line, severity=Severity.MEDIUM) for line in (3, 9)]

    verdict = doubtful_actions(audit(*found), public, Config())

    assert verdict.summary == "doubtful actions are used in 1 of 1 workflow"
    assert verdict.evidence[0].text == "nobody maintains this action any more: the feature"
    assert [(e.place.line, e.severity) for e in verdict.evidence] == [(3, None), (9, None)]
    assert len({e.key for e in verdict.evidence}) == 2
    moved = doubtful_actions(audit(replace(found[0], line=5)), public, Config())
    assert moved.evidence[0].key == verdict.evidence[0].key


@pytest.mark.parametrize(("heed", "expected"), [(True, Outcome.PASS), (False, Outcome.FAIL)])
def test_a_comment_silences(audit, finding, public, heed, expected):
    """Unless policy says otherwise; the number is told."""
    found = audit(finding("archived-uses", severity=Severity.MEDIUM, ignored=True))

    verdict = doubtful_actions(found, public, Config(heed_comments=heed))

    assert verdict.outcome is expected
    assert ("1 silenced by comments" in verdict.summary) is heed


def test_nothing_to_judge(audit, finding, public):
    """No workflow, none that runs, or none that could be audited."""
    found = audit(finding("archived-uses", severity=Severity.MEDIUM))

    assert doubtful_actions(WorkflowAudit((), ()), public, Config()).outcome is Outcome.NOT_APPLICABLE
    archived = doubtful_actions(found, replace(public, archived=True), Config())
    assert archived.outcome is Outcome.NOT_APPLICABLE
    unread = doubtful_actions(audit(problem="not YAML"), public, Config())
    assert (unread.outcome, unread.reason) == (Outcome.UNKNOWN, Reason.FAULT)
