"""The newest commits of the default branch: dates, signatures, results."""

from __future__ import annotations

from bot.facts.head_checks import check_state
from bot.json_nodes import Node
from bot.model.commits import CheckState, RecentCommit, RecentCommits
from bot.selections import Selection
from bot.spec import fact

# No count of the history is asked for: GitHub walks all of it to tell.
RECENT_COMMITS = Selection(
    "defaultBranchRef { target { ... on Commit { history(first: 30) { pageInfo { hasNextPage } "
    "nodes { oid committedDate messageHeadline signature { isValid } statusCheckRollup { state } } } } } }"
)


@fact(
    "recent_commits",
    permission="contents: read, checks: read, statuses: read",
    cost="one connection of the scan",
    graph={"branch": RECENT_COMMITS},
)
def recent_commits(answer: Node) -> RecentCommits:
    """The newest 30 commits that the default branch holds; none of an empty repository."""
    branch = answer.optional("branch")
    if branch is None:
        return RecentCommits(())
    history = branch["target"]["history"]
    return RecentCommits(tuple(_commit(node) for node in history.nodes()), history.more)


def _commit(node: Node) -> RecentCommit:
    signature, subject = node.optional("signature"), node.optional("messageHeadline")
    return RecentCommit(
        node["oid"].oid(),
        node["committedDate"].moment(),
        signed=signature is not None and signature["isValid"].flag(),
        rollup=_rollup(node),
        subject=subject.text() if subject else "",
    )


def _rollup(node: Node) -> CheckState | None:
    rollup = node.optional("statusCheckRollup")
    return check_state(rollup["state"]) if rollup else None
