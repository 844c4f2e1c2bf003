"""Check 85 in all its outcomes."""

from dataclasses import replace

import pytest

from bot.checks.ci.template_injection import Config, template_injection
from bot.model.facts import WorkflowAudit
from bot.model.verdicts import Outcome, Reason, Severity


@pytest.mark.parametrize(
    ("name", "changes", "expected"),
    [
        pytest.param("template-injection", {"severity": Severity.HIGH}, Outcome.FAIL, id="chosen by people"),
        pytest.param(
            "template-injection", {"severity": Severity.MEDIUM}, Outcome.FAIL, id="with little to choose"
        ),
        pytest.param(
            "template-injection",
            {"severity": Severity.MEDIUM, "confidence": "medium"},
            Outcome.PASS,
            id="a matrix",
        ),
        pytest.param(
            "template-injection", {"severity": Severity.LOW}, Outcome.PASS, id="a variable of the workflow"
        ),
        pytest.param("unpinned-uses", {}, Outcome.PASS, id="another audit"),
    ],
)
def test_what_counts(audit, finding, public, name, changes, expected):
    """Only what people choose for certain."""
    found = audit(finding(name, "the feature", **changes))

    assert template_injection(found, public, Config()).outcome is expected


def test_tells_where_and_how_bad(audit, finding, public):
    """At the line, weighing as the check does, under a key that does not move with the line."""
    found = [
        finding("template-injection", "the feature", line=line, severity=Severity.HIGH) for line in (3, 9)
    ]

    verdict = template_injection(audit(*found), public, Config())

    assert verdict.summary == "values become part of scripts in 1 of 1 workflow"
    assert verdict.evidence[0].text == "a value becomes part of a script: the feature"
    assert [(e.place.line, e.severity) for e in verdict.evidence] == [(3, None), (9, None)]
    assert len({e.key for e in verdict.evidence}) == 2
    moved = template_injection(audit(replace(found[0], line=5)), public, Config())
    assert moved.evidence[0].key == verdict.evidence[0].key


@pytest.mark.parametrize(("heed", "expected"), [(True, Outcome.PASS), (False, Outcome.FAIL)])
def test_a_comment_silences(audit, finding, public, heed, expected):
    """Unless policy says otherwise; the number is told."""
    found = audit(finding("template-injection", severity=Severity.HIGH, ignored=True))

    verdict = template_injection(found, public, Config(heed_comments=heed))

    assert verdict.outcome is expected
    assert ("1 silenced by comments" in verdict.summary) is heed


def test_nothing_to_judge(audit, finding, public):
    """No workflow, none that runs, or none that could be audited."""
    found = audit(finding("template-injection", severity=Severity.HIGH))

    assert template_injection(WorkflowAudit((), ()), public, Config()).outcome is Outcome.NOT_APPLICABLE
    archived = template_injection(found, replace(public, archived=True), Config())
    assert archived.outcome is Outcome.NOT_APPLICABLE
    unread = template_injection(audit(problem="not YAML"), public, Config())
    assert (unread.outcome, unread.reason) == (Outcome.UNKNOWN, Reason.FAULT)


def test_a_strangers_text_is_told_elsewhere(audit, finding, public):
    """By the check that calls it critical, and once."""
    found = audit(finding("template-injection", "github.event.issue.title"))

    assert template_injection(found, public, Config()).outcome is Outcome.PASS


def test_doubtful_values_on_request(audit, finding, public):
    """For who wants all of them gone."""
    found = audit(finding("template-injection", "matrix.os", severity=Severity.LOW, confidence="low"))

    assert template_injection(found, public, Config(doubtful=True)).outcome is Outcome.FAIL


@pytest.mark.parametrize(
    ("feature", "expected"),
    [
        ("github.event.comment.created_at", Outcome.PASS),
        ("github.event.pull_request.number", Outcome.PASS),
        ("github.event.pull_request.head.sha", Outcome.PASS),
        ("github.event.pull_request.user.login", Outcome.FAIL),
        ("github.event.inputs.number", Outcome.FAIL),
        ("github.event.client_payload.user.id", Outcome.FAIL),
        ("inputs.release_id", Outcome.FAIL),
        ("github.ref_name", Outcome.FAIL),
    ],
)
def test_what_github_makes_itself_is_no_text(audit, finding, public, feature, expected):
    """Ids, dates and flags hold no quotes; what somebody gives to a run may hold anything."""
    found = audit(finding("template-injection", feature))

    assert template_injection(found, public, Config()).outcome is expected
