"""Which branches are held against each other."""

from datetime import UTC, datetime, timedelta

from bot.facts.branch_pairs import branch_pairs
from bot.model.alignment import BranchPair, BranchPairs
from bot.model.facts import Branch, Branches, Comparison, DefaultHead

NOW = datetime(2026, 6, 1, tzinfo=UTC)
HEAD = DefaultHead("main", "m", NOW)


def compared(head: str) -> Comparison:
    return Comparison("m", head, 1, 2, "b", NOW)


def found(reader, *branches: Branch, more: bool = False) -> BranchPairs:
    reader.comparisons = {b.head: compared(b.head) for b in branches}
    return branch_pairs(reader, Branches((Branch("main", "m"), *branches), more), HEAD)


def names(pairs: BranchPairs) -> list[tuple[str, str]]:
    return [(pair.first, pair.second) for pair in pairs.measured]


def test_takes_branches_that_stay(reader):
    """By their names, or because they are protected."""
    told = found(
        reader, Branch("develop", "d"), Branch("release/1", "r", protected=True), Branch("work", "w")
    )

    assert names(told) == [("main", "develop"), ("main", "release/1"), ("develop", "release/1")]
    assert told.measured[0] == BranchPair("main", "develop", compared("d"))


def test_the_best_known_and_the_newest_come_first(reader):
    """What the cap leaves out is named."""
    days = [Branch(f"r{n}", f"r{n}", protected=True, committed_at=NOW - timedelta(days=n)) for n in (5, 1, 3)]
    told = found(reader, *days, Branch("staging", "s"), Branch("develop", "d"), more=True)

    assert names(told)[:4] == [("main", name) for name in ("develop", "staging", "r1", "r3")]
    assert len(told.measured) == 10
    assert (told.unmeasured, told.more) == (("r5",), True)


def test_a_branch_that_was_deleted_meanwhile_is_left_out(reader):
    """There is nothing left to judge."""
    told = branch_pairs(reader, Branches((Branch("develop", "d"),)), HEAD)

    assert told == BranchPairs("main")


def test_nothing_without_a_default_branch(reader):
    """An empty repository."""
    assert branch_pairs(reader, Branches((Branch("develop", "d"),)), None) == BranchPairs("")
