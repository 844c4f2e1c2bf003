"""Settings that cost a call and seldom change are read again only when they are old, or somebody asks."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.engine.evaluate import READ_AT, Collection, Kept, freeze
from bot.model.errors import PermissionMissing
from bot.registry import Registry
from bot.spec import SPEC_ATTRIBUTE, fact

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
CALLS: list[str] = []


@fact("setting", permission="administration: read", cost="one call", keep_s=3600)
def setting(reader: Any) -> tuple[str, ...]:
    """Costs a call."""
    CALLS.append("setting")
    return (reader(),)


@fact("commits", permission="contents: read", cost="one call")
def commits(reader: Any) -> tuple[str, ...]:
    """Is read each time."""
    CALLS.append("commits")
    return (reader(),)


def collect(now: datetime, kept: dict[str, Any] | None = None, **inputs: Any) -> Any:
    CALLS.clear()
    specs = [getattr(function, SPEC_ATTRIBUTE) for function in (setting, commits)]
    registry = Registry(checks={}, facts={s.name: s for s in specs}, handlers=(), jobs={})
    collection = Collection(
        registry,
        ("setting", "commits"),
        {"reader": lambda: "new", "now": now, **inputs},
        tolerate=True,
        kept=Kept(kept or {}),
    )
    assert collection.step()
    return collection.facts


def stored(facts: Any) -> dict[str, Any]:
    """As the store gives them back."""
    return json.loads(json.dumps(freeze(facts)))  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("age", "calls"),
    [
        pytest.param(timedelta(0), ["commits"], id="just now"),
        pytest.param(timedelta(seconds=3599), ["commits"], id="fresh"),
        pytest.param(timedelta(seconds=3600), ["commits", "setting"], id="too old"),
        pytest.param(timedelta(seconds=-1), ["commits", "setting"], id="of a clock that was ahead"),
    ],
)
def test_a_setting_is_kept_for_its_time(age: timedelta, calls: list[str]) -> None:
    """What is not kept is read each time."""
    first = stored(collect(NOW, reader=lambda: "old"))

    facts = collect(NOW + age, first)

    assert sorted(CALLS) == calls
    assert facts["setting"] == (("old",) if "setting" not in calls else ("new",))
    assert facts["commits"] == ("new",)


def test_what_is_kept_does_not_grow_younger() -> None:
    """Used again and again, it is read again an hour after it was read."""
    first = stored(collect(NOW))
    second = stored(collect(NOW + timedelta(minutes=40), first))

    collect(NOW + timedelta(minutes=80), second)

    assert "setting" in CALLS


def test_what_could_not_be_read_is_not_kept() -> None:
    """A permission that is granted a minute later is used at once."""

    def refuse() -> str:
        raise PermissionMissing("no")

    first = stored(collect(NOW, reader=refuse))

    facts = collect(NOW, first)

    assert facts["setting"] == ("new",)


def test_what_was_kept_by_another_version_is_read_anew() -> None:
    """No time noted: as if it had never been read."""
    first = stored(collect(NOW))
    del first[READ_AT]

    collect(NOW, first)

    assert "setting" in CALLS
