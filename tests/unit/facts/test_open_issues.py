"""Open issues as GraphQL tells them."""

from datetime import UTC, datetime

import pytest

from bot.facts.open_issues import open_issues
from bot.json_nodes import Node, Refused
from bot.model.errors import Malformed, PermissionMissing
from bot.model.issues import OpenIssue, OpenIssues, Standing
from tests.unit.facts.conftest import MemoryOwner


def by(login: str | None, association: str = "NONE", kind: str = "User") -> dict[str, object]:
    author = {"login": login, "__typename": kind} if login else None
    return {"authorAssociation": association, "author": author}


def issue(number: int, author: dict[str, object], *comments: dict[str, object], **changes: object) -> object:
    return {
        "number": number,
        "createdAt": "2026-01-02T03:04:05Z",
        "milestone": None,
        "comments": {"totalCount": len(comments), "nodes": list(comments)},
        **author,
        **changes,
    }


def found(*issues: object, total: int | None = None, owner: MemoryOwner | None = None) -> OpenIssues:
    told = {"totalCount": len(issues) if total is None else total, "nodes": list(issues)}
    return open_issues(Node({"issues": told}, "repository 1", "issues: read"), owner or Refusing())


def test_tells_who_opened_and_who_answered():
    """Each person once, the author and the deleted left out."""
    told = found(
        issue(
            7,
            by("ann"),
            by("ann"),
            by("acme-bot", "NONE", "Bot"),
            by(None, "MEMBER"),
            by("bob", "CONTRIBUTOR"),
            by("bob", "CONTRIBUTOR"),
            by("eve", "COLLABORATOR"),
        )
    )

    assert told == OpenIssues(
        (
            OpenIssue(
                7,
                datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
                Standing.OTHER,
                replies=(Standing.BOT, Standing.CONTRIBUTOR, Standing.MEMBER),
            ),
        ),
        1,
    )
    assert not told.more


@pytest.mark.parametrize(
    ("author", "standing"),
    [
        (by("ann", "OWNER"), Standing.MEMBER),
        (by("ann", "MEMBER"), Standing.MEMBER),
        (by("ann", "FIRST_TIMER"), Standing.OTHER),
        (by("robot", "MEMBER", "Bot"), Standing.BOT),
        (by(None), Standing.OTHER),
    ],
)
def test_tells_how_the_author_stands(author, standing):
    """A bot is a bot, whatever else it is."""
    assert found(issue(1, author)).oldest[0].standing is standing


def test_tells_what_was_not_looked_at():
    """More comments, more issues, and those in a milestone."""
    told = found(
        issue(1, by("ann"), comments={"totalCount": 9, "nodes": [by("bob")]}, milestone={"number": 2}),
        total=40,
    )

    assert told.more
    assert (told.oldest[0].more_replies, told.oldest[0].milestone) == (True, True)


def test_what_is_refused_is_unknown():
    """Neither an empty list nor an answer cut short is taken for one."""
    with pytest.raises(PermissionMissing, match="no"):
        open_issues(
            Node({"issues": Refused("no", permission=True)}, "repository 1", "issues: read"), Refusing()
        )
    with pytest.raises(Malformed):
        open_issues(Node({"issues": {"totalCount": 1}}, "repository 1"), Refusing())


def members(*logins: str, more: str = "") -> Node:
    page = {"pageInfo": {"hasNextPage": bool(more), "endCursor": more or None}}
    return Node({"members": {**page, "nodes": [{"login": login} for login in logins]}}, "organisation acme")


class Paged(MemoryOwner):
    """Members on two pages."""

    def graph(self, selections, permission=None):
        (asked,) = selections.values()
        return members("robot") if 'after: "c"' in asked.text else members("Ann", "bob", more="c")


class Refusing(MemoryOwner):
    """Tells no members."""

    error: Exception = PermissionMissing("no")

    def graph(self, selections, permission=None):
        raise self.error


def test_members_who_hide_are_known_by_the_list_of_members():
    """Whoever opened the issue, or answered it; a bot stays a bot."""
    told = found(
        issue(1, by("ann"), by("eve")),
        issue(2, by("eve"), by("bob", "CONTRIBUTOR"), by("robot", "NONE", "Bot")),
        issue(3, by("robot")),
        owner=Paged(),
    )

    assert [i.standing for i in told.oldest] == [Standing.MEMBER, Standing.OTHER, Standing.MEMBER]
    assert [i.replies for i in told.oldest[:2]] == [(Standing.OTHER,), (Standing.MEMBER, Standing.BOT)]


def test_without_members_the_association_has_to_do():
    """Not granted, or there are none."""
    told = found(issue(1, by("ann", "CONTRIBUTOR")), owner=Refusing())

    assert told.oldest[0].standing is Standing.CONTRIBUTOR


def test_members_are_asked_for_where_it_matters():
    """Not for an issue of a member, or of a bot."""
    fault = Refusing()
    fault.error = Malformed("no")

    assert found(issue(1, by("ann", "OWNER"), by("robot", "NONE", "Bot")), owner=fault).total == 1
    with pytest.raises(Malformed):
        found(issue(1, by("ann")), owner=fault)
