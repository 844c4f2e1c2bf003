"""What is published: check runs, issues, deltas. Texts here are Markdown, already made inert."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from bot.model.facts import Repository
from bot.model.scores import Scored
from bot.model.verdicts import Audience, Evidence, Judgement, Outcome


class Conclusion(StrEnum):
    """How a check run ended, in GitHub's words."""

    SUCCESS = "success"
    NEUTRAL = "neutral"
    FAILURE = "failure"
    ACTION_REQUIRED = "action_required"


@dataclass(frozen=True, slots=True)
class Annotation:
    """A remark on a line. ``level`` is notice, warning or failure; message up to 64 kB."""

    path: str
    start_line: int
    end_line: int
    level: str
    message: str
    title: str = ""


@dataclass(frozen=True, slots=True)
class Button:
    """A button on a check run: label <= 20, description <= 40, identifier <= 20 characters."""

    label: str
    description: str
    identifier: str


@dataclass(frozen=True, slots=True)
class CheckRun:
    """A check run to be shown; ``conclusion`` None means in progress.

    Args:
        external_id: names the content and the request that it answers, so that the run can be
            found again before it is made a second time.
        summary, text: at most 65,535 characters each.
        annotations: any number; sent in portions of 50.
        buttons: at most 3.
    """

    name: str
    head_sha: str
    external_id: str
    conclusion: Conclusion | None
    title: str
    summary: str
    text: str = ""
    annotations: tuple[Annotation, ...] = ()
    buttons: tuple[Button, ...] = ()
    details_url: str = ""
    started_at: datetime | None = None
    completed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class PublishedCheckRun:
    """A check run of ours as GitHub has it."""

    id: int
    name: str
    head_sha: str
    external_id: str
    status: str
    conclusion: str | None
    annotations_count: int


@dataclass(frozen=True, slots=True)
class PublishedIssue:
    """An issue of ours as GitHub has it; ``state_reason`` as GitHub names it or None."""

    number: int
    title: str
    body: str
    state: str
    state_reason: str | None
    locked: bool = False
    closed_by: str | None = None
    labels: tuple[str, ...] = ()


class ChangeKind(StrEnum):
    """How a verdict stands to the last known one before it.

    Args:
        BASELINE: the first known verdict in the first report of a repository.
        VISIBLE: a first known verdict later on, or one that another rule gave: it may have been so
            for long, so it is shown and is no regression.
        UNREADABLE: nothing is known now; the last known verdict stands.
    """

    BASELINE = "baseline"
    VISIBLE = "visible"
    NEW = "new"
    WORSE = "worse"
    FIXED = "fixed"
    BETTER = "better"
    SAME = "same"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Change:
    """One check's change since the last report.

    Args:
        before: the last known outcome; None when there is none yet.
        new_evidence: observations that came, by fingerprint.
        cause: why, as ``Cause`` names it; empty when nothing changed.
        before_at: when ``before`` was last seen.
        commits: the commit that was judged then, and the one of now; for the cause ``commit``.
        pull_request: the one that the newest of these commits merged, where its subject says so.
    """

    check: str
    kind: ChangeKind
    before: Outcome | None
    after: Outcome
    new_evidence: tuple[Evidence, ...] = ()
    cause: str = ""
    before_at: datetime | None = None
    commits: tuple[str, str] | None = None
    pull_request: int | None = None


@dataclass(frozen=True, slots=True)
class Exempted:
    """A check that an exemption silences, or silenced until lately; ``reason`` tells the last day.

    Args:
        audience: who may know of it: that of the check.
    """

    check: str
    reason: str
    audience: Audience


@dataclass(frozen=True, slots=True)
class Wish:
    """An exemption that somebody asked for and that a second person has to approve.

    Args:
        until: its last day.
        id: what an approval names.
        audience: who may know of it: that of the check.
    """

    check: str
    reason: str
    until: date
    id: str
    audience: Audience


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that one judging of one repository found.

    Args:
        commit: the commit that was judged.
        branch: the branch whose head it is.
        judgements: one per enabled check, worst first.
        changes: against the last known verdicts, or against the merge base on pull requests.
        exempted: checks that an exemption silences.
        expired: checks that do not pass and whose exemption has ended.
        wishes: exemptions that wait for a second person.
        stood: check -> those of its marks that are its baseline, so that they do not speak;
            None where nothing is known of that.
        ended: names of checks without a baseline (any more): every finding of them speaks.
        scored: the score that the repository's readers may see; None on proposals and where no
            history is kept.
    """

    repository: Repository
    commit: str
    branch: str
    judgements: tuple[Judgement, ...]
    changes: tuple[Change, ...]
    judged_at: datetime
    base_commit: str | None = None
    pull_request: int | None = None
    exempted: tuple[Exempted, ...] = ()
    expired: tuple[Exempted, ...] = ()
    wishes: tuple[Wish, ...] = ()
    scored: Scored | None = None
    stood: Mapping[str, frozenset[str]] | None = None
    ended: frozenset[str] = frozenset()
