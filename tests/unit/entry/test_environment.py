"""What every process does first."""

from __future__ import annotations

import multiprocessing
import stat
from pathlib import Path
from typing import Any

import pytest

from bot.adapters.credentials import Credentials, save
from bot.config.settings import Settings, from_environment
from bot.entry.environment import prepare_home, secrets_in, secrets_of, with_stored
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


STORED = Credentials(
    app_id=7,
    slug="plumb",
    github_url="https://ghes.example/api/v3",
    web_url="https://ghes.example",
    owner="acme",
    public_url="https://plumb.example.org",
    client_id="Iv1",
    private_key="STORED KEY",
    webhook_secret="stored-secret",
    client_secret="client-secret",
)


def test_what_set_up_stored_is_used(tmp_path: Path) -> None:
    save(tmp_path, STORED)

    found = prepare_home(Settings(home=tmp_path))

    assert found.registered
    assert (found.app_id, found.private_key, found.webhook_secrets) == (7, "STORED KEY", ("stored-secret",))
    assert (found.github_url, found.public_url) == (STORED.github_url, STORED.public_url)


def test_the_environment_wins_over_what_is_stored(tmp_path: Path) -> None:
    """Value by value, as while a secret is changed."""
    save(tmp_path, STORED)

    found = with_stored(Settings(home=tmp_path, webhook_secrets=("new", "old"), public_url="https://x.org"))

    assert (found.app_id, found.private_key, found.webhook_secrets) == (7, "STORED KEY", ("new", "old"))
    assert found.public_url == "https://x.org"


@pytest.mark.parametrize(
    ("settings", "env"),
    [
        pytest.param({"app_id": 8}, {}, id="another App"),
        pytest.param({}, {"PLUMBLINE_GITHUB_URL": "https://api.github.com"}, id="another GitHub"),
        pytest.param({"app_id": 8, "private_key": "k", "webhook_secrets": ("s",)}, {}, id="all is set"),
    ],
)
def test_keys_are_not_mixed_with_those_of_another_app(
    tmp_path: Path, settings: dict[str, Any], env: dict[str, str]
) -> None:
    save(tmp_path, STORED)
    given = Settings(home=tmp_path, **settings)

    assert with_stored(given, env) == given
