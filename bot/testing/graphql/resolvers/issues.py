"""Issues, and what pull requests share with them: labels and comments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from bot.testing.graphql.declaring import Asked, Problem, connection, field
from bot.testing.graphql.sources import Pull, Ticket
from bot.testing.state import Account, Comment, FakeRepository, Issue, Label

_T = TypeVar("_T", Pull, Ticket)


@dataclass(frozen=True, slots=True)
class Remark:
    """A comment."""

    repository: FakeRepository
    record: Comment


def labelled(issue: Issue, names: Sequence[str] | None) -> bool:
    """It has one of these labels, or none was asked for."""
    return not names or any(label.name.lower() in {n.lower() for n in names} for label in issue.labels)


def ordered(found: list[_T], order: dict[str, Any] | None) -> list[_T]:
    """In the order that was asked for; by creation without one."""
    order = order or {"field": "CREATED_AT", "direction": "ASC"}
    keys: dict[str, Any] = {
        "CREATED_AT": lambda s: (s.record.created_at, s.record.number),
        "UPDATED_AT": lambda s: (s.record.updated_at, s.record.number),
        "COMMENTS": lambda s: (len(s.record.comments), s.record.number),
    }
    found.sort(key=keys[order["field"]], reverse=order["direction"] == "DESC")
    return found


@connection("Repository", "issues", needs="issues=read")
def issues(
    repository: FakeRepository,
    _asked: Asked,
    *,
    states: Sequence[str] | None = None,
    labels: Sequence[str] | None = None,
    order_by: dict[str, Any] | None = None,
) -> Sequence[Ticket]:
    """Issues that are no pull requests, the oldest first unless told otherwise."""
    found = [
        Ticket(repository, issue)
        for issue in repository.issues.values()
        if issue.pull is None
        and not issue.deleted
        and (not states or issue.state.upper() in states)
        and labelled(issue, labels)
    ]
    return ordered(found, order_by)


@field("Repository", "issue", needs="issues=read")
def one_issue(repository: FakeRepository, _asked: Asked, *, number: int) -> Ticket:
    """One by its number."""
    found = repository.issues.get(number)
    if found is None or found.deleted or found.pull is not None:
        raise Problem("NOT_FOUND", f"Could not resolve to an Issue with the number of {number}.")
    return Ticket(repository, found)


@field("Issue", "id")
def issue_id(source: Ticket, _asked: Asked) -> str:
    """The global id."""
    return f"I_{source.record.id:08d}"


@field("Issue", "databaseId")
def issue_database_id(source: Ticket, _asked: Asked) -> int:
    """REST's id."""
    return source.record.id


@field("Issue", "body")
def body(source: Ticket, _asked: Asked) -> str:
    """The text."""
    return source.record.body or ""


@field("Issue", "state")
def state(source: Ticket, _asked: Asked) -> str:
    """OPEN or CLOSED."""
    return source.record.state.upper()


@field("Issue", "stateReason")
def state_reason(source: Ticket, _asked: Asked) -> str | None:
    """Why it is so."""
    return source.record.state_reason.upper() if source.record.state_reason else None


@field("Issue", "url")
def url(source: Ticket, asked: Asked) -> str:
    """The page for people."""
    return f"{asked.world.render.repository_page(source.repository)}/issues/{source.record.number}"


@field("Issue", "closed")
def closed(source: Ticket, _asked: Asked) -> bool:
    """Not open."""
    return source.record.state == "closed"


@field("Issue", "author")
@field("IssueComment", "author")
def author(source: Ticket | Remark, _asked: Asked) -> Account:
    """Who wrote it."""
    return source.record.user


@field("Issue", "authorAssociation")
@field("IssueComment", "authorAssociation")
def author_association(source: Ticket | Remark, asked: Asked) -> str:
    """How the author stands to the repository."""
    return asked.world.render.association(source.repository, source.record.user)


@field("Issue", "milestone")
def milestone(_source: Ticket, _asked: Asked) -> None:
    """None: there are no milestones here."""


@connection("Issue", "assignees")
def assignees(source: Ticket, _asked: Asked) -> Sequence[Account]:
    """Who is to do it."""
    return source.record.assignees


@connection("Issue", "comments")
@connection("PullRequest", "comments")
def comments(source: Ticket | Pull, _asked: Asked) -> Sequence[Remark]:
    """Comments, oldest first."""
    return [Remark(source.repository, comment) for comment in source.record.comments]


@connection("Issue", "labels")
@connection("PullRequest", "labels")
def labels_of(source: Ticket | Pull, _asked: Asked) -> Sequence[Label]:
    """Its labels."""
    return source.record.labels


@connection("Repository", "labels")
def labels_of_repository(repository: FakeRepository, _asked: Asked) -> Sequence[Label]:
    """All labels of a repository."""
    return list(repository.labels.values())


@field("IssueComment", "id")
def comment_id(source: Remark, _asked: Asked) -> str:
    """The global id."""
    return f"IC_{source.record.id:08d}"


@field("IssueComment", "databaseId")
def comment_database_id(source: Remark, _asked: Asked) -> int:
    """REST's id."""
    return source.record.id


@field("IssueComment", "url")
def comment_url(source: Remark, asked: Asked) -> str:
    """The page for people."""
    issue = source.record.issue
    kind = "issues" if issue.pull is None else "pull"
    page = asked.world.render.repository_page(source.repository)
    return f"{page}/{kind}/{issue.number}#issuecomment-{source.record.id}"


@field("Label", "id")
def label_id(source: Label, _asked: Asked) -> str:
    """The global id."""
    return f"LA_{source.id:08d}"


@field("Label", "createdAt")
@field("Label", "updatedAt")
def label_date(_source: Label, _asked: Asked) -> None:
    """The fake does not remember when."""
