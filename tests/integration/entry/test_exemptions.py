"""``plumbline exemptions`` over a real database."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from bot.adapters.store import open_store
from bot.config.settings import Settings
from bot.entry.cli import cli
from bot.model.errors import UserError
from bot.model.facts import Repository
from bot.ports import Installation, StoredExemption

NOON = datetime(2026, 6, 21, 12, tzinfo=UTC)


@pytest.fixture
def _kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A home in whose database two exemptions are kept."""
    monkeypatch.setenv("PLUMBLINE_HOME", str(tmp_path))
    store = open_store(Settings(home=tmp_path))
    store.migrate()
    store.save_installation(Installation(7, "acme", 70, "Organization", {}, suspended=False))
    store.save_repositories(7, [Repository(1, "acme/app", "main")])
    for check, reason, until in (("licence", "=cmd|' /C calc'!A0", date(2999, 1, 1)), ("readme", "x", NOON)):
        until = until.date() if isinstance(until, datetime) else until
        store.save_exemption(1, StoredExemption(check, reason, until, 42, 5, NOON))
    store.close()


def give(*words: str) -> str:
    """The output of a command."""
    return (
        CliRunner().invoke(cli, ["exemptions", *words], catch_exceptions=False, standalone_mode=False).output
    )


@pytest.mark.usefixtures("_kept")
def test_lists_and_exports() -> None:
    """For people, spreadsheets and programs; no cell is a formula."""
    listed = give("list").splitlines()
    assert listed[0].startswith("REPOSITORY")
    assert [line.split()[1] for line in listed[1:]] == ["licence", "readme"]
    items = json.loads(give("export", "--format", "json"))
    assert [(i["check"], i["standing"], i["owner_id"]) for i in items] == [
        ("licence", "in force", "42"),
        ("readme", "over", "42"),
    ]
    rows = list(csv.DictReader(io.StringIO(give("export", "--account", "ACME"))))
    assert rows[0]["reason"] == "'=cmd|' /C calc'!A0"
    assert rows[1] == items[1]


@pytest.mark.usefixtures("_kept")
def test_an_account_without_the_app_is_told() -> None:
    """And not shown as one without exemptions."""
    with pytest.raises(UserError, match="not installed on 'nobody'"):
        give("list", "--account", "nobody")
