"""Branches that stay beside the default branch, and how they stand to it and to each other."""

from __future__ import annotations

from functools import partial
from itertools import combinations

from bot.facts.custom_files import want_all
from bot.model.alignment import STANDING, BranchPair, BranchPairs
from bot.model.errors import Gone
from bot.model.facts import Branch, Branches, DefaultHead
from bot.ports import RepoReader
from bot.spec import fact

MOST = 4
"""Branches beside the default one that are held against it and against each other: ten comparisons."""


@fact(
    "branch_pairs",
    permission="contents: read",
    cost="a comparison for each two of the branches that stay, at most 10",
)
def branch_pairs(reader: RepoReader, branches: Branches, default_head: DefaultHead | None) -> BranchPairs:
    """Branches that are known by their names to stay, and then protected ones, newest first."""
    if default_head is None:
        return BranchPairs("")
    others = sorted((b for b in branches.listed if b.name != default_head.branch and _stays(b)), key=_rank)
    chosen = [Branch(default_head.branch, default_head.commit), *others[:MOST]]
    want_all(partial(reader.compare, one.head, other.head) for one, other in combinations(chosen, 2))
    pairs = (_pair(reader, first, second) for first, second in combinations(chosen, 2))
    return BranchPairs(
        default_head.branch,
        tuple(pair for pair in pairs if pair is not None),
        tuple(b.name for b in others[MOST:]),
        branches.more,
    )


def _stays(branch: Branch) -> bool:
    return branch.protected or branch.name in STANDING


def _rank(branch: Branch) -> tuple[int, float, str]:
    known = STANDING.index(branch.name) if branch.name in STANDING else len(STANDING)
    return known, -branch.committed_at.timestamp() if branch.committed_at else 0.0, branch.name


def _pair(reader: RepoReader, first: Branch, second: Branch) -> BranchPair | None:
    try:
        return BranchPair(first.name, second.name, reader.compare(first.head, second.head))
    except Gone:
        # A branch was deleted between listing and comparing: there is nothing left to judge.
        return None
