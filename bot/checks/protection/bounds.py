"""Where rules for branches are not judged, and what is said when not all of them could be read."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase

from bot.model.facts import Branches, Repository
from bot.model.protection import Protection
from bot.model.verdicts import Reason, Unknown, Verdict, not_applicable, unknown


def beside_the_point(repository: Repository) -> Verdict | None:
    """A verdict for repositories whose branches need no rules; None for all others."""
    if repository.archived:
        return not_applicable("the repository is archived: nobody can push")
    if repository.empty or not repository.default_branch:
        return not_applicable("the repository has no commit yet")
    if repository.fork:
        return not_applicable("a fork: what counts is merged in the repository it came from")
    return None


def undecided(lacking: str, unread: Unknown) -> Verdict:
    """Not all rules could be read, and those that were do not settle it.

    Args:
        lacking: what the rules that were read do not demand, as part of a sentence.
    """
    return unknown(
        f"the rules that can be read do not {lacking}, but there may be others: {unread.detail}",
        unread.reason,
        permission=unread.permission,
    )


def release_branches(protection: Protection, branches: Branches, patterns: Iterable[str]) -> tuple[str, ...]:
    """Listed branches beside the default one whose names match, in their order."""
    wanted = tuple(patterns)
    return tuple(
        branch.name
        for branch in branches.listed
        if branch.name != protection.default_branch
        and any(fnmatchcase(branch.name, pattern) for pattern in wanted)
    )


def unlisted() -> Verdict:
    """What was listed is well, but there are more branches."""
    return unknown("the branches that were listed are well, but there are more than are listed", Reason.LIMIT)
