"""What every process does first: settings, secrets that must not be shown, keys under ``home``."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from bot.config.settings import Settings
from bot.model.errors import SettingsError

SECRET_KEYS_FILE = "secret-keys"
REDIS_URL_FILE = "redis.url"

_SECRET_NAMES = (
    "PLUMBLINE_PRIVATE_KEY",
    "PLUMBLINE_WEBHOOK_SECRET",
    "PLUMBLINE_WEBHOOK_SECRET_PREVIOUS",
    "PLUMBLINE_SECRET_KEYS",
    "PLUMBLINE_SECRET_KEYS_PREVIOUS",
    "GITHUB_TOKEN",
    "GH_TOKEN",
)
_SECRET_URLS = ("REDIS_URL", "DATABASE_URL")


def secrets_in(env: Mapping[str, str]) -> Iterator[str]:
    """Values that no output may contain; works although other settings are wrong."""
    for name in _SECRET_NAMES:
        value = env.get(name, "").strip()
        if value:
            yield value
            yield value.replace("\\n", "\n")
    for name in _SECRET_URLS:
        try:
            password = urlsplit(env.get(name, "")).password
        except ValueError:
            password = None
        if password:
            yield password


def secrets_of(settings: Settings) -> Iterator[str]:
    """The same of settings that were read, keys from files included."""
    yield from (settings.private_key, *settings.webhook_secrets, *settings.secret_keys)


def with_stored(settings: Settings, env: Mapping[str, str] | None = None) -> Settings:
    """Settings with what set-up stored under ``home`` filled in; what the environment says wins.

    Keys of another App, or of another GitHub, than the environment names are left alone.

    Args:
        env: to tell a GitHub that was named from the default one; None is this process's.

    Raises:
        SettingsError: the stored file can not be used.
    """
    from bot.adapters.credentials import load

    if settings.registered:
        return settings
    stored = load(settings.home)
    named = bool((os.environ if env is None else env).get("PLUMBLINE_GITHUB_URL", "").strip())
    if (
        stored is None
        or settings.app_id not in (0, stored.app_id)
        or (named and settings.github_url != stored.github_url)
    ):
        return settings
    return replace(
        settings,
        app_id=stored.app_id,
        private_key=settings.private_key or stored.private_key,
        webhook_secrets=settings.webhook_secrets or (stored.webhook_secret,),
        github_url=stored.github_url,
        public_url=settings.public_url or stored.public_url,
    )


def prepare_home(settings: Settings) -> Settings:
    """Make ``home`` (0700), fill in what is stored there, and secret keys, made once.

    Raises:
        SettingsError: the directory or the file can not be used.
    """
    try:
        settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        settings = with_stored(settings)
        if settings.secret_keys:
            return settings
        return replace(settings, secret_keys=(_kept_key(settings.home / SECRET_KEYS_FILE),))
    except (OSError, UnicodeError) as error:
        raise SettingsError(
            f"PLUMBLINE_HOME={str(settings.home)!r} can not be used ({error}); "
            "set it to a directory that this user may write to"
        ) from error


def _kept_key(path: Path) -> str:
    """The key in a file; the first process to come writes it, the others read what it wrote."""
    if not path.exists():
        fresh = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(48) + "\n")
        try:
            os.link(fresh, path)
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    key = path.read_text(encoding="ascii").strip()
    if not key:
        raise SettingsError(f"{path} is empty: delete it, and a new key is made")
    return key
