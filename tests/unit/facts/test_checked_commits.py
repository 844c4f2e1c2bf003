"""When the checks of earlier commits are read by name."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.engine.evaluate import freeze, thaw
from bot.facts.checked_commits import LOOKED_AT, checked_commits
from bot.model.commits import CheckState, CommitChecks, RecentCommit, RecentCommits, ReportedCheck
from bot.registry import load
from tests.unit.facts.conftest import MemoryReader

AT = datetime(2026, 6, 1, tzinfo=UTC)
PASSED = CheckState.PASSED
OURS = ReportedCheck("plumbline/health", 7, "plumbline", "success", PASSED)
TESTS = ReportedCheck("test", 1, "actions", "success", PASSED)
HEAD = CommitChecks("0" * 40, AT, PASSED, (OURS,))


def recent(*rollups: CheckState | None) -> RecentCommits:
    return RecentCommits(
        tuple(RecentCommit(f"{number:040x}", AT, False, rollup) for number, rollup in enumerate(rollups))
    )


def told(number: int, *names: str):
    nodes = [{"__typename": "StatusContext", "context": name, "state": "SUCCESS"} for name in names]
    rollup = {"state": "SUCCESS", "contexts": {"pageInfo": {"hasNextPage": False}, "nodes": nodes}}
    return {"oid": f"{number:040x}", "committedDate": AT.isoformat(), "statusCheckRollup": rollup}


def test_a_head_with_checks_of_others_is_enough():
    """Nothing more is asked: the reader would fail."""
    head = replace(HEAD, reported=(OURS, TESTS))

    assert checked_commits(MemoryReader(), head, recent(PASSED, PASSED)) == (head,)


@pytest.mark.parametrize(
    "rollups",
    [
        pytest.param((PASSED,), id="the head alone has results"),
        pytest.param((PASSED, *[None] * (LOOKED_AT - 1), PASSED), id="or some that is too far back"),
    ],
)
def test_nothing_is_asked_where_nothing_can_be_found(rollups):
    """Commits without a rollup have no checks."""
    assert checked_commits(MemoryReader(), HEAD, recent(*rollups)) == (HEAD,)


def test_earlier_commits_are_read_where_only_we_reported():
    """Head first, each with its checks by name."""
    history = {"nodes": [told(0, "plumbline/health"), told(1, "plumbline/health", "test")]}
    reader = MemoryReader(graphs={"branch": {"target": {"history": history}}})

    found = checked_commits(reader, HEAD, recent(PASSED, PASSED))

    assert [[check.name for check in commit.others] for commit in found] == [[], ["test"]]
    facts = {"checked_commits": found}
    assert thaw(load(plugins=False), freeze(facts)) == facts


def test_no_commit():
    """An empty repository, or one whose branch went away in between."""
    assert checked_commits(MemoryReader(), None, recent()) == ()
    gone = MemoryReader(graphs={"branch": None})
    assert checked_commits(gone, HEAD, recent(PASSED, PASSED)) == ()
