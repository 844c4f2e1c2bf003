"""``plumbline badge OWNER/NAME`` prints a line whose address the web process answers."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask

from bot.adapters.store import open_store
from bot.config.settings import from_environment
from bot.entry import cli
from bot.model.facts import Repository, Visibility
from bot.ports import Installation
from bot.web.badges import create_badges

URL = "https://plumbline.example.org"


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    """A home with a database that knows two repositories."""
    env = {
        "PLUMBLINE_HOME": str(tmp_path),
        "PLUMBLINE_PUBLIC_URL": URL,
        "PLUMBLINE_SECRET_KEYS": "a-key-of-more-than-thirty-two-characters",
    }
    store = open_store(from_environment(env))
    store.migrate()
    store.save_installation(Installation(7, "acme", 70, "Organization", {}, suspended=False))
    url = "https://github.com/acme"
    open_to_all = Repository(1, "acme/open", "main", visibility=Visibility.PUBLIC, html_url=f"{url}/open")
    shut = Repository(2, "acme/shut", "main", html_url=f"{url}/shut")
    store.save_repositories(7, [open_to_all, shut])
    return env


@pytest.mark.parametrize("name", ["acme/open", "Acme/shut"])
def test_the_line_shows_a_badge(env: dict[str, str], name: str) -> None:
    """Of a private repository with a token in it."""
    result = CliRunner().invoke(cli.cli, ["badge", name], env=env)

    found = re.fullmatch(
        rf"\[!\[health\]\(({URL}(/badge/\d+\.svg\S*))\)\]\(https://github\.com/\S+\)\n", result.output
    )
    assert found, result.output
    assert ("token=" in found[1]) == name.endswith("shut")
    settings = from_environment(env)
    app = Flask("badges")
    app.register_blueprint(create_badges(lambda: open_store(settings), settings.secret_keys))
    assert app.test_client().get(found[2]).status_code == 200


@pytest.mark.parametrize(
    ("lacks", "name", "says"),
    [
        ("PLUMBLINE_PUBLIC_URL", "acme/open", "PLUMBLINE_PUBLIC_URL"),
        ("PLUMBLINE_SECRET_KEYS", "acme/shut", "PLUMBLINE_SECRET_KEYS"),
        ("", "acme/nothing", "is the App installed"),
        ("", "nonsense", "is the App installed"),
    ],
)
def test_what_lacks_is_said(env: dict[str, str], lacks: str, name: str, says: str) -> None:
    """With the setting's name."""
    env = {**env, lacks: ""} if lacks else env

    result = CliRunner().invoke(cli.cli, ["badge", name], env=env)

    assert result.exit_code != 0
    assert says in f"{result.output}{result.exception}"
