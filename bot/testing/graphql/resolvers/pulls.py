"""Pull requests."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.testing.graphql.declaring import Asked, Problem, connection, field
from bot.testing.graphql.resolvers.issues import labelled, ordered
from bot.testing.graphql.sources import Commit, Pull, Ref, pulls_of
from bot.testing.settings import active_rules, protection_of
from bot.testing.state import Account, FakeRepository

_STATES = {"dirty": "DIRTY", "clean": "CLEAN", "draft": "DRAFT", "unknown": "UNKNOWN"}
"""The REST fake's ``mergeable_state`` -> ``mergeStateStatus``."""


@connection("Repository", "pullRequests", needs="pull_requests=read")
def pull_requests(
    repository: FakeRepository,
    _asked: Asked,
    *,
    states: Sequence[str] | None = None,
    labels: Sequence[str] | None = None,
    base_ref_name: str | None = None,
    head_ref_name: str | None = None,
    order_by: dict[str, Any] | None = None,
) -> Sequence[Pull]:
    """Pull requests, the oldest first unless told otherwise."""
    found = [
        pull
        for pull in pulls_of(repository, states)
        if base_ref_name in (None, pull.details.base_ref)
        and head_ref_name in (None, pull.details.head_ref)
        and labelled(pull.record, labels)
    ]
    return ordered(found, order_by)


@field("Repository", "pullRequest", needs="pull_requests=read")
def pull_request(repository: FakeRepository, _asked: Asked, *, number: int) -> Pull:
    """One by its number."""
    issue = repository.issues.get(number)
    if issue is None or issue.pull is None:
        raise Problem("NOT_FOUND", f"Could not resolve to a PullRequest with the number of {number}.")
    return Pull(repository, issue, issue.pull)


@field("PullRequest", "id")
def pull_id(source: Pull, _asked: Asked) -> str:
    """The global id."""
    return f"PR_{source.details.id:08d}"


@field("PullRequest", "databaseId")
def pull_database_id(source: Pull, _asked: Asked) -> int:
    """REST's id."""
    return source.details.id


@field("PullRequest", "body")
def body(source: Pull, _asked: Asked) -> str:
    """The text."""
    return source.record.body or ""


@field("PullRequest", "isDraft")
def is_draft(source: Pull, _asked: Asked) -> bool:
    """Not meant to be merged yet."""
    return source.details.draft


@field("PullRequest", "isCrossRepository")
def is_cross_repository(source: Pull, _asked: Asked) -> bool:
    """From a fork."""
    return source.details.head_repository is not source.repository


@field("PullRequest", "maintainerCanModify")
def maintainer_can_modify(source: Pull, _asked: Asked) -> bool:
    """As in REST."""
    return source.details.maintainer_can_modify


@field("PullRequest", "url")
def url(source: Pull, asked: Asked) -> str:
    """The page for people."""
    return f"{asked.world.render.repository_page(source.repository)}/pull/{source.record.number}"


@field("PullRequest", "mergedAt")
def merged_at(source: Pull, _asked: Asked) -> Any:
    """When it was merged."""
    return source.details.merged_at


@field("PullRequest", "merged")
def merged(source: Pull, _asked: Asked) -> bool:
    """It was merged."""
    return source.details.merged_at is not None


@field("PullRequest", "closed")
def closed(source: Pull, _asked: Asked) -> bool:
    """Merged or not."""
    return source.record.state == "closed"


def _look(source: Pull, asked: Asked) -> tuple[bool | None, str]:
    """What is known of the test merge; asking starts it, for the next document."""
    found = asked.world.mergeability(source.repository, source.record, source.details)
    asked.afterwards.append(lambda: asked.world.examine(source.details))
    return found


@field("PullRequest", "mergeable")
def mergeable(source: Pull, asked: Asked) -> str:
    """UNKNOWN until somebody has asked before, as in REST."""
    known, _ = _look(source, asked)
    return {None: "UNKNOWN", True: "MERGEABLE", False: "CONFLICTING"}[known]


@field("PullRequest", "mergeStateStatus")
def merge_state_status(source: Pull, asked: Asked) -> str:
    """The same in more words."""
    return _STATES[_look(source, asked)[1]]


@field("PullRequest", "reviewDecision")
def review_decision(source: Pull, _asked: Asked) -> str | None:
    """What a test has said of its reviews, else whether the base's rules ask for one; null if not."""
    return source.details.review_decision or ("REVIEW_REQUIRED" if _asks_for_review(source) else None)


def _asks_for_review(source: Pull) -> bool:
    repository, branch = source.repository, source.details.base_ref
    classic = protection_of(repository, branch)
    if classic is not None and classic.required_approvals:
        return True
    return any(
        rule["type"] == "pull_request"
        and rule.get("parameters", {}).get("required_approving_review_count", 0) > 0
        for _, rule in active_rules(repository, branch)
    )


@field("PullRequest", "author")
def author(source: Pull, _asked: Asked) -> Account:
    """Who opened it."""
    return source.record.user


@field("PullRequest", "authorAssociation")
def author_association(source: Pull, asked: Asked) -> str:
    """How the author stands to the repository."""
    return asked.world.render.association(source.repository, source.record.user)


@field("PullRequest", "baseRefName")
def base_ref_name(source: Pull, _asked: Asked) -> str:
    """The branch it is to be merged into."""
    return source.details.base_ref


@field("PullRequest", "baseRefOid")
def base_ref_oid(source: Pull, _asked: Asked) -> str:
    """Where that branch stands, or stood at the merge."""
    details = source.details
    if details.merged_at is not None:
        return details.base_sha
    return source.repository.branches.get(details.base_ref, details.base_sha)


@field("PullRequest", "headRefName")
def head_ref_name(source: Pull, _asked: Asked) -> str:
    """The branch it comes from."""
    return source.details.head_ref


@field("PullRequest", "headRefOid")
def head_ref_oid(source: Pull, _asked: Asked) -> str:
    """Where that branch stands."""
    return source.details.head_sha


@field("PullRequest", "headRepository")
def head_repository(source: Pull, asked: Asked) -> FakeRepository | None:
    """Where the branch lives; null when that was deleted or is not for this token."""
    found = source.details.head_repository
    return found if found is not None and asked.sees(found) else None


@field("PullRequest", "headRepositoryOwner")
def head_repository_owner(source: Pull, _asked: Asked) -> Account:
    """Whose that is."""
    return source.details.head_owner


@field("PullRequest", "baseRepository")
def base_repository(source: Pull, _asked: Asked) -> FakeRepository:
    """Where it was opened."""
    return source.repository


@field("PullRequest", "baseRef", needs="contents=read")
def base_ref(source: Pull, _asked: Asked) -> Ref | None:
    """The branch itself, null when it was deleted."""
    return _branch(source.repository, source.details.base_ref)


@field("PullRequest", "headRef", needs="contents=read")
def head_ref(source: Pull, asked: Asked) -> Ref | None:
    """The branch itself, null when it was deleted."""
    found = head_repository(source, asked)
    return _branch(found, source.details.head_ref) if found is not None else None


def _branch(repository: FakeRepository, name: str) -> Ref | None:
    oid = repository.branches.get(name)
    return Ref(repository, f"refs/heads/{name}", oid) if oid is not None else None


@field("PullRequest", "mergeCommit", needs="contents=read")
def merge_commit(source: Pull, _asked: Asked) -> Commit | None:
    """What the merge made."""
    oid = source.details.merge_commit_sha
    return Commit(source.repository, oid) if oid and source.details.merged_at is not None else None


@field("PullRequest", "mergedBy")
def merged_by(source: Pull, _asked: Asked) -> Account | None:
    """Who merged it."""
    return source.details.merged_by


@field("PullRequest", "totalCommentsCount")
def total_comments_count(source: Pull, _asked: Asked) -> int:
    """The fake has no reviews, so these are all."""
    return len(source.record.comments)


@connection("PullRequest", "commits")
def commits(source: Pull, asked: Asked) -> Sequence[dict[str, Any]]:
    """Its own commits, oldest first, at most 250."""
    git = source.repository.git
    found = git.log([source.details.head_sha], [base_ref_oid(source, asked)])[::-1][:250]
    page = asked.world.render.repository_page(source.repository)
    return [
        {
            "__typename": "PullRequestCommit",
            "id": f"PRC_{source.details.id}_{oid}",
            "commit": Commit(source.repository, oid),
            "url": f"{page}/pull/{source.record.number}/commits/{oid}",
        }
        for oid in found
    ]


@connection("PullRequest", "reviewRequests")
def review_requests(source: Pull, _asked: Asked) -> Sequence[dict[str, Any]]:
    """Who was asked to review it and has not yet."""
    return [
        {
            "__typename": "ReviewRequest",
            "id": f"RRQ_{source.details.id}_{account.id}",
            "databaseId": account.id,
            "asCodeOwner": False,
            "requestedReviewer": account,
        }
        for account in source.details.reviewers
    ]
