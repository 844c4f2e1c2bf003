"""Check 81 in all its outcomes."""

from dataclasses import replace

import pytest

from bot.checks.ci.credential_persistence import Config, credential_persistence
from bot.model.facts import WorkflowAudit
from bot.model.verdicts import Outcome, Reason, Severity


@pytest.mark.parametrize(
    ("name", "changes", "expected"),
    [
        pytest.param(
            "artipacked", {"severity": Severity.HIGH}, Outcome.FAIL, id="an artifact takes it along"
        ),
        pytest.param("artipacked", {"severity": Severity.MEDIUM}, Outcome.FAIL, id="it lies among the files"),
        pytest.param("artipacked", {"severity": Severity.LOW}, Outcome.PASS, id="it lies elsewhere"),
        pytest.param("unpinned-uses", {}, Outcome.PASS, id="another audit"),
    ],
)
def test_what_counts(audit, finding, public, name, changes, expected):
    """Newer versions of the action keep the token elsewhere."""
    found = audit(finding(name, "the feature", **changes))

    assert credential_persistence(found, public, Config()).outcome is expected


def test_tells_where_and_how_bad(audit, finding, public):
    """At the line, under a key that does not move with the line."""
    found = [finding("artipacked", "the feature", line=line, severity=Severity.MEDIUM) for line in (3, 9)]

    verdict = credential_persistence(audit(*found), public, Config())

    assert verdict.summary == "checkouts leave their token on disk in 1 of 1 workflow"
    assert verdict.evidence[0].text == "the token stays on disk for later steps: the feature"
    assert [(e.place.line, e.severity) for e in verdict.evidence] == [
        (3, Severity.MEDIUM),
        (9, Severity.MEDIUM),
    ]
    assert len({e.key for e in verdict.evidence}) == 2
    moved = credential_persistence(audit(replace(found[0], line=5)), public, Config())
    assert moved.evidence[0].key == verdict.evidence[0].key


@pytest.mark.parametrize(("heed", "expected"), [(True, Outcome.PASS), (False, Outcome.FAIL)])
def test_a_comment_silences(audit, finding, public, heed, expected):
    """Unless policy says otherwise; the number is told."""
    found = audit(finding("artipacked", severity=Severity.MEDIUM, ignored=True))

    verdict = credential_persistence(found, public, Config(heed_comments=heed))

    assert verdict.outcome is expected
    assert ("1 silenced by comments" in verdict.summary) is heed


def test_nothing_to_judge(audit, finding, public):
    """No workflow, none that runs, or none that could be audited."""
    found = audit(finding("artipacked", severity=Severity.MEDIUM))

    assert credential_persistence(WorkflowAudit((), ()), public, Config()).outcome is Outcome.NOT_APPLICABLE
    archived = credential_persistence(found, replace(public, archived=True), Config())
    assert archived.outcome is Outcome.NOT_APPLICABLE
    unread = credential_persistence(audit(problem="not YAML"), public, Config())
    assert (unread.outcome, unread.reason) == (Outcome.UNKNOWN, Reason.FAULT)


def test_newer_versions_of_the_action_on_request(audit, finding, public):
    """Their token lies outside of the checked-out files, yet on disk."""
    found = audit(finding("artipacked", severity=Severity.LOW))

    assert credential_persistence(found, public, Config(since_v6=True)).outcome is Outcome.FAIL


def test_an_upload_weighs_more(audit, finding, public):
    """The auditor is sure only where it sees one."""
    upload = finding("artipacked", line=9, confidence="high")
    plain = finding("artipacked", severity=Severity.MEDIUM, confidence="low")

    verdict = credential_persistence(audit(plain, upload), public, Config())

    assert [(e.place.line, e.severity) for e in verdict.evidence] == [(9, Severity.HIGH), (3, None)]
