"""The check: a pure function, so its tests need no fakes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from plumbline_plugin_example.python_end_of_life import ENDS, Config, python_end_of_life
from plumbline_plugin_example.python_requirement import PythonRequirement

from bot.model.verdicts import Outcome

END = ENDS[3, 10]


def requirement(*lowest: int) -> PythonRequirement:
    """Of so old a version at least."""
    return PythonRequirement(f">={'.'.join(map(str, lowest))}", 4, lowest)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        pytest.param(END - timedelta(seconds=1), Outcome.PASS, id="just before the end"),
        pytest.param(END, Outcome.FAIL, id="at the end"),
    ],
)
def test_compares_the_end_with_today(now: datetime, expected: Outcome) -> None:
    """The day itself is too late."""
    assert python_end_of_life(requirement(3, 10), now, Config()).outcome is expected


def test_says_when_time_will_change_it() -> None:
    """With the notice that policy wants."""
    verdict = python_end_of_life(requirement(3, 10), END - timedelta(days=100), Config(notice_days=90))

    assert verdict.outcome is Outcome.PASS
    assert verdict.valid_until == END - timedelta(days=90)


def test_shows_the_line() -> None:
    """Where it can be clicked."""
    (evidence,) = python_end_of_life(requirement(3, 8), END, Config()).evidence

    assert evidence.place is not None
    assert (evidence.place.path, evidence.place.line) == ("pyproject.toml", 4)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (None, Outcome.NOT_APPLICABLE),
        (PythonRequirement("<4", 1, None), Outcome.NOT_APPLICABLE),
        (requirement(3, 99), Outcome.PASS),
    ],
)
def test_where_the_question_does_not_arise(said: PythonRequirement | None, expected: Outcome) -> None:
    """No project, no bound, or a version of the future."""
    assert python_end_of_life(said, datetime(2026, 1, 1, tzinfo=UTC), Config()).outcome is expected
