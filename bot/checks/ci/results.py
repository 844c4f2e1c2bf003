"""How the default branch stands, by what checks of others than us said of its commits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.model.commits import CheckState, CommitChecks, RecentCommits, ReportedCheck

SETTLED = (CheckState.PASSED, CheckState.FAILED)


@dataclass(frozen=True, slots=True)
class Standing:
    """The newest commit that has a result.

    Args:
        before_head: how many commits it lies before the head; 0 is the head.
        failed: the checks that failed there; () where the rollup alone was read.
    """

    oid: str
    committed_at: datetime
    green: bool
    before_head: int
    failed: tuple[ReportedCheck, ...] = ()

    @property
    def short(self) -> str:
        """The commit, as people write it."""
        return self.oid[:7]


def standing(checked: tuple[CommitChecks, ...], recent: RecentCommits) -> Standing | None:
    """The newest commit with a result, or None when there is none.

    Where checks are still running, the commits before are judged by their rollups; our own check
    runs are in these, but then others reported there, too.
    """
    for number, commit in enumerate(checked):
        if commit.state in SETTLED:
            failed = tuple(check for check in commit.others if check.state is CheckState.FAILED)
            green = commit.state is CheckState.PASSED
            return Standing(commit.oid, commit.committed_at, green, number, failed)
        if commit.state is CheckState.PENDING:
            return _earlier(commit.oid, recent)
    return None


def _earlier(pending: str, recent: RecentCommits) -> Standing | None:
    reached = False
    for number, commit in enumerate(recent.listed):
        if reached and commit.rollup in SETTLED:
            green = commit.rollup is CheckState.PASSED
            return Standing(commit.oid, commit.committed_at, green, number)
        reached = reached or commit.oid == pending
    return None


def no_result(checked: tuple[CommitChecks, ...]) -> str:
    """Why ``standing`` is None, as a sentence."""
    if not checked:
        return "the repository has no commit"
    if any(commit.state is CheckState.PENDING for commit in checked):
        return "checks are running, and no earlier commit has results"
    return "no checks but our own report on the default branch"
