"""What reported lately, asked for only where it matters."""

from datetime import UTC, datetime

import pytest

from bot.facts.reported_checks import reported_checks
from bot.json_nodes import Refused
from bot.model.commits import CheckState, CommitChecks, ReportedCheck
from bot.model.errors import PermissionMissing
from bot.model.protection import (
    ClassicRule,
    Protection,
    ReportedChecks,
    RequiredCheck,
    Requirements,
)

NOW = datetime(2026, 6, 1, tzinfo=UTC)
TEST = ReportedCheck("test", 7, "ci", "success", CheckState.PASSED)
HEAD = CommitChecks("a" * 40, NOW, CheckState.PASSED, (TEST,))


def requiring(*checks: RequiredCheck) -> Protection:
    return Protection("main", classic=(ClassicRule("main", 1, Requirements(checks=checks)),))


def pull(base: str, *names: str, more: bool = False) -> dict[str, object]:
    contexts = [{"__typename": "StatusContext", "context": name, "state": "PENDING"} for name in names]
    commit = {
        "oid": "b" * 40,
        "committedDate": "2026-05-01T00:00:00Z",
        "statusCheckRollup": {
            "state": "PENDING",
            "contexts": {"pageInfo": {"hasNextPage": more}, "nodes": contexts},
        },
    }
    return {"baseRefName": base, "commits": {"nodes": [{"commit": commit}]}}


def test_the_head_of_the_branch_is_enough_where_it_shows_all(reader):
    """Nothing is asked then."""
    known = ReportedChecks((RequiredCheck("test", 7),))

    assert reported_checks(reader, requiring(RequiredCheck("test")), HEAD) == known
    assert reported_checks(reader, requiring(), None) == ReportedChecks(())


@pytest.mark.parametrize("required", [RequiredCheck("lint"), RequiredCheck("test", 8)])
def test_pull_requests_are_asked_for_the_rest(reader, required):
    """Those into the default branch; a check that has yet to end counts."""
    reader.graphs = {"pulls": {"totalCount": 3, "nodes": [pull("main", "lint"), pull("other", "x"), None]}}

    assert reported_checks(reader, requiring(required), HEAD) == ReportedChecks(
        (RequiredCheck("test", 7), RequiredCheck("lint")), 1
    )


def test_more_checks_than_are_read_are_said(reader):
    """And a commit without any is one that was looked at."""
    silent = pull("main")
    silent["commits"]["nodes"][0]["commit"]["statusCheckRollup"] = None
    reader.graphs = {"pulls": {"totalCount": 2, "nodes": [pull("main", "a", more=True), silent]}}

    assert reported_checks(reader, requiring(RequiredCheck("lint")), None) == ReportedChecks(
        (RequiredCheck("a"),), 2, more=True
    )


def test_a_refusal_is_passed_on(reader):
    """The fact is unknown then."""
    reader.graphs = {"pulls": Refused("not accessible", permission=True)}

    with pytest.raises(PermissionMissing):
        reported_checks(reader, requiring(RequiredCheck("lint")), HEAD)
