"""The organisation of the simulator: repositories that differ in all that can be judged."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from bot.simulator.population import populate
from bot.testing import FakeGitHub, FakeRepository, ManualClock
from bot.testing.settings import active_rules, is_protected


def test_some_have_what_others_lack(tmp_path: Path) -> None:
    """Of every kind there is one that has it and one that has not."""
    fake = FakeGitHub(tmp_path, clock=ManualClock())
    populate(fake, "acme", 20)
    found = [r for r in fake.repositories.values() if not r.empty]

    def both(test: Callable[[FakeRepository], object]) -> bool:
        return {bool(test(repository)) for repository in found} == {True, False}

    assert both(lambda r: r.settings.protections)
    assert both(lambda r: is_protected(r, "main"))
    assert both(lambda r: active_rules(r, "main"))
    assert both(lambda r: r.settings.deploy_keys)
    assert both(lambda r: r.settings.dependabot_alerts)
    assert both(lambda r: r.settings.values)
    fake.close()


def test_the_same_seed_makes_the_same(tmp_path: Path) -> None:
    """Settings too."""

    def told(place: str) -> list[tuple[str, list[str], bool, object]]:
        (tmp_path / place).mkdir()
        fake = FakeGitHub(tmp_path / place, clock=ManualClock())
        populate(fake, "acme", 6, seed=3)
        fake.close()
        return [_summary(repository) for repository in fake.repositories.values()]

    assert told("one") == told("two")


def _summary(repository: FakeRepository) -> tuple[str, list[str], bool, object]:
    settings = repository.settings
    return repository.name, list(settings.protections), repository.private, settings.features
