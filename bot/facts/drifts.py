"""How branches and open pull requests stand to the default branch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from bot.facts.custom_files import want_all
from bot.model.errors import Gone
from bot.model.facts import (
    Branch,
    Branches,
    DefaultHead,
    Drift,
    Drifts,
    OpenPullRequests,
    PullRequest,
    Repository,
)
from bot.ports import RepoReader
from bot.spec import fact

MAX_COMPARES = 30
"""Comparisons that are paid for with API calls."""

MAX_COMPARES_LOCAL = 100
"""Comparisons in a clone, each some tens of milliseconds in a large history."""

DORMANT = timedelta(days=180)
"""A branch whose newest commit is older is history, not work: it is not compared."""


@dataclass(frozen=True, slots=True)
class _Candidate:
    name: str
    head: str
    pull_request: int | None = None
    at: datetime | None = None


@fact(
    "drifts",
    permission="contents: read, pull_requests: read",
    cost="a comparison for each, at most 30; one call for each that documents can not make",
)
def drifts(
    reader: RepoReader,
    repository: Repository,
    branches: Branches,
    open_pull_requests: OpenPullRequests,
    default_head: DefaultHead | None,
    now: datetime,
) -> Drifts:
    """Every open pull request into the default branch and every other branch, against that branch.

    Pull requests come first, newest first; then branches, the ones with the newest commits first
    where the source tells, else by name. What the cap leaves out is counted, never guessed.
    """
    if default_head is None:
        return Drifts("", ())
    target, head = default_head.branch, default_head.commit
    candidates = list(_candidates(repository.id, target, branches.listed, open_pull_requests.listed, now))
    cap = MAX_COMPARES_LOCAL if reader.local else MAX_COMPARES
    want_all(partial(reader.compare, head, c.head) for c in candidates[:cap])
    measured = [drift for c in candidates[:cap] if (drift := _measured(reader, c, target, head))]
    left_out = candidates[cap:]
    dates = [candidate.at for candidate in left_out]
    more = int(branches.more) + int(open_pull_requests.more)
    known = not more and all(dates)
    return Drifts(
        target,
        tuple(measured),
        len(left_out) + more,
        max((at for at in dates if at), default=None) if known else None,
    )


def _candidates(
    own: int,
    target: str,
    branches: tuple[Branch, ...],
    pulls: tuple[PullRequest, ...],
    now: datetime,
) -> Iterator[_Candidate]:
    proposed = set()
    for pull in pulls:
        if pull.base_branch == target:
            if pull.head_repository_id == own:
                proposed.add(pull.head_branch)
            yield _Candidate(pull.head_branch, pull.head_sha, pull.number)
    others = [b for b in branches if b.name != target and b.name not in proposed and not _dormant(b, now)]
    others.sort(key=lambda b: (-b.committed_at.timestamp() if b.committed_at else 0.0, b.name))
    yield from (_Candidate(b.name, b.head, at=b.committed_at) for b in others)


def _dormant(branch: Branch, now: datetime) -> bool:
    return branch.committed_at is not None and now - branch.committed_at > DORMANT


def _measured(reader: RepoReader, candidate: _Candidate, target: str, head: str) -> Drift | None:
    try:
        comparison = reader.compare(head, candidate.head)
    except Gone:
        # The branch was deleted between listing and comparing: there is nothing left to judge.
        return None
    return Drift(candidate.name, target, comparison, candidate.pull_request)
