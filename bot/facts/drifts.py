"""How branches and open pull requests stand to the default branch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.model.errors import Gone
from bot.model.facts import Branch, Drift, Drifts, PullRequest, Repository
from bot.ports import RepoReader
from bot.spec import fact

MAX_COMPARES = 30
"""Comparisons that are paid for with API calls."""

MAX_COMPARES_LOCAL = 100
"""Comparisons in a clone, each some tens of milliseconds in a large history."""

MAX_BRANCHES = 100
MAX_BRANCHES_LOCAL = 5000

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
    cost="one call for branches, one for pull requests, one per comparison (at most 30)",
)
def drifts(reader: RepoReader, repository: Repository, branch: str, now: datetime) -> Drifts:
    """Every open pull request into ``branch`` and every other branch, against ``branch``.

    Pull requests come first, newest first; then branches, the ones with the newest commits first
    where the source tells, else by name. What the cap leaves out is counted, never guessed.
    """
    if not branch:
        return Drifts("", ())
    target = reader.head(branch)
    limit = MAX_BRANCHES_LOCAL if reader.local else MAX_BRANCHES
    branches, more = reader.branches(limit=limit)
    pulls, more_pulls = reader.open_pull_requests(limit=MAX_BRANCHES)
    candidates = list(_candidates(repository.id, branch, branches, pulls, now))
    cap = MAX_COMPARES_LOCAL if reader.local else MAX_COMPARES
    measured = [drift for c in candidates[:cap] if (drift := _measured(reader, c, branch, target))]
    left_out = candidates[cap:]
    dates = [candidate.at for candidate in left_out]
    known = not more and not more_pulls and all(dates)
    return Drifts(
        branch,
        tuple(measured),
        len(left_out) + int(more) + int(more_pulls),
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
