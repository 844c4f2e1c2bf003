"""``plumbline demo``: everything against a simulated GitHub with an organisation in it, in one command.

The simulator runs in this process; Redis, web, workers and clock are the children that ``plumbline
up`` starts. All of it lives in one temporary directory, which goes when the demo ends.
"""

from __future__ import annotations

import logging
import os
import secrets
import signal
import socket
import sys
import threading
import time
import urllib.request
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import click

from bot.model.errors import SettingsError

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress

    from bot.adapters.supervisor import Supervisor
    from bot.config.settings import Settings
    from bot.simulator.server import Simulator
    from bot.testing.state import FakeRepository

DEFAULT_PORT = 8400
PORTS_TRIED = 50
PATIENCE_S = 180.0
"""How long the first look at all repositories may take before the address is given all the same."""
POLL_S = 0.25
LOG = "log.txt"
ROLL_UP = "publish-roll-up"
_PASSED_ON = (
    "PATH",
    "HOME",
    "LANG",
    "LC_ALL",
    "TERM",
    "TMPDIR",
    "PYTHONPATH",
    "LD_LIBRARY_PATH",
    "SSL_CERT_FILE",
)


_STOPS = (signal.SIGINT, signal.SIGTERM)


class _Stopped(BaseException):
    """Somebody stops the demo while it is starting, when the supervisor has no hold of signals yet."""


def _stop(_number: int, _frame: FrameType | None) -> None:
    _let_end()
    raise _Stopped


def _let_end() -> None:
    """From here on only the tidying up is left, which takes seconds and shall not be disturbed."""
    for number in _STOPS:
        signal.signal(number, signal.SIG_IGN)


@dataclass(frozen=True, slots=True)
class Options:
    """What the command was told.

    Args:
        port: where the simulated GitHub answers; None takes a free one near ``DEFAULT_PORT``.
        browser: open the address.
    """

    port: int | None
    seed: int
    browser: bool
    workers: int


@click.command()
@click.option("--port", type=click.IntRange(1, 65535), help="Of the simulated GitHub; else a free one.")
@click.option("--seed", type=int, default=0, show_default=True, help="Another seed, another past.")
@click.option("--browser/--no-browser", default=True, help="Open the address in a browser.")
@click.option("--workers", type=click.IntRange(1, 16), default=2, show_default=True, help="Worker processes.")
def demo(port: int | None, seed: int, browser: bool, workers: int) -> None:
    """Try everything against a simulated GitHub; Ctrl-C ends it and leaves nothing."""
    from rich.console import Console

    sys.exit(run(Options(port, seed, browser, workers), Console()))


def run(options: Options, console: Console) -> int:
    """Run until Ctrl-C or SIGTERM; returns the exit code.

    Raises:
        SettingsError: the port is taken.
    """
    from bot.adapters.scratch import scratch_directory

    port = _take_port(options.port)
    before = {number: signal.signal(number, _stop) for number in _STOPS}
    try:
        with scratch_directory() as scratch, _steps(console) as steps:
            failure = _play(options, port, scratch, Display(console, steps))
    except _Stopped:
        failure = ""
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    console.print(f"[red]{failure}[/red]" if failure else "Everything has stopped; nothing is left behind.")
    return 1 if failure else 0


def _play(options: Options, port: int, scratch: Path, show: Display) -> str:
    """Start all, run until told to stop; returns what went wrong, "" for nothing."""
    from bot.adapters.supervisor import Supervisor
    from bot.entry import up
    from bot.entry.environment import prepare_home

    web_port = free_port()
    with ExitStack() as stack:
        log = stack.enter_context((scratch / LOG).open("ab"))
        stack.enter_context(_own_logs(scratch / LOG))
        with show.step("Simulated GitHub, an organisation with real git repositories"):
            simulator = stack.enter_context(_simulator(scratch, options, port, web_port))
            judged = _populate(simulator, options.seed)
        with show.step("Redis and database"):
            settings = prepare_home(_settings(simulator, scratch, web_port))
            settings = stack.enter_context(up.redis(settings))
            stack.enter_context(_counting())
            _migrate(settings)
        programs = up.programs(_environment(settings, simulator), options.workers)
        supervisor = Supervisor(programs, grace_s=up.GRACE_S, output=log)
        guide = Guide(
            simulator,
            supervisor,
            show,
            options,
            web_port,
            judged,
            scratch / LOG,
            lambda: _submit(settings, ROLL_UP),
        )
        guide.start()
        supervisor.run()
        _let_end()
        show.say("Stopping …")
        guide.stop()
        simulator.hooks.configure(url="")
        return guide.failure


class Display:
    """Says what is being done, on a terminal with a spinner, elsewhere line by line."""

    def __init__(self, console: Console, progress: Progress) -> None:
        self.console = console
        self.progress = progress

    @contextmanager
    def step(self, text: str) -> Iterator[None]:
        """One thing to do, ticked when it is done."""
        task = self.progress.add_task(text, total=None)
        began = time.monotonic()
        yield
        self.progress.remove_task(task)
        self.done(text, time.monotonic() - began)

    def done(self, text: str, seconds: float) -> None:
        """Something is finished."""
        self.progress.console.print(f"[green]✓[/green] {text} [dim]{seconds:.1f} s[/dim]", highlight=False)

    def say(self, text: str) -> None:
        """A line."""
        self.progress.console.print(text, highlight=False)


class Guide(threading.Thread):
    """Waits until everything runs, installs the App, follows the first look, and gives the address."""

    def __init__(
        self,
        simulator: Simulator,
        supervisor: Supervisor,
        show: Display,
        options: Options,
        web_port: int,
        judged: int,
        log: Path,
        sum_up: Callable[[], object],
    ) -> None:
        super().__init__(name="guide", daemon=True)
        self._simulator = simulator
        self._supervisor = supervisor
        self._show = show
        self._options = options
        self._web_port = web_port
        self._judged = judged
        self._log = log
        self._sum_up = sum_up
        self._ended = threading.Event()
        self.failure = ""

    def run(self) -> None:
        """Lead the way; a fault ends the demo with a sentence."""
        try:
            self._lead()
        except Exception as error:  # noqa: BLE001 - whatever it is, the demo ends and says so
            self.failure = f"The demo could not start: {error}\n{_tail(self._log)}"
            self._supervisor.stop()

    def stop(self) -> None:
        """End soon; the demo is being stopped."""
        self._ended.set()
        self.join(timeout=5)

    def _lead(self) -> None:
        from bot.simulator.showcase import ORGANISATION, OWNER

        show, bot = self._show, f"http://127.0.0.1:{self._web_port}"
        with show.step("Plumbline: receiver, workers, clock"):
            self._until(lambda: _answers(f"{bot}/readyz"), within_s=60, what="the receiver does not answer")
        if self._ended.is_set():
            return
        # The first look loads what pages are made with; nobody shall wait for that.
        _answers(f"{self._simulator.base_url}/{ORGANISATION}")
        self._simulator.hooks.configure(url=f"{bot}/webhook")
        self._simulator.fake.install(ORGANISATION, actor=OWNER)
        began = time.monotonic()
        task = show.progress.add_task("First look at all repositories", total=self._judged)
        while not self._ended.wait(POLL_S):
            done = sum(map(_is_judged, self._owned()))
            show.progress.update(task, completed=done)
            if done >= self._judged or time.monotonic() - began > PATIENCE_S:
                break
        show.progress.remove_task(task)
        if self._ended.is_set():
            return
        show.done(f"First look at {done} repositories", time.monotonic() - began)
        # The clock asks for the organisation's page once a day, which was before anything was known.
        self._sum_up()
        show.progress.stop()
        self._welcome(bot)

    def _owned(self) -> list[FakeRepository]:
        from bot.simulator.showcase import ORGANISATION

        fake = self._simulator.fake
        with fake.transaction():
            return [r for r in fake.repositories.values() if r.owner.login == ORGANISATION]

    def _until(self, condition: Callable[[], bool], *, within_s: float, what: str) -> None:
        deadline = time.monotonic() + within_s
        while not self._ended.is_set() and not condition():
            if time.monotonic() > deadline:
                raise TimeoutError(what)
            time.sleep(POLL_S)

    def _welcome(self, bot: str) -> None:
        from rich.panel import Panel

        from bot.simulator.showcase import POLICY

        address = f"{self._simulator.base_url}/"
        lines = [
            f"Open  [bold][link={address}]{address}[/link][/bold]",
            "",
            "Be different people: the menu in the upper right corner.",
            "Open a repository's health issue and tick [bold]re-check[/bold].",
            "Edit a workflow on a new branch, open a pull request, see the remark on your line.",
            f"Read the organisation's page among the issues of [bold]{POLICY}[/bold];",
            "change the policy there in a pull request and see who would turn red.",
            f"Plumbline's own page is linked there too: {bot}/",
            "",
            f"[dim]Logs: {self._log}    Ctrl-C stops everything.[/dim]",
        ]
        self._show.console.print(
            Panel("\n".join(lines), title="Plumbline demo", border_style="green", expand=False)
        )
        if self._options.browser and _has_display():
            webbrowser.open(address)


def _simulator(scratch: Path, options: Options, port: int, web_port: int) -> Simulator:
    from bot.simulator.server import Simulator

    return Simulator(
        scratch / "github",
        seed=options.seed,
        port=port,
        spare_ports=() if options.port else range(port + 1, DEFAULT_PORT + PORTS_TRIED),
        webhook_secret=secrets.token_hex(32),
        validator=None,
        bot_url=f"http://127.0.0.1:{web_port}/",
    )


def _populate(simulator: Simulator, seed: int) -> int:
    from bot.simulator.showcase import build

    return build(simulator.fake, seed=seed)


def _settings(simulator: Simulator, scratch: Path, web_port: int) -> Settings:
    from bot.config.settings import Publish, Settings

    return Settings(
        home=scratch / "home",
        github_url=simulator.base_url,
        app_id=simulator.fake.app.id,
        private_key=simulator.fake.app_private_key_pem,
        webhook_secrets=(simulator.hooks.hook.secret,),
        publish=Publish.ISSUES,
        port=web_port,
        metrics_port=0,
    )


def _environment(settings: Settings, simulator: Simulator) -> dict[str, str]:
    """What the children are told; nothing of the caller's own Plumbline gets through."""
    from bot.entry.process import METRICS_BY_PARENT

    passed = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    passed |= {name: value for name, value in os.environ.items() if name.startswith("COVERAGE_")}
    return {
        **passed,
        "PLUMBLINE_HOME": str(settings.home),
        "REDIS_URL": settings.redis_url,
        "PLUMBLINE_GITHUB_URL": settings.github_url,
        "PLUMBLINE_APP_ID": str(settings.app_id),
        "PLUMBLINE_PRIVATE_KEY_FILE": str(simulator.key_path),
        "PLUMBLINE_WEBHOOK_SECRET": settings.webhook_secrets[0],
        "PLUMBLINE_PUBLISH": settings.publish.value,
        "PLUMBLINE_LOG_FORMAT": "console",
        "PORT": str(settings.port),
        METRICS_BY_PARENT: "1",
    }


def _submit(settings: Settings, job: str) -> None:
    from bot.entry import wiring
    from bot.entry.job import submit
    from bot.spec import Submission

    registry = wiring.load_registry()
    submit(settings, registry.work(Submission(registry.jobs[job].payload())))


def _migrate(settings: Settings) -> None:
    from bot.adapters.store import open_store

    store = open_store(settings)
    store.migrate()
    store.close()


@contextmanager
def _counting() -> Iterator[None]:
    """The directory that children count in; nobody asks for the figures."""
    from bot.adapters import metrics

    directory = metrics.shared_directory()
    try:
        yield
    finally:
        metrics.remove_directory(directory)


@contextmanager
def _own_logs(path: Path) -> Iterator[None]:
    """What this process has to log stands with what its children say, not between the steps."""
    handler = logging.FileHandler(path, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s demo %(message)s"))
    root = logging.getLogger()
    root.addHandler(handler)
    try:
        yield
    finally:
        root.removeHandler(handler)
        handler.close()


@contextmanager
def _steps(console: Console) -> Iterator[Progress]:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn

    progress = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=30),
        MofNCompleteColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    with progress:
        yield progress


def _is_judged(repository: FakeRepository) -> bool:
    """Its default branch's head has a completed check run."""
    head = repository.head
    return any(
        run.suite.head_sha == head and run.status == "completed"
        for run in list(repository.check_runs.values())
    )


def _take_port(wanted: int | None) -> int:
    """A port that nobody listens on. Raises SettingsError for a wanted one that is taken."""
    for port in [wanted] if wanted else range(DEFAULT_PORT, DEFAULT_PORT + PORTS_TRIED):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
    raise SettingsError(f"nothing can listen on port {wanted or DEFAULT_PORT}: give another one with --port")


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=2) as answer:  # noqa: S310 - our own address
            return bool(answer.status == 200)
    except OSError:
        return False


def _tail(log: Path, lines: int = 15) -> str:
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])


def _has_display() -> bool:
    """A graphical browser can show up; one that takes the terminal over shall not."""
    return sys.platform == "darwin" or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
