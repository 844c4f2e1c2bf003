"""Puts reports on GitHub: effects that are looked for before they are made.

A crash at any line, a lost answer, or a second run of the same work leaves one check run and one
issue. What was published is found again by number (kept in the store), by ``external_id`` (check
runs) and by label and marker (issues); the store may be empty and still nothing doubles.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from bot.config.policy import Policy
from bot.config.settings import Publish
from bot.engine.context import Context
from bot.engine.delta import speaks, standing, worst_new
from bot.model.errors import Gone, LimitReached, Rejected
from bot.model.reports import CheckRun, PublishedCheckRun, PublishedIssue, Report
from bot.model.verdicts import Outcome, Severity
from bot.ports import RepoWriter, StoredEffect
from bot.report.health_issue import (
    LABEL,
    LABEL_COLOUR,
    LABEL_DESCRIPTION,
    RenderedIssue,
    is_ours,
    render_health_issue,
    render_redacted,
)
from bot.report.roll_up import is_roll_up, render_withdrawn
from bot.report.view import for_readers

logger = logging.getLogger(__name__)

CREATIONS_PER_HOUR = 60
"""Issues that one installation may open in an hour, far below GitHub's content limit of 500."""

ISSUES_OFF = 410
"""What GitHub answers where issues are switched off. Source: REST API endpoints for issues."""

ANNOTATIONS_PER_REQUEST = 50
"""GitHub's maximum; the rest follows in requests that append."""

UNMUTED = "unmuted"
"""In the note of a health issue: a command has lifted the silence of one closed as not planned."""

NOTICES_PER_DAY = 2
"""How often a day one repository's watchers may be notified (an issue opened or reopened)."""


def publish_check_run(context: Context, writer: RepoWriter, run: CheckRun) -> int:
    """Make the check run, or finish the one that an earlier attempt began; returns its id."""
    runs = writer.check_runs(run.head_sha, run.name)
    for known in runs:
        if known.external_id == run.external_id:
            if _unfinished(known, run):
                writer.update_check_run(known.id, run, annotations_from=known.annotations_count)
            return known.id
    latest = runs[0] if runs else None
    if latest and latest.status != "completed" and latest.annotations_count == 0:
        writer.update_check_run(latest.id, run, annotations_from=0)
        number = latest.id
    else:
        number = writer.create_check_run(run)
        if len(run.annotations) > ANNOTATIONS_PER_REQUEST:
            writer.update_check_run(number, run, annotations_from=ANNOTATIONS_PER_REQUEST)
    context.runtime.metrics.count("effects_total", kind="check_run")
    return number


def _unfinished(known: PublishedCheckRun, run: CheckRun) -> bool:
    """An attempt ended between two portions of annotations; other counts mean that GitHub refused some."""
    count = known.annotations_count
    return known.status != "completed" or (
        count < len(run.annotations) and count % ANNOTATIONS_PER_REQUEST == 0
    )


def publish_health_issue(
    context: Context, writer: RepoWriter, report: Report, policy: Policy, first_seen: dict[str, datetime]
) -> int | None:
    """Bring the repository's health issue to the state of the report; None when there is none.

    Issues may have been switched off since the repository was read: then there is none.
    """
    try:
        return _publish_issue(context, writer, report, policy, first_seen)
    except Rejected as refusal:
        if refusal.status != ISSUES_OFF:
            raise
        return None


def _publish_issue(
    context: Context, writer: RepoWriter, report: Report, policy: Policy, first_seen: dict[str, datetime]
) -> int | None:
    """See ``publish_health_issue``.

    A person who closed it has spoken: it reopens for a new finding of high severity only, and
    never when it was closed as not planned.
    """
    runtime = context.runtime
    repository = report.repository
    mode = policy.publish or runtime.settings.publish
    if mode is Publish.OBSERVE or not repository.has_issues or repository.archived:
        return None
    living = Living(
        repository.id,
        "health",
        is_ours,
        report.judged_at,
        {"commit": report.commit},
        public=repository.public,
    )
    kept = living.kept(context)
    issue = _find(writer, kept, living)
    report = for_readers(report)
    findings = [j for j in report.judgements if j.outcome is Outcome.FAIL]
    rendered = render_health_issue(report, first_seen=first_seen)
    if issue is None:
        # Whoever deleted it has spoken: it comes again for what is new only.
        baseline = report.stood if kept is None else None
        wanted = bool(findings) and (
            mode is Publish.ISSUES or speaks(report.changes, report.judgements, baseline)
        )
        return _open(context, writer, living, rendered) if wanted else None
    if issue.locked:
        return issue.number
    by_us, unmuted = (bool(kept and kept.note.get(key)) for key in ("closed_by_us", UNMUTED))
    worst = worst_new(report.changes, findings)
    if issue.state == "open" and not findings and standing(report.changes):
        # What can not be read any more is not mended: only a pass closes a finding.
        state, reason = "open", None
    else:
        state, reason = _state(issue, bool(findings), worst, by_us=by_us, unmuted=unmuted)
    if state == "open" and issue.state == "closed":
        _refuse_noise(kept, living.at)
    _write(context, writer, living, issue, rendered, kept, state, reason)
    return issue.number


def publish_roll_up(
    context: Context, writer: RepoWriter, repository_id: int, rendered: RenderedIssue, now: datetime
) -> int | None:
    """Bring an organisation's report in a repository to this state; None when it has no issues.

    Who may read it is the caller's to make sure of, before each write. One that a person closed or
    locked is left alone.
    """
    living = Living(repository_id, "roll-up", is_roll_up, now)
    kept = living.kept(context)
    try:
        issue = _find(writer, kept, living)
        if issue is None:
            return _open(context, writer, living, rendered)
        if issue.state == "open" and not issue.locked:
            _write(context, writer, living, issue, rendered, kept, "open", None)
        return issue.number
    except Rejected as refusal:
        if refusal.status != ISSUES_OFF:
            raise
        return None


@dataclass(frozen=True, slots=True)
class Living:
    """An issue of ours that is edited in place.

    Args:
        key: tells a repository's living issues apart.
        ours: body -> whether it carries this issue's marker.
        at: when what it shall say was found.
        detail: for the audit, beside repository and number.
        public: what it says is for everybody.
    """

    repository_id: int
    key: str
    ours: Callable[[str], bool]
    at: datetime
    detail: Mapping[str, str] = field(default_factory=dict)
    public: bool = False

    def kept(self, context: Context) -> StoredEffect | None:
        """What is kept of it."""
        return context.runtime.store.effect(self.repository_id, "issue", self.key)

    def keep(self, context: Context, effect: StoredEffect) -> None:
        """Keep it."""
        context.runtime.store.save_effect(self.repository_id, "issue", self.key, effect)


def redact(context: Context, writer: RepoWriter, repository_id: int) -> list[int]:
    """Take away what our issues in a repository say that was made public; the numbers of those written.

    Whatever state they are in, and however loud policy lets it be: what was written for fewer readers
    must not stay. Done twice, nothing is written the second time.
    """
    now = context.runtime.clock.now()
    pages = (
        (Living(repository_id, "health", is_ours, now, public=True), render_redacted(repository_id)),
        (
            Living(repository_id, "roll-up", is_roll_up, now, public=True),
            render_withdrawn(_owner_of(context, repository_id)),
        ),
    )
    written = []
    for living, rendered in pages:
        kept = living.kept(context)
        if kept is not None and kept.note.get("public"):
            continue
        issue = _find(writer, kept, living)
        if issue is None:
            continue
        writer.update_issue(issue.number, body=rendered.body)
        note = {**(kept.note if kept else {}), "public": True, "body": _digest(rendered.body)}
        living.keep(context, StoredEffect(issue.number, rendered.digest, note))
        _record(context, living, "issue.redacted", issue.number)
        written.append(issue.number)
    return written


def written_for_fewer(context: Context, repository_id: int) -> bool:
    """The health issue says what only those may read who could when it was written."""
    kept = _health(context, repository_id).kept(context)
    return kept is not None and kept.note.get("public") is False


def health_issue(context: Context, writer: RepoWriter, repository_id: int) -> PublishedIssue | None:
    """The repository's health issue of any state, as it is now."""
    living = _health(context, repository_id)
    return _find(writer, living.kept(context), living)


def unmute_health_issue(context: Context, writer: RepoWriter, repository_id: int) -> None:
    """Let the next judging open the health issue again, although a person closed it as not planned."""
    issue = health_issue(context, writer, repository_id)
    if issue is None:
        return
    living = _health(context, repository_id)
    kept = living.kept(context)
    note = {**(kept.note if kept else {}), UNMUTED: True}
    living.keep(context, StoredEffect(issue.number, kept.digest if kept else "", note))


def _health(context: Context, repository_id: int) -> Living:
    return Living(repository_id, "health", is_ours, context.runtime.clock.now())


def _find(writer: RepoWriter, kept: StoredEffect | None, living: Living) -> PublishedIssue | None:
    """Our issue by its kept number, else by label and marker; extra ones are closed as duplicates."""
    if kept:
        try:
            issue = writer.issue(kept.number)
        except Gone:
            logger.info("an issue of ours is gone", extra={"issue": kept.number, "key": living.key})
        else:
            return issue
    ours = sorted((i for i in writer.issues(LABEL) if living.ours(i.body)), key=lambda i: i.number)
    first = next((i for i in ours if i.state == "open"), ours[0] if ours else None)
    for extra in ours:
        if first and extra.number != first.number and extra.state == "open":
            writer.update_issue(extra.number, state="closed", state_reason="not_planned")
    return first


def _state(
    issue: PublishedIssue, findings: bool, worst: Severity | None, *, by_us: bool, unmuted: bool
) -> tuple[str, str | None]:
    """The state and reason that the issue shall have; its own when nothing shall change."""
    if issue.state == "open":
        return ("open", None) if findings else ("closed", "completed")
    if issue.state_reason == "not_planned" and not unmuted:
        return "closed", None
    if by_us or unmuted:
        return ("open", "reopened") if findings else ("closed", None)
    return ("open", "reopened") if worst is not None and worst >= Severity.HIGH else ("closed", None)


def _open(context: Context, writer: RepoWriter, living: Living, rendered: RenderedIssue) -> int:
    _take_creation(context, _installation(context, living), living.at)
    try:
        writer.ensure_label(LABEL, LABEL_COLOUR, LABEL_DESCRIPTION)
    except Rejected as refusal:
        # The label only helps to find the issue again; the marker and the kept number do so too.
        logger.warning("label was refused", extra={"reason": str(refusal)})
    number = writer.create_issue(rendered.title, rendered.body, [LABEL])
    notices = [living.at.date().isoformat()]
    _keep(context, living, number, rendered, {"closed_by_us": False, "notices": notices})
    _record(context, living, "issue.opened", number)
    return number


def _write(
    context: Context,
    writer: RepoWriter,
    living: Living,
    issue: PublishedIssue,
    rendered: RenderedIssue,
    kept: StoredEffect | None,
    state: str,
    reason: str | None,
) -> None:
    ours_unedited = bool(kept and kept.note.get("body") == _digest(issue.body))
    same = ours_unedited and bool(kept and kept.digest == rendered.digest) and state == issue.state
    closed_by_us = bool(kept and kept.note.get("closed_by_us")) if state == issue.state else state == "closed"
    if not same:
        change = state if state != issue.state else None
        writer.update_issue(
            issue.number,
            title=rendered.title if rendered.title != issue.title else None,
            body=rendered.body,
            state=change,
            state_reason=reason if change else None,
        )
        _record(context, living, f"issue.{change or 'edited'}", issue.number)
    if not same or kept is None:
        body = rendered if not same else replace(rendered, body=issue.body)
        notices = _notices(kept, living.at)
        if state == "open" and issue.state == "closed":
            notices.append(living.at.date().isoformat())
        note = {"closed_by_us": closed_by_us, "notices": notices}
        if state == "closed" and kept and kept.note.get(UNMUTED):
            note[UNMUTED] = True
        _keep(context, living, issue.number, body, note)


def _keep(
    context: Context, living: Living, number: int, rendered: RenderedIssue, note: dict[str, Any]
) -> None:
    said = {"body": _digest(rendered.body), "public": living.public, **note}
    living.keep(context, StoredEffect(number, rendered.digest, said))


def _record(context: Context, living: Living, action: str, number: int) -> None:
    runtime = context.runtime
    runtime.metrics.count("effects_total", kind="issue")
    detail = {"repository": living.repository_id, "issue": number, **living.detail}
    runtime.store.audit(_installation(context, living), "plumbline", action, detail)


def _installation(context: Context, living: Living) -> int:
    return _owner_of(context, living.repository_id)


def _owner_of(context: Context, repository_id: int) -> int:
    """The installation that has a repository; 0 when that is not known."""
    known = context.runtime.store.repository(repository_id)
    return known[0] if known else 0


def _take_creation(context: Context, installation_id: int, now: datetime) -> None:
    """One of the hour's creations, or a date to come back at."""
    hour = int(now.timestamp()) // 3600
    name = f"issue-creation-{installation_id}"
    if not any(
        context.runtime.ledger.take_occurrence(name, hour * CREATIONS_PER_HOUR + slot, lifetime_s=7200)
        for slot in range(CREATIONS_PER_HOUR)
    ):
        until = datetime.fromtimestamp((hour + 1) * 3600, tz=now.tzinfo)
        raise LimitReached("this hour's issues have all been opened", until=until, resource="content")


def _notices(kept: StoredEffect | None, now: datetime) -> list[str]:
    """The days on which the watchers were notified, only those of today, with one for each notice."""
    today = now.date().isoformat()
    return [day for day in (kept.note.get("notices", []) if kept else []) if day == today]


def _refuse_noise(kept: StoredEffect | None, now: datetime) -> None:
    if len(_notices(kept, now)) >= NOTICES_PER_DAY:
        until = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
        raise LimitReached("this repository was notified often enough today", until=until, resource="content")


def _digest(text: str) -> str:
    # GitHub may hand a body back with other line ends than it was given.
    plain = text.replace("\r\n", "\n").strip()
    return hashlib.sha256(plain.encode("utf-8", "surrogatepass")).hexdigest()[:32]
