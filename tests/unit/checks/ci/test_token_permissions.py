"""Check 30 in all its outcomes."""

from dataclasses import replace

import pytest

from bot.checks.ci.token_permissions import Config, token_permissions
from bot.model.facts import WorkflowAudit
from bot.model.verdicts import Outcome, Reason, Severity

WIDE = "contents: write is overly broad at the workflow level"
SILENT = "default permissions used due to no permissions: block"


@pytest.fixture
def permissions(finding):
    def make(message: str, **changes: object):
        return finding("excessive-permissions", message=message, **changes)

    return make


def test_passes_where_nothing_was_found(audit, finding, public):
    """Other findings of the auditor are other checks' matter."""
    verdict = token_permissions(audit(finding("unpinned-uses")), public, Config())

    assert (verdict.outcome, verdict.summary) == (
        Outcome.PASS,
        "the tokens of 1 workflow have no rights to spare",
    )


def test_rights_for_a_whole_workflow_fail(audit, permissions, public):
    """Each is an observation at its line, the worst first, with the auditor's weight."""
    found = [
        permissions("statuses: write is overly broad at the workflow level", severity=Severity.LOW),
        permissions(WIDE, line=8),
    ]
    verdict = token_permissions(audit(*found), public, Config())

    assert verdict.summary == "1 of 1 workflow gives its token too many rights"
    assert [(e.place.line, e.severity) for e in verdict.evidence] == [(8, Severity.HIGH), (3, Severity.LOW)]
    assert verdict.evidence[0].text == "contents: write is wider than needed at the workflow level"
    moved = token_permissions(audit(permissions(WIDE, line=9)), public, Config())
    assert moved.evidence[0].key == verdict.evidence[0].key


def test_a_file_that_says_nothing_is_told_once(audit, permissions, public):
    """The auditor tells of the file and of each job; the file weighs less than a right too many."""
    found = [permissions(SILENT, line=line, severity=Severity.MEDIUM) for line in (1, 7, 28)]
    verdict = token_permissions(audit(*found), public, Config())

    assert verdict.outcome is Outcome.FAIL
    (evidence,) = verdict.evidence
    assert (evidence.place.line, evidence.severity) == (1, Severity.MEDIUM)
    assert evidence.text.startswith("2 jobs with whatever rights")


@pytest.mark.parametrize(
    ("options", "expected"),
    [({"require_declared": True}, Outcome.FAIL), ({"require_declared": False}, Outcome.PASS)],
)
def test_saying_nothing_can_be_allowed(audit, permissions, public, options, expected):
    """Where the repository's default is known to be read-only."""
    assert token_permissions(audit(permissions(SILENT)), public, Config(**options)).outcome is expected


def test_both_kinds_in_one_sentence(audit, permissions, public):
    """What is too wide comes first."""
    found = [permissions(SILENT, path=".github/workflows/b.yml"), permissions(WIDE)]

    verdict = token_permissions(audit(*found), public, Config())

    assert "2 of 1 workflow give their token too many rights, or leave them open" in verdict.summary
    assert [e.severity for e in verdict.evidence] == [Severity.HIGH, Severity.MEDIUM]


def test_rights_to_read_are_fine(audit, permissions, public):
    """The auditor would have each named; nothing can be changed with them."""
    found = audit(permissions("uses read-all permissions", severity=Severity.MEDIUM))

    assert token_permissions(found, public, Config()).outcome is Outcome.PASS


@pytest.mark.parametrize(("heed", "expected"), [(True, Outcome.PASS), (False, Outcome.FAIL)])
def test_a_comment_silences(audit, permissions, public, heed, expected):
    """Unless policy says otherwise; the number is told."""
    found = audit(permissions(WIDE, ignored=True))

    verdict = token_permissions(found, public, Config(heed_comments=heed))

    assert verdict.outcome is expected
    assert ("1 silenced by comments" in verdict.summary) is heed


def test_what_was_not_audited_is_unknown(audit, permissions, public):
    """Unless something was found elsewhere."""
    verdict = token_permissions(audit(problem="not YAML"), public, Config())

    assert (verdict.outcome, verdict.reason) == (Outcome.UNKNOWN, Reason.FAULT)
    assert token_permissions(audit(permissions(WIDE), problem="x"), public, Config()).outcome is Outcome.FAIL


def test_nothing_to_judge(audit, permissions, public):
    """No workflow, or none that runs."""
    found = audit(permissions(WIDE))

    assert token_permissions(WorkflowAudit((), ()), public, Config()).outcome is Outcome.NOT_APPLICABLE
    archived = replace(public, archived=True)
    assert token_permissions(found, archived, Config()).outcome is Outcome.NOT_APPLICABLE
