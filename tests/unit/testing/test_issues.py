"""Issues, comments, labels, reactions over the API."""

from __future__ import annotations

from typing import Any

import pytest

from bot.testing import Emission, FakeGitHub, FakeRepository, ManualClock

ISSUES = "/repos/acme/rocket/issues"


def test_an_issue_by_the_app(api: Any, rocket: FakeRepository, events: list[Emission]) -> None:
    """Its author is the bot; closing and reopening keep the reason."""
    made = api.post(ISSUES, {"title": "Health", "body": "Body", "labels": ["health", {"name": "bot"}]})
    assert made.status == 201
    assert made.json["user"]["login"] == "plumbline[bot]"
    assert made.json["user"]["type"] == "Bot"
    assert made.json["performed_via_github_app"]["slug"] == "plumbline"
    assert [label["name"] for label in made.json["labels"]] == ["health", "bot"]
    path = f"{ISSUES}/{made.json['number']}"
    assert api.patch(path, {"state_reason": "not_planned"}).json["state_reason"] is None
    closed = api.patch(path, {"state": "closed", "state_reason": "not_planned", "title": "New"}).json
    assert (closed["state"], closed["state_reason"], closed["title"]) == ("closed", "not_planned", "New")
    assert closed["closed_by"]["login"] == "plumbline[bot]"
    opened = api.patch(path, {"state": "open", "labels": ["health"]}).json
    assert (opened["state"], opened["state_reason"], opened["closed_at"]) == ("open", "reopened", None)
    assert [label["name"] for label in opened["labels"]] == ["health"]
    assert api.patch(path, {"labels": None}).json["labels"] == []
    assert "issues.unlabeled" in [f"{e.event}.{e.action}" for e in events]


@pytest.mark.parametrize(
    ("body", "status", "text"),
    [
        ({}, 422, '"title" wasn\'t supplied.'),
        ({"title": None}, 422, "Validation Failed"),
        ({"title": " "}, 422, "Validation Failed"),
        ({"title": "x" * 257}, 422, "title is too long (maximum is 256 characters)"),
        ({"title": "x", "body": "x" * 65_537}, 422, "body is too long (maximum is 65536 characters)"),
        ({"title": "x", "body": 5}, 422, "is not a string"),
        ({"title": "x", "labels": "bug"}, 422, "is not an array"),
        ({"title": "x", "labels": [5]}, 422, "is not a string"),
    ],
)
def test_what_is_refused(api: Any, body: dict[str, object], status: int, text: str) -> None:
    """422, and the text says which field."""
    reply = api.post(ISSUES, body)
    assert reply.status == status
    assert text in reply.raw.decode().replace('\\"', '"')


def test_the_limit_itself_is_allowed(api: Any) -> None:
    """65,536 characters fit, one more does not, in issues and in comments."""
    number = api.post(ISSUES, {"title": "x" * 256, "body": "ä" * 65_536}).json["number"]
    assert api.post(f"{ISSUES}/{number}/comments", {"body": "x" * 65_536}).status == 201
    assert api.post(f"{ISSUES}/{number}/comments", {"body": "x" * 65_537}).status == 422
    assert api.patch(f"{ISSUES}/{number}", {"body": "x" * 65_537}).status == 422
    assert api.patch(f"{ISSUES}/{number}", {"state": "gone"}).status == 422
    assert api.patch(f"{ISSUES}/{number}", {"state": "closed", "state_reason": "why"}).status == 422


def test_lists(api: Any, fake: FakeGitHub, rocket: FakeRepository, clock: ManualClock) -> None:
    """Filters by state, all labels, creator, time; pull requests are issues too."""
    fake.create_user("alice")
    theirs = fake.open_issue(rocket, "Theirs", labels=["bug", "ui"], actor="alice")
    clock.advance(10)
    mine = api.post(ISSUES, {"title": "Mine", "labels": ["bug"]}).json["number"]
    fake.push(rocket, "work", {"x": "1"})
    pull = fake.open_pull_request(rocket, "work")
    fake.close_issue(rocket, theirs)

    def found(**query: object) -> list[int]:
        return [issue["number"] for issue in api.get(ISSUES, **query).json]

    assert found() == [pull, mine]
    assert "pull_request" in api.get(ISSUES).json[0]
    assert found(state="all", direction="asc") == [theirs, mine, pull]
    assert found(state="closed") == [theirs]
    assert found(state="all", labels="bug") == [mine, theirs]
    assert found(state="all", labels="BUG,ui") == [theirs]
    assert found(state="all", labels="bug", creator="plumbline[bot]") == [mine]
    assert found(state="all", since="2026-01-01T12:00:11Z") == []
    assert found(assignee="alice") == []
    fake.comment(rocket, mine, "hello")
    assert found(sort="comments")[0] == mine
    assert found(sort="updated", state="all")[0] == pull
    assert api.get(ISSUES, state="some").status == 422
    assert api.get(ISSUES, since="once").status == 422


def test_disabled_and_deleted(api: Any, fake: FakeGitHub, rocket: FakeRepository) -> None:
    """410 for both."""
    number = fake.open_issue(rocket, "x")
    other = fake.open_issue(rocket, "y")
    fake.delete_issue(rocket, number)
    assert api.get(f"{ISSUES}/{number}").status == 410
    assert [issue["number"] for issue in api.get(ISSUES).json] == [other]
    fake.set_issues_enabled(rocket, enabled=False)
    reply = api.post(ISSUES, {"title": "x"})
    assert (reply.status, reply.message) == (410, "Issues are disabled for this repo")
    assert api.patch(f"{ISSUES}/{other}", {"title": "z"}).status == 410
    assert api.get(ISSUES).json == []


def test_closing_a_pull_request_as_an_issue(
    api: Any, fake: FakeGitHub, rocket: FakeRepository, events: list[Emission]
) -> None:
    """It is closed as a pull request, without an `issues` event."""
    fake.push(rocket, "work", {"x": "1"})
    number = fake.open_pull_request(rocket, "work")
    events.clear()
    assert api.patch(f"{ISSUES}/{number}", {"state": "closed"}).json["state"] == "closed"
    assert [f"{e.event}.{e.action}" for e in events] == ["pull_request.closed"]


def test_comments(api: Any, fake: FakeGitHub, rocket: FakeRepository) -> None:
    """Made, listed, changed, deleted; blank ones are refused."""
    number = fake.open_issue(rocket, "x")
    made = api.post(f"{ISSUES}/{number}/comments", {"body": "hello"})
    assert made.status == 201
    path = f"{ISSUES}/comments/{made.json['id']}"
    assert api.patch(path, {"body": "bye"}).json["body"] == "bye"
    assert api.get(path).json["body"] == "bye"
    assert [c["body"] for c in api.get(f"{ISSUES}/{number}/comments").json] == ["bye"]
    assert api.post(f"{ISSUES}/{number}/comments", {"body": " "}).status == 422
    assert api.post(f"{ISSUES}/{number}/comments", {}).status == 422
    assert api.delete(path).status == 204
    assert api.get(path).status == 404
    assert api.get(f"{ISSUES}/{number}").json["comments"] == 0


def test_reactions(api: Any, fake: FakeGitHub, rocket: FakeRepository) -> None:
    """201 when new, 200 when there; on comments and on issues."""
    number = fake.open_issue(rocket, "x")
    comment = fake.comment(rocket, number, "/plumbline help")
    for path in (f"{ISSUES}/{number}/reactions", f"{ISSUES}/comments/{comment}/reactions"):
        assert [api.post(path, {"content": "eyes"}).status for _ in range(2)] == [201, 200]
        assert api.post(path, {"content": "rocket"}).status == 201
        assert api.post(path, {"content": "tomato"}).status == 422
        assert [r["content"] for r in api.get(path).json] == ["eyes", "rocket"]
    assert api.get(f"{ISSUES}/{number}").json["reactions"]["eyes"] == 1


def test_labels(api: Any, fake: FakeGitHub, rocket: FakeRepository) -> None:
    """Made once, found in any case, with their limits."""
    labels = "/repos/acme/rocket/labels"
    made = api.post(labels, {"name": "Health: A/B", "color": "AA00ff", "description": "d"})
    assert (made.status, made.json["color"]) == (201, "aa00ff")
    again = api.post(labels, {"name": "health: a/b"})
    assert again.status == 422
    assert again.json["errors"] == [{"resource": "Label", "code": "already_exists", "field": "name"}]
    assert api.get(f"{labels}/health%3A%20a%2Fb").json["name"] == "Health: A/B"
    for body in (
        {},
        {"name": ""},
        {"name": "x" * 51},
        {"name": "x", "color": "red"},
        {"name": "x", "description": "x" * 101},
    ):
        assert api.post(labels, body).status == 422
    assert api.post(labels, {"name": "x" * 50, "description": "x" * 100}).status == 201
    changed = api.patch(
        f"{labels}/health%3A%20a%2Fb", {"new_name": "health", "color": "00ff00", "description": None}
    )
    assert (changed.json["name"], changed.json["description"]) == ("health", None)
    assert api.patch(f"{labels}/health", {"new_name": "x" * 50}).status == 422
    assert [label["name"] for label in api.get(labels).json] == ["health", "x" * 50]
    number = fake.open_issue(rocket, "x", labels=["health"])
    path = f"{ISSUES}/{number}/labels"
    assert [label["name"] for label in api.post(path, {"labels": ["new"]}).json] == ["health", "new"]
    assert [label["name"] for label in api.get(path).json] == ["health", "new"]
    assert api.delete(f"{path}/absent").status == 404
    assert [label["name"] for label in api.delete(f"{path}/new").json] == ["health"]
    assert api.delete(f"{labels}/health").status == 204
    assert api.get(f"{labels}/health").status == 404
    assert api.get(path).json == []
    assert [label["name"] for label in api.put(path, {"labels": ["a", "b"]}).json] == ["a", "b"]


@pytest.mark.parametrize(
    ("login", "role", "permission"),
    [
        ("octocat", "admin", "admin"),
        ("maintainer", "maintain", "write"),
        ("triager", "triage", "read"),
        ("writer", "write", "write"),
    ],
)
def test_what_somebody_may_do(api: Any, fake: FakeGitHub, login: str, role: str, permission: str) -> None:
    """The exact role, and the permission it stands for."""
    if login != "octocat":
        fake.create_user(login)
        fake.set_collaborator("acme/secret", login, role)
    body = api.get(f"/repos/acme/secret/collaborators/{login}/permission").json
    assert (body["permission"], body["role_name"], body["user"]["login"]) == (permission, role, login)


def test_what_a_stranger_may_do(api: Any, fake: FakeGitHub, installation: int) -> None:
    """Nothing in a private repository, reading in a public one; unknown logins are 404."""
    fake.create_user("eve")
    assert api.get("/repos/acme/secret/collaborators/eve/permission").status == 404
    assert api.get("/repos/acme/rocket/collaborators/eve/permission").json["permission"] == "read"
    assert api.get("/repos/acme/rocket/collaborators/nobody/permission").message == "nobody is not a user"
    fake.set_collaborator("acme/secret", "eve", "read")
    fake.set_collaborator("acme/secret", "eve", "")
    assert api.get("/repos/acme/secret/collaborators/eve/permission").status == 404
    outside = api.mint(installation, repositories=["secret"])
    assert api.get("/repos/acme/rocket/collaborators/eve/permission", token=outside).status == 403
