"""Check 90 in all its outcomes."""

from dataclasses import replace

import pytest

from bot.checks.ci.trusted_publishing import Config, trusted_publishing
from bot.model.facts import WorkflowAudit
from bot.model.verdicts import Outcome, Reason, Severity


@pytest.mark.parametrize(
    ("name", "changes", "expected"),
    [
        pytest.param(
            "use-trusted-publishing", {"severity": Severity.INFO}, Outcome.FAIL, id="a stored token"
        ),
        pytest.param("unpinned-uses", {}, Outcome.PASS, id="another audit"),
    ],
)
def test_what_counts(audit, finding, public, name, changes, expected):
    """It is advice."""
    found = audit(finding(name, "the feature", **changes))

    assert trusted_publishing(found, public, Config()).outcome is expected


def test_tells_where_and_how_bad(audit, finding, public):
    """At the line, weighing as the check does, under a key that does not move with the line."""
    found = [
        finding("use-trusted-publishing", "the feature", line=line, severity=Severity.INFO) for line in (3, 9)
    ]

    verdict = trusted_publishing(audit(*found), public, Config())

    assert verdict.summary == "packages are published with a stored token in 1 of 1 workflow"
    assert verdict.evidence[0].text == "a package is published with a stored token: the feature"
    assert [(e.place.line, e.severity) for e in verdict.evidence] == [(3, None), (9, None)]
    assert len({e.key for e in verdict.evidence}) == 2
    moved = trusted_publishing(audit(replace(found[0], line=5)), public, Config())
    assert moved.evidence[0].key == verdict.evidence[0].key


@pytest.mark.parametrize(("heed", "expected"), [(True, Outcome.PASS), (False, Outcome.FAIL)])
def test_a_comment_silences(audit, finding, public, heed, expected):
    """Unless policy says otherwise; the number is told."""
    found = audit(finding("use-trusted-publishing", severity=Severity.INFO, ignored=True))

    verdict = trusted_publishing(found, public, Config(heed_comments=heed))

    assert verdict.outcome is expected
    assert ("1 silenced by comments" in verdict.summary) is heed


def test_nothing_to_judge(audit, finding, public):
    """No workflow, none that runs, or none that could be audited."""
    found = audit(finding("use-trusted-publishing", severity=Severity.INFO))

    assert trusted_publishing(WorkflowAudit((), ()), public, Config()).outcome is Outcome.NOT_APPLICABLE
    archived = trusted_publishing(found, replace(public, archived=True), Config())
    assert archived.outcome is Outcome.NOT_APPLICABLE
    unread = trusted_publishing(audit(problem="not YAML"), public, Config())
    assert (unread.outcome, unread.reason) == (Outcome.UNKNOWN, Reason.FAULT)
