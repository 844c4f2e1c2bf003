"""The newest commits at which checks of others than us were looked for, one by one."""

from __future__ import annotations

from bot.facts.head_checks import REPORTED, commit_checks
from bot.model.commits import CommitChecks, RecentCommits
from bot.ports import RepoReader
from bot.selections import Selection
from bot.spec import fact

LOOKED_AT = 8
"""Commits whose checks are read by name; each costs a connection."""

EARLIER = Selection(
    f"defaultBranchRef {{ target {{ ... on Commit {{ history(first: {LOOKED_AT}) "
    f"{{ nodes {{ oid committedDate {REPORTED} }} }} }} }} }}"
)

PERMISSION = "contents: read, checks: read, statuses: read"


@fact(
    "checked_commits",
    permission=PERMISSION,
    cost="nine connections, only where none but us reported at the head while earlier commits have results",
)
def checked_commits(
    reader: RepoReader, head_checks: CommitChecks | None, recent_commits: RecentCommits
) -> tuple[CommitChecks, ...]:
    """The head with its checks; and the commits before it, where the head has none of others.

    The rollups of earlier commits do not tell our own check runs from those of others, and we
    report at every head. So where the head has nothing else, because a workflow leaves some files
    out or because there is none, the checks of some more commits are read by name.
    """
    if head_checks is None:
        return ()
    earlier = (c for c in recent_commits.listed[:LOOKED_AT] if c.oid != head_checks.oid)
    if head_checks.others or not any(commit.rollup for commit in earlier):
        return (head_checks,)
    branch = reader.graph({"branch": EARLIER}, PERMISSION).optional("branch")
    if branch is None:
        return ()
    return tuple(commit_checks(node) for node in branch["target"]["history"].nodes())
