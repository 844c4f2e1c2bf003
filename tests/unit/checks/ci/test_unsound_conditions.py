"""Check 86 in all its outcomes."""

from dataclasses import replace

import pytest

from bot.checks.ci.unsound_conditions import Config, unsound_conditions
from bot.model.facts import WorkflowAudit
from bot.model.verdicts import Outcome, Reason, Severity


@pytest.mark.parametrize(
    ("name", "changes", "expected"),
    [
        pytest.param("bot-conditions", {"confidence": "medium"}, Outcome.FAIL, id="a bot's name"),
        pytest.param("unsound-condition", {}, Outcome.FAIL, id="always true"),
        pytest.param("unsound-contains", {}, Outcome.FAIL, id="a part of a text"),
        pytest.param(
            "unsound-ternary", {"severity": Severity.LOW}, Outcome.FAIL, id="a value that counts as false"
        ),
        pytest.param(
            "unsound-contains",
            {"severity": Severity.INFO},
            Outcome.PASS,
            id="a part of a text that nobody chooses",
        ),
        pytest.param("unpinned-uses", {}, Outcome.PASS, id="another audit"),
    ],
)
def test_what_counts(audit, finding, public, name, changes, expected):
    """A condition on what nobody can choose is no fault."""
    found = audit(finding(name, "the feature", **changes))

    assert unsound_conditions(found, public, Config()).outcome is expected


def test_tells_where_and_how_bad(audit, finding, public):
    """At the line, weighing as the check does, under a key that does not move with the line."""
    found = [finding("bot-conditions", "the feature", line=line, severity=Severity.HIGH) for line in (3, 9)]

    verdict = unsound_conditions(audit(*found), public, Config())

    assert verdict.summary == "conditions do not hold what they seem to in 1 of 1 workflow"
    assert verdict.evidence[0].text == "another than the bot can meet this condition: the feature"
    assert [(e.place.line, e.severity) for e in verdict.evidence] == [(3, None), (9, None)]
    assert len({e.key for e in verdict.evidence}) == 2
    moved = unsound_conditions(audit(replace(found[0], line=5)), public, Config())
    assert moved.evidence[0].key == verdict.evidence[0].key


@pytest.mark.parametrize(("heed", "expected"), [(True, Outcome.PASS), (False, Outcome.FAIL)])
def test_a_comment_silences(audit, finding, public, heed, expected):
    """Unless policy says otherwise; the number is told."""
    found = audit(finding("bot-conditions", severity=Severity.HIGH, ignored=True))

    verdict = unsound_conditions(found, public, Config(heed_comments=heed))

    assert verdict.outcome is expected
    assert ("1 silenced by comments" in verdict.summary) is heed


def test_nothing_to_judge(audit, finding, public):
    """No workflow, none that runs, or none that could be audited."""
    found = audit(finding("bot-conditions", severity=Severity.HIGH))

    assert unsound_conditions(WorkflowAudit((), ()), public, Config()).outcome is Outcome.NOT_APPLICABLE
    archived = unsound_conditions(found, replace(public, archived=True), Config())
    assert archived.outcome is Outcome.NOT_APPLICABLE
    unread = unsound_conditions(audit(problem="not YAML"), public, Config())
    assert (unread.outcome, unread.reason) == (Outcome.UNKNOWN, Reason.FAULT)


def test_what_only_surprises_weighs_less(audit, finding, public):
    """As the auditor weighs it."""
    found = audit(finding("unsound-ternary", severity=Severity.LOW))

    assert [e.severity for e in unsound_conditions(found, public, Config()).evidence] == [Severity.LOW]
