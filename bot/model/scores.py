"""How well a repository stands, as numbers. How they are formed is ``bot.report.score``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from bot.model.verdicts import Outcome, Severity


class Grade(StrEnum):
    """A score as a letter; A is the best."""

    A = "A"
    B = "B"
    C = "C"
    D = "D"
    E = "E"
    F = "F"


class Cause(StrEnum):
    """Why something changed, in the order in which a score's change is told apart.

    Args:
        RULE: the check itself changed, came or went: a change of ours.
        POLICY: what policy says of the check changed.
        PERMISSION: it can be judged since a permission was granted.
        READING: it can be judged since what it needs could be read for the first time.
        EXEMPTION: an exemption began or ended.
        RATCHET: a person ended the baseline, so that what stood before speaks.
        OUTSIDE: no file says it: a setting, a branch, a pull request or the passing of time.
        TIME: the files are the same.
        COMMIT: commits came.
    """

    RULE = "rule"
    POLICY = "policy"
    PERMISSION = "permission"
    READING = "reading"
    EXEMPTION = "exemption"
    RATCHET = "ratchet"
    OUTSIDE = "outside"
    TIME = "time"
    COMMIT = "commit"


@dataclass(frozen=True, slots=True)
class Weighed:
    """One check as a score sees it.

    Args:
        outcome: its last known verdict; None when it never had one.
        known: the latest look gave that verdict, so it is of now.
        exempt: an exemption keeps it from counting.
    """

    check: str
    family: str
    severity: Severity
    outcome: Outcome | None
    known: bool = True
    exempt: bool = False


@dataclass(frozen=True, slots=True)
class Score:
    """Sums of weights; the numbers that people see follow from them.

    Args:
        passed: of checks that pass.
        judged: of checks that pass or fail.
        known: of checks whose latest look gave an answer, also that they do not apply.
        asked: of all checks but exempted ones.
        exempted: how many checks are exempt.
        worst: the highest severity among the fails.
    """

    passed: int = 0
    judged: int = 0
    known: int = 0
    asked: int = 0
    exempted: int = 0
    worst: Severity | None = None

    @property
    def value(self) -> int | None:
        """0 to 100, rounded down, so that 100 means all; None when nothing was judged."""
        return 100 * self.passed // self.judged if self.judged else None

    @property
    def coverage(self) -> int | None:
        """Per cent of what was asked that has an answer, rounded down; None when nothing was asked."""
        return 100 * self.known // self.asked if self.asked else None


@dataclass(frozen=True, slots=True)
class ScoreChange:
    """A score's way from one value to another.

    Args:
        parts: (cause, points) of each cause that moved it, in the order of ``Cause``; the points
            add up to ``after - before``.
    """

    before: int
    after: int
    parts: tuple[tuple[Cause, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Point:
    """A score on a day."""

    day: date
    value: int


@dataclass(frozen=True, slots=True)
class Scored:
    """All that a report says of the score.

    Args:
        families: (category, score), by name.
        change: since the last report; None when there is nothing to compare with.
        trend: one point a day at most, oldest first, that of today included.
    """

    score: Score
    families: tuple[tuple[str, Score], ...] = ()
    change: ScoreChange | None = None
    trend: tuple[Point, ...] = ()
