"""A repository's health issue: one page that is edited in place."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.model.reports import Report
from bot.model.scores import Scored
from bot.model.verdicts import Judgement
from bot.report.budget import ISSUE_BODY, Page, size
from bot.report.fragments import (
    EXPIRED,
    NAME,
    Links,
    changed,
    count,
    crashed,
    day,
    exempted,
    families_line,
    listed_findings,
    listing,
    mark,
    moment,
    names,
    score_line,
    trend_line,
    unread_section,
    wish,
)
from bot.report.inert import code
from bot.report.view import QUIET, View, view

LABEL = "plumbline"
LABEL_COLOUR = "5319e7"
LABEL_DESCRIPTION = "Kept up to date by Plumbline; close it as not planned to silence it."

TITLE = "Repository health"

WAITING = "Exemptions that a second person may approve by a comment"

RECHECK_BOX = "- [ ] re-check"
"""Ticking it asks for a new judging; the next publication clears it."""

_MARKER = re.compile(
    r"\A<!-- plumbline:health:(?P<version>\d{1,6}) repository=(?P<repository>\d{1,19})"
    r"(?: content=(?P<content>[0-9a-f]{32}))? -->"
)
_TICKED = re.compile(r"^- \[[xX]\] re-check\s*$", re.MULTILINE)
_MARKER_VERSION = 1


@dataclass(frozen=True, slots=True)
class RenderedIssue:
    """An issue to be shown.

    Args:
        digest: names what it says, without times and without what changed since last time; while
            it stays the same, the issue need not be written.
    """

    title: str
    body: str
    digest: str


@dataclass(frozen=True, slots=True)
class Marker:
    """The first line of our issues: whose it is, and the digest of what it says."""

    version: int
    repository_id: int
    digest: str


def render_health_issue(
    report: Report, *, first_seen: Mapping[str, datetime], details_url: str = ""
) -> RenderedIssue:
    """The health issue of a repository's default branch.

    Args:
        first_seen: by check name, since when its verdict stands.
        details_url: where the whole report can be read, when it does not fit.
    """
    seen = view(report)
    report = seen.report
    digest = _digest(seen)
    marker = f"<!-- plumbline:health:{_MARKER_VERSION} repository={report.repository.id} content={digest} -->"
    links = Links.of(report)
    footer = f"Judged {links.short_commit()} on {_branch(report)}, {moment(report.judged_at)}."
    head = [marker, *_standing(report.scored), _headline(seen), ""]
    foot = [footer, "", RECHECK_BOX]
    changes = Page(ISSUE_BODY // 4)
    listing(changes, "What changed", seen.changed, lambda item: changed(seen, *item), room=changes.left)
    sections = Page(ISSUE_BODY // 3)
    if seen.failing or seen.unread or seen.errors or report.exempted or report.wishes:
        unread_section(sections, links, seen.unread, seen.changes, report.judged_at, first_seen=first_seen)
        listing(sections, "Failed to run", seen.errors, crashed)
        listing(sections, EXPIRED, report.expired, exempted)
        listing(sections, "Exempted by policy", report.exempted, exempted)
        listing(sections, WAITING, report.wishes, wish)
        if seen.passing:
            sections.add(f"In order: {names(seen.passing)}.", "")
        foot = ["---", "", *foot]
    fixed = (*head, *changes.lines, *sections.lines, *foot)
    findings = Page(ISSUE_BODY - sum(size(line) + 1 for line in fixed))
    _findings(findings, seen, links, first_seen, details_url)
    page = "\n".join((*head, *changes.lines, *findings.lines, *sections.lines, *foot))
    return RenderedIssue(TITLE, page, digest)


def render_redacted(repository_id: int) -> RenderedIssue:
    """What stands in the issue's place once everybody can read it, until the next judging."""
    marker = f"<!-- plumbline:health:{_MARKER_VERSION} repository={repository_id} -->"
    said = (
        "This repository was made public, so what stood here for its former readers was taken away. The page "
        "is written anew with the next judging."
    )
    return RenderedIssue(TITLE, f"{marker}\n{said}", "")


def parse_marker(body: str) -> Marker | None:
    """The marker of a body that we wrote; None for any other body."""
    found = _MARKER.match(body)
    if not found:
        return None
    return Marker(int(found["version"]), int(found["repository"]), found["content"] or "")


def is_ours(body: str) -> bool:
    """Whether a body carries our marker. Whoever asks also makes sure that we wrote the issue."""
    return parse_marker(body) is not None


def wants_recheck(body: str) -> bool:
    """Whether somebody ticked the box ``re-check``."""
    return is_ours(body) and _TICKED.search(body.replace("\r\n", "\n")) is not None


def _digest(seen: View) -> str:
    """Of what stands on the page, but for commit, lines and times: an older commit shows the same."""
    parts: list[object] = [seen.report.repository.id, seen.report.repository.html_url]
    parts += [f"baseline {j.check}" for j in baseline_findings(seen)]
    for j in seen.shown:
        parts += [j.check, j.outcome.value, j.severity.label, j.rule_version]
        if j.outcome in QUIET:
            # Of these the page has the name alone.
            continue
        parts += [j.verdict.summary, j.verdict.permission, j.title, j.why, j.fix, j.source]
        parts += [part for e in j.verdict.evidence for part in (e.fingerprint, e.text)]
    parts += [part for e in (*seen.report.expired, *seen.report.exempted) for part in (e.check, e.reason)]
    parts += [part for w in seen.report.wishes for part in (w.check, w.reason, w.id)]
    joined = "\0".join(str(part) for part in parts)
    return hashlib.sha256(joined.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _branch(report: Report) -> str:
    return code(report.branch, limit=NAME)


def _standing(scored: Scored | None) -> list[str]:
    """Score, trend and categories; it is no reason to write that these have changed."""
    if scored is None:
        return []
    lines = [score_line(scored), trend_line(scored), families_line(scored)]
    return [part for line in lines if line for part in (line, "")]


def _headline(seen: View) -> str:
    unjudged = len(seen.unread) + len(seen.errors)
    if not seen.failing and not unjudged:
        return (
            f"All is well: {count(len(seen.passing), 'check')} in order, nothing to do."
            if seen.passing
            else "No check applies to this repository; nothing to do."
        )
    worst = max((j.severity for j in seen.failing), default=None)
    parts = [
        f"**{count(len(seen.failing), 'finding')}**, the worst is {worst.label}."
        if worst is not None and len(seen.failing) > 1
        else f"**1 finding** ({worst.label})."
        if worst is not None
        else "No findings.",
        f"{len(seen.passing):,} of {seen.judged:,} checks pass"
        + (f"; {unjudged:,} could not be judged." if unjudged else "."),
    ]
    return " ".join(parts)


def _findings(
    page: Page, seen: View, links: Links, first_seen: Mapping[str, datetime], details_url: str
) -> None:
    elsewhere = f"See [all of them]({details_url})." if details_url else "`plumbline check` lists them all."
    old = baseline_findings(seen)
    said = (
        f"{count(len(old), 'finding')} stood here before; they speak when someone ratchets "
        "(`/plumbline ratchet`). What is mended leaves them for good."
    )
    sections: list[tuple[list[str], tuple[Judgement, ...]]] = [
        (["### Findings", ""], tuple(j for j in seen.failing if j not in old)),
        (["### Findings that stood here before", "", said, ""], old),
    ]
    for heading, judgements in sections:
        if judgements and page.add(*heading):
            listed_findings(
                page,
                links,
                seen,
                judgements,
                lambda j: [*mark(seen, j), *_since(j, first_seen)],
                most=10,
                elsewhere=elsewhere,
            )


def baseline_findings(seen: View) -> tuple[Judgement, ...]:
    """Those findings of which everything was there when their check first looked."""
    baseline = seen.report.stood or {}
    return tuple(j for j in seen.failing if j.marks <= baseline.get(j.check, frozenset()))


def _since(judgement: Judgement, first_seen: Mapping[str, datetime]) -> list[str]:
    at = first_seen.get(judgement.check)
    return [f"since {day(at)}"] if at else []
