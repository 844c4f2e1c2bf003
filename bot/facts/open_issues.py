"""The oldest open issues, and who answered them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from bot.json_nodes import Node
from bot.model.errors import PermissionMissing
from bot.model.issues import OpenIssue, OpenIssues, Standing
from bot.ports import OwnerReader
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

MAX_PAGES = 10
"""Hundreds of members of an organisation that are looked through."""

_MEMBERS_PAGE = "{ pageInfo { hasNextPage endCursor } nodes { login } }"
_MEMBERS = ("OWNER", "MEMBER", "COLLABORATOR")
_OUTSIDE = (Standing.CONTRIBUTOR, Standing.OTHER)


@fact(
    "open_issues",
    permission="issues: read",
    cost="one connection of the scan, and one for each of the oldest 30 issues; where people from outside "
    "wrote, a document for each hundred members of the organisation, once for all its repositories",
    graph={"issues": OLDEST_ISSUES},
)
def open_issues(answer: Node, owner: OwnerReader) -> OpenIssues:
    """The 30 oldest open issues with who wrote their first comments.

    To an App, GitHub shows members who hide their membership as contributors or as strangers, so the
    members are asked for where that is granted.
    """
    issues = answer["issues"]
    found = tuple(_issue(node) for node in issues.nodes())
    strangers = {w.login for i in found for w in (i.author, *i.replies) if w.standing in _OUTSIDE}
    members = _members(owner) if strangers else frozenset()
    return OpenIssues(tuple(i.told(members) for i in found), issues.total())


@dataclass(frozen=True, slots=True)
class _Writer:
    login: str
    standing: Standing

    def among(self, members: frozenset[str]) -> Standing:
        known = self.standing in _OUTSIDE and self.login.lower() in members
        return Standing.MEMBER if known else self.standing


@dataclass(frozen=True, slots=True)
class _Issue:
    number: int
    created_at: datetime
    author: _Writer
    milestone: bool
    replies: tuple[_Writer, ...]
    more_replies: bool

    def told(self, members: frozenset[str]) -> OpenIssue:
        return OpenIssue(
            self.number,
            self.created_at,
            self.author.among(members),
            self.milestone,
            tuple(writer.among(members) for writer in self.replies),
            self.more_replies,
        )


def _issue(node: Node) -> _Issue:
    author, comments = _writer(node), node["comments"]
    by: dict[str, _Writer] = {}
    for comment in comments.nodes():
        writer = _writer(comment)
        # A comment of somebody who was deleted since tells nothing of who it was.
        if writer.login and writer.login != author.login:
            by.setdefault(writer.login, writer)
    return _Issue(
        node["number"].number(),
        node["createdAt"].moment(),
        author,
        milestone=node.optional("milestone") is not None,
        replies=tuple(by.values()),
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


def _members(owner: OwnerReader) -> frozenset[str]:
    """Logins in lower case; nobody where GitHub does not tell, or a person owns the repository."""
    found: set[str] = set()
    after = ""
    try:
        for _ in range(MAX_PAGES):
            page = Selection(f"membersWithRole(first: 100{after}) {_MEMBERS_PAGE}")
            told = owner.graph({"members": page}, "members: read")["members"]
            found |= {person["login"].text().lower() for person in told.nodes()}
            if not told["pageInfo"]["hasNextPage"].flag():
                break
            after = f", after: {json.dumps(told['pageInfo']['endCursor'].text())}"
    except PermissionMissing:
        # What GitHub says beside each comment has to do.
        return frozenset()
    return frozenset(found)
