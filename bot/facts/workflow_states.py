"""Which workflows are switched off, and how the runs of the others ended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from bot.json_nodes import Node
from bot.model.security import WorkflowState, WorkflowStates
from bot.ports import RepoReader
from bot.spec import SIX_HOURS, fact

MAX_WORKFLOWS = 100
MAX_RUNS = 50
"""Each run brings two descriptions of repositories along, some 15 kB."""

PERMISSION = "actions: read"
FAILED = frozenset({"failure", "timed_out", "startup_failure"})


@fact(
    "workflow_states",
    permission=PERMISSION,
    cost="one call, and one more where a workflow is active",
    keep_s=SIX_HOURS,
    rest=True,
)
def workflow_states(reader: RepoReader, branch: str) -> WorkflowStates | None:
    """The first hundred workflows, with their newest runs on the default branch; None without Actions."""
    told = reader.rest("/actions/workflows", items=MAX_WORKFLOWS, key="workflows", permission=PERMISSION)
    if told is None:
        return None
    listed = told["items"].items()
    runs = _runs(reader, branch) if any(w["state"].text() == "active" for w in listed) else {}
    states = [_state(workflow, runs.get(workflow["id"].number(), _Runs())) for workflow in listed]
    return WorkflowStates(tuple(sorted(states, key=lambda state: state.path)), told["more"].flag())


@dataclass(slots=True)
class _Runs:
    succeeded: int = 0
    failed: int = 0
    last_failure: datetime | None = None


def _runs(reader: RepoReader, branch: str) -> dict[int, _Runs]:
    """Workflow id -> how its completed runs ended; what was skipped or cancelled counts as neither."""
    path = f"/actions/runs?status=completed&exclude_pull_requests=true&branch={quote(branch, safe='')}"
    told = reader.rest(path, items=MAX_RUNS, key="workflow_runs", permission=PERMISSION)
    found: dict[int, _Runs] = {}
    for run in told["items"].items() if told else ():
        conclusion, began = run.optional("conclusion"), run["created_at"].moment()
        runs = found.setdefault(run["workflow_id"].number(), _Runs())
        said = conclusion.text() if conclusion else ""
        if said == "success":
            runs.succeeded += 1
        elif said in FAILED:
            runs.failed += 1
            runs.last_failure = max(runs.last_failure or began, began)
    return found


def _state(workflow: Node, runs: _Runs) -> WorkflowState:
    return WorkflowState(
        name=workflow["name"].text(),
        path=workflow["path"].text(),
        state=workflow["state"].text(),
        succeeded=runs.succeeded,
        failed=runs.failed,
        last_failure=runs.last_failure,
    )
