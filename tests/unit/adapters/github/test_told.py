"""The newest common commit of two, from the commits that one of them has alone."""

from datetime import UTC, datetime
from typing import Any

import pytest

from bot.adapters.github.told import Common, common
from bot.json_nodes import Node

A, B, C, D = (letter * 40 for letter in "abcd")
OLD, NEW = "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"


def commit(oid: str, *parents: tuple[str, str], more: int = 0) -> dict[str, Any]:
    nodes = [{"oid": parent, "committedDate": at} for parent, at in parents]
    return {"oid": oid, "parents": {"totalCount": len(nodes) + more, "nodes": nodes}}


@pytest.mark.parametrize(
    ("commits", "expected"),
    [
        pytest.param([commit(A, (C, OLD))], Common(C, datetime(2026, 1, 1, tzinfo=UTC)), id="one commit"),
        pytest.param(
            [commit(B, (C, OLD)), commit(A, (B, NEW))],
            Common(C, datetime(2026, 1, 1, tzinfo=UTC)),
            id="a chain: what it has alone is not common",
        ),
        pytest.param(
            [commit(B, (C, OLD)), commit(A, (B, NEW), (D, NEW))],
            Common(D, datetime(2026, 2, 1, tzinfo=UTC)),
            id="brought up to date since",
        ),
        pytest.param([commit(B), commit(A, (B, NEW))], Common(), id="nothing in common"),
        pytest.param([commit(A, (C, OLD), (D, OLD))], None, id="two are as new"),
        pytest.param([commit(A, (C, OLD), more=1)], None, id="more parents than were told"),
    ],
)
def test_the_newest_parent_that_is_not_its_own(
    commits: list[dict[str, Any]], expected: Common | None
) -> None:
    """Where that is not certain, nothing is said."""
    told = Node({"nodes": commits}, "repository 1").nodes()

    assert common(told, len(commits)) == expected


def test_not_all_commits_came() -> None:
    """Among the others may be one that was brought up to date."""
    assert common(Node({"nodes": [commit(A, (C, OLD))]}, "repository 1").nodes(), 2) is None
