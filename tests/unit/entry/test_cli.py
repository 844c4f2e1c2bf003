"""The command line itself."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
import weakref

import click
import pytest

from bot import __version__
from bot.entry import cli


def run(*arguments: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    out, err = capsys.readouterr()
    return int(ended.value.code or 0), out, err


def test_help_names_every_command(capsys) -> None:
    code, out, _ = run("--help", capsys=capsys)

    assert code == 0
    for name in (
        "up",
        "web",
        "worker",
        "clock",
        "migrate",
        "doctor",
        "parked",
        "receive",
        "check",
        "version",
    ):
        assert f"\n  {name} " in out


def test_help_is_quick_and_imports_nothing_heavy() -> None:
    """Processor time, the best of three: other tests run beside this one."""
    times = []
    plain = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        command = [sys.executable, "-m", "bot.entry.cli", "--help"]
        subprocess.run(command, check=True, capture_output=True, env=plain)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        times.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert min(times) < 0.3
    code = (
        "import sys, bot.entry.cli\n"
        "heavy = {'flask', 'redis', 'rq', 'sqlalchemy', 'github', 'pydantic', 'rich', 'requests'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    told = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert told.stdout == "[]\n"


@pytest.mark.parametrize("arguments", [("version",), ("--version",)])
def test_tells_its_version(capsys, arguments: tuple[str, ...]) -> None:
    code, out, _ = run(*arguments, capsys=capsys)

    assert code == 0
    assert __version__ in out


def test_a_wrong_setting_is_one_line(capsys, monkeypatch) -> None:
    monkeypatch.setenv("PORT", "eighty")
    code, out, err = run("doctor", capsys=capsys)

    assert (code, out) == (2, "")
    assert err == "error: PORT='eighty' must be a whole number from 0 to 65535\n"


def test_debug_shows_where(monkeypatch) -> None:
    monkeypatch.setenv("PORT", "eighty")

    with pytest.raises(Exception, match="PORT"):
        cli.main(["--debug", "doctor"])


def test_an_error_of_ours_is_one_line_without_secrets_and_control_characters(capsys, monkeypatch) -> None:
    monkeypatch.setenv("PLUMBLINE_WEBHOOK_SECRET", "hook-secret-canary")

    def fail() -> None:
        raise RuntimeError("hook-secret-canary\nforged line \x1b[2J")

    monkeypatch.setattr(cli, "_settings", fail)
    code, _, err = run("doctor", capsys=capsys)

    assert code == 70
    assert err.count("\n") == 1
    assert "canary" not in err
    assert "\x1b" not in err
    with pytest.raises(RuntimeError):
        cli.main(["--debug", "doctor"])


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(("nothing",), id="no such command"),
        pytest.param(("parked", "replay"), id="neither id nor all"),
        pytest.param(("parked", "replay", "--all", "x"), id="both"),
        pytest.param(("receive", "push", "/no/such/file"), id="no such file"),
        pytest.param(("worker", "--threads", "0"), id="out of range"),
    ],
)
def test_wrong_use_is_explained(capsys, arguments: tuple[str, ...]) -> None:
    code, _, err = run(*arguments, capsys=capsys)

    assert code == 2
    assert "Traceback" not in err
    assert "Error" in err


@pytest.mark.parametrize(
    ("name", "said"),
    [("chek", "did you mean 'check'?"), ("docter", "did you mean 'doctor'?"), ("xyz", "'xyz'.")],
)
def test_an_unknown_command_is_answered_with_the_nearest(capsys, name: str, said: str) -> None:
    """Those that are imported when they run, too."""
    code, _, err = run(name, capsys=capsys)

    assert code == 2
    assert said in err


def test_a_command_that_was_used_is_listed_once() -> None:
    """It is kept after its module was imported, and must not stand twice in help and reference."""
    context = click.Context(cli.cli)
    before = cli.cli.list_commands(context)
    cli.cli.get_command(context, "completion")

    assert cli.cli.list_commands(context) == before


@pytest.mark.fault
def test_ke7_no_process_of_ours_dumps_its_memory() -> None:
    """Whatever the limit was at the start; children inherit it."""
    code = (
        "import resource, subprocess, sys\n"
        "from bot.entry import cli\n"
        "_, hard = resource.getrlimit(resource.RLIMIT_CORE)\n"
        "resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))\n"
        "try:\n"
        "    cli.main(['version'])\n"
        "except SystemExit:\n"
        "    subprocess.run(['sh', '-c', 'ulimit -Sc'], check=True)\n"
    )
    told = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)

    assert told.stdout.splitlines()[-1] == "0"


def test_an_interrupt_that_python_throws_away_comes_again() -> None:
    """As while a module is imported: an exception in the callback of a weak reference goes nowhere."""

    class Lock:
        pass

    kept = [Lock()]
    watching = weakref.ref(kept[0], lambda _: signal.raise_signal(signal.SIGINT))
    before = sys.unraisablehook

    def work() -> None:
        with cli.hearing_interrupts():
            kept.clear()
            assert watching() is None
            time.sleep(5)

    with pytest.raises(KeyboardInterrupt):
        work()
    assert sys.unraisablehook is before
