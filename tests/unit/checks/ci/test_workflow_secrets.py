"""Check 87 in all its outcomes."""

from dataclasses import replace

import pytest

from bot.checks.ci.workflow_secrets import Config, workflow_secrets
from bot.model.facts import WorkflowAudit
from bot.model.verdicts import Outcome, Reason, Severity


@pytest.mark.parametrize(
    ("name", "changes", "expected"),
    [
        pytest.param("hardcoded-container-credentials", {}, Outcome.FAIL, id="a password in the file"),
        pytest.param(
            "overprovisioned-secrets", {"severity": Severity.MEDIUM}, Outcome.FAIL, id="all at once"
        ),
        pytest.param("unredacted-secrets", {"severity": Severity.MEDIUM}, Outcome.FAIL, id="a part of one"),
        pytest.param("secrets-inherit", {"severity": Severity.MEDIUM}, Outcome.FAIL, id="handed on"),
        pytest.param("github-app", {}, Outcome.FAIL, id="a token of an App"),
        pytest.param("github-app", {"confidence": "low"}, Outcome.PASS, id="revoked under a condition"),
        pytest.param("unpinned-uses", {}, Outcome.PASS, id="another audit"),
    ],
)
def test_what_counts(audit, finding, public, name, changes, expected):
    """What the auditor is not sure of is not told."""
    found = audit(finding(name, "the feature", **changes))

    assert workflow_secrets(found, public, Config()).outcome is expected


def test_tells_where_and_how_bad(audit, finding, public):
    """At the line, weighing as the check does, under a key that does not move with the line."""
    found = [
        finding("secrets-inherit", "the feature", line=line, severity=Severity.MEDIUM) for line in (3, 9)
    ]

    verdict = workflow_secrets(audit(*found), public, Config())

    assert verdict.summary == "secrets or tokens reach further than needed in 1 of 1 workflow"
    assert verdict.evidence[0].text == "a reusable workflow is given all secrets: the feature"
    assert [(e.place.line, e.severity) for e in verdict.evidence] == [(3, None), (9, None)]
    assert len({e.key for e in verdict.evidence}) == 2
    moved = workflow_secrets(audit(replace(found[0], line=5)), public, Config())
    assert moved.evidence[0].key == verdict.evidence[0].key


@pytest.mark.parametrize(("heed", "expected"), [(True, Outcome.PASS), (False, Outcome.FAIL)])
def test_a_comment_silences(audit, finding, public, heed, expected):
    """Unless policy says otherwise; the number is told."""
    found = audit(finding("secrets-inherit", severity=Severity.MEDIUM, ignored=True))

    verdict = workflow_secrets(found, public, Config(heed_comments=heed))

    assert verdict.outcome is expected
    assert ("1 silenced by comments" in verdict.summary) is heed


def test_nothing_to_judge(audit, finding, public):
    """No workflow, none that runs, or none that could be audited."""
    found = audit(finding("secrets-inherit", severity=Severity.MEDIUM))

    assert workflow_secrets(WorkflowAudit((), ()), public, Config()).outcome is Outcome.NOT_APPLICABLE
    archived = workflow_secrets(found, replace(public, archived=True), Config())
    assert archived.outcome is Outcome.NOT_APPLICABLE
    unread = workflow_secrets(audit(problem="not YAML"), public, Config())
    assert (unread.outcome, unread.reason) == (Outcome.UNKNOWN, Reason.FAULT)


def test_a_password_is_not_repeated(audit, finding, public):
    """The feature is the block that holds it; reports must not spread it."""
    found = audit(finding("hardcoded-container-credentials", "password: hackme", message="it is hard-coded"))

    (evidence,) = workflow_secrets(found, public, Config()).evidence

    assert evidence.text == "it is hard-coded"
    assert "hackme" not in evidence.key
