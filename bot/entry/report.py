"""``plumbline report``: a whole organisation, read, judged and reported without a server.

What is slow to import is imported when it is needed, so that ``--help`` stays quick.
"""

from __future__ import annotations

import io
import json
import logging
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from bot.entry.check import NO_CHARTS, printable
from bot.entry.examine import TOKEN_NAMES, Requests
from bot.model.errors import Gone, LimitReached, PlumblineError, SettingsError, Unavailable

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress

    from bot.adapters.clock import SystemClock
    from bot.adapters.ledger.memory import MemoryLedger
    from bot.adapters.store import SqlStore
    from bot.engine.context import Runtime
    from bot.engine.once import Came, Gathered
    from bot.engine.rehearsal import Noted, Rehearsal
    from bot.ports import GitHub, Installation, Ledger, Queue

EXIT_INCOMPLETE = 1
EXIT_NOTHING = 2
EXIT_LIMIT = 3

FORMATS = {"table": "report.txt", "markdown": "report.md", "json": "report.json", "html": "report.html"}
"""Format -> name of its file in ``--output``."""

SHOWN = 50
"""Repositories in the table."""

_LOGIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,38}")

NO_CREDENTIALS = (
    "reading {name} from GitHub needs an App or a token: set PLUMBLINE_APP_ID and PLUMBLINE_PRIVATE_KEY to "
    "those of an App that is installed on it, or GITHUB_TOKEN (or GH_TOKEN) to a token that may read its "
    "repositories (fine-grained, of the organisation: contents, metadata and pull requests, all read; and "
    "issues, write, to publish)"
)


class ReportError(click.ClickException):
    """Nothing could be reported."""

    exit_code = EXIT_NOTHING


class LimitError(ReportError):
    """GitHub asked to wait before anything was read."""

    exit_code = EXIT_LIMIT


@click.command("report")
@click.option("--org", "login", required=True, metavar="NAME", help="The organisation.")
@click.option("--once", is_flag=True, help="Look once and end; what looks for ever is `plumbline up`.")
@click.option("--dry-run", is_flag=True, help="Say what would be written to GitHub, and write nothing.")
@click.option(
    "--format",
    "forms",
    type=click.Choice(list(FORMATS)),
    multiple=True,
    help="Repeatable with --output.  [default: table]",
)
@click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Write report.html, report.md, report.json or report.txt there instead of printing.",
)
@click.option(
    "--state",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Keep what was found there, so that the next run tells changes and trends.",
)
@click.option(
    "--public",
    is_flag=True,
    help="Leave out what only some may read, for a report that is published. GitHub gets all the same.",
)
def report(
    login: str,
    once: bool,
    dry_run: bool,
    forms: tuple[str, ...],
    output: Path | None,
    state: Path | None,
    public: bool,
) -> None:
    """Read, judge and report all repositories of an organisation, without a server.

    As an App (PLUMBLINE_APP_ID, PLUMBLINE_PRIVATE_KEY): check runs on default branches, health issues and
    the organisation's report are published as policy says. Use no server of the same App beside it. With a
    token (GITHUB_TOKEN or GH_TOKEN, which goes first): the organisation's report alone, in the private
    repository that policy names under `roll_up`.

    Exit code: 0 when all is done; 1 when the report is made, but something could not be read, judged or
    published (it is named); 2 when nothing could be reported; 3 when GitHub asked to wait before all was
    read (until when is said; with --state the next run goes on).
    """
    chosen = tuple(dict.fromkeys(forms)) or ("table",)
    if not once:
        raise click.UsageError("add --once; a Plumbline that keeps reporting is `plumbline up`")
    if len(chosen) > 1 and output is None:
        raise click.UsageError("several formats need --output")
    if _LOGIN.fullmatch(login) is None:
        raise click.UsageError("--org is the organisation's name, as in its address on GitHub")
    # What matters of the engine's warnings is told at the end; they would tear the progress bar.
    logging.getLogger("bot").setLevel(logging.ERROR)
    try:
        with _state(state, throw_away=dry_run) as home, _progress() as bar:
            came, gathered, noted = _look(login, home, bar, dry_run=dry_run, public=public)
    except LimitReached as error:
        raise LimitError(printable(_dated(error))) from error
    except PlumblineError as error:
        raise ReportError(printable(_said(error))) from error
    if dry_run:
        _tell_noted(noted, output, public=public)
    _hand_over(login, chosen, output, gathered, _notes(came, public=public), public=public)
    sys.exit(_end(came, dry_run=dry_run, public=public))


def _said(error: PlumblineError) -> str:
    if isinstance(error, Unavailable):
        remedy = "check the network and PLUMBLINE_GITHUB_URL, or try again later"
        return f"GitHub does not answer: {remedy} ({error})"
    return str(error)


def _dated(error: LimitReached) -> str:
    return f"GitHub asks to wait until {error.until:%Y-%m-%d %H:%M:%S} UTC ({error})"


# State


@contextmanager
def _state(directory: Path | None, *, throw_away: bool) -> Iterator[Path]:
    """The directory of the database; afterwards it may go to another machine, as a cache does.

    Args:
        throw_away: work on a copy.

    Raises:
        SettingsError: it can not be used.
    """
    from bot.adapters.store.engine import FILE_NAME

    with tempfile.TemporaryDirectory(prefix="plumbline-report-") as scratch:
        home = Path(scratch)
        try:
            if directory is not None and throw_away:
                for kept in directory.glob(f"{FILE_NAME}*"):
                    if not kept.name.endswith(".host"):
                        shutil.copy2(kept, home / kept.name)
            elif directory is not None:
                directory.mkdir(mode=0o700, parents=True, exist_ok=True)
                home = directory
        except OSError as error:
            raise SettingsError(f"--state {directory} can not be used: {error.strerror}") from error
        try:
            yield home
        finally:
            (home / f"{FILE_NAME}.host").unlink(missing_ok=True)


# Looking


def _look(
    login: str, home: Path, bar: Bar, *, dry_run: bool, public: bool
) -> tuple[Came, Gathered, list[tuple[str, Noted]]]:
    from bot.engine.once import context_of, gather, look_once

    with _runtime(login, home, bar) as (runtime, installation):
        bar.say(f"Listing the repositories of {login}")
        listed = [
            r
            for r in runtime.github.installation_repositories(installation.id)
            if r.owner.lower() == installation.account.lower()
        ]
        bar.begin(len(listed))
        rehearsal = _rehearsed(runtime) if dry_run else None
        if rehearsal is not None:
            runtime = replace(runtime, github=cast("GitHub", rehearsal))
        came = look_once(context_of(runtime), installation, listed, bar.reach)
        gathered = gather(runtime, installation.id, public=public)
        names = runtime.store.names(r.id for r in listed)
    noted = rehearsal.noted if rehearsal else []
    return came, gathered, [(names.get(n.repository_id, ("", ""))[0], n) for n in noted]


def _rehearsed(runtime: Runtime) -> Rehearsal:
    from bot.engine.rehearsal import Rehearsal

    return Rehearsal(runtime.github)


@contextmanager
def _runtime(login: str, home: Path, bar: Bar) -> Iterator[tuple[Runtime, Installation]]:
    """Everything that a worker has, in this process alone, and the organisation that it is for."""
    from bot.adapters.clock import SystemClock
    from bot.adapters.ledger.memory import MemoryLedger, NoQueue
    from bot.adapters.licences import Licences
    from bot.adapters.store import open_store
    from bot.adapters.zizmor import Zizmor
    from bot.config.settings import from_environment
    from bot.engine.context import Runtime
    from bot.entry.wiring import load_registry

    settings = replace(from_environment(os.environ), database_url="")
    clock = SystemClock()
    ledger = MemoryLedger(clock)
    metrics = Requests(bar.count)
    by, github, installation = _access(login, ledger, clock, metrics)
    store: SqlStore = open_store(replace(settings, home=home), clock=clock)
    try:
        store.migrate()
        runtime = Runtime(
            registry=load_registry(),
            settings=settings,
            # Publishing asks no more of the two than what these have.
            ledger=cast("Ledger", ledger),
            queue=cast("Queue", NoQueue()),
            store=store,
            github=github,
            auditor=Zizmor(store),
            licences=Licences(),
            clock=clock,
            metrics=metrics,
            silent=by == "token",
        )
        yield runtime, installation
    finally:
        store.close()


def _access(
    login: str, ledger: MemoryLedger, clock: SystemClock, metrics: Requests
) -> tuple[str, GitHub, Installation]:
    """By what GitHub is reached (``token`` or ``app``), GitHub, and the organisation."""
    from bot.adapters import github
    from bot.adapters.github.by_token import TokenGitHub
    from bot.config.settings import from_environment
    from bot.entry.environment import with_stored

    settings = from_environment(os.environ)
    token = next((os.environ[n].strip() for n in TOKEN_NAMES if os.environ.get(n, "").strip()), "")
    if token:
        by_token = TokenGitHub(settings.github_url, token, ledger=ledger, clock=clock, metrics=metrics)
        return "token", by_token, by_token.account_installation(login)
    # A token is for the GitHub that the environment names; stored keys are for their own.
    settings = with_stored(settings)
    if not (settings.app_id and settings.private_key):
        raise SettingsError(NO_CREDENTIALS.format(name=login))
    app = github.build(settings, ledger=ledger, clock=clock, metrics=metrics)
    try:
        installation = app.account_installation(login)
    except Gone as error:
        raise Gone(f"{login}: no such organisation, or the App is not installed on it") from error
    if installation.suspended:
        raise Gone(f"the App is suspended on {login}")
    return "app", app, installation


# Progress


@dataclass
class Bar:
    """What people who wait at a terminal see; nothing where nobody looks."""

    shown: Progress | None = None
    task: int = 0

    def say(self, text: str) -> None:
        """Say what goes on."""
        if self.shown is not None:
            self.shown.update(self.task, description=text)  # type: ignore[arg-type]

    def begin(self, total: int) -> None:
        """So many repositories are to be read."""
        if self.shown is not None:
            self.shown.update(self.task, description="Reading and judging", total=max(1, total))  # type: ignore[arg-type]

    def reach(self, read: int) -> None:
        """So many were read."""
        if self.shown is not None:
            self.shown.update(self.task, completed=read)  # type: ignore[arg-type]

    def count(self, sent: int) -> None:
        """So many requests were sent."""
        if self.shown is not None:
            self.shown.update(self.task, sent=sent)  # type: ignore[arg-type]


@contextmanager
def _progress() -> Iterator[Bar]:
    if not sys.stderr.isatty():
        yield Bar()
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("repositories, {task.fields[sent]} requests"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as shown:
        yield Bar(shown, shown.add_task("Asking GitHub", total=None, sent=0))


# Handing over


def _notes(came: Came, *, public: bool) -> list[str]:
    """What a reader of the report must know first.

    Args:
        public: everybody may read it, so it is not told how many repositories there are.
    """
    notes = []
    if came.limit is not None:
        left = came.repositories - came.read
        who = (
            "Not all repositories were"
            if public
            else f"{left:,} of {came.repositories:,} repositories were not"
        )
        notes.append(
            f"{who} read this time, as GitHub asks to wait until {came.limit.until:%Y-%m-%d %H:%M:%S} UTC; "
            "what is said of the others is what was known before, if anything was."
        )
    if came.waits:
        who = "Some repositories" if public else f"{came.waits:,} of {came.repositories:,} repositories"
        notes.append(
            f"{who} wait for their issue, as this hour's have all been opened: run again after "
            f"{came.until:%Y-%m-%d %H:%M} UTC."
        )
    return notes


def _end(came: Came, *, dry_run: bool, public: bool) -> int:
    """Say on standard error how it went, and with which code to end.

    Args:
        public: everybody may read it, so no repository is named.
    """
    failed = came.failed
    if public and failed:
        failed = ["something could not be read, judged or published: without --public it is named"]
    for line in (*_notes(came, public=public), *failed):
        click.echo(printable(line), err=True)
    if came.issue and not dry_run:
        click.echo(f"The organisation's report is issue {came.issue}.", err=True)
    if came.limit is not None:
        return EXIT_LIMIT
    return EXIT_INCOMPLETE if came.failed or came.waits else 0


def _tell_noted(noted: list[tuple[str, Noted]], output: Path | None, *, public: bool) -> None:
    if public:
        # What would be written may be for members only, and so is how much.
        click.echo("Nothing was written. Without --public it is said what would be.", err=True)
        return
    would = f"Nothing was written. This would be ({len(noted)}):" if noted else "Nothing to write."
    click.echo(would, err=True)
    for name, note in noted:
        title = f": {note.title}" if note.title else ""
        click.echo(printable(f"- in {name}: {note.what}{title}").replace("\n", " "), err=True)
    if output is None:
        return
    parts = [
        f"<!-- {i}: in {printable(name)}: {note.what} -->\n\n{note.body}\n"
        for i, (name, note) in enumerate(noted, start=1)
    ]
    _write(output, "would-write.md", "\n".join(parts))


def _hand_over(
    login: str,
    forms: tuple[str, ...],
    output: Path | None,
    gathered: Gathered,
    notes: list[str],
    *,
    public: bool,
) -> None:
    now = datetime.now(UTC)
    for form in forms:
        if form == "table" and output is None:
            _print_table(login, gathered, notes)
            continue
        text = _WRITE[form](login, gathered, notes, now, public)
        if output is None:
            click.echo(text, nl=False)
        else:
            _write(output, FORMATS[form], text)


def _write(directory: Path, name: str, text: str) -> None:
    try:
        directory.mkdir(parents=True, exist_ok=True)
        (directory / name).write_text(text, encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise ReportError(f"--output {directory}: {error.strerror}") from error


def _json(login: str, gathered: Gathered, notes: list[str], now: datetime, public: bool) -> str:  # noqa: ARG001
    from bot.report.organisation_document import as_json

    document = as_json(login, gathered.found, gathered.rows, now, points=gathered.points, notes=notes)
    return json.dumps(document, indent=2) + "\n"


def _markdown(login: str, gathered: Gathered, notes: list[str], now: datetime, public: bool) -> str:  # noqa: ARG001
    from bot.report.inert import code, prose
    from bot.report.roll_up import ANEW_BOX, render_roll_up

    rendered = render_roll_up(
        0,
        gathered.found,
        gathered.checks,
        now,
        own_verdicts=gathered.own_verdicts,
        samples=gathered.samples,
    )
    # The marker and the box are for the issue, where somebody may tick it.
    body = rendered.body.partition("\n")[2].removesuffix(ANEW_BOX).rstrip()
    said = "".join(f"> {prose(note, limit=500)}\n\n" for note in notes)
    cost = f" Reading cost {gathered.points:,.1f} points of GitHub's API today." if gathered.points else ""
    return f"## Health of {code(login, limit=100)}\n\n{said}{body}{cost}\n"


def _html(login: str, gathered: Gathered, notes: list[str], now: datetime, public: bool) -> str:
    from bot import __version__
    from bot.report.html import Told, available, organisation_page

    if not available():
        click.echo(NO_CHARTS, err=True)
    told = Told(gathered.own_verdicts, gathered.samples, gathered.points, notes, public)
    return organisation_page(
        login, gathered.found, gathered.rows, gathered.checks, now, told, version=__version__
    )


def _table(login: str, gathered: Gathered, notes: list[str], now: datetime, public: bool) -> str:  # noqa: ARG001
    from rich.console import Console

    written = io.StringIO()
    plain = Console(file=written, width=120, highlight=False, markup=False, emoji=False, color_system=None)
    _print_table(login, gathered, notes, plain)
    return written.getvalue()


def _print_table(login: str, gathered: Gathered, notes: list[str], console: Console | None = None) -> None:
    """For people: how the organisation stands, what helps most, its repositories, the worst first."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from bot.model.verdicts import Severity
    from bot.report.fragments import count
    from bot.report.html import worst_first
    from bot.report.score import grade

    if console is None:
        console = Console(highlight=False, markup=False, emoji=False)
        if not console.is_terminal:
            console = Console(highlight=False, markup=False, emoji=False, width=120)
    found, score = gathered.found, gathered.found.score
    letter = grade(score)
    said = (
        f"health {score.value} of 100 ({letter.value}), coverage {score.coverage} %"
        if letter
        else "not judged"
    )
    console.print(
        Text(f"{login}: {said}, {count(found.repositories, 'repository', 'repositories')}", style="bold")
    )
    for note in notes:
        console.print(Text(printable(note), style="yellow"))
    if found.fixes:
        best = found.fixes[0]
        console.print(
            Text(
                f"Helps most: {best.check}, fails in {count(best.repositories, 'repository', 'repositories')}"
            )
        )
    if found.missing:
        helps = found.missing[0]
        console.print(
            Text(f"Shows most: the permission {printable(helps.permission)}, {count(helps.checks, 'answer')}")
        )
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    levels = (Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM, Severity.LOW)
    table.add_column("repository", overflow="fold")
    for name in ("score", *(level.label for level in levels), "unknown"):
        table.add_column(name, justify="right", no_wrap=True)
    ordered = worst_first(gathered.rows)
    for row in ordered[:SHOWN]:
        value = "-" if row.score.value is None else str(row.score.value)
        numbers = [str(row.findings.get(level, 0) or "") for level in levels]
        name = printable(row.repository.full_name).replace("\n", " ")
        table.add_row(Text(name), value, *numbers, str(row.unread or ""))
    if ordered:
        console.print(table)
    if len(ordered) > SHOWN:
        console.print(
            Text(f"and {len(ordered) - SHOWN:,} more (all of them with --format html)", style="dim")
        )


_WRITE: Mapping[str, Callable[[str, Gathered, list[str], datetime, bool], str]] = {
    "table": _table,
    "markdown": _markdown,
    "json": _json,
    "html": _html,
}
