"""Pull requests that build on branches beside the default one, and on each other."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import partial

from bot.facts.custom_files import want_all
from bot.model.alignment import PullRequestBase, PullRequestBases, Stacked, Stacks
from bot.model.errors import Gone, PermissionMissing
from bot.model.facts import Branch, Branches, DefaultHead, OpenPullRequests, PullRequest, Repository
from bot.ports import RepoReader
from bot.spec import fact

MAX_CALLS = 10
"""Bases that are looked up or compared, a call each unless their list told it."""

MAX_COMPARES = 20
"""Pairs of pull requests that are compared, a call each."""


@fact(
    "pull_request_bases",
    permission="contents: read, pull_requests: read",
    cost="one call for each base beside the default branch of which the list of branches tells too little",
)
def pull_request_bases(
    reader: RepoReader,
    repository: Repository,
    branches: Branches,
    open_pull_requests: OpenPullRequests,
    default_head: DefaultHead | None,
) -> PullRequestBases:
    """Every branch beside the default one that an open pull request goes into.

    Raises:
        PermissionMissing: the source is a clone.
    """
    pulls = _listed(open_pull_requests)
    if default_head is None:
        return PullRequestBases("", open=len(pulls), more=open_pull_requests.more)
    into: dict[str, list[tuple[int, datetime]]] = {}
    for pull in sorted(pulls, key=lambda p: (p.created_at, p.number)):
        if pull.base_branch != default_head.branch:
            into.setdefault(pull.base_branch, []).append((pull.number, pull.created_at))
    heads = _proposed(repository.id, pulls)
    listed = {branch.name: branch for branch in branches.listed}
    unknown = [listed[name] for name in into if name in listed and name not in heads]
    want_all(
        partial(reader.compare, default_head.commit, base.head)
        for base in [base for base in unknown if not base.protected and base.merged is None][:MAX_CALLS]
    )
    found, calls = [], 0
    for name, numbers in into.items():
        parent = heads.get(name)
        base = listed.get(name)
        exists: bool | None = base is not None or (None if branches.more else False)
        in_use = parent is not None or (base is not None and base.protected)
        merged = base.merged if base is not None else None
        if not in_use and calls < MAX_CALLS and (exists is None or (exists and merged is None)):
            calls += 1
            exists, merged = _looked_at(reader, base, name, default_head.commit)
        found.append(
            PullRequestBase(
                name,
                exists,
                protected=base is not None and base.protected,
                merged=merged,
                proposed_by=parent.number if parent else None,
                pulls=tuple(numbers),
            )
        )
    return PullRequestBases(default_head.branch, tuple(found), len(pulls), open_pull_requests.more)


@fact(
    "stacks",
    permission="contents: read, pull_requests: read",
    cost="one call for each pull request that goes into the branch of another, at most 20",
)
def stacks(reader: RepoReader, repository: Repository, open_pull_requests: OpenPullRequests) -> Stacks:
    """Every open pull request that goes into another's branch, against that one's head.

    Raises:
        PermissionMissing: the source is a clone.
    """
    pulls = _listed(open_pull_requests)
    heads = _proposed(repository.id, pulls)
    pairs = [
        (child, heads[child.base_branch])
        for child in sorted(pulls, key=lambda p: p.number)
        if child.base_branch in heads and heads[child.base_branch].number != child.number
    ]
    want_all(
        partial(reader.compare, parent.head_sha, child.head_sha) for child, parent in pairs[:MAX_COMPARES]
    )
    measured = (_stacked(reader, child, parent) for child, parent in pairs[:MAX_COMPARES])
    return Stacks(
        tuple(one for one in measured if one is not None), len(pairs[MAX_COMPARES:]), open_pull_requests.more
    )


def _listed(pulls: OpenPullRequests) -> tuple[PullRequest, ...]:
    if not pulls.known:
        raise PermissionMissing("a clone does not hold pull requests")
    return pulls.listed


def _proposed(own: int, pulls: Iterable[PullRequest]) -> dict[str, PullRequest]:
    """Branch of the repository itself -> the oldest open pull request from it."""
    ours = (pull for pull in pulls if pull.head_repository_id == own)
    return {pull.head_branch: pull for pull in sorted(ours, key=lambda p: p.number, reverse=True)}


def _looked_at(reader: RepoReader, base: Branch | None, name: str, default: str) -> tuple[bool, bool | None]:
    """Whether the base exists, and whether the default branch has all of it."""
    try:
        if base is None:
            reader.head(name)
            return True, None
        return True, reader.compare(default, base.head).ahead == 0
    except Gone:
        return False, None


def _stacked(reader: RepoReader, child: PullRequest, parent: PullRequest) -> Stacked | None:
    try:
        compared = reader.compare(parent.head_sha, child.head_sha)
    except Gone:
        # One of them was closed or pushed to meanwhile: there is nothing left to judge.
        return None
    return Stacked(
        child.number,
        child.head_branch,
        parent.number,
        parent.head_branch,
        compared.behind,
        compared.merge_base is not None,
    )
