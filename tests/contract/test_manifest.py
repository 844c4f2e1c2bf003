"""The App manifest against the code that needs what it asks for."""

from __future__ import annotations

import re
from pathlib import Path

from ruamel.yaml import YAML

from bot.registry import load
from bot.testing.world import EVENT_NEEDS

MANIFEST = Path(__file__).parents[2] / "app.yml"


def test_asks_for_exactly_the_events_that_are_handled() -> None:
    """Those of installations can not be listed: GitHub always sends them."""
    manifest = YAML(typ="safe").load(MANIFEST.read_text(encoding="utf-8"))
    handled = {handler.event for handler in load(plugins=False).handlers}

    assert {e for e in handled if not e.startswith("installation")} == set(manifest["default_events"])


def test_may_hear_of_every_event() -> None:
    """GitHub refuses to register an App that wants an event without a permission for it."""
    manifest = YAML(typ="safe").load(MANIFEST.read_text(encoding="utf-8"))

    assert [
        e for e in manifest["default_events"] if EVENT_NEEDS[e] not in manifest["default_permissions"]
    ] == []


def test_grants_what_every_fact_needs() -> None:
    """A fact names one or more ``permission: level``; the manifest grants at least that."""
    manifest = YAML(typ="safe").load(MANIFEST.read_text(encoding="utf-8"))
    granted: dict[str, str] = manifest["default_permissions"]
    levels = ["read", "write"]
    needed = [
        (fact.name, permission, level)
        for fact in load(plugins=False).facts.values()
        for permission, level in re.findall(r"(\w+): (read|write)", fact.permission)
    ]

    assert needed
    assert [] == [
        (name, permission)
        for name, permission, level in needed
        if levels.index(granted.get(permission, "read")) < levels.index(level) or permission not in granted
    ]


def test_says_why_each_permission_is_asked_for() -> None:
    """The reason stands behind it on the same line, for whoever installs the App."""
    text = (
        MANIFEST.read_text(encoding="utf-8")
        .partition("default_permissions:")[2]
        .partition("default_events:")[0]
    )
    lines = [line for line in text.splitlines() if line.strip()]

    assert lines
    assert [] == [line for line in lines if not re.fullmatch(r"  \w+: (read|write) # .{10,}", line)]
