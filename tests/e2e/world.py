"""Plumbline's processes as in the Procfile, against the simulator, with everything killable.

A ``World`` is the process manager of a test: it starts redis-server, web, workers and clock, starts
each again when it ends, and kills what it is told to. What happened is asked of the simulator alone.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from bot.adapters.redis_server import find_redis_server
from bot.simulator.client import Client, SimulatorProcess
from bot.simulator.journal import CheckRunEffect, Entry, IssueEffect, effects

SECRET = "a-webhook-secret-of-32-characters"
PLUMBLINE = str(Path(sys.executable).with_name("plumbline"))
ROOT = Path(__file__).parents[2]


def free_port() -> int:
    """A port of this machine that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def eventually(condition: Callable[[], Any], *, within_s: float, what: str) -> Any:
    """The first true answer of the condition. Raises AssertionError when there is none in time.

    The longer it takes, the more seldom it is asked for, as those who are waited for need the time.
    """
    began = time.monotonic()
    while True:
        answer = condition()
        if answer:
            return answer
        waited = time.monotonic() - began
        if waited > within_s:
            raise AssertionError(f"not within {within_s:g} s: {what}")
        time.sleep(min(0.5, 0.05 + waited / 20))


@dataclass
class Program:
    """A command that is started again whenever it ends."""

    name: str
    command: list[str]
    env: dict[str, str]
    log: Path
    process: subprocess.Popen[bytes] | None = None
    starts: int = 0
    held: bool = False
    """Not started again while this is true."""

    def start(self) -> None:
        """Start it in a process group of its own."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command, env=self.env, stdout=log, stderr=log, cwd=ROOT, start_new_session=True
            )
        self.starts += 1

    def family(self) -> list[psutil.Process]:
        """The process and all its children that live, parents first."""
        if self.process is None or self.process.poll() is not None:
            return []
        try:
            parent = psutil.Process(self.process.pid)
            return [parent, *parent.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []


@dataclass
class World:
    """See the module.

    Args:
        root: directory for everything; logs lie in ``root/logs``.
        workers: how many worker programs.
        options: more arguments of redis-server.
        settings: more environment for all programs.
    """

    root: Path
    workers: int = 2
    clocks: int = 1
    seed: int = 0
    simulator_options: tuple[str, ...] = ()
    settings: Mapping[str, str] = field(default_factory=dict)
    redis_options: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self.web_port, self.metrics_port = free_port(), free_port()
        self._short = Path(tempfile.mkdtemp(prefix="pl-"))
        self.redis_socket = self._short / "redis.sock"
        self.programs: dict[str, Program] = {}
        self._stopping = threading.Event()
        self._keeper: threading.Thread | None = None
        self._simulator: SimulatorProcess | None = None
        self.github: Client
        self.logs = self.root / "logs"
        self.temporary = self.root / "tmp"
        self.kills: dict[str, int] = {}

    def __enter__(self) -> World:
        """Start everything and wait until the receiver is ready."""
        self.logs.mkdir(parents=True, exist_ok=True)
        self.temporary.mkdir(exist_ok=True)
        try:
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """Stop everything; nothing is left behind."""
        self._stopping.set()
        if self._keeper:
            self._keeper.join(timeout=10)
        redis = self.programs.get("redis")
        end([p for p in self.programs.values() if p is not redis], grace_s=6)
        end([redis] if redis else [], grace_s=0)
        if self._simulator:
            self._simulator.__exit__(None, None, None)
        shutil.rmtree(self._short, ignore_errors=True)

    @property
    def webhook_url(self) -> str:
        """Where deliveries go."""
        return f"http://127.0.0.1:{self.web_port}/webhook"

    @property
    def redis_url(self) -> str:
        """The ledger's Redis."""
        return f"unix://{self.redis_socket}?db=0"

    def environment(self) -> dict[str, str]:
        """What every program is told."""
        information = self.github.information()
        inherited = {k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "LANG", "TMPDIR")}
        inherited |= {k: v for k, v in os.environ.items() if k.startswith("COVERAGE_")}
        return {
            **inherited,
            "TMPDIR": str(self.temporary),
            "PLUMBLINE_HOME": str(self.root / "home"),
            "REDIS_URL": self.redis_url,
            "PLUMBLINE_GITHUB_URL": information["base_url"],
            "PLUMBLINE_APP_ID": str(information["app_id"]),
            "PLUMBLINE_PRIVATE_KEY_FILE": information["key_path"],
            "PLUMBLINE_WEBHOOK_SECRET": SECRET,
            "PLUMBLINE_SECRET_KEYS": "0123456789abcdef0123456789abcdef",
            "PORT": str(self.web_port),
            "PLUMBLINE_METRICS_PORT": str(self.metrics_port),
            **self.settings,
        }

    def run(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run ``plumbline`` with these arguments in this world."""
        done = subprocess.run(
            [PLUMBLINE, *arguments], env=self.environment(), capture_output=True, text=True, timeout=120
        )
        if check and done.returncode:
            raise AssertionError(
                f"plumbline {' '.join(arguments)}: {done.returncode}\n{done.stdout}{done.stderr}"
            )
        return done

    def kill(
        self, name: str, *, number: signal.Signals = signal.SIGKILL, whole: bool = True, pick: int = 0
    ) -> None:
        """Signal a program: its whole family, or one member of it (``pick`` chooses)."""
        members = self.programs[name].family()
        chosen = members if whole else members[pick % len(members) :][:1] if members else []
        for process in chosen:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(number)
        self.kills[name] = self.kills.get(name, 0) + bool(chosen)

    @contextlib.contextmanager
    def without(self, name: str) -> Iterator[None]:
        """The program is away inside the block."""
        program = self.programs[name]
        program.held = True
        self.kill(name)
        try:
            yield
        finally:
            program.held = False

    def ready(self) -> bool:
        """The receiver says that it can write the ledger."""
        return self.status("/readyz") == 200

    def status(self, path: str) -> int:
        """The status of a page of the receiver; 0 when nobody answers."""
        url = f"http://127.0.0.1:{self.web_port}{path}"
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0

    def effects(self) -> tuple[list[CheckRunEffect], list[IssueEffect]]:
        """What people see, from the journal."""
        return effects(self.github.journal())

    def journal(self) -> list[Entry]:
        """All that happened at GitHub."""
        return self.github.journal()

    def completed(self, repository: int, sha: str, name: str = "plumbline/health") -> list[CheckRunEffect]:
        """Completed check runs on a commit."""
        runs, _ = self.effects()
        return [
            r
            for r in runs
            if (r.repository_id, r.head_sha, r.name) == (repository, sha, name) and r.conclusion
        ]

    def settle(self, *, within_s: float = 60) -> None:
        """Wait until nothing is open in the ledger and GitHub hears nothing more."""
        from bot.adapters.ledger import RedisLedger
        from bot.adapters.redis_client import connect

        def idle() -> bool:
            try:
                with contextlib.closing(connect(self.redis_url)) as client:
                    stats = RedisLedger(client).stats()
            except Exception:  # noqa: BLE001 - whatever is away, the world is not idle
                return False
            busy = stats.open_deliveries + stats.leased_deliveries + stats.leased_work
            return not busy and not sum(stats.open_work.values())

        def settled() -> bool:
            return idle() and self.github.quiet(idle_s=0.4, timeout_s=5) and idle()

        eventually(settled, within_s=within_s, what="the world settles")

    def keys_without_lifetime(self) -> list[str]:
        """Keys of Redis that would stay for ever."""
        from bot.adapters.redis_client import connect

        with contextlib.closing(connect(self.redis_url)) as client:
            return [key.decode() for key in client.scan_iter(count=1000) if client.ttl(key) == -1]

    def _start(self) -> None:
        self._simulator = SimulatorProcess(
            self.root / "github",
            "--seed", str(self.seed),
            "--webhook-url", self.webhook_url,
            "--webhook-secret", SECRET,
            *self.simulator_options,
        )  # fmt: skip
        (self.root / "github").mkdir(parents=True, exist_ok=True)
        self.github = self._simulator.__enter__()
        env = self.environment()
        data = self.root / "redis"
        data.mkdir(exist_ok=True)
        redis = [
            find_redis_server(),
            "--port",
            "0",
            "--unixsocket",
            str(self.redis_socket),
            "--dir",
            str(data),
        ]
        redis += [
            "--appendonly",
            "yes",
            "--appendfsync",
            "everysec",
            "--save",
            "",
            "--maxmemory-policy",
            "noeviction",
        ]
        self._add("redis", [*redis, *self.redis_options], env)
        eventually(self.redis_socket.exists, within_s=60, what="redis-server listens")
        self.run("migrate")
        self._add("web", [PLUMBLINE, "web"], env)
        for number in range(self.workers):
            self._add(f"worker{number}", [PLUMBLINE, "worker", "--processes", "1"], env)
        for number in range(self.clocks):
            self._add(f"clock{number}", [PLUMBLINE, "clock"], env)
        self._keeper = threading.Thread(target=self._keep, daemon=True)
        self._keeper.start()
        eventually(self.ready, within_s=90, what="the receiver is ready")

    def _add(self, name: str, command: list[str], env: dict[str, str]) -> None:
        own = {**env, "PLUMBLINE_METRICS_PORT": str(self.metrics_port if name == "web" else 0)}
        self.programs[name] = Program(name, command, own, self.logs / f"{name}.log")
        self.programs[name].start()

    def _keep(self) -> None:
        while not self._stopping.wait(0.05):
            for program in self.programs.values():
                process = program.process
                ended = process is not None and process.poll() is not None
                if ended and not program.held and not self._stopping.is_set():
                    program.start()


def end(programs: Sequence[Program], *, grace_s: float) -> None:
    """Terminate programs; after the grace kill what is left of them and their children."""
    families = [program.family() for program in programs]
    for family in families:
        for parent in family[:1]:
            with contextlib.suppress(psutil.NoSuchProcess):
                parent.terminate()
    _, alive = psutil.wait_procs([process for family in families for process in family], timeout=grace_s)
    for process in alive:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    for program in programs:
        if program.process is not None:
            program.process.wait(timeout=10)
