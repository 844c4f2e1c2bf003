"""The score of a repository, a category or an organisation: 0 to 100, and how much of it is known.

The formula, also in ``docs/guide/score.md``::

    weight(check) = 1, 2, 4, 8, 16   for the severities info, low, medium, high, critical

    score    = 100 * weight of checks that pass / weight of checks that pass or fail
    coverage = 100 * weight of checks with an answer / weight of all checks that were asked

Both are rounded down. What does not apply counts as an answer and not in the score. What can not be
judged now (unknown, error) lowers the coverage and nothing else: it counts in the score with its
last known verdict, or not at all when there is none. What is exempt counts in neither.

The grade is A from 90, B from 80, C from 70, D from 60, E from 50, else F; while a critical check
fails it is D at best, while one of high severity fails B at best.

The score of an organisation is formed in the same way over all checks of all its repositories.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from bot.model.scores import Cause, Grade, Point, Score, ScoreChange, Weighed
from bot.model.verdicts import Judgement, Outcome, Severity
from bot.ports import StoredOutcome, StoredVerdict

WEIGHTS: Mapping[Severity, int] = {severity: 2**severity for severity in Severity}

GRADES = ((90, Grade.A), (80, Grade.B), (70, Grade.C), (60, Grade.D), (50, Grade.E), (0, Grade.F))
"""(the lowest score, its grade), best first."""

BEST_WITH = {Severity.CRITICAL: Grade.D, Severity.HIGH: Grade.B}
"""The best grade while a check of that severity fails."""

MOST_POINTS = 14
"""Points of a sparkline."""

KNOWN = frozenset({Outcome.PASS, Outcome.FAIL, Outcome.NOT_APPLICABLE})
"""What is an answer."""

_KNOWN_VALUES = frozenset(outcome.value for outcome in KNOWN)
_BARS = "▁▂▃▄▅▆▇█"


def weighed(verdict: StoredVerdict | StoredOutcome, family: str) -> Weighed:
    """A kept verdict as the score sees it."""
    outcome = Outcome(verdict.outcome)
    return Weighed(
        check=verdict.check,
        family=family,
        severity=Severity(verdict.severity),
        outcome=outcome if outcome in KNOWN else None,
        known=verdict.last_outcome in _KNOWN_VALUES,
        exempt=verdict.exempt_until is not None,
    )


def weighed_now(judgement: Judgement) -> Weighed:
    """A judgement as the score sees it where nothing earlier is known."""
    outcome = judgement.outcome if judgement.outcome in KNOWN else None
    return Weighed(judgement.check, judgement.family, judgement.severity, outcome, outcome is not None)


def score_of(checks: Iterable[Weighed]) -> Score:
    """The score of some checks; see the formula above."""
    passed = judged = known = asked = exempted = 0
    worst: Severity | None = None
    for check in checks:
        if check.exempt:
            exempted += 1
            continue
        weight = WEIGHTS[check.severity]
        asked += weight
        known += weight if check.known else 0
        if check.outcome is Outcome.PASS:
            passed += weight
            judged += weight
        elif check.outcome is Outcome.FAIL:
            judged += weight
            worst = check.severity if worst is None else max(worst, check.severity)
    return Score(passed, judged, known, asked, exempted, worst)


def together(scores: Iterable[Score]) -> Score:
    """The score of all checks behind some scores, as of an organisation's repositories."""
    total = Score()
    for score in scores:
        total = Score(
            total.passed + score.passed,
            total.judged + score.judged,
            total.known + score.known,
            total.asked + score.asked,
            total.exempted + score.exempted,
            max((w for w in (total.worst, score.worst) if w is not None), default=None),
        )
    return total


def by_family(checks: Iterable[Weighed]) -> tuple[tuple[str, Score], ...]:
    """(category, its score), by name."""
    families: dict[str, list[Weighed]] = {}
    for check in checks:
        families.setdefault(check.family, []).append(check)
    return tuple((family, score_of(members)) for family, members in sorted(families.items()))


def grade(score: Score) -> Grade | None:
    """The letter; None when nothing was judged."""
    if score.value is None:
        return None
    earned = next(letter for least, letter in GRADES if score.value >= least)
    best = BEST_WITH.get(score.worst) if score.worst is not None else None
    return earned if best is None else max(earned, best)


def change_of(
    before: Mapping[str, Weighed], after: Mapping[str, Weighed], cause: Callable[[str], Cause]
) -> ScoreChange | None:
    """What moved a score, told apart by cause.

    The checks that differ are exchanged cause by cause, in the order of ``Cause``; what the score
    moves by with each is that cause's part. So changes of ours and of policy come first, and what
    is left to the repository is measured by the rules of now.

    Args:
        before, after: the checks that counted at both times, by name.
        cause: check -> why it differs; asked only about checks that do.

    Returns:
        None when one of the two has no score.
    """
    first, last = score_of(before.values()).value, score_of(after.values()).value
    if first is None or last is None:
        return None
    moved: dict[Cause, list[str]] = {}
    for check in sorted(before.keys() | after.keys()):
        if _counts(before.get(check)) != _counts(after.get(check)):
            moved.setdefault(cause(check), []).append(check)
    state = dict(before)
    parts, reached = [], first
    for why in Cause:
        if why not in moved:
            continue
        for check in moved[why]:
            state.pop(check, None)
            if check in after:
                state[check] = after[check]
        value = score_of(state.values()).value
        if value is not None and value != reached:
            parts.append((why, value - reached))
            reached = value
    return ScoreChange(first, last, tuple(parts))


def _counts(check: Weighed | None) -> tuple[Severity, bool] | None:
    """What the score sees of a check; None when it does not count."""
    if check is None or check.exempt or check.outcome not in (Outcome.PASS, Outcome.FAIL):
        return None
    return check.severity, check.outcome is Outcome.PASS


def sparkline(points: Sequence[Point]) -> str:
    """The newest ``MOST_POINTS`` scores as bars, oldest first; the lowest bar is 0, the highest 100."""
    return "".join(bar(point.value) for point in points[-MOST_POINTS:])


def bar(value: int) -> str:
    """A score as one of eight bars: what it shows does not hang on telling colours apart."""
    return _BARS[min(value * len(_BARS) // 100, len(_BARS) - 1)]


def trend_in_words(points: Sequence[Point]) -> str:
    """The sparkline's sentence: from which score to which, over how many days. Empty below two points."""
    shown = points[-MOST_POINTS:]
    if len(shown) < 2:
        return ""
    first, last = shown[0], shown[-1]
    days = (last.day - first.day).days
    span = f"over {days} day{'' if days == 1 else 's'}"
    values = [p.value for p in shown]
    if first.value == last.value:
        if min(values) == max(values):
            return f"{last.value}, unchanged {span}"
        return f"{last.value} again {span}, between {min(values)} and {max(values)} on the way"
    return f"{'up' if last.value > first.value else 'down'} from {first.value} to {last.value} {span}"
