"""The oldest open issues, and who answered them."""

from __future__ import annotations

from dataclasses import dataclass

from bot.json_nodes import Node
from bot.model.issues import OpenIssue, OpenIssues, Standing
from bot.selections import Selection
from bot.spec import fact

LOOKED_AT = 5
"""Comments of an issue that are read: how many costs nothing, that they are read costs a request an issue."""

OLDEST_ISSUES = Selection(
    "issues(states: OPEN, first: $issues, orderBy: {field: CREATED_AT, direction: ASC}) "
    "{ totalCount nodes { number createdAt authorAssociation author { login __typename } "
    f"milestone {{ number }} comments(first: {LOOKED_AT}) "
    "{ totalCount nodes { authorAssociation author { login __typename } } } "
    "} }"
)

_MEMBERS = ("OWNER", "MEMBER", "COLLABORATOR")


@fact(
    "open_issues",
    permission="issues: read",
    cost="one connection of the scan, and one for each of the oldest 30 issues",
    graph={"issues": OLDEST_ISSUES},
)
def open_issues(answer: Node) -> OpenIssues:
    """The 30 oldest open issues with who wrote their first comments.

    GitHub says beside each how who wrote it stands to the repository. Of members who hide their
    membership it may say less to an App: that they contributed, or nothing.
    """
    issues = answer["issues"]
    return OpenIssues(tuple(_issue(node) for node in issues.nodes()), issues.total())


@dataclass(frozen=True, slots=True)
class _Writer:
    login: str
    standing: Standing


def _issue(node: Node) -> OpenIssue:
    author, comments = _writer(node), node["comments"]
    by: dict[str, _Writer] = {}
    for comment in comments.nodes():
        writer = _writer(comment)
        # A comment of somebody who was deleted since tells nothing of who it was.
        if writer.login and writer.login != author.login:
            by.setdefault(writer.login, writer)
    return OpenIssue(
        node["number"].number(),
        node["createdAt"].moment(),
        author.standing,
        milestone=node.optional("milestone") is not None,
        replies=tuple(writer.standing for writer in by.values()),
        more_replies=comments.more,
    )


def _writer(node: Node) -> _Writer:
    author = node.optional("author")
    if author is None:
        return _Writer("", Standing.OTHER)
    if author["__typename"].text() == "Bot":
        return _Writer(author["login"].text(), Standing.BOT)
    said = node["authorAssociation"].text()
    standing = Standing.CONTRIBUTOR if said == "CONTRIBUTOR" else Standing.OTHER
    return _Writer(author["login"].text(), Standing.MEMBER if said in _MEMBERS else standing)
