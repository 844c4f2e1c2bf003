"""The newest commits, as GitHub tells them."""

from datetime import UTC, datetime

import pytest

from bot.engine.evaluate import freeze, thaw
from bot.facts.recent_commits import RECENT_COMMITS, recent_commits
from bot.json_nodes import Refused
from bot.model.commits import CheckState, RecentCommit, RecentCommits
from bot.model.errors import PermissionMissing
from bot.registry import load
from tests.unit.facts.conftest import MemoryReader

AT = datetime(2026, 6, 1, tzinfo=UTC)


def commit(signature: object = None, rollup: object = None):
    return {
        "oid": "a" * 40,
        "committedDate": "2026-06-01T00:00:00Z",
        "signature": signature,
        "statusCheckRollup": rollup,
    }


def told(*commits: object, more: bool = False) -> RecentCommits:
    history = {"pageInfo": {"hasNextPage": more}, "nodes": [*commits]}
    reader = MemoryReader(graphs={"branch": {"target": {"history": history}}})
    return recent_commits(reader.graph({"branch": RECENT_COMMITS}, "checks: read"))


def test_in_githubs_order_with_date_and_id():
    """Nothing is sorted anew; whether there are more is told."""
    assert told(commit(), more=True) == RecentCommits((RecentCommit("a" * 40, AT, False, None),), more=True)


@pytest.mark.parametrize(
    ("signature", "expected"), [(None, False), ({"isValid": False}, False), ({"isValid": True}, True)]
)
def test_only_a_valid_signature_counts(signature, expected):
    """One by an unknown key says nothing of who wrote the commit."""
    assert told(commit(signature)).listed[0].signed is expected


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("SUCCESS", CheckState.PASSED),
        ("FAILURE", CheckState.FAILED),
        ("ERROR", CheckState.FAILED),
        ("PENDING", CheckState.PENDING),
        ("EXPECTED", CheckState.PENDING),
    ],
)
def test_what_a_rollup_counts_as(state, expected):
    """All five of the schema."""
    assert told(commit(rollup={"state": state})).listed[0].rollup is expected


def test_is_kept_and_comes_back():
    """With every class that it is made of."""
    facts = {"recent_commits": told(commit(rollup={"state": "SUCCESS"}))}

    assert thaw(load(plugins=False), freeze(facts)) == facts


def test_an_empty_repository_has_none():
    """There is no default branch yet."""
    reader = MemoryReader(graphs={"branch": None})

    assert recent_commits(reader.graph({"branch": RECENT_COMMITS})) == RecentCommits(())


def test_results_that_may_not_be_read_are_not_absent():
    """Else every commit would look untested."""
    refused = Refused("Resource not accessible by integration", permission=True)

    with pytest.raises(PermissionMissing):
        told(commit(rollup=refused))


def test_a_clone_does_not_know():
    """Signatures and results are GitHub's; dates alone would be half a fact."""
    with pytest.raises(PermissionMissing):
        recent_commits(MemoryReader(local=True).graph({"branch": RECENT_COMMITS}))
