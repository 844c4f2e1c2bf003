"""The stored keys: whole or not at all, for this user only, never replaced."""

from __future__ import annotations

import json
import stat
from dataclasses import asdict
from pathlib import Path

import pytest

from bot.adapters.credentials import FILE, Credentials, load, readable_by_others, save
from bot.model.errors import SettingsError

KEYS = Credentials(
    app_id=7,
    slug="plumb",
    github_url="https://api.github.com",
    web_url="https://github.com",
    owner="acme",
    public_url="",
    client_id="Iv1",
    private_key="-----BEGIN RSA PRIVATE KEY-----",
    webhook_secret="hook-secret",
    client_secret="client-secret",
)


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    home = tmp_path / "home"
    assert load(home) is None
    assert not readable_by_others(home)

    save(home, KEYS)

    assert load(home) == KEYS
    assert stat.S_IMODE((home / FILE).stat().st_mode) == 0o600
    assert [path.name for path in home.iterdir()] == [FILE]
    assert not readable_by_others(home)
    assert KEYS.install_page == "https://github.com/apps/plumb/installations/new"
    assert KEYS.settings_page == "https://github.com/apps/plumb"


def test_no_key_shows_in_its_text() -> None:
    assert not any(secret in repr(KEYS) for secret in ("BEGIN", "hook-secret", "client-secret"))


def test_another_app_is_not_overwritten(tmp_path: Path) -> None:
    save(tmp_path, KEYS)

    with pytest.raises(SettingsError, match="nothing was replaced"):
        save(tmp_path, KEYS)


def test_a_place_that_can_not_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(SettingsError, match=FILE):
        save(tmp_path / "file" / "home", KEYS)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("[]", id="no object"),
        pytest.param("{}", id="nothing in it"),
        pytest.param(json.dumps(asdict(KEYS) | {"app_id": "7"}), id="a number as text"),
        pytest.param(json.dumps(asdict(KEYS) | {"more": 1}), id="a key of a later version"),
    ],
)
def test_a_broken_file_says_what_to_do(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE).write_text(text)

    with pytest.raises(SettingsError, match="restore it from a backup, or delete it"):
        load(tmp_path)


def test_a_file_that_others_may_read_is_noticed(tmp_path: Path) -> None:
    save(tmp_path, KEYS)
    (tmp_path / FILE).chmod(0o640)

    assert readable_by_others(tmp_path)
