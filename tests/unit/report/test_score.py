"""The score's formula: what counts, what does not, and why it moved."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.model.scores import Cause, Grade, Point, Score, Weighed
from bot.model.verdicts import Outcome, Severity
from bot.report.score import (
    WEIGHTS,
    by_family,
    change_of,
    grade,
    score_of,
    sparkline,
    together,
    trend_in_words,
)

PASS, FAIL, AWAY = Outcome.PASS, Outcome.FAIL, Outcome.NOT_APPLICABLE
LOW, MEDIUM, HIGH, CRITICAL = Severity.LOW, Severity.MEDIUM, Severity.HIGH, Severity.CRITICAL


def weighed(
    outcome: Outcome | None = PASS,
    severity: Severity = MEDIUM,
    *,
    check: str = "licence",
    family: str = "community",
    known: bool | None = None,
    exempt: bool = False,
) -> Weighed:
    """A check; one that never had a verdict is not known."""
    return Weighed(check, family, severity, outcome, outcome is not None if known is None else known, exempt)


checks = st.builds(
    weighed,
    st.sampled_from([PASS, FAIL, AWAY, None]),
    st.sampled_from(Severity),
    check=st.sampled_from("abcdef"),
    family=st.sampled_from(["ci", "community"]),
    exempt=st.booleans(),
)
states = st.lists(checks, max_size=6, unique_by=lambda c: c.check).map(
    lambda found: {c.check: c for c in found}
)


@pytest.mark.parametrize(
    ("given_checks", "value", "coverage", "letter"),
    [
        pytest.param([], None, None, None, id="no check"),
        pytest.param([weighed(AWAY)], None, 100, None, id="nothing applies"),
        pytest.param([weighed(None)], None, 0, None, id="nothing could be judged"),
        pytest.param([weighed()], 100, 100, Grade.A, id="all pass"),
        pytest.param([weighed(), weighed(FAIL, LOW)], 66, 100, Grade.D, id="4 of 6, rounded down"),
        pytest.param([weighed(), weighed(AWAY)], 100, 100, Grade.A, id="what does not apply has an answer"),
        pytest.param([weighed(), weighed(None, HIGH)], 100, 33, Grade.A, id="unknown: coverage alone"),
        pytest.param([weighed(FAIL, known=False)], 0, 0, Grade.F, id="the last known verdict stands"),
        pytest.param(
            [weighed(), weighed(FAIL, exempt=True)], 100, 100, Grade.A, id="exempt counts neither way"
        ),
        pytest.param(
            [weighed(severity=CRITICAL)] * 99 + [weighed(FAIL, HIGH)], 99, 100, Grade.B, id="high caps"
        ),
        pytest.param(
            [weighed(severity=CRITICAL)] * 99 + [weighed(FAIL, CRITICAL)],
            99,
            100,
            Grade.D,
            id="critical caps",
        ),
        pytest.param(
            [weighed(severity=CRITICAL), weighed(FAIL, CRITICAL)], 50, 100, Grade.E, id="no cap lifts"
        ),
    ],
)
def test_the_formula(
    given_checks: list[Weighed], value: int | None, coverage: int | None, letter: Grade | None
) -> None:
    """Weights double with each severity; only verdicts of checks that apply count."""
    score = score_of(given_checks)

    assert (value, coverage, letter) == (score.value, score.coverage, grade(score))


@pytest.mark.parametrize(
    ("passed", "letter"),
    [
        (100, "A"),
        (90, "A"),
        (89, "B"),
        (80, "B"),
        (79, "C"),
        (70, "C"),
        (69, "D"),
        (60, "D"),
        (59, "E"),
        (50, "E"),
        (49, "F"),
        (0, "F"),
    ],
)
def test_the_grades_limits(passed: int, letter: str) -> None:
    """Each limit belongs to the better grade."""
    assert letter == grade(Score(passed, 100, 100, 100))


def test_exempted_checks_are_counted_to_be_shown() -> None:
    """They are not forgotten."""
    assert score_of([weighed(FAIL, exempt=True), weighed()]).exempted == 1


@given(states, checks)
def test_what_can_not_be_read_changes_the_coverage_alone(state: dict[str, Weighed], one: Weighed) -> None:
    """Losing sight of a check keeps score and grade; its weight leaves the coverage."""
    seen = [*state.values(), replace(one, exempt=False)]
    lost = [*state.values(), replace(one, exempt=False, known=False)]

    assert score_of(seen).value == score_of(lost).value
    assert grade(score_of(seen)) == grade(score_of(lost))
    assert score_of(seen).known - score_of(lost).known == WEIGHTS[one.severity] * (one.outcome is not None)


@given(states, checks)
def test_mending_never_lowers_and_breaking_never_raises(state: dict[str, Weighed], one: Weighed) -> None:
    """For any other checks beside it."""
    fails, passes = (score_of([*state.values(), replace(one, outcome=o, exempt=False)]) for o in (FAIL, PASS))

    assert fails.value is not None
    assert passes.value is not None
    assert fails.value <= passes.value
    assert 0 <= fails.value
    assert passes.value <= 100


@given(st.lists(checks, max_size=12))
def test_parts_make_the_whole(some: list[Weighed]) -> None:
    """Categories together are the repository, repositories together the organisation."""
    assert together(score for _, score in by_family(some)) == score_of(some)


@given(states, states, st.dictionaries(st.sampled_from("abcdef"), st.sampled_from(Cause)))
def test_parts_by_cause_add_up(
    before: dict[str, Weighed], after: dict[str, Weighed], why: dict[str, Cause]
) -> None:
    """Whatever happened at once, nothing is counted twice or lost."""
    change = change_of(before, after, lambda check: why.get(check, Cause.COMMIT))

    if change is None:
        assert None in (score_of(before.values()).value, score_of(after.values()).value)
        return
    assert sum(points for _, points in change.parts) == change.after - change.before
    assert [cause for cause, _ in change.parts] == [c for c in Cause if c in dict(change.parts)]


@pytest.mark.parametrize(
    ("cause", "before", "after", "parts"),
    [
        pytest.param(
            Cause.COMMIT, [weighed()], [weighed(FAIL)], ((Cause.COMMIT, -50),), id="a commit breaks it"
        ),
        pytest.param(Cause.RULE, [], [weighed(FAIL)], ((Cause.RULE, -50),), id="a check of ours is new"),
        pytest.param(
            Cause.POLICY, [weighed(FAIL)], [weighed(FAIL, LOW)], ((Cause.POLICY, 16),), id="weighs less"
        ),
        pytest.param(
            Cause.EXEMPTION,
            [weighed(FAIL)],
            [weighed(FAIL, exempt=True)],
            ((Cause.EXEMPTION, 50),),
            id="exempt",
        ),
        pytest.param(Cause.COMMIT, [weighed()], [weighed(known=False)], (), id="out of sight is no change"),
        pytest.param(
            Cause.PERMISSION, [weighed(None)], [weighed(FAIL)], ((Cause.PERMISSION, -50),), id="granted"
        ),
    ],
)
def test_tells_the_causes_apart(
    cause: Cause, before: list[Weighed], after: list[Weighed], parts: tuple[tuple[Cause, int], ...]
) -> None:
    """A change of ours, of policy or of permissions is not the repository's."""
    other = weighed(check="readme")
    states = [{c.check: c for c in (*some, other)} for some in (before, after)]
    change = change_of(*states, lambda _: cause)

    assert change is not None
    assert parts == change.parts


DAY = date(2026, 3, 1)


@pytest.mark.parametrize(
    ("values", "bars", "words"),
    [
        pytest.param([], "", "", id="no point"),
        pytest.param([50], "▅", "", id="one point is no trend"),
        pytest.param(
            [0, 12, 13, 100], "▁▁▂█", "up from 0 to 100 over 3 days", id="from the lowest to the highest"
        ),
        pytest.param([90, 80], "█▇", "down from 90 to 80 over 1 day", id="falling"),
        pytest.param([70, 70], "▆▆", "70, unchanged over 1 day", id="still"),
        pytest.param(
            [70, 10, 70], "▆▁▆", "70 again over 2 days, between 10 and 70 on the way", id="back again"
        ),
        pytest.param(range(20), "▁▁▁▁▁▁▁▂▂▂▂▂▂▂", "up from 6 to 19 over 13 days", id="the newest fourteen"),
    ],
)
def test_the_trend_as_bars_and_in_words(values: list[int], bars: str, words: str) -> None:
    """A reader who can not see the bars is told the same."""
    points = [Point(DAY + timedelta(days=n), value) for n, value in enumerate(values)]

    assert (bars, words) == (sparkline(points), trend_in_words(points))
