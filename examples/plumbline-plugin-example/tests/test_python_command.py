"""The command, with what it looks at put in by hand."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import cast

import pytest
from plumbline_plugin_example.python_command import CHECK, python

from bot.engine.commands import Call, Look
from bot.model.errors import UserError
from bot.model.facts import Repository
from bot.ports import StoredVerdict
from bot.registry import load

NOW = datetime(2026, 3, 14, tzinfo=UTC)


def call(*words: str, summary: str | None = None) -> Call:
    """The command with these words behind it, and what the check said last."""
    kept = (
        {}
        if summary is None
        else {CHECK: StoredVerdict(CHECK, "fail", 2, summary, (), 1, "c", NOW, NOW, "fail")}
    )
    return Call(
        registry=load(["plumbline_plugin_example"], plugins=False),
        repository=Repository(1, "acme/widgets", "main"),
        installation_id=7,
        number=3,
        words=words,
        options={},
        look=cast(Look, SimpleNamespace(verdicts=lambda: kept)),
        now=NOW,
    )


def test_says_what_the_check_said() -> None:
    """Made inert: nobody is mentioned."""
    assert "Python 3.8 has ended" in python(call(summary="Python 3.8 has ended")).text
    assert "@octocat" not in python(call(summary="`@octocat` @octocat")).text.replace("`@octocat`", "")


def test_says_that_nothing_was_said() -> None:
    """And what to do."""
    assert "/plumbline recheck" in python(call()).text


def test_takes_no_words() -> None:
    """What is too much is told, with the usage."""
    with pytest.raises(UserError, match="/plumbline python"):
        python(call("now"))
