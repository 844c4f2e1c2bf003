"""``plumbline doctor``: looks at everything that an installation needs, one line for each."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from bot.adapters.credentials import FILE, readable_by_others
from bot.adapters.log import Redactor, escape
from bot.config.github_host import is_this_machine
from bot.config.settings import Settings
from bot.entry import doctor_github, wiring
from bot.entry.environment import secrets_in, secrets_of, with_stored
from bot.entry.findings import Finding, Status, guarded
from bot.entry.progress import SLOW_S, progress
from bot.model.errors import PlumblineError, SettingsError

if TYPE_CHECKING:
    from redis import Redis

Write = Callable[[str], None]

SKEW_WARN_S, SKEW_FAIL_S = 10.0, 50.0
"""GitHub refuses an App's JWT from the future; ours is dated a minute back."""

AGE_WARN_S, AGE_FAIL_S = 60.0, 600.0
"""Of the oldest delivery or work that is due and not begun."""

MEMORY_WARN = 0.8

_SYNCS = {
    "always": ("synced before each answer", ""),
    "everysec": (
        "appendfsync everysec: while the disk is busy Redis answers up to 2 s before it writes, so a crash "
        "may lose what was acknowledged then; it is brought in from GitHub's log",
        "set `appendfsync always`, or live with it on a quick disk",
    ),
    "no": (
        "appendfsync no: a crash of Redis loses nothing, but a power cut up to half a minute; it is brought "
        "in from GitHub's log",
        "set `appendfsync always`",
    ),
}
"""appendfsync -> (what it means, what to do). Source: redis.io, "Redis persistence"."""

TIMEOUT_S = 5.0


def run(settings: Settings, *, as_json: bool, write: Write) -> int:
    """Examine and print; returns 1 when something failed."""
    redact = Redactor([*secrets_in(os.environ), *secrets_of(_known(settings))])
    findings = []
    for finding in _patiently(examine(settings)):
        findings.append(finding)
        if not as_json:
            # Said at once: GitHub and Redis may be slow to answer, or not there.
            fix = f"; {finding.fix}" if finding.fix else ""
            write(redact(escape(f"{finding.status.value:<8} {finding.name:<12} {finding.text}{fix}")))
    if as_json:
        write(redact(json.dumps([asdict(finding) for finding in findings], indent=2)))
    return 1 if any(finding.status is Status.FAIL for finding in findings) else 0


def _patiently(findings: Iterator[Finding]) -> Iterator[Finding]:
    """The same, with a sign of life whenever the next one takes long."""
    while True:
        with progress("Waiting for an answer; GitHub, Redis or the database is slow", after_s=SLOW_S):
            finding = next(findings, None)
        if finding is None:
            return
        yield finding


def _known(settings: Settings) -> Settings:
    """Settings with their stored secrets, as far as they can be read."""
    try:
        return with_stored(settings)
    except SettingsError:
        return settings


def examine(settings: Settings) -> Iterator[Finding]:
    """All findings, cheap ones first. ``settings`` are those of the environment."""
    try:
        settings = with_stored(settings)
        yield credentials(settings)
    except SettingsError as error:
        yield Finding("credentials", Status.FAIL, str(error))
    yield guarded("key", lambda: key(settings))
    yield guarded("clock", lambda: clock(settings))
    yield from doctor_github.examine(settings)
    yield from redis(settings)
    yield secret_keys(settings)
    kept = guarded("database", lambda: database(settings))
    yield kept
    if kept.status is Status.OK:
        yield guarded("stopped", lambda: stopped(settings))
    yield guarded("git", git)
    yield guarded("zizmor", zizmor)


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
            "start `plumbline up`, which leads through it, or copy them from your App at GitHub",
        )
    path = settings.home / FILE
    if readable_by_others(settings.home):
        return Finding("credentials", Status.WARN, f"other users may read {path}", f"run `chmod 600 {path}`")
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


def redis(settings: Settings) -> Iterator[Finding]:
    """Redis' settings and memory, and what waits in the ledger."""
    try:
        with _client(settings) as client:
            yield server(client)
            yield guarded("persistence", lambda: persistence(client))
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


def persistence(client: Redis) -> Finding:
    """When what was acknowledged is on the disk. See ``docs/decisions/0005-embedded-redis-durability.md``."""
    from bot.adapters.redis_server import IDENT, setting

    sync = setting(client, "appendfsync")
    if setting(client, "syslog-ident") == IDENT:
        return Finding(
            "persistence", Status.OK, "our own Redis: written before each answer, synced each second"
        )
    told: dict[str, Any] = client.info("persistence")
    if not told.get("aof_enabled"):
        return Finding(
            "persistence",
            Status.WARN,
            "no append-only file: a restart of Redis loses what was accepted since its last snapshot",
            "set `appendonly yes` and `appendfsync always`",
        )
    text, fix = _SYNCS.get(sync, ("Redis does not tell its appendfsync", "see what its operator promises"))
    if sync == "always":
        return Finding("persistence", Status.OK, text)
    return Finding("persistence", Status.WARN if sync else Status.UNKNOWN, text, fix)


def secret_keys(settings: Settings) -> Finding:
    """The keys that seal shared tokens are the same on every machine."""
    if settings.secret_keys:
        return Finding("secret keys", Status.OK, "set")
    if _fleet(settings):
        return Finding(
            "secret keys",
            Status.WARN,
            "not set, so each machine makes its own: none can open the tokens of another, and each asks "
            "GitHub for more of them",
            "set PLUMBLINE_SECRET_KEYS to one long random text on all machines",
        )
    return Finding("secret keys", Status.OK, "made by itself, for this machine")


def _fleet(settings: Settings) -> bool:
    """Other machines may share Redis or the database."""
    parts = urlsplit(settings.redis_url)
    elsewhere = parts.scheme in ("redis", "rediss") and not is_this_machine(parts.hostname or "localhost")
    return elsewhere or settings.database_url.startswith("postgresql")


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
        yield Finding(
            "parked",
            Status.WARN,
            f"{stats.parked} records were given up after too many failures",
            "see why with `plumbline parked list`, then `plumbline parked replay --all`",
        )
    else:
        yield Finding("parked", Status.OK, "nothing")


def database(settings: Settings) -> Finding:
    """The database answers and is migrated."""
    from bot.adapters.store import open_store

    store = open_store(settings)
    try:
        behind = store.behind()
    except PlumblineError as error:
        return Finding("database", Status.FAIL, str(error), "run `plumbline migrate`, or check DATABASE_URL")
    finally:
        store.close()
    if behind:
        return Finding("database", Status.FAIL, behind, "run `plumbline migrate`")
    kind = "PostgreSQL" if settings.database_url.startswith("postgresql") else "SQLite"
    return Finding("database", Status.OK, f"{kind}, migrated")


def stopped(settings: Settings) -> Finding:
    """Whether somebody has stopped all that is written by itself."""
    from bot.adapters.store import open_store
    from bot.ports import EVERYWHERE

    store = open_store(settings)
    try:
        stops, names = store.stops(), {i.id: i.account for i in store.installations()}
    finally:
        store.close()
    if not stops:
        return Finding("stopped", Status.OK, "nothing")
    names[EVERYWHERE] = "everywhere"
    told = (
        f"{names.get(s.installation_id, s.installation_id)} since {s.at:%Y-%m-%d %H:%M} UTC by {s.actor}"
        for s in stops
    )
    return Finding(
        "stopped",
        Status.WARN,
        f"nothing is written by itself: {'; '.join(told)}",
        "when that is over, run `plumbline resume [--account LOGIN]`",
    )


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
