"""What a commit shows while it is judged, and when it can not be judged."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest

from bot.config.policy import Policy
from bot.engine.answering import LAST_ATTEMPTS, answering
from bot.engine.context import Context
from bot.model.errors import LimitReached, Malformed, Unavailable
from bot.model.reports import CheckRun, PublishedCheckRun

NOW = datetime(2026, 1, 2, 12, tzinfo=UTC)
SHA = "a" * 40


class GitHub:
    """Keeps the check runs that were made."""

    def __init__(self, *, broken: bool = False) -> None:
        self.runs: list[CheckRun] = []
        self.broken = broken
        self.made = threading.Event()

    @contextmanager
    def writer(self, *_: Any) -> Any:
        yield self

    def check_runs(self, head_sha: str, name: str) -> list[PublishedCheckRun]:
        if self.broken:
            self.made.set()
            raise Unavailable("away")
        return [
            PublishedCheckRun(1, r.name, r.head_sha, r.external_id, "in_progress", None, 0)
            for r in self.runs
            if (r.head_sha, r.name) == (head_sha, name)
        ]

    def create_check_run(self, run: CheckRun) -> int:
        self.runs.append(run)
        self.made.set()
        return len(self.runs)

    def update_check_run(self, _id: int, run: CheckRun, **_: Any) -> None:
        self.runs.append(run)


def around(github: GitHub, *, attempt: int = 1, after_s: float = 60, policy: Policy | None = None) -> Any:
    quiet = SimpleNamespace(count=lambda *_, **__: None)
    runtime = SimpleNamespace(github=github, clock=SimpleNamespace(now=lambda: NOW), metrics=quiet)
    context = SimpleNamespace(runtime=runtime, claim=SimpleNamespace(attempt=attempt), guard=None)
    return answering(
        cast("Context", context), 1, 42, SHA, policy=policy or Policy(), request="", after_s=after_s
    )


def test_what_is_judged_quickly_is_not_announced() -> None:
    """One completed request says all."""
    github = GitHub()
    with around(github):
        pass

    assert github.runs == []


def test_what_takes_long_shows_a_run_in_progress() -> None:
    """So that people see that somebody is at it."""
    github = GitHub()
    with around(github, after_s=0):
        assert github.made.wait(5)

    (run,) = github.runs
    assert (run.head_sha, run.conclusion) == (SHA, None)


def test_an_announcement_that_fails_harms_nothing() -> None:
    """The result that follows is what counts."""
    github = GitHub(broken=True)
    with around(github, after_s=0):
        assert github.made.wait(5)

    assert github.runs == []


@pytest.mark.parametrize(
    ("attempt", "error", "shown"),
    [
        pytest.param(1, Malformed("HTML came"), [], id="first attempt is silent"),
        pytest.param(LAST_ATTEMPTS, Malformed("HTML came"), ["neutral"], id="last attempts speak"),
        pytest.param(LAST_ATTEMPTS, RuntimeError("secret detail"), ["neutral"], id="a fault of ours"),
        pytest.param(LAST_ATTEMPTS, LimitReached("wait", until=NOW), [], id="a limit is a date"),
    ],
)
def test_says_why_a_commit_could_not_be_judged(attempt: int, error: Exception, shown: list[str]) -> None:
    """Neutral, with the reason; what went wrong goes on to the ledger."""
    github = GitHub()
    with pytest.raises(type(error)), around(github, attempt=attempt):
        raise error

    assert shown == [run.conclusion.value for run in github.runs if run.conclusion]
    assert "secret detail" not in "".join(run.summary for run in github.runs)


def test_policy_may_close_on_what_could_not_be_judged() -> None:
    """``fail_closed`` for those who would rather wait than let it pass."""
    github = GitHub()
    policy = Policy(block=frozenset({"licence"}), fail_closed=True)
    with pytest.raises(Malformed), around(github, attempt=LAST_ATTEMPTS, policy=policy):
        raise Malformed("HTML came")

    assert ["failure"] == [run.conclusion.value for run in github.runs if run.conclusion]
