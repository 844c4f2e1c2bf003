"""``plumbline check``: the checks over a clone or a repository on GitHub, for people and for programs.

What is slow to import is imported when it is needed, so that ``--help`` stays quick.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot.entry.examine import examine_clone, examine_remote, names_repository
from bot.entry.progress import progress
from bot.model.errors import Gone, Unavailable, Unreadable, UserError
from bot.model.reports import Report
from bot.model.verdicts import Evidence, Judgement, Outcome, Reason, Severity
from bot.report.view import for_everybody

if TYPE_CHECKING:
    from rich.text import Text

EVIDENCE_SHOWN = 10

_SYMBOLS = {
    Outcome.PASS: ("✓", "+", "green"),
    Outcome.FAIL: ("✗", "x", "bold red"),
    Outcome.NOT_APPLICABLE: ("–", "-", "dim"),
    Outcome.UNKNOWN: ("?", "?", "yellow"),
    Outcome.ERROR: ("!", "!", "bold magenta"),
}
NO_CHARTS = (
    "the page has no charts, as the library for them is not installed: pip install 'plumbline[reports]'"
)

_PLAIN_WIDTH = 120
"""Width of the table where there is no terminal to ask."""


class CheckError(click.ClickException):
    """Nothing could be judged; the exit code is 2."""

    exit_code = 2


@click.command("check")
@click.argument("target", default=".", type=click.Path(), metavar="[PATH | OWNER/NAME]")
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json", "sarif", "junit", "markdown", "html"]),
    default="table",
    show_default=True,
    help="How to print: for people, for programs, for code scanning, for test pages, as a page.",
)
@click.option(
    "--output",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="Write to this file instead; for every format but the table.",
)
@click.option(
    "--public", is_flag=True, help="Leave out what only some may read, for a report that is published."
)
@click.option(
    "--fail-on",
    type=click.Choice([s.label for s in reversed(Severity)] + ["never"]),
    default=Severity.HIGH.label,
    show_default=True,
    help="End with code 1 when a check of this severity or a higher one fails.",
)
def check(target: str, form: str, output: Path | None, public: bool, fail_on: str) -> None:
    """Judge a repository: a clone at PATH, or OWNER/NAME on GitHub.

    PATH is a clone, a folder inside one, or a bare repository. Nothing in it is changed or run,
    and nothing is fetched. The commit that is checked out is judged, and the branches around it.
    What only GitHub knows (pull requests, the owner's defaults) is reported as unknown.

    OWNER/NAME is read through GitHub's API with the token in GITHUB_TOKEN or GH_TOKEN, or as the
    App; nothing is written. What the token may not read is reported as unknown.

    Policy is read from .github/plumbline.yml of the commit.

    Exit code: 0 when all is well, 1 when a check fails that --fail-on counts, 2 when nothing could
    be judged or written.
    """
    if output is not None and form == "table":
        raise click.UsageError("a table is for a terminal; choose another --format for --output")
    try:
        if names_repository(target):
            with progress(f"Reading {target} from GitHub") as tell:
                report = examine_remote(target, tell=tell)
        else:
            with progress("Reading the repository, its workflows and branches"):
                report = examine_clone(Path(target))
    except (UserError, Unreadable, Gone) as error:
        text = str(error)
        if isinstance(error, Unavailable) and names_repository(target):
            remedy = "check the network and PLUMBLINE_GITHUB_URL, or try again later"
            text = f"GitHub does not answer: {remedy} ({text})"
        raise CheckError(printable(text)) from error
    # What is left out counts for the exit code all the same: it is not published.
    shown = _for_everybody(report) if public else report
    if form == "table":
        print_table(shown)
    else:
        _hand_over(_WRITE[form](shown, public), output)
    worst = worst_of(report)
    if fail_on != "never" and worst is not None and worst >= Severity[fail_on.upper()]:
        sys.exit(1)


def worst_of(report: Report) -> Severity | None:
    """The highest severity among the fails; evidence may weigh less than its check."""
    return max((weight(j) for j in report.judgements if j.outcome is Outcome.FAIL), default=None)


def weight(judgement: Judgement) -> Severity:
    """How much a fail matters: its worst evidence, which counts as its check unless it says otherwise."""
    said = [judgement.severity if e.severity is None else e.severity for e in judgement.verdict.evidence]
    return max(said, default=judgement.severity)


def _for_everybody(report: Report) -> Report:
    """What of it everybody may see. Raises CheckError for what is not public."""
    if not report.repository.public:
        raise CheckError(
            f"{printable(report.repository.full_name)} is {report.repository.visibility.value}: "
            "there is nothing in its report that everybody may read"
        )
    return for_everybody(report)


def _hand_over(text: str, output: Path | None) -> None:
    if output is None:
        click.echo(text, nl=False)
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise CheckError(f"{output}: {error.strerror}") from error


def _json(report: Report, public: bool) -> str:  # noqa: ARG001
    from bot.report.document import as_json

    return json.dumps(as_json(report), indent=2) + "\n"


def _sarif(report: Report, public: bool) -> str:  # noqa: ARG001
    from bot import __version__
    from bot.report.sarif import as_sarif

    return json.dumps(as_sarif(report, version=__version__), indent=2) + "\n"


def _junit(report: Report, public: bool) -> str:  # noqa: ARG001
    from bot.report.junit import as_junit

    return as_junit(report)


def _markdown(report: Report, public: bool) -> str:  # noqa: ARG001
    from bot.report.markdown import as_markdown

    return as_markdown(report)


def _html(report: Report, public: bool) -> str:
    from bot import __version__
    from bot.report.html import available, repository_page

    if not available():
        click.echo(NO_CHARTS, err=True)
    return repository_page(report, public=public, version=__version__)


def printable(text: str) -> str:
    """A text without anything that moves a cursor, changes a colour or turns the writing around."""
    return "".join(
        c if c.isprintable() or c == "\n" else c.encode("unicode_escape").decode("ascii") for c in text
    )


def print_table(report: Report) -> None:
    """For people: one line for each check, observations with their places, the fix."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(highlight=False, markup=False, emoji=False)
    if not console.is_terminal:
        console = Console(highlight=False, markup=False, emoji=False, width=_PLAIN_WIDTH)
    name, commit = printable(report.repository.full_name), report.commit[:12] or "no commit yet"
    on = f" ({printable(report.branch)})" if report.branch else ""
    console.print(Text(f"{name} at {commit}{on}", style="bold"))
    table = Table(box=None, pad_edge=False, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True, style="dim")
    table.add_column(overflow="fold")
    for alike in _alike(report.judgements):
        judgement = alike[0]
        symbol, plain, style = _SYMBOLS[judgement.outcome]
        mark = symbol if console.encoding.lower().startswith("utf") else plain
        table.add_row(
            Text(f"{mark} {judgement.outcome.value}", style=style),
            judgement.check if len(alike) == 1 else f"{len(alike)} checks",
            (weight(judgement) if judgement.outcome is Outcome.FAIL else judgement.severity).label,
            _findings(judgement, also=alike),
        )
    console.print(table)
    if report.repository.id == 0 and any(j.verdict.reason is Reason.PERMISSION for j in report.judgements):
        console.print(Text("`plumbline check OWNER/NAME` asks GitHub for what a clone does not hold."))
    for e in report.expired:
        console.print(Text(f"Exemption of {e.check}: {_plain(e.reason)}", style="yellow"))
    for e in report.exempted:
        console.print(Text(f"Exempted by policy: {e.check}: {_plain(e.reason)}", style="dim"))
    console.print(Text(_tally(report), style="dim"))


def _alike(judgements: Sequence[Judgement]) -> Iterable[list[Judgement]]:
    """Each by itself, but those together that are unknown for want of the same; at the first of them."""
    groups: dict[object, list[Judgement]] = {}
    for judgement in judgements:
        said = judgement.verdict
        together = said.reason is Reason.PERMISSION and not said.evidence
        groups.setdefault((said.summary, said.permission) if together else judgement.check, []).append(
            judgement
        )
    return groups.values()


def _findings(judgement: Judgement, *, also: Sequence[Judgement] = ()) -> Text:
    """What is said of a check.

    Args:
        also: all checks of which the same is said, when there are others.
    """
    from rich.text import Text

    cell = Text(_plain(judgement.verdict.summary))
    if len(also) > 1:
        cell.append("\n  " + ", ".join(j.check for j in also), style="dim")
    shown = judgement.verdict.evidence[:EVIDENCE_SHOWN]
    for evidence in shown:
        where = _where(evidence)
        cell.append("\n  ")
        cell.append(f"{where}  " if where else "", style="cyan")
        cell.append(_plain(evidence.text))
    more = len(judgement.verdict.evidence) - len(shown)
    if more:
        cell.append(f"\n  and {more} more (all of them with --format json)", style="dim")
    if judgement.outcome is Outcome.FAIL and judgement.fix:
        cell.append(f"\n  Fix: {judgement.fix.replace(chr(96) * 2, chr(96))}", style="dim")
    if judgement.outcome is Outcome.UNKNOWN and judgement.verdict.permission:
        cell.append(f"\n  Needs: {_plain(judgement.verdict.permission)}", style="dim")
    return cell


def _plain(text: str) -> str:
    return printable(text).replace("\n", " ")


def _where(evidence: Evidence) -> str:
    place = evidence.place
    if place is None or place.path is None:
        return ""
    return printable(f"{place.path}:{place.line}" if place.line else place.path).replace("\n", "\\n")


def _tally(report: Report) -> str:
    counts = Counter(j.outcome for j in report.judgements)
    said = [f"{counts[outcome]} {outcome.value}" for outcome in Outcome if counts[outcome]]
    return ", ".join(said) if said else "policy leaves no check to run"


_WRITE: Mapping[str, Callable[[Report, bool], str]] = {
    "json": _json,
    "sarif": _sarif,
    "junit": _junit,
    "markdown": _markdown,
    "html": _html,
}
