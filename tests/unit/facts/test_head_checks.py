"""Checks and statuses of the newest commit, as GitHub tells them."""

from datetime import UTC, datetime

import pytest

from bot.engine.evaluate import freeze, thaw
from bot.facts.head_checks import HEAD_CHECKS, head_checks
from bot.json_nodes import Refused
from bot.model.commits import CheckState, CommitChecks, ReportedCheck
from bot.model.errors import Malformed, PermissionMissing
from bot.registry import load
from tests.unit.facts.conftest import MemoryReader

OID = "a" * 40


def run(name: str, conclusion: str | None, *, status: str = "COMPLETED", app: object = "default"):
    of = {"databaseId": 15368, "slug": "github-actions"} if app == "default" else app
    return {
        "__typename": "CheckRun",
        "name": name,
        "status": status,
        "conclusion": conclusion,
        "checkSuite": {"app": of},
    }


def status(context: str, state: str):
    return {"__typename": "StatusContext", "context": context, "state": state}


def told(*contexts: object, state: str = "SUCCESS", more: bool = False, rollup: object = "default"):
    made = {"state": state, "contexts": {"pageInfo": {"hasNextPage": more}, "nodes": [*contexts]}}
    commit = {
        "oid": OID,
        "committedDate": "2026-06-01T10:00:00+02:00",
        "statusCheckRollup": made if rollup == "default" else rollup,
    }
    reader = MemoryReader(graphs={"branch": {"target": commit}})
    return head_checks(reader.graph({"branch": HEAD_CHECKS}, "statuses: read"))


def test_names_apps_and_results():
    """A commit status has no App; an App may be gone."""
    found = told(
        run("test", "FAILURE"),
        run("old", "NEUTRAL", app=None),
        run("slow", None, status="IN_PROGRESS"),
        status("ci/old", "ERROR"),
        state="FAILURE",
    )

    assert found == CommitChecks(
        OID,
        datetime(2026, 6, 1, 8, tzinfo=UTC),
        CheckState.FAILED,
        (
            ReportedCheck("test", 15368, "github-actions", "failure", CheckState.FAILED),
            ReportedCheck("old", None, "", "neutral", CheckState.PASSED),
            ReportedCheck("slow", 15368, "github-actions", "in_progress", CheckState.PENDING),
            ReportedCheck("ci/old", None, "", "error", CheckState.FAILED),
        ),
    )


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("SUCCESS", CheckState.PASSED),
        ("SKIPPED", CheckState.PASSED),
        ("TIMED_OUT", CheckState.FAILED),
        ("CANCELLED", CheckState.FAILED),
        ("ACTION_REQUIRED", CheckState.FAILED),
        ("STARTUP_FAILURE", CheckState.FAILED),
        pytest.param("STALE", CheckState.PENDING, id="stale: no result ever came"),
        pytest.param("A_NEW_WORD", CheckState.PENDING, id="a word of next year"),
    ],
)
def test_what_a_conclusion_counts_as(said, expected):
    """Every word that the schema has, and one that it may have one day."""
    assert told(run("test", said)).reported[0].state is expected


def test_more_than_a_page():
    """What was not read is not taken for absent."""
    assert told(run("test", "SUCCESS"), more=True).more
    assert not told(run("test", "SUCCESS")).more


def test_nothing_reported_and_no_commit():
    """Neither is a fault."""
    assert told(rollup=None) == CommitChecks(OID, datetime(2026, 6, 1, 8, tzinfo=UTC), None)
    empty = MemoryReader(graphs={"branch": None})
    assert head_checks(empty.graph({"branch": HEAD_CHECKS})) is None


def test_a_part_that_may_not_be_read_is_no_absence():
    """GitHub refuses single statuses to an App without that permission."""
    refused = Refused("Resource not accessible by integration", permission=True)

    with pytest.raises(PermissionMissing) as caught:
        told(run("test", "SUCCESS"), refused)
    assert caught.value.permission == "statuses: read"
    with pytest.raises(PermissionMissing):
        told(rollup=refused)


def test_is_kept_and_comes_back():
    """With every class that it is made of."""
    facts = {"head_checks": told(run("test", "SUCCESS"))}

    assert thaw(load(plugins=False), freeze(facts)) == facts


def test_an_unknown_kind_of_check_is_a_fault():
    """It may be one that fails."""
    with pytest.raises(Malformed, match="Novelty"):
        told({"__typename": "Novelty"})
