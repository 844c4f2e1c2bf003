"""What the store tells people: effects of late, repositories at a glance, names; on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from bot.adapters.store import SqlStore
from bot.model.facts import Repository
from bot.ports import CHECK_RUN_EFFECT, Installation, Standing, StoredEffect, StoredVerdict

NOON = datetime(2026, 6, 21, 12, tzinfo=UTC)
ACME = Installation(7, "acme", 70, "Organization", {}, suspended=False)
ROOT = "https://github.example/acme"


def repository(number: int, **other: Any) -> Repository:
    return Repository(number, f"acme/r{number}", "main", html_url=f"{ROOT}/r{number}", **other)


def verdict(check: str, outcome: str, severity: int = 2, **other: Any) -> StoredVerdict:
    values = {"last_outcome": outcome, "since": NOON, "judged_at": NOON} | other
    return StoredVerdict(check, outcome, severity, "s", (), 1, "c" * 40, **values)


def test_effects_newest_first_of_the_kinds_asked_for(store: SqlStore, clock: Any) -> None:
    store.save_installation(ACME)
    store.save_repositories(7, [repository(1), repository(2)])
    store.save_effect(1, "issue", "health", StoredEffect(5, "d", {"closed_by_us": True}))
    clock.forward(seconds=1)
    store.save_effect(2, CHECK_RUN_EFFECT, "pull:7", StoredEffect(99, "d", {"title": "1 new finding"}))
    clock.forward(seconds=1)
    store.save_effect(1, "memory", "x", StoredEffect(0, "d", {}))

    seen = store.recent_effects((CHECK_RUN_EFFECT, "issue"))
    assert [(e.full_name, e.kind, e.key, e.number) for e in seen] == [
        ("acme/r2", CHECK_RUN_EFFECT, "pull:7", 99),
        ("acme/r1", "issue", "health", 5),
    ]
    assert seen[0].html_url == f"{ROOT}/r2"
    assert seen[0].note == {"title": "1 new finding"}
    assert seen[0].saved_at > seen[1].saved_at
    assert len(store.recent_effects(("issue", CHECK_RUN_EFFECT), 1)) == 1
    assert store.recent_effects(()) == []


def test_check_runs_are_forgotten_in_time(store: SqlStore, clock: Any) -> None:
    """One row for each pull request would grow for ever."""
    store.save_repositories(7, [repository(1)])
    store.save_effect(1, CHECK_RUN_EFFECT, "pull:7", StoredEffect(1, "d", {}))
    store.save_effect(1, "issue", "health", StoredEffect(1, "d", {}))
    store.purge(clock.forward(days=500))

    assert [e.kind for e in store.recent_effects((CHECK_RUN_EFFECT, "issue"))] == ["issue"]


def test_repositories_at_a_glance(store: SqlStore) -> None:
    """Fails by severity, what could not be judged, the last look; by name."""
    store.save_installation(ACME)
    store.save_repositories(7, [repository(2), repository(1, archived=True), repository(3, empty=True)])
    later = NOON + timedelta(hours=1)
    verdicts = [
        verdict("a", "fail", 4),
        verdict("b", "fail", 2),
        verdict("c", "fail", 2, last_outcome="unknown"),
        verdict("d", "pass", 3, last_outcome="error", judged_at=later),
        verdict("e", "pass", 3),
    ]
    store.save_verdicts(2, verdicts, "commit")

    assert store.standings() == [
        Standing(1, "acme/r1", f"{ROOT}/r1", True, False, {}, 0, None),
        Standing(2, "acme/r2", f"{ROOT}/r2", False, False, {4: 1, 2: 2}, 2, later),
        Standing(3, "acme/r3", f"{ROOT}/r3", False, True, {}, 0, None),
    ]
    assert [s.full_name for s in store.standings(2)] == ["acme/r1", "acme/r2"]


def test_a_deleted_installation_is_not_shown(store: SqlStore) -> None:
    store.save_installation(ACME)
    store.save_repositories(7, [repository(1)])
    store.remove_installation(7)

    assert store.standings() == []


def test_names(store: SqlStore) -> None:
    store.save_repositories(7, [repository(1), repository(2)])

    assert store.names([2, 2, 99, 0]) == {2: ("acme/r2", f"{ROOT}/r2")}
    assert store.names([]) == {}
