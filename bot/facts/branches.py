"""Branches and open pull requests as they are listed, and what each branch still holds."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from bot.facts.custom_files import want_all
from bot.model.errors import Gone
from bot.model.facts import (
    Branch,
    Branches,
    DefaultHead,
    OpenPullRequests,
    Repository,
    SideBranch,
    SideBranches,
)
from bot.model.protection import Enforcement, Rulesets
from bot.model.verdicts import Unknown
from bot.ports import RepoReader
from bot.selections import BRANCHES, OPEN_PULL_REQUESTS
from bot.spec import fact

MAX_LISTED = 100
"""Branches, and open pull requests, that one call tells."""

MAX_LISTED_LOCAL = 5000

MAX_COMPARES = 30
"""Branches that are compared with the default branch, a call each unless that is known already."""


@fact("branches", permission="contents: read", cost="one call", graph={"branches": BRANCHES})
def branches(reader: RepoReader, rulesets: Rulesets | Unknown, repository: Repository) -> Branches:
    """The first 100 branches by name; 5000 of a clone.

    Documents tell which branches classic rules protect. A branch that an active ruleset names, by a
    pattern or as the default one, counts as protected, too; one that is for all branches alike says
    nothing of any, and does not make it one that is kept on purpose.
    """
    listed, more = reader.branches(limit=MAX_LISTED_LOCAL if reader.local else MAX_LISTED)
    if isinstance(rulesets, Unknown):
        return Branches(listed, more)
    default = repository.default_branch
    naming = [r for r in rulesets.listed if r.enforcement is Enforcement.ACTIVE and r.rules and r.names_some]
    return Branches(
        tuple(
            replace(branch, protected=True)
            if any(r.reaches(branch.name, default) for r in naming)
            else branch
            for branch in listed
        ),
        more,
    )


@fact(
    "open_pull_requests",
    permission="pull_requests: read",
    cost="one call",
    graph={"pulls": OPEN_PULL_REQUESTS},
)
def open_pull_requests(reader: RepoReader) -> OpenPullRequests:
    """The newest 100 open pull requests; a clone knows none."""
    if reader.local:
        return OpenPullRequests((), known=False)
    return OpenPullRequests(*reader.open_pull_requests(limit=MAX_LISTED))


@fact("default_head", permission="contents: read", cost="one call, and one per commit seen first")
def default_head(reader: RepoReader, branch: str) -> DefaultHead | None:
    """Where the default branch stands; None when there is none."""
    if not branch:
        return None
    commit = reader.head(branch)
    return DefaultHead(branch, commit, reader.committed_at(commit))


@fact(
    "side_branches",
    permission="contents: read, pull_requests: read",
    cost="one call per branch that drifts did not compare, at most 30; none for a clone",
)
def side_branches(
    reader: RepoReader,
    repository: Repository,
    branches: Branches,
    open_pull_requests: OpenPullRequests,
    default_head: DefaultHead | None,
) -> SideBranches:
    """Every branch but the default one: when it was last worked on, and whether all of it is merged.

    A branch that is protected, or that an open pull request comes from or goes into, is listed
    without that: it is in use, and no call is spent on it.
    """
    if default_head is None:
        return SideBranches("", ())
    used = _used(repository.id, open_pull_requests)
    others = [b for b in branches.listed if b.name != default_head.branch]
    unknown = [b for b in others if not b.protected and b.name not in used and b.committed_at is None]
    want_all(partial(reader.compare, default_head.commit, b.head) for b in unknown[:MAX_COMPARES])
    measured: list[SideBranch] = []
    compared = unmeasured = 0
    for branch in others:
        in_use = branch.protected or branch.name in used
        if in_use or branch.committed_at is not None:
            found = branch
        elif compared < MAX_COMPARES:
            compared += 1
            looked_at = _looked_at(reader, branch, default_head.commit)
            if looked_at is None:
                continue
            found = looked_at
        else:
            unmeasured += 1
            continue
        measured.append(_side_branch(found, default_head, used.get(branch.name)))
    return SideBranches(
        default_head.branch,
        tuple(measured),
        unmeasured + int(branches.more),
        pull_requests=not open_pull_requests.more,
    )


def _used(own: int, pulls: OpenPullRequests) -> dict[str, int]:
    """Branch -> an open pull request that comes from it or goes into it."""
    used = {pull.base_branch: pull.number for pull in pulls.listed}
    return used | {pull.head_branch: pull.number for pull in pulls.listed if pull.head_repository_id == own}


def _looked_at(reader: RepoReader, branch: Branch, target: str) -> Branch | None:
    try:
        compared = reader.compare(target, branch.head)
        # Asked for in the comparison's place, the date would cost a call more for most branches.
        at = compared.head_at or reader.committed_at(branch.head)
    except Gone:
        # The branch was deleted between listing and looking: there is nothing left to judge.
        return None
    return replace(branch, committed_at=at, merged=compared.ahead == 0)


def _side_branch(branch: Branch, default: DefaultHead, pull_request: int | None) -> SideBranch:
    return SideBranch(
        branch.name,
        branch.committed_at,
        branch.merged,
        at_default_head=branch.head == default.commit,
        protected=branch.protected,
        pull_request=pull_request,
    )
