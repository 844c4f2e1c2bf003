"""Check 49 in all its outcomes."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.checks.alignment.behind import Config, behind
from bot.model.facts import Comparison, Drift, Drifts, Repository
from bot.model.verdicts import Outcome, Reason, Verdict

NOW = datetime(2026, 6, 1, tzinfo=UTC)
REPOSITORY = Repository(1, "acme/tool", "main")
SECOND = timedelta(seconds=1)


def ago(days: int) -> datetime:
    return NOW - timedelta(days=days)


def drift(
    branch: str = "work",
    *,
    lag: int = 20,
    ahead: int = 1,
    base_days: int | None = 1,
    head_days: int | None = 1,
    pull: int | None = None,
    common: str | None = "b",
) -> Drift:
    compared = Comparison(
        "m",
        "h",
        ahead,
        lag,
        common,
        ago(base_days) if base_days is not None else None,
        ago(head_days) if head_days is not None else None,
    )
    return Drift(branch, "main", compared, pull)


def judged(*found: Drift, unmeasured: int = 0, newest: datetime | None = None, **options: object) -> Verdict:
    return behind(Drifts("main", found, unmeasured, newest), REPOSITORY, NOW, Config(**options))


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        pytest.param(drift(lag=100), Outcome.PASS, id="exactly at the limit"),
        pytest.param(drift(lag=101), Outcome.FAIL, id="one past the limit"),
        pytest.param(drift(base_days=90), Outcome.PASS, id="as old as allowed"),
        pytest.param(drift(base_days=91), Outcome.FAIL, id="a day too old"),
        pytest.param(drift(lag=9, base_days=400), Outcome.PASS, id="old, but hardly anything has happened"),
        pytest.param(drift(base_days=None), Outcome.PASS, id="age not told"),
        pytest.param(drift(lag=500, ahead=0), Outcome.PASS, id="nothing of its own"),
        pytest.param(drift(lag=500, head_days=91), Outcome.PASS, id="idle"),
        pytest.param(drift(lag=500, head_days=None), Outcome.FAIL, id="activity not told"),
        pytest.param(drift("release/1.x", lag=500), Outcome.PASS, id="long-lived by name"),
        pytest.param(drift("1.x", lag=500), Outcome.PASS, id="a version"),
        pytest.param(drift("rust-1.98.0", lag=500), Outcome.PASS, id="a version in the name"),
        pytest.param(drift("site", lag=500, common=None, base_days=None), Outcome.PASS, id="another history"),
        pytest.param(drift("release/1.x", lag=500, head_days=300, pull=7), Outcome.FAIL, id="a pull request"),
        pytest.param(
            drift(lag=500, pull=7, common=None, base_days=None), Outcome.FAIL, id="unrelated proposal"
        ),
    ],
)
def test_judges_lag_and_age_of_what_is_under_way(found, expected):
    """The limits themselves are allowed; what is not to be merged back does not count."""
    assert judged(found).outcome is expected


def test_worst_first_with_keys_that_stay():
    """Counts and ages are in the text only."""
    verdict = judged(drift("a", lag=101), drift("b", lag=300, pull=7), drift("c"))

    assert verdict.summary == "2 of 3 active branches too far behind main"
    assert [(e.key, e.place.branch) for e in verdict.evidence] == [("pull:7", "b"), ("branch:a", "a")]
    assert verdict.evidence[0].text == "b (#7) is 300 commits behind, last in common 1 day ago"


@pytest.mark.parametrize(
    ("found", "until"),
    [
        pytest.param(drift(base_days=10), NOW + timedelta(days=80) + SECOND, id="becomes too old"),
        pytest.param(drift(lag=500, head_days=10), NOW + timedelta(days=80) + SECOND, id="becomes idle"),
        pytest.param(drift(lag=500, pull=7), None, id="a pull request never becomes idle"),
        pytest.param(drift(lag=0), None, id="up to date"),
    ],
)
def test_says_until_when_it_holds(found, until):
    """Time alone can change the verdict, and it changes just then."""
    verdict = judged(found)
    assert verdict.valid_until == until
    if until:
        then = behind(Drifts("main", (found,)), REPOSITORY, until, Config())
        before = behind(Drifts("main", (found,)), REPOSITORY, until - SECOND, Config())
        assert (before.outcome, then.outcome != verdict.outcome) == (verdict.outcome, True)


@pytest.mark.parametrize(
    ("newest", "expected"),
    [
        pytest.param(None, Outcome.UNKNOWN, id="not known"),
        pytest.param(ago(90), Outcome.UNKNOWN, id="active"),
        pytest.param(ago(91), Outcome.PASS, id="all idle"),
    ],
)
def test_what_was_not_measured_is_not_called_sound(newest, expected):
    """Unless all of it is known to be idle."""
    verdict = judged(drift(), unmeasured=3, newest=newest)

    assert verdict.outcome is expected
    assert verdict.reason is (Reason.LIMIT if expected is Outcome.UNKNOWN else None)


@pytest.mark.parametrize("change", [{"empty": True}, {"archived": True}])
def test_nothing_to_merge_into(change):
    """Empty and archived repositories merge nothing; nor does one without a default branch."""
    late = Drifts("main", (drift(lag=500),))

    assert behind(late, replace(REPOSITORY, **change), NOW, Config()).outcome is Outcome.NOT_APPLICABLE
    assert behind(Drifts("", ()), REPOSITORY, NOW, Config()).outcome is Outcome.NOT_APPLICABLE
    assert behind(Drifts("main", ()), REPOSITORY, NOW, Config()).outcome is Outcome.PASS
