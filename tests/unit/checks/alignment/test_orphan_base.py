"""Check 54 in all its outcomes."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.checks.alignment.orphan_base import Config, orphan_base
from bot.model.alignment import PullRequestBase, PullRequestBases
from bot.model.facts import Repository
from bot.model.verdicts import Outcome, Place, Reason, Severity, Verdict

NOW = datetime(2026, 6, 1, tzinfo=UTC)
REPOSITORY = Repository(1, "acme/tool", "main")


def base(name: str = "work", *, days: float = 100, number: int = 7, **changes: object) -> PullRequestBase:
    made = PullRequestBase(
        name,
        exists=True,
        protected=False,
        merged=False,
        proposed_by=None,
        pulls=((number, NOW - timedelta(days=days)),),
    )
    return replace(made, **changes)


def judged(*found: PullRequestBase, more: bool = False, now: datetime = NOW, **options: object) -> Verdict:
    bases = PullRequestBases("main", found, sum(len(b.pulls) for b in found), more)
    return orphan_base(bases, REPOSITORY, now, Config(**options))


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        pytest.param(
            base(merged=True), "#7 goes into work, which brings nothing that main does not have", id="merged"
        ),
        pytest.param(base(exists=False), "#7 goes into work, which is not there any more", id="deleted"),
        pytest.param(base(), "#7 goes into work, which no pull request proposes to merge", id="no target"),
        pytest.param(
            base(merged=None, exists=None),
            "#7 goes into work, which no pull request proposes to merge",
            id="not known whether merged",
        ),
        pytest.param(base(proposed_by=3), None, id="a stack"),
        pytest.param(base(merged=True, proposed_by=3), None, id="a stack on nothing"),
        pytest.param(base(protected=True, merged=True), None, id="protected"),
        pytest.param(base("release/1.x", merged=True), None, id="kept by its name"),
        pytest.param(
            base("release/1.x", exists=False),
            "#7 goes into release/1.x, which is not there any more",
            id="kept no more",
        ),
    ],
)
def test_judges_where_pull_requests_go(found, expected):
    """On to the default branch, in the end."""
    verdict = judged(found)

    assert [e.text for e in verdict.evidence] == ([expected] if expected else [])
    assert verdict.outcome is (Outcome.FAIL if expected else Outcome.PASS)


def test_a_branch_that_gathers_work_weighs_little():
    """It may be meant to be merged later."""
    verdict = judged(base("a", number=1), base("b", number=2, merged=True))

    assert verdict.summary == "2 open pull requests of 2 go nowhere"
    assert [(e.key, e.severity, e.place) for e in verdict.evidence] == [
        ("pull:1", Severity.LOW, Place(branch="a")),
        ("pull:2", None, Place(branch="b")),
    ]


def test_policy_names_targets():
    """Teams that gather work on branches of their own."""
    assert judged(base("team/red"), targets=("team/*",)).outcome is Outcome.PASS


def test_says_until_when_it_holds():
    """A young pull request is given some days."""
    found = base(days=2)
    until = judged(found).valid_until

    assert until == NOW + timedelta(days=5, seconds=1)
    assert judged(found, now=until - timedelta(seconds=1)).outcome is Outcome.PASS
    assert judged(found, now=until).outcome is Outcome.FAIL
    assert judged(found, min_age_days=1).outcome is Outcome.FAIL


def test_each_pull_request_has_its_own_days():
    """One of two into the same branch."""
    pulls = ((1, NOW - timedelta(days=50)), (2, NOW - timedelta(days=1)))
    verdict = judged(base(merged=True, pulls=pulls))

    assert [e.key for e in verdict.evidence] == ["pull:1"]
    assert verdict.valid_until == NOW + timedelta(days=6, seconds=1)


def test_what_was_not_listed_is_not_judged():
    """It is named."""
    verdict = judged(base(proposed_by=1), more=True)

    assert (verdict.outcome, verdict.reason) == (Outcome.UNKNOWN, Reason.LIMIT)
    assert judged(base(), more=True).outcome is Outcome.FAIL


def test_nothing_to_judge():
    """Read-only, empty, or nothing proposed."""
    lost = PullRequestBases("main", (base(),), 1)

    for bases, repository in ((lost, replace(REPOSITORY, archived=True)), (PullRequestBases(""), REPOSITORY)):
        assert orphan_base(bases, repository, NOW, Config()).outcome is Outcome.NOT_APPLICABLE
    assert judged().summary == "no pull request is open"
