"""What a check says: an outcome, the evidence for it, and where the evidence lies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, StrEnum


class Outcome(StrEnum):
    """The five things a check can say. ``unknown`` and ``error`` are neither good nor bad."""

    PASS = "pass"
    FAIL = "fail"
    NOT_APPLICABLE = "not-applicable"
    UNKNOWN = "unknown"
    ERROR = "error"


class Severity(IntEnum):
    """How much a fail matters; ordered, so that ``>=`` compares."""

    INFO = 0
    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4

    @property
    def label(self) -> str:
        """Lower-case name, as written in policy files and reports."""
        return self.name.lower()


class Audience(StrEnum):
    """Who may read a verdict: ``restricted`` is what a logged-out reader could not see."""

    PUBLIC = "public"
    RESTRICTED = "restricted"


class Scope(StrEnum):
    """What a check judges: each repository, or the organisation that owns them, once."""

    REPOSITORY = "repository"
    ORGANISATION = "organisation"


class Reason(StrEnum):
    """Why something is unknown."""

    PERMISSION = "permission"
    LIMIT = "limit"
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class Place:
    """Where evidence lies: a file and line, a branch, or a setting. At most one of the three.

    Args:
        path: relative to the repository's root, untrusted text.
        line: from 1; only with ``path``.
        end_line: from ``line``; None means ``line``.
        branch: a branch name, untrusted text.
        setting: a setting's name in GitHub's words.
    """

    path: str | None = None
    line: int | None = None
    end_line: int | None = None
    branch: str | None = None
    setting: str | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """One observation behind a verdict.

    Args:
        text: plain text (not Markdown), may hold untrusted names; rendering makes it inert.
        place: where it was seen.
        key: names the observation across runs and moved lines (no line numbers in it); two runs
            that see the same thing give the same key. Empty means: derived from text and path.
        severity: when this observation weighs differently from the check's own severity.
    """

    text: str
    place: Place | None = None
    key: str = ""
    severity: Severity | None = None

    @property
    def fingerprint(self) -> str:
        """The identity of this observation within its check."""
        if self.key:
            return self.key
        where = self.place
        at = (where.path or where.branch or where.setting or "") if where else ""
        return f"{at}|{self.text}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one check says about one repository (or one commit of it).

    Args:
        outcome: one of five.
        summary: one sentence, plain text.
        evidence: observations, worst first.
        reason: why, when the outcome is unknown.
        permission: which permission would turn an unknown into an answer, if that is known.
        valid_until: when the passing of time alone can change it; None means never.
    """

    outcome: Outcome
    summary: str
    evidence: tuple[Evidence, ...] = ()
    reason: Reason | None = None
    permission: str | None = None
    valid_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict together with what its check is: all that reports need.

    Args:
        check: the check's name.
        title, why, fix, source: from the check's docstring.
        severity: effective (policy may have changed it).
        audience: as declared by the check.
        rule_version: changes when the rule itself changed, so that a new finding can be told
            apart from a changed repository.
        file_fed: decided by files of the commit alone, so it can be judged on pull requests.
        full: what the check weighs when it passes, where what it found weighs less; None for the same.
        follows: name of the check whose failing brings this one's along; empty for none.
    """

    check: str
    verdict: Verdict
    severity: Severity
    audience: Audience
    title: str = ""
    why: str = ""
    fix: str = ""
    source: str = ""
    family: str = ""
    rule_version: int = 1
    file_fed: bool = False
    follows: str = ""
    full: Severity | None = None

    @property
    def outcome(self) -> Outcome:
        """Short for ``verdict.outcome``."""
        return self.verdict.outcome

    @property
    def marks(self) -> frozenset[str]:
        """What a finding is known by: its fingerprints, or an empty text for one without observations.

        Nothing for what is no finding.
        """
        if self.outcome is not Outcome.FAIL:
            return frozenset()
        return frozenset(e.fingerprint for e in self.verdict.evidence) or frozenset({""})


def passed(summary: str, *evidence: Evidence, valid_until: datetime | None = None) -> Verdict:
    """All is well; ``evidence`` may say what was looked at."""
    return Verdict(Outcome.PASS, summary, evidence, valid_until=valid_until)


def failed(summary: str, *evidence: Evidence | str, valid_until: datetime | None = None) -> Verdict:
    """Something is wrong; every observation is one entry of ``evidence``."""
    return Verdict(Outcome.FAIL, summary, as_evidence(evidence), valid_until=valid_until)


def not_applicable(summary: str) -> Verdict:
    """The question does not arise for this repository."""
    return Verdict(Outcome.NOT_APPLICABLE, summary)


def unknown(summary: str, reason: Reason, *, permission: str | None = None) -> Verdict:
    """The answer could not be read."""
    return Verdict(Outcome.UNKNOWN, summary, reason=reason, permission=permission)


def counted(number: int, one: str, many: str = "") -> str:
    """A number and its noun: ``1 branch``, ``2 branches``; ``many`` where an ``s`` is not enough."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def as_evidence(items: Sequence[Evidence | str]) -> tuple[Evidence, ...]:
    """Wrap plain strings as evidence without a place."""
    return tuple(Evidence(item) if isinstance(item, str) else item for item in items)


@dataclass(frozen=True, slots=True)
class Unknown:
    """Stands where a fact could not be read; never a value, never an empty truth.

    Args:
        reason: permission, limit or fault.
        detail: one sentence, plain text, for the report.
        permission: which permission would help, if that is known.
    """

    reason: Reason
    detail: str
    permission: str | None = field(default=None)
