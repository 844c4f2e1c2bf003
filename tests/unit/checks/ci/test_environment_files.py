"""Check 83 in all its outcomes."""

from dataclasses import replace

import pytest

from bot.checks.ci.environment_files import Config, environment_files
from bot.model.facts import WorkflowAudit
from bot.model.verdicts import Outcome, Reason, Severity


@pytest.mark.parametrize(
    ("name", "changes", "expected"),
    [
        pytest.param("github-env", {"confidence": "low"}, Outcome.FAIL, id="the file"),
        pytest.param("insecure-commands", {}, Outcome.FAIL, id="the commands"),
        pytest.param("unpinned-uses", {}, Outcome.PASS, id="another audit"),
    ],
)
def test_what_counts(audit, finding, public, name, changes, expected):
    """Both ways of setting it."""
    found = audit(finding(name, "the feature", **changes))

    assert environment_files(found, public, Config()).outcome is expected


def test_tells_where_and_how_bad(audit, finding, public):
    """At the line, weighing as the check does, under a key that does not move with the line."""
    found = [finding("github-env", "the feature", line=line, severity=Severity.HIGH) for line in (3, 9)]

    verdict = environment_files(audit(*found), public, Config())

    assert verdict.summary == "others may set the environment of later steps in 1 of 1 workflow"
    assert verdict.evidence[0].text == "m, in a workflow that strangers can start: the feature"
    assert [(e.place.line, e.severity) for e in verdict.evidence] == [(3, None), (9, None)]
    assert len({e.key for e in verdict.evidence}) == 2
    moved = environment_files(audit(replace(found[0], line=5)), public, Config())
    assert moved.evidence[0].key == verdict.evidence[0].key


@pytest.mark.parametrize(("heed", "expected"), [(True, Outcome.PASS), (False, Outcome.FAIL)])
def test_a_comment_silences(audit, finding, public, heed, expected):
    """Unless policy says otherwise; the number is told."""
    found = audit(finding("github-env", severity=Severity.HIGH, ignored=True))

    verdict = environment_files(found, public, Config(heed_comments=heed))

    assert verdict.outcome is expected
    assert ("1 silenced by comments" in verdict.summary) is heed


def test_nothing_to_judge(audit, finding, public):
    """No workflow, none that runs, or none that could be audited."""
    found = audit(finding("github-env", severity=Severity.HIGH))

    assert environment_files(WorkflowAudit((), ()), public, Config()).outcome is Outcome.NOT_APPLICABLE
    archived = environment_files(found, replace(public, archived=True), Config())
    assert archived.outcome is Outcome.NOT_APPLICABLE
    unread = environment_files(audit(problem="not YAML"), public, Config())
    assert (unread.outcome, unread.reason) == (Outcome.UNKNOWN, Reason.FAULT)
