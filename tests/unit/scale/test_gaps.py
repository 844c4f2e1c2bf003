"""Which deliveries are missing, and how each is made good."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.ports import HookDelivery
from bot.scale.gaps import OVERLAP, WINDOW, find_gaps, look_from

NOW = datetime(2026, 1, 2, tzinfo=UTC)


def entry(
    number: int, guid: str, event: str = "push", action: str = "", *, repository: int | None = 7
) -> HookDelivery:
    return HookDelivery(number, guid, NOW, False, 500, event, action, 1, repository)


def test_what_the_ledger_knows_is_not_missing() -> None:
    """Even when GitHub's log calls it a failure: it may have arrived by another attempt."""
    assert find_gaps([entry(1, "a")], {"a"}).missed == 0


@pytest.mark.parametrize(
    ("event", "action"),
    [
        ("check_run", "rerequested"),
        ("check_run", "requested_action"),
        ("check_suite", "rerequested"),
        ("merge_group", "checks_requested"),
        ("issue_comment", "created"),
        ("installation", "created"),
        ("installation_repositories", "added"),
    ],
)
def test_wishes_are_asked_for_again(event: str, action: str) -> None:
    """No look at the repository would show what a person asked for."""
    gaps = find_gaps([entry(9, "a", event, action), entry(3, "a", event, action)], set())

    assert ((9,), (), 1) == (gaps.redeliver, gaps.scans, gaps.missed)


def test_the_rest_becomes_scans_of_the_repositories_named() -> None:
    """Ten lost pushes to one repository are one scan; an event without a repository is none."""
    log = [entry(i, f"g{i}") for i in range(10)] + [entry(20, "x", "pull_request", repository=8)]
    gaps = find_gaps([*log, entry(30, "y", "ping", repository=None)], set())

    assert (((1, 7), (1, 8)), 12) == (gaps.scans, gaps.missed)
    assert {*(f"g{i}" for i in range(10)), "x", "y"} == set(gaps.scanned)


@pytest.mark.parametrize(
    ("last", "expected"),
    [
        pytest.param(None, NOW - WINDOW, id="never looked"),
        pytest.param(NOW - timedelta(minutes=5), NOW - timedelta(minutes=5) - OVERLAP, id="overlaps"),
        pytest.param(NOW - timedelta(days=9), NOW - WINDOW, id="no further than GitHub keeps"),
    ],
)
def test_each_look_overlaps_the_one_before(last: datetime | None, expected: datetime) -> None:
    """GitHub logs late, so the looks overlap."""
    assert expected == look_from(NOW, last)
