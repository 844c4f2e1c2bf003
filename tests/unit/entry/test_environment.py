"""What every process does first."""

from __future__ import annotations

import multiprocessing
import stat
from pathlib import Path

import pytest

from bot.config.settings import Settings, from_environment
from bot.entry.environment import prepare_home, secrets_in, secrets_of
from bot.model.errors import SettingsError


def test_makes_a_home_and_a_key_once(tmp_path: Path) -> None:
    home = tmp_path / "new" / "home"

    first = prepare_home(Settings(home=home))
    second = prepare_home(Settings(home=home))

    assert first.secret_keys == second.secret_keys
    assert len(first.secret_keys[0]) >= 40
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert stat.S_IMODE((home / "secret-keys").stat().st_mode) == 0o600
    assert [path.name for path in home.iterdir()] == ["secret-keys"]


def _key(home: Path) -> str:
    return prepare_home(Settings(home=home)).secret_keys[0]


def test_processes_that_start_together_agree_on_one_key(tmp_path: Path) -> None:
    with multiprocessing.get_context("fork").Pool(4) as pool:
        assert len(set(pool.map(_key, [tmp_path] * 20))) == 1


def test_keys_that_were_given_are_kept(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, secret_keys=("given",))

    assert prepare_home(settings) == settings
    assert list(tmp_path.iterdir()) == []


def test_an_unusable_home_names_the_variable(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(SettingsError, match="PLUMBLINE_HOME"):
        prepare_home(Settings(home=tmp_path / "file"))


def test_an_empty_key_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret-keys").write_text("\n")

    with pytest.raises(SettingsError, match="is empty"):
        prepare_home(Settings(home=tmp_path))


def test_finds_every_secret_of_the_environment() -> None:
    env = {
        "PLUMBLINE_PRIVATE_KEY": "-----BEGIN X PRIVATE KEY-----\\nline\\n-----END X PRIVATE KEY-----",
        "PLUMBLINE_WEBHOOK_SECRET": "hook",
        "PLUMBLINE_SECRET_KEYS_PREVIOUS": "old",
        "REDIS_URL": "redis://user:pass@host",
        "DATABASE_URL": "postgresql://[broken",
    }

    found = set(secrets_in(env))

    assert {"hook", "old", "pass"} <= found
    assert any("\nline\n" in secret for secret in found)
    settings = from_environment({"PLUMBLINE_WEBHOOK_SECRET": "hook"})
    assert "hook" in set(secrets_of(settings))
