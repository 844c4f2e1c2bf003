"""A report as a Markdown page to keep, to mail, or to show as the summary of a workflow run."""

from __future__ import annotations

from collections.abc import Sequence

from bot.model.reports import Report
from bot.model.verdicts import Judgement, Outcome, Reason
from bot.report.budget import Page
from bot.report.fragments import (
    EXPIRED,
    NAME,
    SENTENCE,
    Follower,
    Links,
    count,
    crashed,
    exempted,
    finding,
    listing,
    moment,
    outcome_line,
    unread_section,
)
from bot.report.inert import code, prose
from bot.report.view import for_readers, in_all, led

LIMIT = 900_000
"""Bytes. A step of a GitHub Actions job may write a summary of 1 MiB."""

MOST_PLACES = 100
"""Observations shown of one finding."""


def as_markdown(report: Report, *, redact: bool = False) -> str:
    """The page: what fails with why and how to mend it, what could not be judged, all checks.

    Args:
        redact: as for ``bot.report.document.as_json``.
    """
    report = for_readers(report) if redact else report
    links = Links.of(report)
    failing = [j for j in report.judgements if j.outcome is Outcome.FAIL]
    unknown = [j for j in report.judgements if j.outcome is Outcome.UNKNOWN]
    errors = [j for j in report.judgements if j.outcome is Outcome.ERROR]
    rest = Page(LIMIT // 3)
    if report.repository.id == 0:
        absent = [j for j in unknown if j.verdict.reason is Reason.PERMISSION]
        listing(rest, "What a clone does not hold", _by_want(absent), _wanted)
        if absent:
            rest.add("`plumbline check OWNER/NAME` asks GitHub for it.", "")
        unknown = [j for j in unknown if j.verdict.reason is not Reason.PERMISSION]
    unread_section(rest, links, unknown, {}, report.judged_at, room=100_000)
    listing(rest, "Failed to run", errors, crashed)
    listing(rest, EXPIRED, report.expired, exempted)
    listing(rest, "Exempted by policy", report.exempted, exempted)
    listing(rest, "All checks", report.judgements, outcome_line, room=150_000)
    rest.add("---", "", _footer(report, links))
    page = Page(LIMIT - rest.used)
    page.add(f"## Health of {code(report.repository.full_name, limit=NAME)}", "", _headline(report), "")
    if failing:
        groups = led(failing)
        page.add("### Findings", "")
        page.fill(
            groups,
            lambda group: finding(
                links,
                group.first,
                group.first.verdict.evidence,
                most=MOST_PLACES,
                followers=[Follower(j, j.verdict.evidence) for j in group.followers],
            ),
            lambda left: (
                f"… and {count(in_all(groups[-left:]), 'more finding')}; `--format json` has them all."
            ),
        )
    return "\n".join([*page.lines, *rest.lines]) + "\n"


def _by_want(judgements: Sequence[Judgement]) -> list[tuple[str, list[str]]]:
    """(what is wanted, names of the checks that want it), in the order of the first of them."""
    wants: dict[str, list[str]] = {}
    for judgement in judgements:
        wants.setdefault(judgement.verdict.summary, []).append(judgement.check)
    return list(wants.items())


def _wanted(want: tuple[str, list[str]]) -> str:
    said, names = want
    return f"- {prose(said, limit=SENTENCE)}: {', '.join(code(name, limit=NAME) for name in names)}"


def _headline(report: Report) -> str:
    counts = {o: sum(j.outcome is o for j in report.judgements) for o in Outcome}
    unjudged = counts[Outcome.UNKNOWN] + counts[Outcome.ERROR]
    if counts[Outcome.FAIL]:
        said = f"**{count(counts[Outcome.FAIL], 'finding')}.** {_passing(counts)}"
    elif counts[Outcome.PASS]:
        said = f"**No findings.** {_passing(counts)}"
    else:
        said = "**No findings.** No check applies."
    return f"{said} {count(unjudged, 'check')} could not be judged." if unjudged else said


def _passing(counts: dict[Outcome, int]) -> str:
    return f"{counts[Outcome.PASS]} of {counts[Outcome.PASS] + counts[Outcome.FAIL]} checks pass."


def _footer(report: Report, links: Links) -> str:
    if not report.commit:
        return f"The repository has no commit yet; {moment(report.judged_at)}."
    branch = f" on {code(report.branch, limit=NAME)}" if report.branch else ""
    return f"Judged {links.short_commit()}{branch}, {moment(report.judged_at)}."
