"""Workflows with how their runs ended."""

from datetime import UTC, datetime

import pytest

from bot.engine.evaluate import freeze, thaw
from bot.facts.workflow_states import MAX_RUNS, MAX_WORKFLOWS, workflow_states
from bot.model.errors import PermissionMissing
from bot.model.security import WorkflowState, WorkflowStates
from bot.registry import load
from tests.unit.facts.conftest import MemoryReader

LIST = "/actions/workflows"
RUNS = "/actions/runs?status=completed&exclude_pull_requests=true&branch=main"


def workflow(number: int, state: str = "active"):
    return {"id": number, "name": f"w{number}", "path": f".github/workflows/{number:03}.yml", "state": state}


def run(of: int, conclusion: str | None, day: int = 1):
    return {"workflow_id": of, "conclusion": conclusion, "created_at": f"2026-06-{day:02}T00:00:00Z"}


def read(workflows, runs=(), branch="main", path=RUNS) -> WorkflowStates | None:
    return workflow_states(MemoryReader(rests={LIST: workflows, path: list(runs)}), branch)


def test_runs_are_counted_for_their_workflow():
    """What was skipped, cancelled or has no end counts as neither."""
    ends = ["success", "failure", "timed_out", "startup_failure", "cancelled", "skipped", None]
    runs = [run(1, end, day) for day, end in enumerate(ends, 1)]

    found = read([workflow(2), workflow(1)], runs)

    assert found == WorkflowStates(
        (
            WorkflowState(
                "w1", ".github/workflows/001.yml", "active", 1, 3, datetime(2026, 6, 4, tzinfo=UTC)
            ),
            WorkflowState("w2", ".github/workflows/002.yml", "active"),
        )
    )
    assert thaw(load(plugins=False), freeze({"workflow_states": found})) == {"workflow_states": found}


def test_runs_are_not_asked_for_where_no_workflow_is_active():
    """There is nothing to judge by them."""
    reader = MemoryReader(rests={LIST: [workflow(1, "disabled_inactivity")]})

    found = workflow_states(reader, "main")

    assert [w.state for w in found.listed] == ["disabled_inactivity"]
    assert reader.calls == [f"rest {LIST}"]


def test_the_branch_is_written_for_an_address():
    """Its name comes from outside."""
    path = RUNS.replace("=main", "=a%2Fb%26c")

    assert read([workflow(1)], [run(1, "success")], "a/b&c", path).listed[0].succeeded == 1


def test_more_than_a_page():
    """That there are more workflows is told; of runs only the newest are meant."""
    assert read([workflow(n) for n in range(MAX_WORKFLOWS + 1)]).more
    assert read([workflow(1)], [run(1, "failure")] * (MAX_RUNS + 5)).listed[0].failed == MAX_RUNS


def test_no_actions_and_no_permission():
    """The first is an answer, the second is not."""
    assert workflow_states(MemoryReader(), "main") is None
    with pytest.raises(PermissionMissing):
        read(PermissionMissing("no"))
