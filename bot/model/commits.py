"""Commits of the default branch, and what checks and statuses said of them.

A check run and a commit status are both called a check here. Their names come from outside.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

OWN = "plumbline/"
"""How the names of our own check runs begin."""


class CheckState(StrEnum):
    """What a check, or all checks of a commit together, came to."""

    PASSED = "passed"
    FAILED = "failed"
    PENDING = "pending"


@dataclass(frozen=True, slots=True)
class ReportedCheck:
    """A check run or a commit status.

    Args:
        name: of the check run, or the status' context: what a rule that requires it calls it.
        app_id: of the App that made the check run; None for a commit status.
        app: the App's slug; empty for a commit status.
        said: its conclusion or state in GitHub's words, in lower case (``timed_out``).
    """

    name: str
    app_id: int | None
    app: str
    said: str
    state: CheckState

    @property
    def own(self) -> bool:
        """It is one of ours."""
        return self.name.startswith(OWN)


@dataclass(frozen=True, slots=True)
class CommitChecks:
    """The checks of one commit.

    Args:
        rollup: what they came to together, our own among them; None where nothing was reported.
        reported: at most 100.
        more: there are more than were read.
    """

    oid: str
    committed_at: datetime
    rollup: CheckState | None
    reported: tuple[ReportedCheck, ...] = ()
    more: bool = False

    @property
    def others(self) -> tuple[ReportedCheck, ...]:
        """Checks that are not our own."""
        return tuple(check for check in self.reported if not check.own)

    @property
    def state(self) -> CheckState | None:
        """What the checks that are not our own came to; None where there are none.

        Of a commit with more checks than were read, the rollup tells of the rest.
        """
        states = {check.state for check in self.others}
        if self.more and self.rollup is not None:
            states.add(self.rollup)
        return next((state for state in _WORST_FIRST if state in states), None)


_WORST_FIRST = (CheckState.FAILED, CheckState.PENDING, CheckState.PASSED)


@dataclass(frozen=True, slots=True)
class RecentCommit:
    """One commit of the default branch.

    Args:
        signed: it has a signature that GitHub found valid.
        rollup: what its checks came to together, our own among them; None where there are none.
        subject: the first line of its message, untrusted text.
    """

    oid: str
    committed_at: datetime
    signed: bool
    rollup: CheckState | None
    subject: str = ""


@dataclass(frozen=True, slots=True)
class RecentCommits:
    """The newest commits that the default branch holds, newest first, and whether there are more.

    Commits of merged branches are among them, beside the merges that brought them.
    """

    listed: tuple[RecentCommit, ...]
    more: bool = False
