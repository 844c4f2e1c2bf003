"""Check 22 in all its outcomes."""

import pytest

from bot.checks.protection.merge_group_wiring import merge_group_wiring
from bot.model.facts import Repository, WorkflowFile
from bot.model.merge_queue import QueueWorkflows, WorkflowJobs
from bot.model.protection import (
    Enforcement,
    Protection,
    RequiredCheck,
    RequiredWorkflow,
    Requirements,
    Ruleset,
)
from bot.model.verdicts import Outcome, Reason, Unknown

REPOSITORY = Repository(1, "acme/tool", "main")
NOT_GRANTED = Unknown(Reason.PERMISSION, "not granted", "administration: read")
CI = ".github/workflows/ci.yml"


def rules(*checks, queue=True, unread=None, known=False, workflows=()):
    requirements = Requirements(queue=queue, checks=checks, workflows=workflows)
    ruleset = Ruleset("r", "acme", Enforcement.ACTIVE, ("~ALL",), (), requirements)
    return Protection("main", (ruleset,), None if unread else (), unread, known)


def workflow(*jobs, queued=False, path=CI):
    return WorkflowJobs(path, 3, queued, tuple((job,) for job in jobs))


TEST = RequiredCheck("test")


@pytest.mark.parametrize(
    ("protection", "files", "expected"),
    [
        pytest.param(rules(TEST), [workflow("test", queued=True)], Outcome.PASS, id="it runs for the queue"),
        pytest.param(rules(TEST), [workflow("test")], Outcome.FAIL, id="it does not"),
        pytest.param(rules(TEST), [workflow("lint")], Outcome.PASS, id="another job"),
        pytest.param(
            rules(TEST),
            [workflow("test"), workflow("test", queued=True, path="b.yml")],
            Outcome.PASS,
            id="another workflow reports it to the queue",
        ),
        pytest.param(
            rules(RequiredCheck("test", 7)), [workflow("test")], Outcome.PASS, id="required from another App"
        ),
        pytest.param(
            rules(RequiredCheck("test", 15368)), [workflow("test")], Outcome.FAIL, id="required from Actions"
        ),
        pytest.param(
            rules(workflows=(RequiredWorkflow(CI, 1),)),
            [workflow("a")],
            Outcome.FAIL,
            id="a required workflow",
        ),
        pytest.param(
            rules(workflows=(RequiredWorkflow(CI, 2),)),
            [workflow("a")],
            Outcome.PASS,
            id="a required workflow of another repository",
        ),
        pytest.param(rules(), [], Outcome.PASS, id="nothing required"),
        pytest.param(
            rules(TEST, unread=NOT_GRANTED), [workflow("test")], Outcome.FAIL, id="certain, others unread"
        ),
        pytest.param(
            rules(TEST, unread=NOT_GRANTED),
            [workflow("test", queued=True)],
            Outcome.UNKNOWN,
            id="others unread",
        ),
    ],
)
def test_judges_workflows_with_required_checks(protection, files, expected):
    """Some workflow must report each to the queue."""
    assert merge_group_wiring(protection, QueueWorkflows(tuple(files)), REPOSITORY).outcome is expected


def test_without_a_queue_there_is_nothing_to_say():
    """Unless it is not known."""
    none = merge_group_wiring(rules(TEST, queue=False), None, REPOSITORY)
    unread = merge_group_wiring(rules(TEST, queue=False, known=None), None, REPOSITORY)

    assert none.outcome is Outcome.NOT_APPLICABLE
    assert (unread.outcome, unread.permission) == (Outcome.UNKNOWN, "merge_queues: read")


def test_a_workflow_that_was_not_read_leaves_it_open():
    """It may be the one."""
    unread = QueueWorkflows((), (WorkflowFile(CI, "a" * 40, "it is a symlink"),))
    verdict = merge_group_wiring(rules(TEST), unread, REPOSITORY)

    assert (verdict.outcome, verdict.reason) == (Outcome.UNKNOWN, Reason.LIMIT)
    assert CI in verdict.summary


def test_evidence_points_at_the_triggers():
    """One entry per check."""
    verdict = merge_group_wiring(rules(TEST), QueueWorkflows((workflow("test"),)), REPOSITORY)

    assert verdict.summary == "1 required check that the merge queue waits for in vain"
    assert (verdict.evidence[0].place.path, verdict.evidence[0].place.line) == (CI, 3)
    assert verdict.evidence[0].fingerprint == f"{CI}|test"
