"""The check run ``plumbline/health``: on a branch, on a pull request, on a merge group.

A branch shows all its findings. A pull request or a merge group shows what it brings and what it
mends; what was there before is only counted.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache

from bot.model.reports import Annotation, Button, CheckRun, Conclusion, Report
from bot.model.verdicts import Evidence, Judgement, Severity
from bot.report.budget import CHECK_RUN_TEXT, Page, shorten, size
from bot.report.fragments import (
    EXPIRED,
    NAME,
    SENTENCE,
    Links,
    changed,
    count,
    crashed,
    exempted,
    is_line,
    listed_findings,
    listing,
    mark,
    moment,
    names,
    outcome_line,
    score_line,
    unread_section,
)
from bot.report.inert import code, plain, prose
from bot.report.view import QUIET, View, for_readers, view

__all__ = [
    "EXEMPT",
    "NAME_OF_RUN",
    "RECHECK",
    "exemptible",
    "external_id",
    "render_check_run",
    "render_started",
    "render_unjudged",
]

NAME_OF_RUN = "plumbline/health"

RECHECK = Button(label="Re-check", description="Judge this commit again", identifier="recheck")

EXEMPT = Button(label="Exempt", description="Post a command to copy and complete", identifier="exempt")

MOST_ANNOTATIONS = 500
"""Ten requests' worth; the remainder is counted in the text."""

MOST_LISTED = 80
"""Checks listed under one condition."""

_LEVELS = {
    Severity.INFO: "notice",
    Severity.LOW: "notice",
    Severity.MEDIUM: "warning",
    Severity.HIGH: "failure",
    Severity.CRITICAL: "failure",
}


def render_check_run(
    report: Report,
    *,
    block: frozenset[str],
    fail_closed: bool,
    request: str,
    details_url: str = "",
    started_at: datetime | None = None,
) -> CheckRun:
    """The completed check run of a report.

    The conclusion is *failure* only for checks that policy blocks; *neutral* when something became
    worse or could not be judged; otherwise *success*, also with findings that were there before.

    Args:
        report: of a branch, or (with a base commit or a pull request) of a proposal.
        block: names of checks whose new fail is a failure.
        fail_closed: for these, what could not be judged is a failure too.
        request: names the wish that this run answers (``""`` for none); a new wish, a new run.
        details_url: where the button *Details* leads.
    """
    seen = view(report)
    blocking = _blocking(seen, block, fail_closed=fail_closed)
    conclusion = _conclusion(seen, blocking)
    annotations, unmarked = _annotations(seen)
    return CheckRun(
        name=NAME_OF_RUN,
        head_sha=report.commit,
        external_id=external_id(report, request, block=block, fail_closed=fail_closed),
        conclusion=conclusion,
        title=_title(seen),
        summary=_summary(seen, conclusion, blocking, unmarked),
        text=_text(seen, conclusion, blocking, details_url),
        annotations=annotations,
        buttons=(RECHECK, EXEMPT) if exemptible(report) else (RECHECK,),
        details_url=details_url,
        started_at=started_at,
        completed_at=report.judged_at,
    )


def exemptible(report: Report) -> tuple[str, ...]:
    """Names of the checks that the button *Exempt* is about: what a pull request brings, the worst first."""
    if report.pull_request is None:
        return ()
    seen = view(report)
    return tuple(j.check for j in (*seen.new, *seen.worse, *seen.first))


def render_started(head_sha: str, *, request: str, started_at: datetime, details_url: str = "") -> CheckRun:
    """The check run while judging goes on."""
    return CheckRun(
        name=NAME_OF_RUN,
        head_sha=head_sha,
        external_id=_name_of(("started", head_sha, request)),
        conclusion=None,
        title="Judging",
        summary=f"Reading what the checks need, since {moment(started_at)}.",
        details_url=details_url,
        started_at=started_at,
    )


def render_unjudged(
    head_sha: str,
    reason: str,
    *,
    block: frozenset[str],
    fail_closed: bool,
    request: str,
    completed_at: datetime,
    details_url: str = "",
) -> CheckRun:
    """The check run of a commit that could not be judged at all (a limit, a fault, no time left).

    Args:
        reason: one sentence, plain text.
    """
    failure = fail_closed and bool(block)
    how = (
        f"This is a failure, because policy says `fail_closed` and blocks "
        f"{', '.join(code(name, limit=NAME) for name in sorted(block)[:20])}."
        if failure
        else "This does not block; nothing is said about the commit, good or bad."
    )
    return CheckRun(
        name=NAME_OF_RUN,
        head_sha=head_sha,
        external_id=_name_of(("unjudged", head_sha, reason, request)),
        conclusion=Conclusion.FAILURE if failure else Conclusion.NEUTRAL,
        title="Could not be judged",
        summary=f"Reason: {prose(reason, limit=SENTENCE)}\n\n{how}\n\n"
        f"The button *{RECHECK.label}* tries again.",
        buttons=(RECHECK,),
        details_url=details_url,
        completed_at=completed_at,
    )


def external_id(report: Report, request: str, *, block: frozenset[str], fail_closed: bool) -> str:
    """Names what was judged, what was found and the wish that it answers; 52 characters.

    Times are left out, and so are the changes since the last report: work that runs a second time
    sees no change any more, and shall find the run that it made the first time. What is said of checks
    that pass is left out too: another figure in it is no news, and no reason for another run.
    """
    report = for_readers(report)
    parts: list[object] = [report.repository.id, report.commit, report.base_commit, report.pull_request]
    parts += [request, *sorted(block), fail_closed, *sorted(report.ended & block)]
    for j in report.judgements:
        parts += [j.check, j.outcome.value, j.severity.label]
        if j.outcome in QUIET:
            continue
        parts += [j.verdict.summary]
        parts += [part for e in j.verdict.evidence for part in (e.fingerprint, e.text)]
    parts += [part for e in (*report.expired, *report.exempted) for part in (e.check, e.reason)]
    return _name_of(parts)


def _name_of(parts: Sequence[object]) -> str:
    joined = "\0".join(str(part) for part in parts)
    return f"plumbline:1:{hashlib.sha256(joined.encode('utf-8', 'surrogatepass')).hexdigest()[:40]}"


def _unjudged(seen: View) -> tuple[Judgement, ...]:
    """Unknowns and errors, and on a proposal fails that may be old or new."""
    return (*seen.errors, *seen.unread, *(seen.first if seen.proposal else ()))


def _blocking(seen: View, block: frozenset[str], *, fail_closed: bool) -> tuple[Judgement, ...]:
    bad = (*seen.new, *seen.worse, *_standing_ones(seen), *(_unjudged(seen) if fail_closed else ()))
    return tuple(j for j in bad if j.check in block)


def _standing_ones(seen: View) -> tuple[Judgement, ...]:
    """Findings that were there before and count all the same, as their checks have no baseline (any more)."""
    told = {j.check for j in (*seen.new, *seen.worse)}
    return tuple(j for j in seen.failing if j.check in seen.report.ended and j.check not in told)


def _conclusion(seen: View, blocking: Sequence[Judgement]) -> Conclusion:
    if blocking:
        return Conclusion.FAILURE
    return Conclusion.NEUTRAL if seen.new or seen.worse or _unjudged(seen) else Conclusion.SUCCESS


def _title(seen: View) -> str:
    """What changed, in a few words; all names stay out of it."""
    worse = f"{len(seen.worse):,}" if seen.new else count(len(seen.worse), "finding")
    told = seen.new or seen.worse
    appeared = f"{len(seen.appeared):,}" if told else count(len(seen.appeared), "finding")
    changed = [
        count(len(seen.new), "new finding") if seen.new else "",
        f"{worse} worse" if seen.worse else "",
        f"{appeared} newly visible" if seen.appeared else "",
        f"{len(seen.fixed):,} fixed" if seen.fixed else "",
        f"{len(seen.better):,} improved" if seen.better else "",
    ]
    unjudged = len(_unjudged(seen))
    said = [part for part in changed if part] or [_standing(seen)]
    return ", ".join([*said, *([f"{unjudged:,} not judged"] if unjudged else [])])


def _standing(seen: View) -> str:
    """The title's first words when nothing changed."""
    if seen.proposal:
        return "Nothing new"
    if seen.failing:
        first = len(seen.first) == len(seen.failing)
        return f"{count(len(seen.failing), 'finding')}{' in the first report' if first else ', none new'}"
    if _unjudged(seen):
        return "No findings"
    if not seen.passing:
        return "No check applies"
    return f"All {count(len(seen.passing), 'check')} pass" if len(seen.passing) > 1 else "1 check passes"


def _summary(seen: View, conclusion: Conclusion, blocking: Sequence[Judgement], unmarked: int) -> str:
    after = [_because(seen, conclusion, blocking), ""]
    if unmarked:
        after += [
            f"{count(unmarked, 'place')} could not be marked in the files; the details below name "
            "as many as fit.",
            "",
        ]
    after.append(_footer(seen, Links.of(seen.report)))
    scored = seen.report.scored
    before = [*([] if scored is None or seen.proposal else [score_line(scored), ""]), _headline(seen), ""]
    changes = Page(CHECK_RUN_TEXT - sum(size(line) + 1 for line in (*before, *after)))
    listing(changes, "", seen.changed, lambda item: changed(seen, *item), room=changes.left)
    return "\n".join((*before, *changes.lines, *after))


def headline(report: Report) -> str:
    """The first sentence of a report's check run: counts, no names."""
    return _headline(view(report))


def _headline(seen: View) -> str:
    if seen.proposal:
        what = "pull request" if seen.report.pull_request is not None else "merge group"
        does = [f"brings {count(len(seen.new), 'new finding') if seen.new else 'no new finding'}"]
        for word, group in (("makes", seen.worse), ("mends", (*seen.fixed, *seen.better))):
            if group:
                does.append(f"{word} {len(group):,}{' worse' if word == 'makes' else ''}")
        old = len(seen.same)
        known = f" {count(old, 'finding')} that the base has too {_is(old)} not shown." if old else ""
        return f"This {what} {', '.join(does)}.{known}"
    judged = f"{len(seen.passing):,} of {seen.judged:,} checks pass"
    beside = [
        f"{len(seen.not_applicable):,} {'does' if len(seen.not_applicable) == 1 else 'do'} not apply"
        if seen.not_applicable
        else "",
        f"{len(_unjudged(seen)):,} could not be judged" if _unjudged(seen) else "",
    ]
    return f"{'; '.join([judged, *(part for part in beside if part)])}."


def _is(number: int) -> str:
    return "is" if number == 1 else "are"


def _because(seen: View, conclusion: Conclusion, blocking: Sequence[Judgement]) -> str:
    """Why the run concluded as it did."""
    if conclusion is Conclusion.FAILURE:
        return (
            f"This is a failure, because policy blocks on {names(blocking)}. "
            "Mend it, or take it out of `block` in the policy."
        )
    if conclusion is Conclusion.SUCCESS:
        if not seen.failing:
            return "There is nothing to do."
        if len(seen.first) == len(seen.failing):
            return "The first report is the baseline: its findings do not count against a commit."
        return "Findings that were there before do not count against a commit."
    reasons = []
    if seen.new or seen.worse:
        reasons.append("new findings advise and do not block, unless policy lists them under `block`")
    unjudged = _unjudged(seen)
    if unjudged:
        reasons.append(f"{names(unjudged)} could not be judged")
    return f"This is neutral: {'; '.join(reasons)}."


def _footer(seen: View, links: Links) -> str:
    report = seen.report
    commit = f"Judged {links.short_commit()}"
    if report.base_commit:
        commit += f" against {code(report.base_commit[:10], limit=10)}"
    branch = "for" if seen.proposal else "on"
    return f"{commit} {branch} {code(report.branch, limit=NAME)} with facts of {moment(report.judged_at)}."


def _text(seen: View, conclusion: Conclusion, blocking: Sequence[Judgement], details_url: str) -> str:
    """Findings get the room that the shorter sections leave."""
    links = Links.of(seen.report)
    after = Page(CHECK_RUN_TEXT // 2)
    unread_section(after, links, seen.unread, seen.changes, seen.report.judged_at)
    listing(after, "Failed to run", seen.errors, crashed)
    listing(after, EXPIRED, seen.report.expired, exempted)
    listing(after, "Exempted by policy", seen.report.exempted, exempted)
    _decision(after, seen, conclusion, blocking)
    page = Page(CHECK_RUN_TEXT - after.used)
    elsewhere = f"See [all of them]({details_url})." if details_url else "`plumbline check` lists them all."
    sections = (
        [
            ("New", seen.new),
            ("Worse", seen.worse),
            ("Perhaps new: the base could not be judged", seen.first),
            ("There before, and counts without a baseline", _standing_ones(seen)),
        ]
        if seen.proposal
        else [("Findings", seen.failing)]
    )
    for heading, judgements in sections:
        if judgements and page.add(f"### {heading}", ""):
            listed_findings(
                page, links, seen, judgements, lambda j: _marks(seen, j), most=50, elsewhere=elsewhere
            )
    return "\n".join((*page.lines, *after.lines)).rstrip("\n")


def _marks(seen: View, judgement: Judgement) -> list[str]:
    if not seen.proposal:
        return mark(seen, judgement)
    hidden = len(judgement.verdict.evidence) - len(seen.evidence(judgement))
    return [f"{count(hidden, 'place')} known before not listed"] if hidden > 0 else []


def _decision(page: Page, seen: View, conclusion: Conclusion, blocking: Sequence[Judgement]) -> None:
    """The conditions that lead to the conclusion, each with the checks behind it."""
    concern = (*seen.new, *seen.worse)
    unjudged = _unjudged(seen)
    mended = (*seen.fixed, *seen.better)
    known = (*seen.same, *seen.better)
    fixed = {j.check for j in seen.fixed}
    good = tuple(j for j in (*seen.passing, *seen.not_applicable) if j.check not in fixed)
    conditions: list[tuple[str, str, Sequence[Judgement]]] = [
        ("✗", "became worse", concern) if concern else ("✓", "nothing became worse", ()),
        ("✗", "blocked by policy", blocking) if blocking else ("✓", "nothing that policy blocks", ()),
        ("?", "could not be judged", unjudged) if unjudged else ("✓", "every check could be judged", ()),
    ]
    if seen.proposal:
        if mended:
            conditions.append(("✓", "mended", mended))
        rest = len(seen.same) + len(good)
        conditions.append(("–", f"{count(rest, 'check')} unchanged", ()))
    else:
        groups: list[tuple[str, str, Sequence[Judgement]]] = [
            ("–", "known before", known),
            ("–", "seen for the first time", (*seen.appeared, *seen.first)),
            ("✓", "in order", (*good, *seen.fixed)),
        ]
        conditions += [group for group in groups if group[2]]
    section = Page(min(page.left, 16_000))
    section.add("### How it was decided", "", f"Conclusion: **{conclusion.value}**", "")
    lines = []
    for symbol, words, judgements in conditions:
        shown, beyond = shorten(judgements, MOST_LISTED)
        lines.append(f"- {symbol} {words}")
        lines += [f"  {outcome_line(j)}" for j in shown]
        lines += [f"  - … and {beyond:,} more"] if beyond else []
    section.fill(lines, lambda line: [line], lambda left: f"- … and {count(left, 'more line')}")
    page.add(*section.lines)


def _annotations(seen: View) -> tuple[tuple[Annotation, ...], int]:
    """Remarks on lines, worst first, and how many places with a path could not get one.

    GitHub refuses a whole portion for one bad path or line, so none that may be bad is sent.
    """
    concern = (*seen.new, *seen.worse, *seen.first) if seen.proposal else seen.failing
    made: list[Annotation] = []
    unmarked = 0
    for judgement in concern:
        for evidence in seen.evidence(judgement):
            place = evidence.place
            if place is None or place.path is None:
                continue
            if len(made) < MOST_ANNOTATIONS and is_line(place):
                made.append(_annotation(judgement, evidence))
            else:
                unmarked += place.line is not None
    return tuple(made), unmarked


def _annotation(judgement: Judgement, evidence: Evidence) -> Annotation:
    place = evidence.place
    assert place is not None
    assert place.path is not None
    assert place.line is not None
    severity = judgement.severity if evidence.severity is None else evidence.severity
    fix = _fix(judgement.fix) if judgement.fix else ""
    return Annotation(
        path=place.path,
        start_line=place.line,
        end_line=max(place.line, place.end_line or place.line),
        level=_LEVELS[severity],
        message=f"{severity.label}: {plain(evidence.text, limit=SENTENCE)}{fix}",
        title=plain(judgement.title or judgement.check, limit=100),
    )


@lru_cache(maxsize=256)
def _fix(said: str) -> str:
    """The last line of an annotation; it came with the check, and is the same for all its places."""
    return f"\nFix: {plain(said.replace('``', '`'), limit=2 * SENTENCE)}"
