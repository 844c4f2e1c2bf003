"""The command line. Nothing heavy is imported until a command runs."""

from __future__ import annotations

import importlib
import os
import resource
import signal
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType

import click

from bot import __version__
from bot.config.settings import Settings, from_environment
from bot.model.errors import PlumblineError

EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_BUG = 70

ELSEWHERE: Mapping[str, tuple[str, str, str]] = MappingProxyType(
    {
        "badge": ("bot.entry.badge", "badge", "Print the Markdown of a repository's badge."),
        "check": ("bot.entry.check", "check", "Judge a clone, or OWNER/NAME on GitHub."),
        "completion": (
            "bot.entry.completion",
            "completion",
            "Print what a shell needs to complete commands.",
        ),
        "config": ("bot.entry.config", "config", "Check policy files and explain their keys."),
        "demo": ("bot.entry.demo", "demo", "Try everything against a simulated GitHub."),
        "job": ("bot.entry.job", "job", "Submit a job by hand."),
        "list": ("bot.entry.listing", "list_", "List checks, commands, handlers, jobs or facts."),
        "new": ("bot.entry.new", "new", "Write a new check, command, handler or fact with its test."),
        "policy": ("bot.entry.policy", "policy", "Try policies before they are in force."),
        "exemptions": ("bot.entry.exemptions", "exemptions", "List and export every exemption."),
        "resume": ("bot.entry.stopping", "resume", "Write again after `plumbline stop`."),
        "stop": ("bot.entry.stopping", "stop", "Write nothing by itself any more."),
        "replay": ("bot.entry.replay", "replay", "Take deliveries in again from GitHub's log."),
        "report": ("bot.entry.report", "report", "Judge and report a whole organisation, without a server."),
    }
)
"""Commands whose module is imported when they run: name -> (module, attribute, short help)."""


class _Group(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*super().list_commands(ctx), *ELSEWHERE})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in ELSEWHERE and cmd_name not in self.commands:
            module, attribute, _ = ELSEWHERE[cmd_name]
            command: click.Command = getattr(importlib.import_module(module), attribute)
            self.add_command(command, cmd_name)
        return super().get_command(ctx, cmd_name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        # Completion asks with half a name.
        known = ctx.resilient_parsing or name.startswith("-") or self.get_command(ctx, name)
        if not known:
            import difflib

            near = difflib.get_close_matches(name, self.list_commands(ctx), n=1)
            ctx.fail(f"There is no command {name!r}" + (f"; did you mean {near[0]!r}?" if near else "."))
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        here = {name: command.get_short_help_str(70) for name, command in self.commands.items()}
        rows = here | {name: text for name, (_, _, text) in ELSEWHERE.items()}
        with formatter.section("Commands"):
            formatter.write_dl(sorted(rows.items()))


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--debug", is_flag=True, help="Show where an error came from.")
@click.version_option(__version__, prog_name="plumbline")
@click.pass_context
def cli(ctx: click.Context, debug: bool) -> None:
    """Keep many repositories healthy and their branches aligned."""
    ctx.obj = debug


@cli.command()
@click.option("--workers", type=click.IntRange(1, 64), default=2, show_default=True, help="Worker processes.")
def up(workers: int) -> None:
    """Run everything on this machine: Redis, database, web, workers, clock."""
    from bot.entry import up as command

    sys.exit(command.run(_settings(), workers=workers))


@cli.command()
@click.option(
    "--processes",
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    help="Children that serve on the one address.",
)
def web(processes: int) -> None:
    """Receive deliveries (HOST, PORT)."""
    from bot.entry import web as command

    command.run(_settings(), processes=processes)


@cli.command()
@click.option(
    "--processes",
    type=click.IntRange(1, 256),
    default=1,
    show_default=True,
    help="Children that take work, each with threads of its own.",
)
@click.option("--threads", type=click.IntRange(1, 64), default=8, show_default=True, help="In each process.")
def worker(processes: int, threads: int) -> None:
    """Route deliveries and do work."""
    from bot.entry import worker as command

    sys.exit(command.run(_settings(), processes=processes, threads=threads))


@cli.command()
def clock() -> None:
    """Sweep what is due and keep schedules; any number may run."""
    from bot.entry import clock as command

    command.run(_settings())


@cli.command()
def migrate() -> None:
    """Bring the database to this version (the release step)."""
    from bot.adapters.store import open_store
    from bot.entry.environment import prepare_home
    from bot.entry.progress import SLOW_S, progress

    with progress("Bringing the database to this version", after_s=SLOW_S):
        store = open_store(prepare_home(_settings()))
        store.migrate()
        store.close()
    click.echo("the database is up to date")


@cli.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON list.")
def doctor(as_json: bool) -> None:
    """Say what is wrong with this installation and what to do."""
    from bot.entry import doctor as command

    sys.exit(command.run(_settings(), as_json=as_json, write=click.echo))


@cli.group()
def parked() -> None:
    """Look at what was set aside after too many failures."""


@parked.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON list.")
@click.option(
    "--limit", type=click.IntRange(1, 10_000), default=100, show_default=True, help="At most so many."
)
def parked_list(as_json: bool, limit: int) -> None:
    """List parked records, newest first."""
    from bot.entry import parked as command

    command.show_list(_settings(), as_json=as_json, limit=limit, write=click.echo)


@parked.command("show")
@click.argument("id_", metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def parked_show(id_: str, as_json: bool) -> None:
    """Show one record with its error and payload."""
    from bot.entry import parked as command

    command.show_one(_settings(), id_, as_json=as_json, write=click.echo)


@parked.command("replay")
@click.argument("id_", metavar="ID", required=False)
@click.option("--all", "everything", is_flag=True, help="Every parked record.")
def parked_replay(id_: str | None, everything: bool) -> None:
    """Try again from the first attempt."""
    from bot.entry import parked as command

    if (id_ is None) != everything:
        raise click.UsageError("give one ID or --all")
    command.replay(_settings(), id_, write=click.echo)


@parked.command("drop")
@click.argument("id_", metavar="ID")
def parked_drop(id_: str) -> None:
    """Give a record up."""
    from bot.entry import parked as command

    command.drop(_settings(), id_, write=click.echo)


@cli.command(short_help="Feed a payload from a file, and do the work here.")
@click.argument("event")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Print the work that would be done, and do nothing.")
@click.option("--guid", help="The delivery's id; a new one when not given.")
def receive(event: str, file: Path, dry_run: bool, guid: str | None) -> None:
    """Feed the payload in FILE as if GitHub had delivered EVENT, and do the work here."""
    from bot.entry import receive as command

    sys.exit(command.run(_settings(), event, file, dry_run=dry_run, guid=guid, write=click.echo))


@cli.command()
def version() -> None:
    """Print the version."""
    click.echo(__version__)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command; expected errors are one line without a traceback."""
    _write_no_cores()
    given = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in given
    try:
        with hearing_interrupts():
            code = cli.main(given, prog_name="plumbline", standalone_mode=False)
    except click.exceptions.Abort:
        sys.exit(130)
    except click.ClickException as error:
        if debug and error.__cause__ is not None:
            raise
        error.show()
        sys.exit(error.exit_code)
    except PlumblineError as error:
        if debug:
            raise
        sys.exit(_complain(f"error: {error}", EXIT_USAGE))
    except Exception as error:
        if debug:
            raise
        text = f"internal error: {type(error).__name__}: {error} (plumbline --debug shows where)"
        sys.exit(_complain(text, EXIT_BUG))
    sys.exit(code if isinstance(code, int) else 0)


@contextmanager
def hearing_interrupts() -> Iterator[None]:
    """Hear Ctrl-C where Python throws it away: in callbacks of weak references, which imports make."""
    before = sys.unraisablehook

    def again(ignored: sys.UnraisableHookArgs) -> None:
        if ignored.exc_type is not KeyboardInterrupt:
            before(ignored)
            return
        # Not at once: this runs in the callback still, and would be thrown away as well.
        later = threading.Timer(0.02, os.kill, (os.getpid(), signal.SIGINT))
        later.daemon = True
        later.start()

    sys.unraisablehook = again
    try:
        yield
    finally:
        sys.unraisablehook = before


def _write_no_cores() -> None:
    """A core dump would put the App's key on the disk; children inherit this."""
    _, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, hard))


def _settings() -> Settings:
    return from_environment(os.environ)


def _complain(text: str, code: int) -> int:
    """One line on stderr, without secrets and control characters."""
    from bot.adapters.log import Redactor, escape
    from bot.entry.environment import secrets_in

    click.echo(Redactor(secrets_in(os.environ))(escape(text)), err=True)
    return code


if __name__ == "__main__":
    main()
