"""Check 82 in all its outcomes."""

from dataclasses import replace

import pytest

from bot.checks.ci.cache_poisoning import Config, cache_poisoning
from bot.model.facts import WorkflowAudit
from bot.model.verdicts import Outcome, Reason, Severity


@pytest.mark.parametrize(
    ("name", "changes", "expected"),
    [
        pytest.param("cache-poisoning", {"confidence": "low"}, Outcome.FAIL, id="a cache in a release"),
        pytest.param("unpinned-uses", {}, Outcome.PASS, id="another audit"),
    ],
)
def test_what_counts(audit, finding, public, name, changes, expected):
    """The auditor is never sure of it, and says so."""
    found = audit(finding(name, "the feature", **changes))

    assert cache_poisoning(found, public, Config()).outcome is expected


def test_tells_where_and_how_bad(audit, finding, public):
    """At the line, weighing as the check does, under a key that does not move with the line."""
    found = [finding("cache-poisoning", "the feature", line=line, severity=Severity.HIGH) for line in (3, 9)]

    verdict = cache_poisoning(audit(*found), public, Config())

    assert verdict.summary == "what is published may come from a cache in 1 of 1 workflow"
    assert verdict.evidence[0].text == "a workflow that publishes restores a cache: the feature (m)"
    assert [(e.place.line, e.severity) for e in verdict.evidence] == [(3, None), (9, None)]
    assert len({e.key for e in verdict.evidence}) == 2
    moved = cache_poisoning(audit(replace(found[0], line=5)), public, Config())
    assert moved.evidence[0].key == verdict.evidence[0].key


@pytest.mark.parametrize(("heed", "expected"), [(True, Outcome.PASS), (False, Outcome.FAIL)])
def test_a_comment_silences(audit, finding, public, heed, expected):
    """Unless policy says otherwise; the number is told."""
    found = audit(finding("cache-poisoning", severity=Severity.HIGH, ignored=True))

    verdict = cache_poisoning(found, public, Config(heed_comments=heed))

    assert verdict.outcome is expected
    assert ("1 silenced by comments" in verdict.summary) is heed


def test_nothing_to_judge(audit, finding, public):
    """No workflow, none that runs, or none that could be audited."""
    found = audit(finding("cache-poisoning", severity=Severity.HIGH))

    assert cache_poisoning(WorkflowAudit((), ()), public, Config()).outcome is Outcome.NOT_APPLICABLE
    archived = cache_poisoning(found, replace(public, archived=True), Config())
    assert archived.outcome is Outcome.NOT_APPLICABLE
    unread = cache_poisoning(audit(problem="not YAML"), public, Config())
    assert (unread.outcome, unread.reason) == (Outcome.UNKNOWN, Reason.FAULT)
