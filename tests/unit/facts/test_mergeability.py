"""Which pull requests are asked about, and how often."""

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.facts.mergeability import MAX_ASKED, mergeability
from bot.model.errors import Gone, PermissionMissing
from bot.model.facts import Mergeability, OpenPullRequests, PullRequest

NOW = datetime(2026, 6, 1, tzinfo=UTC)


@dataclass
class Asked:
    """Answers with what is next for a number, the last again and again; Gone for what it does not know."""

    answers: dict[int, list[PullRequest]]
    calls: Counter[int] = field(default_factory=Counter)

    def pull_request(self, number: int) -> PullRequest:
        self.calls[number] += 1
        if number not in self.answers:
            raise Gone(str(number))
        rest = self.answers[number]
        return rest.pop(0) if len(rest) > 1 else rest[0]


def pull(number: int, *, days: float = 1, **changes: object) -> PullRequest:
    at = NOW - timedelta(days=days)
    made = PullRequest(number, "open", False, "t", "main", "m", f"b{number}", "h", 1, "someone", at, at)
    return replace(made, **changes)


def asked(reader: Asked, *pulls: PullRequest, more: bool = False) -> Mergeability:
    return mergeability(reader, OpenPullRequests(pulls, more), NOW)


def test_each_is_asked_by_itself():
    """The one touched last first; what is known is asked once."""
    reader = Asked({1: [pull(1, mergeable=True)], 2: [pull(2, mergeable=False)]})

    found = asked(reader, pull(2, days=2), pull(1))

    assert [(p.number, p.mergeable, p.head_branch) for p in found.asked] == [
        (1, True, "b1"),
        (2, False, "b2"),
    ]
    assert reader.calls == {1: 1, 2: 1}


def test_what_is_not_computed_is_asked_again_after_the_others():
    """Once, and never a third time."""
    reader = Asked({1: [pull(1), pull(1, mergeable=False)], 2: [pull(2)]})

    found = asked(reader, pull(1), pull(2))

    assert {p.number: p.mergeable for p in found.asked} == {1: False, 2: None}
    assert reader.calls == {1: 2, 2: 2}


def test_drafts_and_idle_ones_are_not_asked_about():
    """Nor is what was closed, or made a draft, meanwhile."""
    reader = Asked(
        {
            3: [pull(3, state="closed", mergeable=False)],
            4: [pull(4, draft=True, mergeable=False)],
            5: [pull(5)],
        }
    )
    pulls = (pull(1, draft=True), pull(2, days=181), pull(3), pull(4), pull(5, days=180))

    found = asked(reader, *pulls)

    assert [p.number for p in found.asked] == [5]
    assert 1 not in reader.calls
    assert 2 not in reader.calls


def test_calls_are_capped():
    """What is left out is counted."""
    pulls = [pull(n) for n in range(1, MAX_ASKED + 4)]
    reader = Asked({p.number: [p] for p in pulls})

    found = asked(reader, *pulls, more=True)

    assert (len(found.asked), found.unasked, found.more) == (MAX_ASKED, 3, True)
    assert reader.calls.total() == 2 * MAX_ASKED


def test_one_that_seems_gone_is_not_known():
    """The listing had it a moment ago."""
    assert [p.mergeable for p in asked(Asked({}), pull(1)).asked] == [None]


def test_a_clone_holds_none():
    """That is no answer, and says so."""
    with pytest.raises(PermissionMissing, match="a clone does not hold pull requests"):
        mergeability(Asked({}), OpenPullRequests((), known=False), NOW)
