"""Whether open pull requests can be merged, which GitHub tells of one at a time."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.model.errors import Gone, PermissionMissing
from bot.model.facts import Mergeability, Mergeable, OpenPullRequests, PullRequest
from bot.ports import RepoReader
from bot.spec import fact

MAX_ASKED = 15
"""Pull requests that are asked about, the ones worked on last."""

IDLE = timedelta(days=180)
"""A pull request that nobody touched for longer is not asked about."""


@fact(
    "mergeability",
    permission="pull_requests: read",
    cost="one call per pull request worked on, at most 15; one more for each that GitHub must compute first",
)
def mergeability(reader: RepoReader, open_pull_requests: OpenPullRequests, now: datetime) -> Mergeability:
    """Open pull requests that are no drafts and were worked on, the latest first.

    GitHub computes the answer when it is first asked for, and says that it does not know until it
    is done. So what was not known is asked a second time after all others, and never a third.

    Raises:
        PermissionMissing: the source is a clone.
    """
    if not open_pull_requests.known:
        raise PermissionMissing("a clone does not hold pull requests")
    lively = [pull for pull in open_pull_requests.listed if not pull.draft and now - pull.updated_at <= IDLE]
    lively.sort(key=lambda pull: (pull.updated_at, pull.number), reverse=True)
    asked = [_asked(reader, pull) for pull in lively[:MAX_ASKED]]
    found = [_asked(reader, pull) if pull.mergeable is None else pull for pull in asked]
    return Mergeability(
        tuple(
            Mergeable(p.number, p.base_branch, p.head_branch, p.updated_at, p.mergeable)
            for p in found
            if p.state == "open" and not p.draft
        ),
        len(lively[MAX_ASKED:]),
        more=open_pull_requests.more,
    )


def _asked(reader: RepoReader, pull: PullRequest) -> PullRequest:
    try:
        return reader.pull_request(pull.number)
    except Gone:
        # Only the repository as a whole can be gone, or seem so: other facts will tell.
        return pull
