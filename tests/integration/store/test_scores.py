"""What is kept for scores, trends and roll-ups."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from bot.adapters.store import SqlStore
from bot.model.facts import Repository
from bot.model.scores import Score
from bot.ports import Installation, Sample, StoredOutcome, StoredVerdict

NOON = datetime(2026, 6, 21, 12, tzinfo=UTC)
DAY = NOON.date()
FAIL = StoredVerdict("licence", "fail", 3, "s", ("one",), 1, "c" * 40, NOON, NOON, "fail")
UNREAD = replace(
    FAIL,
    check="default-protected",
    last_outcome="unknown",
    reason="permission",
    permission="administration: read",
    terms="abc",
    cause="commit",
    pull_request=12,
    exempt_until=DAY,
    exempt_reason="\u2028 later",
)


def settle(store: SqlStore, *numbers: int, installation: int = 7) -> None:
    """Repositories of an installation."""
    store.save_repositories(installation, [Repository(n, f"acme/r{n}", "main") for n in numbers])


def test_a_verdict_keeps_what_its_latest_look_said(store: SqlStore) -> None:
    """And why it became what it is; a verdict of before has none of it."""
    settle(store, 1)
    store.save_verdicts(1, [FAIL, UNREAD, replace(FAIL, check="readme", off=True)], "commit")

    kept = store.verdicts(1)
    assert kept["default-protected"] == UNREAD
    assert kept["licence"] == FAIL
    assert kept["readme"].off


def test_the_history_names_the_cause_of_each_change(store: SqlStore) -> None:
    """The verdict's own where the outcome turned, the scan's where only observations changed."""
    settle(store, 1)
    store.save_verdicts(1, [UNREAD], "policy")
    store.save_verdicts(1, [replace(UNREAD, fingerprints=("one", "two"))], "policy")

    assert [v.cause for v in store.history(1)] == ["policy", "commit"]


def test_outcomes_of_an_installation_come_by_repository(store: SqlStore) -> None:
    """Others' repositories and checks that are off are left out."""
    settle(store, 3, 1, 2)
    settle(store, 9, installation=8)
    store.save_verdicts(3, [FAIL, UNREAD], "commit")
    store.save_verdicts(1, [FAIL, replace(FAIL, check="readme", off=True)], "commit")
    store.save_verdicts(9, [FAIL], "commit")

    found = list(store.outcomes(7))

    assert [number for number, _ in found] == [1, 3]
    assert found[0][1] == [
        StoredOutcome("licence", "fail", 3, NOON, NOON, "fail", "", "", "", None, None, "")
    ]
    assert [o.check for o in found[1][1]] == ["default-protected", "licence"]
    assert found[1][1][0].permission == "administration: read"
    assert (found[1][1][0].pull_request, found[1][1][0].exempt_until) == (12, DAY)


def test_outcomes_are_of_one_moment(store: SqlStore) -> None:
    """What is saved while somebody looks does not show half."""
    settle(store, *range(1, 61))
    many = [replace(FAIL, check=f"check-{n:02}") for n in range(60)]
    for number in range(1, 61):
        store.save_verdicts(number, many, "commit")

    looking = store.outcomes(7)
    first = next(looking)
    store.save_verdicts(60, [replace(v, outcome="pass", last_outcome="pass") for v in many], "commit")
    found = [first, *looking]

    assert len(found) == 60
    assert {o.outcome for o in found[-1][1]} in ({"fail"}, {"pass"})


def test_one_sample_a_day_whose_points_add_up(store: SqlStore) -> None:
    """The last of the day says how it stood; what reading cost is spent all the same."""
    settle(store, 1, 2)
    score, public = Score(1, 2, 3, 4, 5), Score(6, 7, 8, 9, 10)
    store.save_sample(1, Sample(DAY, Score(), points=0.25))
    store.save_sample(1, Sample(DAY, score, public, findings=2, unread=1, points=0.5))
    store.save_sample(2, Sample(DAY, score, points=1.0))

    assert store.samples(1) == [Sample(DAY, score, public, findings=2, unread=1, points=0.75)]
    assert store.points(7, DAY) == 1.75
    assert store.points(7, DAY + timedelta(days=1)) == 0.0
    assert store.points(8, DAY) == 0.0


def test_the_newest_samples_oldest_first(store: SqlStore) -> None:
    """Of repositories and of organisations."""
    settle(store, 1)
    days = [DAY + timedelta(days=n) for n in range(20)]
    for number, day in enumerate(days):
        store.save_sample(1, Sample(day, Score(number, 100, 1, 1)))
        store.save_organisation_sample(7, Sample(day, Score(number, 100, 1, 1), repositories=4, points=2.5))
    store.save_organisation_sample(7, Sample(days[-1], Score(50, 100, 1, 1), repositories=5))

    assert [s.day for s in store.samples(1)] == days[-14:]
    kept = store.organisation_samples(7, limit=2)
    assert [(s.day, s.score.passed, s.repositories, s.points) for s in kept] == [
        (days[-2], 18, 4, 2.5),
        (days[-1], 50, 5, 0.0),
    ]
    assert store.organisation_samples(8) == []


def test_verdicts_about_an_organisation(store: SqlStore) -> None:
    """Replaced by check; nobody else's."""
    store.save_organisation_verdicts(7, [FAIL, UNREAD])
    store.save_organisation_verdicts(7, [replace(FAIL, outcome="pass")])

    assert store.organisation_verdicts(7) == {
        "default-protected": UNREAD,
        "licence": replace(FAIL, outcome="pass"),
    }
    assert store.organisation_verdicts(8) == {}


def test_retention_forgets_old_samples_and_what_was_uninstalled(
    store: SqlStore, clock: Callable[[], None]
) -> None:
    """400 days of trend; 30 days after an uninstall nothing is left of an organisation."""
    settle(store, 1)
    old, new = date(2025, 1, 1), DAY
    for day in (old, new):
        store.save_sample(1, Sample(day, Score(1, 1, 1, 1)))
        store.save_organisation_sample(7, Sample(day, Score(1, 1, 1, 1)))
    store.save_organisation_verdicts(7, [FAIL])
    store.save_installation(Installation(7, "acme", 70, "Organization", {}, suspended=False))

    assert store.purge(NOON) == 2
    assert [s.day for s in store.samples(1)] == [s.day for s in store.organisation_samples(7)] == [new]

    store.remove_installation(7)
    store.purge(NOON + timedelta(days=60))
    assert store.organisation_samples(7) == []
    assert store.organisation_verdicts(7) == {}
    assert store.samples(1) == []
