"""Answers to slash-commands: one comment for each comment that commands, edited in place.

Foreign text is made inert, and nothing that another bot could take for a command of its own stands
at the start of a line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from bot.config.cascade import LayerKind, Origin
from bot.config.explain import Explained
from bot.model.people import Role
from bot.model.reports import Report
from bot.model.verdicts import Outcome, Severity
from bot.ports import StoredEffect, StoredVerdict
from bot.report.budget import ISSUE_BODY, Page
from bot.report.check_run import NAME_OF_RUN, headline
from bot.report.fragments import SENTENCE, SYMBOLS, day, moment, own
from bot.report.inert import code, prose
from bot.spec import CheckSpec, CommandSpec

_MARKER = re.compile(r"\A<!-- plumbline:(reply|offer):1:([0-9a-f]{1,64}) -->")
_MOST_LINE = 200
_ROOT = re.compile(r"https?://[A-Za-z0-9.-]+(:\d{1,5})?/[A-Za-z0-9._-]+/[A-Za-z0-9._-]+")
_WHO = {
    Role.READ: "everybody who can read the repository",
    Role.TRIAGE: "people with the role triage or more",
    Role.WRITE: "people with the role write or more",
    Role.MAINTAIN: "people with the role maintain or admin",
    Role.ADMIN: "people with the role admin",
}


@dataclass(frozen=True, slots=True)
class Answered:
    """One command and its answer (Markdown)."""

    line: str
    text: str


def render_reply(comment_id: int, answers: Sequence[Answered], notes: Sequence[str] = ()) -> str:
    """The comment that answers a comment.

    Args:
        notes: sentences of ours for the end.
    """
    page = Page(ISSUE_BODY)
    page.add(f"<!-- plumbline:reply:1:{comment_id} -->")
    room = (ISSUE_BODY - 2_000) // max(1, len(answers))
    for answer in answers:
        if len(answers) > 1:
            page.add(f"### {code(answer.line, limit=_MOST_LINE)}", "")
        page.add(*_fitting(answer.text, room), "")
    page.add(*(part for note in notes for part in (note, "")))
    return str(page).rstrip("\n")


def marker_of(body: str) -> tuple[str, str] | None:
    """(``reply``, the comment's id) or (``offer``, a commit) of a comment of ours; None for others."""
    found = _MARKER.match(body)
    return (found[1], found[2]) if found else None


def _fitting(text: str, room: int) -> list[str]:
    page = Page(room)
    page.fill(text.split("\n"), lambda line: [line], lambda left: f"… and {left:,} more lines")
    return page.lines


def command_list(commands: Iterable[CommandSpec]) -> str:
    """The table that ``help`` shows."""
    rows = [
        f"| {code(spec.usage, limit=_MOST_LINE)} | {own(spec.doc.title)} | {who(spec)} |" for spec in commands
    ]
    return "\n".join(
        [
            "| Write | to | Who may |",
            "| --- | --- | --- |",
            *rows,
            "",
            "A command is a line of its own in a new comment; an edited comment commands nothing.",
        ]
    )


def command_help(spec: CommandSpec) -> str:
    """One command at length."""
    lines = [f"{code(spec.usage, limit=_MOST_LINE)}: {own(spec.doc.title)}", "", f"For {who(spec)}."]
    if spec.examples:
        lines += ["", f"For example: {', '.join(code(e, limit=_MOST_LINE) for e in spec.examples)}."]
    return "\n".join(lines)


def who(spec: CommandSpec) -> str:
    """Who may give a command, in words."""
    said = _WHO[spec.who]
    return f"{said}, and the pull request's author" if spec.or_author else said


def health_table(
    rows: Sequence[tuple[CheckSpec, StoredVerdict]],
    *,
    silent: Sequence[str] = (),
    exempt: Mapping[str, date] | None = None,
) -> str:
    """The last verdicts, the worst first.

    Args:
        silent: checks that were asked for and have nothing that may be shown here.
        exempt: the last day of exemptions in force, by check.
    """
    lines = []
    if rows:
        passing = sum(v.outcome == Outcome.PASS for _, v in rows)
        judged = sum(v.outcome in (Outcome.PASS, Outcome.FAIL) for _, v in rows)
        newest = max(v.judged_at for _, v in rows)
        lines = [
            f"{passing} of {judged} checks pass, as judged {moment(newest)}.",
            "",
            "| Check | Verdict | Severity | Since | What was seen |",
            "| --- | --- | --- | --- | --- |",
            *(
                _row(spec, verdict, (exempt or {}).get(spec.name))
                for spec, verdict in sorted(rows, key=_worst_first)
            ),
        ]
    elif not silent:
        lines = ["This repository has not been judged yet; `/plumbline recheck` judges it now."]
    if silent:
        names = ", ".join(code(name, limit=60) for name in silent)
        lines += ["", f"There is no verdict to show here for {names}."]
    return "\n".join(lines).strip("\n")


def _row(spec: CheckSpec, verdict: StoredVerdict, until: date | None) -> str:
    exempt = f", exempt until {until.isoformat()}" if until else ""
    return (
        f"| {code(spec.name, limit=60)} | {_outcome(verdict)}{exempt} | {Severity(verdict.severity).label} "
        f"| {day(verdict.since)} | {_said(verdict)} |"
    )


def _outcome(verdict: StoredVerdict) -> str:
    outcome = Outcome(verdict.outcome)
    latest = f", now {verdict.last_outcome}" if verdict.last_outcome != verdict.outcome else ""
    return f"{SYMBOLS[outcome]} {outcome.value}{latest}"


def _said(verdict: StoredVerdict) -> str:
    # A pipe inside of code would end the cell of a table.
    return prose(verdict.summary.replace("|", "¦"), limit=SENTENCE)


def _worst_first(row: tuple[CheckSpec, StoredVerdict]) -> tuple[int, int, str]:
    order = [Outcome.FAIL, Outcome.ERROR, Outcome.UNKNOWN, Outcome.PASS, Outcome.NOT_APPLICABLE]
    return order.index(Outcome(row[1].outcome)), -row[1].severity, row[0].name


def check_explained(
    spec: CheckSpec, verdict: StoredVerdict | None, *, shown: bool, named: bool = True
) -> str:
    """A check: what it wants, why, how to mend it, what it said last.

    Args:
        shown: whoever reads this may know what it says of the repository.
        named: and what it is about.
    """
    if not named:
        return f"What {code(spec.name, limit=60)} is about is not shown where everybody can read it."
    doc = spec.doc
    parts = [f"{code(spec.name, limit=60)} ({spec.severity.label}): {own(doc.title)}"]
    parts += [
        f"**{w}:** {own(s)}" for w, s in (("Why", doc.why), ("Fix", doc.fix), ("Source", doc.source)) if s
    ]
    if not shown:
        parts.append("What it says of this repository is not shown where everybody can read it.")
    elif verdict is None:
        parts.append("It has not judged this repository yet.")
    else:
        parts.append(
            f"**Here:** {_outcome(verdict)} since {day(verdict.since)}: "
            f"{prose(verdict.summary, limit=SENTENCE)}"
        )
    return "\n\n".join(parts)


def exempted_reply(check: str, until: date) -> str:
    """After an exemption was kept."""
    return (
        f"{code(check, limit=60)} is exempt until {until.isoformat()} (that day included); then it speaks "
        "again by itself. Reports name the exemption with its reason. The repository is being judged again."
    )


def ratcheted_reply(checks: Sequence[str] | None, later: Sequence[str]) -> str:
    """After the baseline of checks was ended.

    Args:
        checks: those that were named and may be shown; None when all were meant.
        later: those that were left as they are, as their baseline grew after the comment.
    """
    named = ", ".join(code(name, limit=60) for name in checks or ())
    whose = "of every check that has judged this repository" if checks is None else f"of {named}"
    if checks is not None and not checks:
        whose = "of what was named"
    said = (
        f"The baseline {whose} has ended: from now on each of its findings speaks, and those under `block` "
        "count on pull requests, too. The repository is being judged again."
    )
    if later:
        left = ", ".join(code(name, limit=60) for name in later)
        said += f" {left} became visible after the comment was written and stays as it is; look at it first."
    return said


def judging_again(what: str) -> str:
    """While what a person wants judged again is judged; ``judged_again`` takes its place."""
    return (
        f"{what} being judged again. What comes out will be said here and in the new check run "
        f"`{NAME_OF_RUN}`."
    )


def judged_again(report: Report, run: StoredEffect | None) -> str:
    """What came out of it, in two lines.

    Args:
        run: the check run that was published, as it was kept: its number, title and conclusion.
    """
    concluded = ""
    if run is not None:
        title = str(run.note.get("title", ""))
        concluded = (
            f": **{prose(str(run.note.get('conclusion', '')), limit=20)}**, "
            f"{prose(title[:1].lower() + title[1:], limit=SENTENCE)}"
        )
    # On a proposal the title says what the headline would say once more.
    counts = f"{headline(report)} " if report.pull_request is None else ""
    return (
        f"{code(report.commit[:10], limit=10)} was judged again{concluded}.\n"
        f"{counts}The check run {_linked_run(run, report.repository.html_url)} shows it all."
    )


def superseded() -> str:
    """A newer judging was quicker than the one that was asked for."""
    return (
        "A judging that began later was quicker, and its result stands: see the newest check run "
        f"`{NAME_OF_RUN}`."
    )


def not_published(why: str) -> str:
    """The judging ended and has nothing to show; ``why`` is ours, a sentence's second half."""
    return f"Nothing was published, because {why}."


def could_not_judge(why: str) -> str:
    """The judging failed for good, or again and again."""
    return f"This could not be judged: {prose(why.rstrip('. '), limit=SENTENCE)}."


def _linked_run(run: StoredEffect | None, html_url: str) -> str:
    name = code(NAME_OF_RUN, limit=60)
    return f"[{name}]({html_url}/runs/{run.number})" if run and _ROOT.fullmatch(html_url) else name


OWNER_HELD = (
    "The newest version of the organisation's policy has errors, so the last good one stays in force for it."
)

MOST_PLACES = 5
"""Places of one value that are named; a list that adds up may have many."""


def key_explained(
    explained: Explained, *, html_url: str, errors: int, owner_shown: bool = True, owner_newest: bool = True
) -> str:
    """A key of the policy: its value, where it comes from, who may change it, its meaning.

    Args:
        html_url: of the repository.
        errors: how many mistakes its newest file has.
        owner_shown: whoever reads the answer may know what the organisation's file holds where.
        owner_newest: the organisation's policy in force has no newer version with mistakes.
    """
    value = code(explained.value, limit=SENTENCE)
    key = code(explained.key, limit=120)
    parts = [f"{key} is {value}. {own(explained.about)}".rstrip()]
    origins = [o for o in explained.origins if o.kind is not LayerKind.DEFAULT]
    parts += [f"It comes from {_origin(origin, html_url, owner_shown)}." for origin in origins[:MOST_PLACES]]
    if len(origins) > MOST_PLACES:
        parts.append(f"And from {len(origins) - MOST_PLACES} more places.")
    if not origins:
        parts.append("No policy says so: this is the default.")
    elif explained.value != explained.default:
        parts.append(f"The default is {code(explained.default, limit=SENTENCE)}.")
    if explained.lock is not None:
        locked = _origin(explained.lock, html_url, owner_shown)
        who = explained.who if owner_shown else "whoever keeps that policy"
        parts.append(f"It is locked by {locked}; it may be changed by {prose(who, limit=SENTENCE)}.")
    else:
        parts.append(f"It may be changed by {prose(explained.who, limit=SENTENCE)}.")
    for refused in explained.refused[:MOST_PLACES] if owner_shown else ():
        parts.append(f"{prose(refused.why, limit=SENTENCE)}.")
    if errors:
        parts.append("The newest version of the file has errors, so the last good one is in force.")
    if not owner_newest:
        parts.append(OWNER_HELD)
    return "\n\n".join(parts)


def _origin(origin: Origin, html_url: str, owner_shown: bool) -> str:
    """Where something is said, as half a sentence."""
    if origin.kind is LayerKind.COMMAND:
        return "a command, `/plumbline exempt`"
    if origin.kind is LayerKind.OPERATOR:
        return f"the settings of whoever runs Plumbline ({code(origin.name, limit=60)})"
    if origin.kind is LayerKind.REPOSITORY:
        return _linked(origin, html_url)
    if not owner_shown:
        return "the organisation's policy"
    where = _linked(origin, html_url)
    if origin.kind is LayerKind.GROUP:
        return f"the group {code(origin.name, limit=100)} of the organisation's policy, {where}"
    return f"the organisation's policy, {where}"


def _linked(origin: Origin, html_url: str) -> str:
    """File, line and commit, with a link where there can be one."""
    at = code(f"{origin.file}:{origin.line}", limit=200)
    if not origin.commit:
        return at
    repository, _, path = origin.file.rpartition(":")
    page = f"{html_url.rsplit('/', 2)[0]}/{repository}" if repository else html_url
    if _ROOT.fullmatch(html_url) and _ROOT.fullmatch(page):
        at = f"[{at}]({page}/blob/{origin.commit}/{path}#L{origin.line})"
    return f"{at} at {code(origin.commit[:10], limit=10)}"


def exemption_waits(check: str, until: date, who: str, id_: str) -> str:
    """After somebody asked for an exemption that a second person has to approve."""
    return (
        f"{code(check, limit=60)} is not exempt yet: the organisation wants a second person for that. It is "
        f"exempt until {until.isoformat()} as soon as another one of {who} writes "
        f"`/plumbline approve exemption {id_}`, or gives the same command with that day, within a week."
    )


def render_offer(head_sha: str, checks: Sequence[str], until: date) -> str:
    """Our comment with prefilled commands, one for each finding that a pull request brings."""
    names = list(checks) or ["CHECK"]
    page = Page(ISSUE_BODY)
    page.add(
        f"<!-- plumbline:offer:1:{head_sha} -->",
        "To exempt a check, copy its line into a comment of your own and put the reason in. "
        f"That is for {_WHO[Role.MAINTAIN]}; here it commands nothing.",
        "",
        "```text",
    )
    lines = [f'/plumbline exempt {name} reason="..." until={until.isoformat()}' for name in names[:50]]
    page.add(*lines, "```")
    if not checks:
        page.add("", "`/plumbline health` lists the names of the checks.")
    return str(page)


def changed_since(at: datetime) -> str:
    """What is told instead of doing a command whose comment was edited."""
    return (
        f"Nothing was done: the comment was changed at {moment(at)}, and only what a new comment says "
        "commands. Please write a new comment."
    )
