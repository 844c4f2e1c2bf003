"""The App's keys as set-up stores them: one file under ``home`` that only this user may read."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from bot.model.errors import SettingsError

FILE = "credentials.json"


@dataclass(frozen=True, slots=True)
class Credentials:
    """What GitHub gave for an App.

    Args:
        github_url: API root at which it was registered.
        web_url: where people look, without a slash at the end.
        owner: login of the account that owns it.
        client_id, client_secret: for signing people in; kept for later, not used yet.
        public_url: where GitHub delivers to, ``/webhook`` left out; "" when the webhook is off.
    """

    app_id: int
    slug: str
    github_url: str
    web_url: str
    owner: str
    public_url: str
    client_id: str
    private_key: str = field(repr=False)
    webhook_secret: str = field(repr=False)
    client_secret: str = field(repr=False)

    @property
    def settings_page(self) -> str:
        """The App's page for its owner (of an organisation; GitHub leads people to their own)."""
        return f"{self.web_url}/apps/{self.slug}"

    @property
    def install_page(self) -> str:
        """Where it is installed."""
        return f"{self.web_url}/apps/{self.slug}/installations/new"


def load(home: Path) -> Credentials | None:
    """What was stored; None when nothing was.

    Raises:
        SettingsError: there is a file that can not be used; says which.
    """
    path = home / FILE
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        return Credentials(**_checked(data))
    except FileNotFoundError:
        return None
    except (OSError, UnicodeError, ValueError, TypeError) as error:
        raise SettingsError(
            f"{path} can not be used ({type(error).__name__}): restore it from a backup, or delete it to set "
            "the App up again"
        ) from error


def save(home: Path, credentials: Credentials) -> None:
    """Store, whole or not at all, readable by this user only.

    Raises:
        SettingsError: the file can not be written, or another App is stored already.
    """
    path = home / FILE
    fresh = path.with_name(f"{FILE}.{os.getpid()}.{secrets.token_hex(4)}")
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                json.dump(asdict(credentials), file, indent=2)
                file.flush()
                os.fsync(file.fileno())
            os.link(fresh, path)
        finally:
            fresh.unlink()
    except FileExistsError:
        raise SettingsError(f"{path} holds an App already; nothing was replaced") from None
    except OSError as error:
        raise SettingsError(f"{path} can not be written: {error.strerror}") from error


def readable_by_others(home: Path) -> bool:
    """The stored file lets other users of this machine read the keys."""
    try:
        return bool((home / FILE).stat().st_mode & 0o077)
    except OSError:
        return False


def _checked(data: Any) -> dict[str, Any]:
    kinds = {f.name: int if f.name == "app_id" else str for f in fields(Credentials)}
    if not isinstance(data, dict) or set(data) != set(kinds):
        raise ValueError("other keys than expected")
    for name, kind in kinds.items():
        if type(data[name]) is not kind:
            raise ValueError(f"{name} is not of its type")
    return data
