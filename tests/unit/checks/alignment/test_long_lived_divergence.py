"""Check 50 in all its outcomes."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from bot.checks.alignment.long_lived_divergence import Config, long_lived_divergence
from bot.model.alignment import BranchPair, BranchPairs
from bot.model.facts import Comparison, Repository
from bot.model.verdicts import Outcome, Place, Reason, Verdict

NOW = datetime(2026, 6, 1, tzinfo=UTC)
REPOSITORY = Repository(1, "acme/tool", "main")


def pair(
    second: str = "develop",
    ahead: int = 5,
    behind: int = 2,
    days: float | None = 100,
    *,
    first: str = "main",
    related: bool = True,
) -> BranchPair:
    at = NOW - timedelta(days=days) if days is not None and related else None
    return BranchPair(first, second, Comparison("m", "d", ahead, behind, "b" if related else None, at))


def judged(
    *found: BranchPair,
    unmeasured: tuple[str, ...] = (),
    more: bool = False,
    now: datetime = NOW,
    **options: object,
) -> Verdict:
    pairs = BranchPairs("main", found, unmeasured, more)
    return long_lived_divergence(pairs, REPOSITORY, now, Config(**options))


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        pytest.param(pair(days=30), Outcome.PASS, id="exactly at the limit"),
        pytest.param(pair(days=31), Outcome.FAIL, id="a day past it"),
        pytest.param(pair(behind=0), Outcome.PASS, id="work flows one way"),
        pytest.param(pair(ahead=0), Outcome.PASS, id="the other lags"),
        pytest.param(pair(days=None), Outcome.PASS, id="no date"),
        pytest.param(pair(related=False), Outcome.NOT_APPLICABLE, id="another thing"),
        pytest.param(pair("release/1"), Outcome.NOT_APPLICABLE, id="not meant to go along"),
        pytest.param(pair("staging", first="develop"), Outcome.NOT_APPLICABLE, id="not the default branch"),
    ],
)
def test_judges_branches_that_are_known_by_their_names(found, expected):
    """Against the default branch, when both have commits of their own for long."""
    assert judged(found).outcome is expected


@pytest.mark.parametrize(
    ("found", "options", "expected"),
    [
        pytest.param(pair("release/1"), {"pairs": ("main...release/1",)}, Outcome.FAIL, id="named"),
        pytest.param(pair("release/1"), {"pairs": ("release/1...main",)}, Outcome.FAIL, id="turned round"),
        pytest.param(pair("a", first="b"), {"pairs": ("a...b",)}, Outcome.FAIL, id="not the default branch"),
        pytest.param(
            pair("a", related=False), {"pairs": ("main...a",)}, Outcome.FAIL, id="nothing in common"
        ),
        pytest.param(pair(behind=9), {"min_commits": 10}, Outcome.PASS, id="few commits"),
        pytest.param(pair(behind=5), {"min_commits": 5}, Outcome.FAIL, id="exactly as many"),
        pytest.param(pair(days=0.5), {"max_days": 0}, Outcome.FAIL, id="no patience"),
    ],
)
def test_judges_what_policy_names(found, options, expected):
    """Any two branches that were compared."""
    assert judged(found, **options).outcome is expected


def test_worst_first_with_places_and_keys():
    """By what both sides lack."""
    verdict = judged(pair("staging", 1, 3), pair("develop", 9, 4), pair("next", 7, 0))

    assert verdict.summary == "2 of 3 pairs of branches go different ways"
    assert [(e.key, e.place) for e in verdict.evidence] == [
        ("pair:main...develop", Place(branch="develop")),
        ("pair:main...staging", Place(branch="staging")),
    ]
    assert verdict.evidence[0].text == (
        "develop has 9 commits that main lacks, and lacks 4 of its, last in common on 2026-02-21"
    )


def test_says_until_when_it_holds():
    """A difference grows old by itself."""
    found = (pair(days=10), pair("staging", days=25), pair("next", behind=0, days=29))
    until = judged(*found).valid_until

    assert until == NOW + timedelta(days=5, seconds=1)
    assert judged(*found, now=until - timedelta(seconds=1)).outcome is Outcome.PASS
    assert judged(*found, now=until).outcome is Outcome.FAIL


@pytest.mark.parametrize(
    ("found", "unmeasured", "more", "options"),
    [
        pytest.param((pair(behind=0),), ("staging",), False, {}, id="one too many"),
        pytest.param((), (), True, {}, id="not all were listed"),
        pytest.param((pair(behind=0),), (), False, {"pairs": ("main...work",)}, id="named, not compared"),
    ],
)
def test_what_was_not_compared_is_not_called_aligned(found, unmeasured, more, options):
    """It is named."""
    verdict = judged(*found, unmeasured=unmeasured, more=more, **options)

    assert (verdict.outcome, verdict.reason) == (Outcome.UNKNOWN, Reason.LIMIT)
    assert "not compared: " in verdict.summary


@pytest.mark.parametrize("change", [{"empty": True}, {"archived": True}])
def test_nothing_to_judge(change):
    """No commit, or nothing changes any more."""
    changed = replace(REPOSITORY, **change)
    found = long_lived_divergence(BranchPairs("main", (pair(),)), changed, NOW, Config())

    assert found.outcome is Outcome.NOT_APPLICABLE
    none = long_lived_divergence(BranchPairs(""), REPOSITORY, NOW, Config())
    assert none.outcome is Outcome.NOT_APPLICABLE


@pytest.mark.parametrize("text", ["main", "main..develop", "...", "main...", "a b...c"])
def test_a_pair_is_written_as_git_writes_it(text):
    """With three dots between two names."""
    with pytest.raises(ValidationError):
        Config(pairs=(text,))
