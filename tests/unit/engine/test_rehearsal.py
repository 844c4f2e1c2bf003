"""A rehearsal reads as always, asks its guard as always, and writes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from bot.engine.rehearsal import NEW, Noted, Rehearsal
from bot.model.errors import Gone, LeaseLost
from bot.model.reports import CheckRun, Conclusion
from bot.ports import GitHub, RepoWriter


@dataclass
class Inner:
    """A GitHub whose writer may be read from; everything else fails the test."""

    asked: list[str] = field(default_factory=list)

    @contextmanager
    def writer(self, *_: Any) -> Iterator[Any]:
        yield self

    def __getattr__(self, name: str) -> Any:
        assert name in ("issue", "issues", "check_runs", "comment", "our_comments", "installation"), name
        return lambda *_, **__: self.asked.append(name) or name


class Guard:
    """Counts, and refuses when told to."""

    def __init__(self) -> None:
        self.checks = 0
        self.lost = False

    def check(self) -> None:
        self.checks += 1
        if self.lost:
            raise LeaseLost("gone")


@pytest.fixture
def guard() -> Guard:
    return Guard()


@pytest.fixture
def rehearsal() -> Rehearsal:
    return Rehearsal(cast(GitHub, Inner()))


@pytest.fixture
def writer(rehearsal: Rehearsal, guard: Guard) -> Iterator[RepoWriter]:
    with rehearsal.writer(7, 42, guard) as made:
        yield made


def test_reads_go_through(rehearsal: Rehearsal, writer: RepoWriter) -> None:
    """So that what would be written is what a run would write."""
    found = [writer.issue(3), writer.issues("x"), writer.check_runs("a", "b"), writer.comment(1)]

    assert [*found, writer.our_comments(2)] == ["issue", "issues", "check_runs", "comment", "our_comments"]
    assert cast(Any, rehearsal).installation(7) == "installation"


def test_every_write_is_noted_and_none_is_made(
    rehearsal: Rehearsal, writer: RepoWriter, guard: Guard
) -> None:
    """In the order of the writes, each after its guard was asked; a label is no write of its own."""
    run = CheckRun("plumbline/health", "a" * 40, "x", Conclusion.NEUTRAL, "t", "s")
    writer.ensure_label("plumbline", "5319e7", "")
    assert writer.create_issue("Title", "body", ["plumbline"]) == NEW
    writer.update_issue(3, body="new")
    writer.update_issue(3, body="new", state="closed")
    writer.update_issue(3, title="T", state="open")
    assert writer.create_check_run(run) == NEW
    writer.update_check_run(5, run, annotations_from=0)
    writer.update_check_run(5, run, annotations_from=50)
    writer.create_comment(3, "hello")
    writer.update_comment(9, "hello")
    writer.react(9, "eyes")

    assert rehearsal.noted == [
        Noted(42, "open the issue", "Title", "body"),
        Noted(42, "edit issue 3", "", "new"),
        Noted(42, "edit and close issue 3", "", "new"),
        Noted(42, "edit and reopen issue 3", "T", ""),
        Noted(42, "make the check run plumbline/health (neutral) on aaaaaaaaaa", "t", "s"),
        Noted(42, "edit the check run plumbline/health (5)", "t", "s"),
        Noted(42, "comment on 3", "", "hello"),
        Noted(42, "edit comment 9", "", "hello"),
        Noted(42, "react to comment 9 with eyes"),
    ]
    assert guard.checks == len(rehearsal.noted)


def test_what_was_not_made_is_not_found(writer: RepoWriter) -> None:
    """Its number is nobody's."""
    with pytest.raises(Gone):
        writer.issue(NEW)


def test_what_a_guard_forbids_is_not_noted(rehearsal: Rehearsal, writer: RepoWriter, guard: Guard) -> None:
    """A run would not have written it either."""
    guard.lost = True
    with pytest.raises(LeaseLost):
        writer.create_issue("Title", "body", [])

    assert rehearsal.noted == []
