"""Check 89 in all its outcomes."""

from dataclasses import replace

import pytest

from bot.checks.ci.pinned_downloads import Config, pinned_downloads
from bot.model.facts import WorkflowAudit
from bot.model.verdicts import Outcome, Reason, Severity


@pytest.mark.parametrize(
    ("name", "changes", "expected"),
    [
        pytest.param("unpinned-images", {}, Outcome.FAIL, id="an image"),
        pytest.param("unpinned-tools", {"severity": Severity.MEDIUM}, Outcome.FAIL, id="a tool"),
        pytest.param("adhoc-packages", {"severity": Severity.LOW}, Outcome.FAIL, id="a package"),
        pytest.param(
            "unpinned-images", {"confidence": "low"}, Outcome.PASS, id="an image that an input names"
        ),
        pytest.param("unpinned-uses", {}, Outcome.PASS, id="an action is another check's matter"),
    ],
)
def test_what_counts(audit, finding, public, name, changes, expected):
    """What an input names may be pinned there."""
    found = audit(finding(name, "the feature", **changes))

    assert pinned_downloads(found, public, Config()).outcome is expected


def test_tells_where_and_how_bad(audit, finding, public):
    """At the line, weighing as the check does, under a key that does not move with the line."""
    found = [finding("unpinned-images", "the feature", line=line, severity=Severity.HIGH) for line in (3, 9)]

    verdict = pinned_downloads(audit(*found), public, Config())

    assert verdict.summary == "something is fetched without a fixed version in 1 of 1 workflow"
    assert verdict.evidence[0].text == "a container image has no fixed version: the feature"
    assert [(e.place.line, e.severity) for e in verdict.evidence] == [(3, None), (9, None)]
    assert len({e.key for e in verdict.evidence}) == 2
    moved = pinned_downloads(audit(replace(found[0], line=5)), public, Config())
    assert moved.evidence[0].key == verdict.evidence[0].key


@pytest.mark.parametrize(("heed", "expected"), [(True, Outcome.PASS), (False, Outcome.FAIL)])
def test_a_comment_silences(audit, finding, public, heed, expected):
    """Unless policy says otherwise; the number is told."""
    found = audit(finding("unpinned-images", severity=Severity.HIGH, ignored=True))

    verdict = pinned_downloads(found, public, Config(heed_comments=heed))

    assert verdict.outcome is expected
    assert ("1 silenced by comments" in verdict.summary) is heed


def test_nothing_to_judge(audit, finding, public):
    """No workflow, none that runs, or none that could be audited."""
    found = audit(finding("unpinned-images", severity=Severity.HIGH))

    assert pinned_downloads(WorkflowAudit((), ()), public, Config()).outcome is Outcome.NOT_APPLICABLE
    archived = pinned_downloads(found, replace(public, archived=True), Config())
    assert archived.outcome is Outcome.NOT_APPLICABLE
    unread = pinned_downloads(audit(problem="not YAML"), public, Config())
    assert (unread.outcome, unread.reason) == (Outcome.UNKNOWN, Reason.FAULT)
