"""Process settings: what an operator sets by environment variables, validated once at start."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

from bot.model.errors import SettingsError

LOOPBACK = "127.0.0.1"
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


class Publish(StrEnum):
    """How loud Plumbline is: see ``docs/guide/architecture.md``."""

    OBSERVE = "observe"
    ADVISE = "advise"
    ISSUES = "issues"


class PagesFor(StrEnum):
    """Who may look at Plumbline's own pages, as long as there is no login."""

    LOOPBACK = "loopback"
    ANYBODY = "anybody"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything a process is told from outside. Empty strings mean: not set.

    Args:
        home: directory for the embedded Redis, SQLite, keys and caches.
        redis_url: empty means the embedded redis-server under ``home``.
        database_url: empty means SQLite under ``home``.
        github_url: API root; ``https://HOST/api/v3`` for GHES.
        app_id: the App's numeric id; 0 means not registered yet.
        private_key: PEM text.
        webhook_secrets: current first, then the previous one while rotating.
        secret_keys: seal cached tokens; current first, then previous.
        publish: how loud, unless policy says otherwise.
        public_url: where GitHub and people reach this Plumbline, without a slash at the end.
        pages: who may look at the pages; browsers on this machine, unless told otherwise.
        ledger_bytes: ceiling for delivery bodies held in Redis; beyond it the receiver answers 503.
    """

    home: Path
    redis_url: str = ""
    database_url: str = ""
    github_url: str = "https://api.github.com"
    app_id: int = 0
    private_key: str = field(default="", repr=False)
    webhook_secrets: tuple[str, ...] = field(default=(), repr=False)
    secret_keys: tuple[str, ...] = field(default=(), repr=False)
    publish: Publish = Publish.ADVISE
    host: str = LOOPBACK
    port: int = 8000
    metrics_host: str = LOOPBACK
    metrics_port: int = 9090
    ledger_bytes: int = 256 * 1024 * 1024
    log_level: str = "INFO"
    pages: PagesFor = PagesFor.LOOPBACK
    public_url: str = ""

    @property
    def registered(self) -> bool:
        """Credentials of an App are at hand."""
        return bool(self.app_id and self.private_key and self.webhook_secrets)


def from_environment(env: Mapping[str, str]) -> Settings:
    """Read settings from environment variables.

    Raises:
        SettingsError: names the variable, what is wrong with it and what it should look like.
    """
    return Settings(
        home=_home(env),
        redis_url=_url(env, "REDIS_URL", ("redis", "rediss", "unix")),
        database_url=_database_url(env),
        github_url=_url(env, "PLUMBLINE_GITHUB_URL", ("https", "http")) or "https://api.github.com",
        app_id=_number(env, "PLUMBLINE_APP_ID", 0, 0, 2**53),
        private_key=_private_key(env),
        webhook_secrets=_list(env, "PLUMBLINE_WEBHOOK_SECRET"),
        secret_keys=_list(env, "PLUMBLINE_SECRET_KEYS"),
        publish=_publish(env),
        host=env.get("HOST", "").strip() or LOOPBACK,
        port=_number(env, "PORT", 8000, 0, 65535),
        metrics_host=env.get("PLUMBLINE_METRICS_HOST", "").strip() or LOOPBACK,
        metrics_port=_number(env, "PLUMBLINE_METRICS_PORT", 9090, 0, 65535),
        ledger_bytes=_number(env, "PLUMBLINE_LEDGER_BYTES", 256 * 1024 * 1024, 1024 * 1024, 2**40),
        log_level=_log_level(env),
        pages=_pages(env),
        public_url=_url(env, "PLUMBLINE_PUBLIC_URL", ("https", "http")),
    )


def _home(env: Mapping[str, str]) -> Path:
    text = env.get("PLUMBLINE_HOME", "").strip()
    try:
        return Path(text).expanduser() if text else Path.home() / ".local" / "share" / "plumbline"
    except RuntimeError:
        raise SettingsError(
            "PLUMBLINE_HOME must name a directory: this user has no home directory to put one in"
        ) from None


def _number(env: Mapping[str, str], name: str, default: int, low: int, high: int) -> int:
    text = env.get(name, "").strip()
    if not text:
        return default
    # Python refuses to convert thousands of digits; nothing here needs more than twenty.
    if not (text.isascii() and text.isdigit() and len(text) <= 20 and low <= int(text) <= high):
        raise SettingsError(f"{name}={text[:40]!r} must be a whole number from {low} to {high}")
    return int(text)


def _url(env: Mapping[str, str], name: str, schemes: tuple[str, ...]) -> str:
    text = env.get(name, "").strip().rstrip("/")
    if text and not _well_formed(text, schemes):
        # The value may hold a password, so the message does not repeat it.
        raise SettingsError(
            f"{name} must be a URL that starts with {' or '.join(s + '://' for s in schemes)}"
        )
    return text


def _well_formed(text: str, schemes: tuple[str, ...]) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in schemes and (parts.scheme not in ("https", "http") or bool(parts.hostname))
    except ValueError:
        return False


def _database_url(env: Mapping[str, str]) -> str:
    text = _url(env, "DATABASE_URL", ("postgresql", "postgres", "postgresql+psycopg", "sqlite"))
    for prefix in ("postgres://", "postgresql://"):
        if text.startswith(prefix):
            return "postgresql+psycopg://" + text.removeprefix(prefix)
    return text


def _list(env: Mapping[str, str], name: str) -> tuple[str, ...]:
    values = [env.get(name, "").strip(), env.get(f"{name}_PREVIOUS", "").strip()]
    if values[1] and not values[0]:
        raise SettingsError(f"{name}_PREVIOUS is set but {name} is not; set the current one too")
    return tuple(v for v in values if v)


def _private_key(env: Mapping[str, str]) -> str:
    text = env.get("PLUMBLINE_PRIVATE_KEY", "").replace("\\n", "\n").strip()
    path = env.get("PLUMBLINE_PRIVATE_KEY_FILE", "").strip()
    if path:
        try:
            text = Path(path).read_text(encoding="ascii").strip()
        except (OSError, UnicodeError) as error:
            raise SettingsError(f"PLUMBLINE_PRIVATE_KEY_FILE={path!r} can not be read: {error}") from error
    if text and "PRIVATE KEY-----" not in text:
        raise SettingsError("PLUMBLINE_PRIVATE_KEY must be the PEM text that GitHub gave for the App")
    return text


def _log_level(env: Mapping[str, str]) -> str:
    text = env.get("PLUMBLINE_LOG_LEVEL", "").strip().upper() or "INFO"
    if text not in LOG_LEVELS:
        raise SettingsError(f"PLUMBLINE_LOG_LEVEL={text[:40]!r} must be one of {', '.join(LOG_LEVELS)}")
    return text


def _pages(env: Mapping[str, str]) -> PagesFor:
    text = env.get("PLUMBLINE_PAGES", "").strip() or PagesFor.LOOPBACK.value
    try:
        return PagesFor(text)
    except ValueError:
        known = ", ".join(p.value for p in PagesFor)
        raise SettingsError(f"PLUMBLINE_PAGES={text[:40]!r} must be one of {known}") from None


def _publish(env: Mapping[str, str]) -> Publish:
    text = env.get("PLUMBLINE_PUBLISH", "").strip() or Publish.ADVISE.value
    try:
        return Publish(text)
    except ValueError:
        known = ", ".join(p.value for p in Publish)
        raise SettingsError(f"PLUMBLINE_PUBLISH={text!r} must be one of {known}") from None
