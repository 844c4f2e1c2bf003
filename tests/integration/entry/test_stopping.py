"""``plumbline stop`` and ``resume`` over a real database."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from bot.adapters.store import open_store
from bot.config.settings import Settings
from bot.entry.cli import cli
from bot.entry.doctor import stopped
from bot.entry.findings import Status
from bot.model.errors import UserError
from bot.ports import Installation


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A home with a database, in which one account has the App."""
    monkeypatch.setenv("PLUMBLINE_HOME", str(tmp_path))
    made = Settings(home=tmp_path)
    store = open_store(made)
    store.migrate()
    store.save_installation(Installation(7, "acme", 70, "Organization", {}, suspended=False))
    store.close()
    return made


def give(*words: str) -> str:
    """The output of a command."""
    result = CliRunner().invoke(cli, words, catch_exceptions=False, standalone_mode=False)
    return result.output


def test_stops_and_resumes_everywhere_and_for_one_account(settings: Settings) -> None:
    """And doctor tells it."""
    assert stopped(settings).status is Status.OK
    assert "stopped everywhere" in give("stop")
    assert "stopped for ACME" in give("stop", "--account", "ACME")
    finding = stopped(settings)
    assert finding.status is Status.WARN
    assert "everywhere since" in finding.text
    assert "acme since" in finding.text
    assert "still stopped in 1 other place" in give("resume")
    assert "resumed for acme" in give("resume", "--account", "acme")
    assert stopped(settings).status is Status.OK


@pytest.mark.usefixtures("settings")
def test_says_what_is_wrong() -> None:
    """Nothing is stopped, or nobody of that name is known."""
    with pytest.raises(UserError, match="nothing is stopped everywhere"):
        give("resume")
    with pytest.raises(UserError, match="not installed on 'nobody'"):
        give("stop", "--account", "nobody")
