"""``plumbline doctor``: looks at everything that an installation needs, one line for each."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.adapters.log import Redactor, escape
from bot.config.settings import Settings
from bot.entry import wiring
from bot.entry.environment import secrets_in, secrets_of
from bot.model.errors import PlumblineError, SettingsError
from bot.ports import AppInfo, GitHub, Installation

if TYPE_CHECKING:
    from redis import Redis

Write = Callable[[str], None]

MANIFEST = Path(__file__).resolve().parents[2] / "app.yml"
LEVELS = ("none", "read", "write", "admin")

SKEW_WARN_S, SKEW_FAIL_S = 10.0, 50.0
"""GitHub refuses an App's JWT from the future; ours is dated a minute back."""

AGE_WARN_S, AGE_FAIL_S = 60.0, 600.0
"""Of the oldest delivery or work that is due and not begun."""

MEMORY_WARN = 0.8
TIMEOUT_S = 5.0


class Status(StrEnum):
    """How something is."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line: what was looked at, how it is, and what to do about it."""

    name: str
    status: Status
    text: str
    fix: str = ""


def run(settings: Settings, *, as_json: bool, write: Write) -> int:
    """Examine and print; returns 1 when something failed."""
    redact = Redactor([*secrets_in(os.environ), *secrets_of(settings)])
    findings = list(examine(settings))
    if as_json:
        write(redact(json.dumps([asdict(finding) for finding in findings], indent=2)))
    else:
        for finding in findings:
            fix = f"; {finding.fix}" if finding.fix else ""
            write(redact(escape(f"{finding.status.value:<8} {finding.name:<12} {finding.text}{fix}")))
    return 1 if any(finding.status is Status.FAIL for finding in findings) else 0


def examine(settings: Settings) -> Iterator[Finding]:
    """All findings, cheap ones first."""
    yield credentials(settings)
    yield guarded("key", lambda: key(settings))
    yield guarded("clock", lambda: clock(settings))
    yield from app(settings)
    yield from redis(settings)
    yield guarded("database", lambda: database(settings))
    yield guarded("git", git)
    yield guarded("zizmor", zizmor)


def guarded(name: str, look: Callable[[], Finding], status: Status = Status.FAIL) -> Finding:
    """What ``look`` finds; an error that it raises is the finding."""
    try:
        return look()
    except PlumblineError as error:
        return Finding(name, status, str(error))
    except Exception as error:  # noqa: BLE001  The finding is how it is told.
        return Finding(name, Status.UNKNOWN, f"could not be looked at: {type(error).__name__}: {error}")


def credentials(settings: Settings) -> Finding:
    """The App's id, key and webhook secret are set."""
    missing = [
        name
        for name, value in (
            ("PLUMBLINE_APP_ID", settings.app_id),
            ("PLUMBLINE_PRIVATE_KEY", settings.private_key),
            ("PLUMBLINE_WEBHOOK_SECRET", settings.webhook_secrets),
        )
        if not value
    ]
    if missing:
        return Finding(
            "credentials",
            Status.FAIL,
            f"{', '.join(missing)} not set",
            "copy them from the App's settings page at GitHub",
        )
    return Finding("credentials", Status.OK, f"App {settings.app_id}")


def key(settings: Settings) -> Finding:
    """The private key parses and signs."""
    import jwt

    if not settings.private_key:
        return Finding("key", Status.UNKNOWN, "no private key is set")
    try:
        jwt.encode({"iss": str(settings.app_id)}, settings.private_key, algorithm="RS256")
    except (ValueError, TypeError, jwt.PyJWTError) as error:
        return Finding(
            "key",
            Status.FAIL,
            f"the private key can not sign ({type(error).__name__})",
            "generate a new key at the App's settings page and set PLUMBLINE_PRIVATE_KEY to the whole "
            "PEM file",
        )
    return Finding("key", Status.OK, "parses and signs")


def clock(settings: Settings) -> Finding:
    """This machine's clock against GitHub's ``Date`` header."""
    import requests

    from bot.adapters.github.errors import http_date

    try:
        answer = requests.head(settings.github_url, timeout=TIMEOUT_S, allow_redirects=False)
    except requests.RequestException as error:
        return Finding(
            "clock",
            Status.UNKNOWN,
            f"GitHub does not answer at {settings.github_url} ({type(error).__name__})",
            "check the network, or PLUMBLINE_GITHUB_URL",
        )
    theirs = http_date(answer.headers.get("Date", ""))
    if theirs is None:
        return Finding("clock", Status.UNKNOWN, "GitHub's answer has no usable Date header")
    skew = time.time() - theirs.timestamp()
    status = Status.FAIL if abs(skew) > SKEW_FAIL_S else Status.WARN if abs(skew) > SKEW_WARN_S else Status.OK
    fix = "" if status is Status.OK else "switch on time synchronisation (NTP)"
    return Finding("clock", status, f"{skew:+.0f} s against GitHub", fix)


def app(settings: Settings) -> Iterator[Finding]:
    """What the App may do and is told, and what its installations granted."""
    if not (settings.app_id and settings.private_key):
        yield Finding("app", Status.UNKNOWN, "can not ask GitHub without PLUMBLINE_APP_ID and its key")
        return
    try:
        needed = manifest()
        github = _github(settings)
        info = github.app()
    except SettingsError as error:
        yield Finding("app", Status.FAIL, str(error))
        return
    except PlumblineError as error:
        yield Finding(
            "app",
            Status.FAIL,
            f"GitHub does not know this App: {error}",
            "check PLUMBLINE_APP_ID and the key",
        )
        return
    yield identity(settings, info)
    yield permissions(needed[0], info.permissions)
    yield events(needed[1], info.events)
    yield guarded("installed", lambda: installations(needed[0], github.installations()), Status.UNKNOWN)


def manifest(path: Path = MANIFEST) -> tuple[Mapping[str, str], tuple[str, ...]]:
    """(permissions, events) that Plumbline needs.

    Raises:
        SettingsError: the manifest is missing or not readable.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        data = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
        return dict(data["default_permissions"]), tuple(data["default_events"])
    except (OSError, UnicodeError, YAMLError, KeyError, TypeError) as error:
        raise SettingsError(f"the manifest {path} can not be read: {type(error).__name__}") from error


def identity(settings: Settings, info: AppInfo) -> Finding:
    """The key belongs to the App whose id is set."""
    if info.id != settings.app_id:
        return Finding("app", Status.FAIL, f"the key is of App {info.id}", "set PLUMBLINE_APP_ID to that")
    return Finding("app", Status.OK, info.slug)


def permissions(needed: Mapping[str, str], granted: Mapping[str, str]) -> Finding:
    """Granted permissions against needed ones; checks whose reads are missing say *unknown*."""
    missing = lacking(needed, granted)
    if not missing:
        return Finding("permissions", Status.OK, f"all {len(needed)} granted")
    status = Status.FAIL if any(text.endswith("write") for text in missing) else Status.WARN
    return Finding(
        "permissions", status, f"missing {', '.join(missing)}", "add them at the App's settings page"
    )


def lacking(needed: Mapping[str, str], granted: Mapping[str, str]) -> list[str]:
    """Permissions whose granted level is below the needed one, as ``name: level``."""
    return [
        f"{name}: {level}"
        for name, level in sorted(needed.items())
        if _level(granted.get(name, "none")) < _level(level)
    ]


def events(needed: Iterable[str], subscribed: Iterable[str]) -> Finding:
    """Subscribed events against needed ones; what is not told is found by sweeps, hours later."""
    missing = sorted(set(needed) - set(subscribed))
    if missing:
        return Finding(
            "events",
            Status.WARN,
            f"not subscribed to {', '.join(missing)}",
            "tick them at the App's settings",
        )
    return Finding("events", Status.OK, "all subscribed")


def installations(needed: Mapping[str, str], found: Iterable[Installation]) -> Finding:
    """Installations still run on the permissions that their owners agreed to."""
    listed = list(found)
    behind = [i.account for i in listed if not i.suspended and lacking(needed, i.permissions)]
    if behind:
        return Finding(
            "installed",
            Status.WARN,
            f"{len(behind)} of {len(listed)} installations have not agreed to all permissions: "
            f"{', '.join(sorted(behind)[:5])}",
            "their owners find the request under Installed GitHub Apps",
        )
    return Finding("installed", Status.OK, f"{len(listed)} installations")


def redis(settings: Settings) -> Iterator[Finding]:
    """Redis' settings and memory, and what waits in the ledger."""
    try:
        with _client(settings) as client:
            yield server(client)
            yield memory(client)
            yield from queue(client)
    except PlumblineError as error:
        yield Finding("redis", Status.FAIL, str(error))


def server(client: Redis) -> Finding:
    """Version, persistence, eviction."""
    from bot.adapters.redis_server import check_server

    found = check_server(client)
    if found.errors:
        return Finding("redis", Status.FAIL, "; ".join(found.errors))
    if found.warnings:
        return Finding("redis", Status.WARN, "; ".join(found.warnings))
    return Finding("redis", Status.OK, f"version {found.version}, keeps its data, evicts nothing")


def memory(client: Redis) -> Finding:
    """Used memory against Redis' own ceiling."""
    info: Any = client.info("memory")
    used, ceiling = int(info.get("used_memory", 0)), int(info.get("maxmemory", 0))
    text = f"{used / 2**20:.0f} MiB used"
    if not ceiling:
        return Finding("memory", Status.OK, f"{text}, no ceiling set")
    share = used / ceiling
    status = Status.OK if share < MEMORY_WARN else Status.WARN
    fix = "" if status is Status.OK else "raise maxmemory, or start more workers"
    return Finding("memory", status, f"{text}, {share:.0%} of maxmemory", fix)


def queue(client: Redis) -> Iterator[Finding]:
    """How long the oldest waits, and what is parked."""
    from bot.adapters.ledger import RedisLedger

    stats = RedisLedger(client).stats()
    age = stats.oldest_due_s
    status = Status.FAIL if age > AGE_FAIL_S else Status.WARN if age > AGE_WARN_S else Status.OK
    waiting = stats.open_deliveries + sum(stats.open_work.values())
    fix = "" if status is Status.OK else "see that workers and a clock run, or start more workers"
    yield Finding("queue", status, f"{waiting} waiting, the oldest due for {age:.0f} s", fix)
    if stats.parked:
        yield Finding("parked", Status.WARN, f"{stats.parked} records", "see `plumbline parked list`")
    else:
        yield Finding("parked", Status.OK, "nothing")


def database(settings: Settings) -> Finding:
    """The database answers and is migrated."""
    from bot.adapters.store import open_store

    store = open_store(settings)
    try:
        store.ping()
    except PlumblineError as error:
        return Finding("database", Status.FAIL, str(error), "run `plumbline migrate`, or check DATABASE_URL")
    finally:
        store.close()
    kind = "PostgreSQL" if settings.database_url.startswith("postgresql") else "SQLite"
    return Finding("database", Status.OK, f"{kind}, migrated")


def git() -> Finding:
    """git is there and new enough."""
    import subprocess

    from bot.adapters.git.environment import program

    path = program()
    told = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
    return Finding("git", Status.OK, told.stdout.strip())


def zizmor() -> Finding:
    """The workflow auditor is there."""
    from importlib.metadata import version

    from bot.adapters.zizmor import find_program

    find_program()
    return Finding("zizmor", Status.OK, f"version {version('zizmor')}")


@contextmanager
def _client(settings: Settings) -> Iterator[Redis]:
    from bot.adapters.redis_client import connect

    client = connect(wiring.find_redis(settings).redis_url)
    try:
        yield client
    finally:
        client.close()


def _github(settings: Settings) -> GitHub:
    from bot.adapters import github
    from bot.adapters.clock import SystemClock
    from bot.adapters.metrics import PrometheusMetrics

    return github.build(settings, ledger=_NoPauses(), clock=SystemClock(), metrics=PrometheusMetrics())


class _NoPauses:
    """Asks GitHub a few questions although an installation may be paused, and leaves no trace."""

    def pause(self, installation_id: int, resource: str, until: Any) -> None:
        """Nothing is kept."""

    def paused_until(self, installation_id: int, resource: str) -> None:  # noqa: ARG002
        """Never."""
        return


def _level(name: str) -> int:
    return LEVELS.index(name) if name in LEVELS else 0
