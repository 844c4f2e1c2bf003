"""``plumbline check [PATH]``: the checks over a clone, as a table or as JSON.

What is slow to import is imported when it is needed, so that ``--help`` stays quick.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bot.model.errors import Gone, Unreadable, UserError
from bot.model.verdicts import Evidence, Judgement, Outcome, Severity

if TYPE_CHECKING:
    from rich.text import Text

    from bot.model.facts import Repository

DOCUMENT_VERSION = 1
EVIDENCE_SHOWN = 10

_SYMBOLS = {
    Outcome.PASS: ("✓", "+", "green"),
    Outcome.FAIL: ("✗", "x", "bold red"),
    Outcome.NOT_APPLICABLE: ("–", "-", "dim"),
    Outcome.UNKNOWN: ("?", "?", "yellow"),
    Outcome.ERROR: ("!", "!", "bold magenta"),
}
_PLAIN_WIDTH = 120
"""Width of the table where there is no terminal to ask."""


class CheckError(click.ClickException):
    """Nothing could be judged; the exit code is 2."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Result:
    """What was judged and how.

    Args:
        commit: empty for a repository without a commit.
        branch: what is checked out; None when HEAD is detached.
    """

    repository: Repository
    commit: str
    branch: str | None
    judged_at: datetime
    judgements: tuple[Judgement, ...]

    def worst(self) -> Severity | None:
        """The highest severity among the fails; evidence may weigh less than its check."""
        return max((weight(j) for j in self.judgements if j.outcome is Outcome.FAIL), default=None)


def weight(judgement: Judgement) -> Severity:
    """How much a fail matters: its worst evidence, which counts as its check unless it says otherwise."""
    said = [judgement.severity if e.severity is None else e.severity for e in judgement.verdict.evidence]
    return max(said, default=judgement.severity)


@click.command("check")
@click.argument("path", default=".", type=click.Path(path_type=Path))
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json"]),
    default="table",
    show_default=True,
    help="How to print; the JSON's keys are described in docs/guide/check.md.",
)
@click.option(
    "--fail-on",
    type=click.Choice([s.label for s in reversed(Severity)] + ["never"]),
    default=Severity.HIGH.label,
    show_default=True,
    help="End with code 1 when a check of this severity or a higher one fails.",
)
def check(path: Path, form: str, fail_on: str) -> None:
    """Judge the repository at PATH: the commit that is checked out, and the branches around it.

    PATH is a clone, a folder inside one, or a bare repository. Nothing in it is changed or run,
    and nothing is fetched. What only GitHub knows (pull requests, the owner's defaults) is
    reported as unknown. Policy is read from .github/plumbline.yml of that commit.

    Exit code: 0 when all is well, 1 when a check fails that --fail-on counts, 2 when nothing could
    be judged.
    """
    try:
        with _progress():
            result = examine(path)
    except (UserError, Unreadable, Gone) as error:
        raise CheckError(printable(str(error))) from error
    if form == "json":
        click.echo(json.dumps(document(result), indent=2))
    else:
        _print_table(result)
    worst = result.worst()
    if fail_on != "never" and worst is not None and worst >= Severity[fail_on.upper()]:
        sys.exit(1)


def examine(path: Path) -> Result:
    """Judge a repository on disk.

    Raises:
        UserError: there is no repository at ``path``, or its policy file is wrong.
        Unreadable: it is damaged.
    """
    from bot.adapters.git import open_clone
    from bot.adapters.licences import Licences
    from bot.adapters.zizmor import Zizmor
    from bot.engine.evaluate import collect, judge, needed_facts
    from bot.engine.governing import read_at
    from bot.registry import load

    registry = load(("bot.checks", "bot.facts"))
    now = datetime.now(UTC)
    with open_clone(path) as reader:
        repository = reader.repository()
        checkout = reader.checkout()
        commit = checkout.commit
        if not commit and repository.default_branch and not repository.empty:
            commit = reader.head(repository.default_branch)
        governing = read_at(registry, reader, commit)
        if governing.errors:
            raise UserError("\n".join(str(error) for error in governing.errors))
        facts = collect(
            registry,
            needed_facts(registry, governing.policy),
            reader=reader,
            auditor=Zizmor(),
            licences=Licences(),
            commit=commit,
            branch="" if repository.empty else repository.default_branch,
            now=now,
            tolerate=True,
        )
    judged = judge(registry, governing.policy, facts, now)
    exempted = [governing.policy.exemption(j.check, now.date()) for j in judged]
    kept = tuple(j for j, exemption in zip(judged, exempted, strict=True) if exemption is None)
    return Result(repository, commit, checkout.branch, now, kept)


def document(result: Result) -> dict[str, Any]:
    """The result as JSON-able values; keys are only ever added within one ``version``."""
    counts = Counter(j.outcome for j in result.judgements)
    return {
        "version": DOCUMENT_VERSION,
        "repository": {
            "name": result.repository.full_name,
            "default_branch": result.repository.default_branch or None,
            "branch": result.branch,
            "commit": result.commit or None,
        },
        "judged_at": result.judged_at.isoformat(timespec="seconds"),
        "summary": {outcome.value: counts[outcome] for outcome in Outcome},
        "checks": [_check_document(judgement) for judgement in result.judgements],
    }


def _check_document(judgement: Judgement) -> dict[str, Any]:
    verdict = judgement.verdict
    return {
        "name": judgement.check,
        "family": judgement.family,
        "severity": judgement.severity.label,
        "outcome": verdict.outcome.value,
        "summary": verdict.summary,
        "reason": verdict.reason.value if verdict.reason else None,
        "permission": verdict.permission,
        "valid_until": verdict.valid_until.isoformat(timespec="seconds") if verdict.valid_until else None,
        "title": judgement.title,
        "why": judgement.why,
        "fix": judgement.fix,
        "source": judgement.source,
        "evidence": [_evidence_document(evidence) for evidence in verdict.evidence],
    }


def _evidence_document(evidence: Evidence) -> dict[str, Any]:
    place = evidence.place
    return {
        "text": evidence.text,
        "key": evidence.fingerprint,
        "path": place.path if place else None,
        "line": place.line if place else None,
        "end_line": place.end_line if place else None,
        "branch": place.branch if place else None,
        "setting": place.setting if place else None,
        "severity": evidence.severity.label if evidence.severity is not None else None,
    }


def printable(text: str) -> str:
    """A text without anything that moves a cursor, changes a colour or turns the writing around."""
    return "".join(
        c if c.isprintable() or c == "\n" else c.encode("unicode_escape").decode("ascii") for c in text
    )


def _print_table(result: Result) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(highlight=False, markup=False, emoji=False)
    if not console.is_terminal:
        console = Console(highlight=False, markup=False, emoji=False, width=_PLAIN_WIDTH)
    name, commit = printable(result.repository.full_name), result.commit[:12] or "no commit yet"
    on = f" ({printable(result.branch)})" if result.branch else ""
    console.print(Text(f"{name} at {commit}{on}", style="bold"))
    table = Table(box=None, pad_edge=False, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True, style="dim")
    table.add_column(overflow="fold")
    for judgement in result.judgements:
        symbol, plain, style = _SYMBOLS[judgement.outcome]
        mark = symbol if console.encoding.lower().startswith("utf") else plain
        table.add_row(
            Text(f"{mark} {judgement.outcome.value}", style=style),
            judgement.check,
            (weight(judgement) if judgement.outcome is Outcome.FAIL else judgement.severity).label,
            _findings(judgement),
        )
    console.print(table)
    console.print(Text(_tally(result), style="dim"))


def _findings(judgement: Judgement) -> Text:
    from rich.text import Text

    cell = Text(printable(judgement.verdict.summary).replace("\n", " "))
    shown = judgement.verdict.evidence[:EVIDENCE_SHOWN]
    for evidence in shown:
        where = _where(evidence)
        cell.append("\n  ")
        cell.append(f"{where}  " if where else "", style="cyan")
        cell.append(printable(evidence.text).replace("\n", " "))
    more = len(judgement.verdict.evidence) - len(shown)
    if more:
        cell.append(f"\n  and {more} more (all of them with --format json)", style="dim")
    if judgement.outcome is Outcome.FAIL and judgement.fix:
        cell.append(f"\n  Fix: {judgement.fix}", style="dim")
    return cell


def _where(evidence: Evidence) -> str:
    place = evidence.place
    if place is None or place.path is None:
        return ""
    return printable(f"{place.path}:{place.line}" if place.line else place.path).replace("\n", "\\n")


def _tally(result: Result) -> str:
    counts = Counter(j.outcome for j in result.judgements)
    said = [f"{counts[outcome]} {outcome.value}" for outcome in Outcome if counts[outcome]]
    return ", ".join(said) if said else "policy leaves no check to run"


def _progress() -> AbstractContextManager[object]:
    """A sign of life on a terminal; nothing where the output is read by a program."""
    if not sys.stderr.isatty():
        return nullcontext()
    from rich.console import Console

    return Console(stderr=True).status("Reading the repository, its workflows and branches")
