"""Pull requests as REST and as GraphQL tell them."""

from __future__ import annotations

from typing import Any

import pytest

from bot.adapters.github import answers, told
from bot.json_nodes import Node
from bot.model.errors import Malformed
from bot.model.facts import PullRequest

OID, DAY = "a" * 40, "2026-01-02T03:04:05Z"


def rest(**changes: Any) -> PullRequest:
    made = {
        "number": 7,
        "state": "open",
        "title": "Mend it",
        "draft": False,
        "base": {"ref": "main", "sha": OID, "repo": {"id": 1}},
        "head": {"ref": "work", "sha": OID, "repo": {"id": 1}},
        "user": {"login": "ann", "type": "User"},
        "created_at": DAY,
        "updated_at": DAY,
    }
    return answers.pull_request({**made, **changes}, "GET /pulls/7")


def graph(**changes: Any) -> PullRequest:
    made = {
        "number": 7,
        "title": "Mend it",
        "isDraft": False,
        "isCrossRepository": False,
        "maintainerCanModify": True,
        "mergeable": "UNKNOWN",
        "reviewDecision": None,
        "author": {"login": "ann", "__typename": "User"},
        "baseRefName": "main",
        "baseRefOid": OID,
        "headRefName": "work",
        "headRefOid": OID,
        "headRepository": {"databaseId": 1},
        "createdAt": DAY,
        "updatedAt": DAY,
    }
    return told.pull_request(Node({**made, **changes}, "repository 1"))


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        pytest.param({"id": 1}, False, id="the same repository"),
        pytest.param({"id": 2}, True, id="a fork"),
        pytest.param(None, True, id="a fork that was deleted"),
    ],
)
def test_rest_tells_forks_apart(source: Any, expected: bool) -> None:
    """By ids, as names change."""
    assert rest(head={"ref": "work", "sha": OID, "repo": source}).cross_repository is expected


def test_rest_does_not_always_tell() -> None:
    """Lists lack what a single pull request has; reviews are told nowhere."""
    found = rest(base={"ref": "main", "sha": OID})

    assert found.cross_repository is None
    assert (found.maintainer_can_modify, found.review_decision) == (None, "")
    assert rest(maintainer_can_modify=False).maintainer_can_modify is False
    with pytest.raises(Malformed):
        rest(maintainer_can_modify="no")


def test_graphql_tells_all() -> None:
    """Null where no review is asked for."""
    found = graph(isCrossRepository=True, maintainerCanModify=False, reviewDecision="REVIEW_REQUIRED")

    assert (found.cross_repository, found.maintainer_can_modify) == (True, False)
    assert (found.review_decision, graph().review_decision) == ("REVIEW_REQUIRED", "")


@pytest.mark.parametrize(
    ("found", "bot"),
    [
        pytest.param(rest(), False, id="a person"),
        pytest.param(rest(user={"login": "tool[bot]", "type": "Bot"}), True, id="an App"),
        pytest.param(rest(user=None), False, id="nobody any more"),
        pytest.param(graph(), False, id="a person by GraphQL"),
        pytest.param(graph(author={"login": "tool", "__typename": "Bot"}), True, id="an App by GraphQL"),
        pytest.param(graph(author=None), False, id="nobody any more by GraphQL"),
    ],
)
def test_apps_are_told_from_people(found: PullRequest, bot: bool) -> None:
    """By what they are, not by their names."""
    assert found.bot is bot
