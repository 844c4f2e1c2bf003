"""Check 55 in all its outcomes."""

from dataclasses import replace

import pytest

from bot.checks.alignment.stack_broken import Config, stack_broken
from bot.model.alignment import Stacked, Stacks
from bot.model.facts import Repository
from bot.model.verdicts import Outcome, Place, Reason, Verdict

REPOSITORY = Repository(1, "acme/tool", "main")


def stacked(behind: int = 1, child: int = 8, **changes: object) -> Stacked:
    return replace(Stacked(child, f"b{child}", 7, "b7", behind), **changes)


def judged(*found: Stacked, unmeasured: int = 0, more: bool = False, **options: object) -> Verdict:
    return stack_broken(Stacks(found, unmeasured, more), REPOSITORY, Config(**options))


@pytest.mark.parametrize(
    ("found", "options", "expected"),
    [
        pytest.param(stacked(0), {}, Outcome.PASS, id="on top"),
        pytest.param(stacked(1), {}, Outcome.FAIL, id="one commit is missing"),
        pytest.param(stacked(3), {"max_behind": 3}, Outcome.PASS, id="exactly as many as may be missing"),
        pytest.param(stacked(4), {"max_behind": 3}, Outcome.FAIL, id="one more"),
        pytest.param(stacked(2, related=False), {"max_behind": 3}, Outcome.FAIL, id="nothing in common"),
    ],
)
def test_judges_what_the_upper_one_lacks(found, options, expected):
    """All of the lower one must be in it."""
    assert judged(found, **options).outcome is expected


def test_names_both():
    """And the branch to rebase."""
    verdict = judged(stacked(2), stacked(0, 9), stacked(5, 10, related=False))

    assert verdict.summary == "2 of 3 stacked pull requests lack commits of the one below"
    assert [(e.text, e.key) for e in verdict.evidence] == [
        ("#8 (b8) lacks 2 commits of #7 (b7)", "stack:8:7"),
        ("#10 (b10) has no commit in common with #7 (b7)", "stack:10:7"),
    ]
    assert verdict.evidence[0].place == Place(branch="b8")


@pytest.mark.parametrize("rest", [{"unmeasured": 3}, {"more": True}])
def test_what_was_not_compared_is_not_called_in_order(rest):
    """Unless something is broken for certain."""
    verdict = judged(stacked(0), **rest)

    assert (verdict.outcome, verdict.reason) == (Outcome.UNKNOWN, Reason.LIMIT)
    assert judged(stacked(1), **rest).outcome is Outcome.FAIL


def test_nothing_to_judge():
    """Read-only, or nothing builds on anything."""
    archived = stack_broken(Stacks((stacked(),)), replace(REPOSITORY, archived=True), Config())

    assert archived.outcome is Outcome.NOT_APPLICABLE
    assert judged().summary == "no pull request goes into the branch of another"
