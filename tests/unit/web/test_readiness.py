"""Readiness is cached, bounded in time and asked once at a time."""

from __future__ import annotations

import threading
import time

import pytest

from bot.model.errors import LedgerUnavailable
from bot.web.readiness import Readiness


def test_asks_once_while_the_answer_is_fresh() -> None:
    asked: list[int] = []
    readiness = Readiness(lambda: asked.append(1), fresh_s=60)

    assert [readiness.reason() for _ in range(20)] == [""] * 20
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        pytest.param(LedgerUnavailable("Redis is away"), "Redis is away", id="ours"),
        pytest.param(ValueError("secret"), "ValueError", id="a fault, without its text"),
    ],
)
def test_says_why(error: Exception, reason: str) -> None:
    def check() -> None:
        raise error

    assert Readiness(check).reason() == reason


def test_a_check_that_hangs_is_a_no_in_time_and_is_not_started_twice() -> None:
    started, release = [], threading.Event()

    def check() -> None:
        started.append(1)
        release.wait(30)

    readiness = Readiness(check, fresh_s=0, limit_s=0.05)
    begun = time.monotonic()

    assert [readiness.reason() for _ in range(3)] == ["no answer within 0.05 s"] * 3
    assert time.monotonic() - begun < 2
    assert len(started) == 1
    release.set()
