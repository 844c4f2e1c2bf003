"""Functions run until nothing is wanted, each document for all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime

import pytest

from bot.engine.reading import ROUNDS, settle, settle_all
from bot.model.errors import Gone, InstallationGone, LimitReached, Unavailable
from bot.ports import RepoReader, Wanted
from bot.selections import Selection


class CountingBatch:
    """A batch that only counts its documents."""

    points = 0

    def __init__(self) -> None:
        self.fetched = 0

    def reader(self, repository_id: int) -> RepoReader:
        raise NotImplementedError

    def declare(self, selections: Iterable[Selection]) -> None:
        raise NotImplementedError

    def fetch(self) -> None:
        self.fetched += 1


def after(batch: CountingBatch, documents: int, value: str) -> Callable[[], str]:
    """A function that wants so many documents before it answers."""

    def ask() -> str:
        if batch.fetched < documents:
            raise Wanted
        return value

    return ask


def test_one_document_serves_all_that_want_it() -> None:
    """Three repositories that want two documents each cost two documents."""
    batch = CountingBatch()

    assert settle_all(batch, [after(batch, 2, v) for v in "abc"]) == ["a", "b", "c"]
    assert batch.fetched == 2


def test_what_is_there_costs_nothing() -> None:
    """No document without a want."""
    batch = CountingBatch()

    assert settle(batch, lambda: 1) == 1
    assert batch.fetched == 0


def test_a_repository_that_is_gone_harms_no_other() -> None:
    """The others are read; who reads one alone is told."""
    batch = CountingBatch()

    def gone() -> str:
        raise Gone("deleted")

    found = settle_all(batch, [gone, after(batch, 1, "b")])

    assert isinstance(found[0], Gone)
    assert found[1] == "b"
    with pytest.raises(Gone, match="deleted"):
        settle(batch, gone)


@pytest.mark.parametrize("error", [InstallationGone("x"), Unavailable("x")])
def test_what_concerns_all_ends_the_reading(error: Exception) -> None:
    """An installation that is gone, and a passing fault: the work as a whole is looked at again."""

    def raising() -> str:
        raise error

    with pytest.raises(type(error)):
        settle_all(CountingBatch(), [raising])


def test_a_limit_is_passed_on() -> None:
    """It is a date, for the ledger."""

    def limited() -> str:
        raise LimitReached("later", until=datetime(2026, 1, 1, tzinfo=UTC))

    with pytest.raises(LimitReached):
        settle(CountingBatch(), limited)


def test_wanting_has_an_end() -> None:
    """Who never has enough is a passing fault, and no endless loop."""
    batch = CountingBatch()

    with pytest.raises(Unavailable, match=str(ROUNDS)):
        settle(batch, after(batch, 10**6, "never"))
    assert batch.fetched == ROUNDS
