"""How branches and pull requests that build on each other stand to each other."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.model.facts import Comparison

STANDING = (
    "develop",
    "development",
    "dev",
    "main",
    "master",
    "trunk",
    "next",
    "integration",
    "staging",
    "stage",
    "preprod",
    "production",
    "prod",
    "live",
)
"""Branches that by their names are meant to hold the same work sooner or later, as Gitflow's are."""


@dataclass(frozen=True, slots=True)
class BranchPair:
    """Two branches that stay; ``comparison`` is of ``second`` against ``first``."""

    first: str
    second: str
    comparison: Comparison


@dataclass(frozen=True, slots=True)
class BranchPairs:
    """Branches that stay, each held against each.

    Args:
        default: the name of the default branch; empty when there is none.
        measured: pairs with the default branch come first, and have it as ``first``.
        unmeasured: names of branches that were left out because of the cap on calls.
        more: there are branches that were not even listed.
    """

    default: str
    measured: tuple[BranchPair, ...] = ()
    unmeasured: tuple[str, ...] = ()
    more: bool = False


@dataclass(frozen=True, slots=True)
class PullRequestBase:
    """A branch that open pull requests go into, and that is not the default branch.

    Args:
        exists: None when that was not asked.
        merged: the default branch has every commit of it; None when that is not known.
        proposed_by: an open pull request that would merge it.
        pulls: (number, when it was opened) of those that go into it, the oldest first.
    """

    name: str
    exists: bool | None
    protected: bool
    merged: bool | None
    proposed_by: int | None
    pulls: tuple[tuple[int, datetime], ...]


@dataclass(frozen=True, slots=True)
class PullRequestBases:
    """The bases of open pull requests beside the default branch.

    Args:
        default: the name of the default branch; empty when there is none.
        open: how many pull requests are open, at least.
        more: there are others that were not listed.
    """

    default: str
    bases: tuple[PullRequestBase, ...] = ()
    open: int = 0
    more: bool = False


@dataclass(frozen=True, slots=True)
class Stacked:
    """A pull request that goes into the branch of another one.

    Args:
        behind: commits of the parent's head that the child's lacks.
        related: the two have a commit in common.
    """

    child: int
    child_branch: str
    parent: int
    parent_branch: str
    behind: int
    related: bool = True


@dataclass(frozen=True, slots=True)
class Stacks:
    """Pull requests that build on each other.

    Args:
        unmeasured: how many were left out because of the cap on calls.
        more: there are open pull requests that were not listed.
    """

    measured: tuple[Stacked, ...]
    unmeasured: int = 0
    more: bool = False
