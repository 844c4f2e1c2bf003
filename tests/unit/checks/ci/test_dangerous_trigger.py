"""Check 31 in all its outcomes."""

from dataclasses import replace

import pytest

from bot.checks.ci.dangerous_trigger import Config, dangerous_trigger
from bot.model.facts import WorkflowAudit
from bot.model.verdicts import Outcome, Reason, Severity


def test_passes_where_nothing_was_found(audit, public):
    """Audited, and clean."""
    assert dangerous_trigger(audit(), public, Config()).outcome is Outcome.PASS


def test_an_untrusted_checkout_fails(audit, finding, public):
    """The place is the line of the reference."""
    verdict = dangerous_trigger(
        audit(finding("untrusted-checkout", "${{ github.head_ref }}")), public, Config()
    )

    assert verdict.outcome is Outcome.FAIL
    assert (verdict.evidence[0].place.path, verdict.evidence[0].place.line) == (".github/workflows/a.yml", 3)


@pytest.mark.parametrize(
    "expression",
    [
        "github.event.issue.title",
        "github.event.pull_request.body",
        "github.event.comment.body",
        "github.event.pull_request.head.ref",
        "github.event.head_commit.message",
        "github.event.commits[0].author.email",
        "github.event.workflow_run.head_branch",
        "github.head_ref",
        "toJSON(github.event)",
        "format('{0}', github.event.discussion.title)",
    ],
)
def test_a_strangers_text_in_a_script_fails(audit, finding, public, expression):
    """Titles, bodies, names of branches and commits' texts are written by anyone."""
    verdict = dangerous_trigger(audit(finding("template-injection", expression)), public, Config())

    assert verdict.outcome is Outcome.FAIL


@pytest.mark.parametrize(
    ("name", "expression", "changes"),
    [
        pytest.param("dangerous-triggers", "on: pull_request_target", {}, id="a trigger alone"),
        pytest.param("template-injection", "github.event.pull_request.merged", {}, id="a flag"),
        pytest.param("template-injection", "github.event.pull_request.number", {}, id="a number"),
        pytest.param("template-injection", "github.ref_name", {}, id="a branch of our own"),
        pytest.param("template-injection", "steps.a.outputs.b", {"severity": Severity.INFO}, id="an output"),
        pytest.param("template-injection", "github.head_ref", {"confidence": "low"}, id="a guess"),
        pytest.param("bot-conditions", "github.actor", {}, id="another rule"),
    ],
)
def test_ordinary_workflows_raise_no_alarm(audit, finding, public, name, expression, changes):
    """What the auditor also reports, and what is everywhere in sound repositories."""
    verdict = dangerous_trigger(audit(finding(name, expression, **changes)), public, Config())

    assert verdict.outcome is Outcome.PASS


def test_a_comment_silences_only_where_policy_lets_it(audit, finding, public):
    """A change could bring both the hole and the comment."""
    silenced = audit(finding("untrusted-checkout", "x", ignored=True))

    assert dangerous_trigger(silenced, public, Config()).outcome is Outcome.FAIL
    heeded = dangerous_trigger(silenced, public, Config(heed_comments=True))
    assert heeded.outcome is Outcome.PASS
    assert "1 silenced by comments" in heeded.summary


def test_what_was_not_audited_is_unknown_but_hides_no_fail(audit, finding, public):
    """Nobody looked into it, so nobody calls it sound."""
    verdict = dangerous_trigger(audit(problem="it is a binary file"), public, Config())
    assert (verdict.outcome, verdict.reason) == (Outcome.UNKNOWN, Reason.FAULT)
    assert verdict.evidence[0].text == "not audited: it is a binary file"

    found = finding("untrusted-checkout", "x")
    assert dangerous_trigger(audit(found, problem="binary"), public, Config()).outcome is Outcome.FAIL


def test_not_applicable_without_workflows_or_when_archived(audit, finding, public):
    """What never runs does no harm."""
    assert dangerous_trigger(WorkflowAudit((), ()), public, Config()).outcome is Outcome.NOT_APPLICABLE
    archived = replace(public, archived=True)
    found = audit(finding("untrusted-checkout", "x"))
    assert dangerous_trigger(found, archived, Config()).outcome is Outcome.NOT_APPLICABLE


def test_keys_stay_when_lines_move(audit, finding, public):
    """Equal findings in one file are told apart by their order, not by their lines."""

    def keys(*lines: int) -> list[str]:
        found = [finding("template-injection", "github.head_ref", line=n, end_line=n) for n in lines]
        return [e.key for e in dangerous_trigger(audit(*found), public, Config()).evidence]

    assert keys(3, 9) == keys(30, 90)
    assert len(set(keys(3, 9))) == 2
