"""Pull requests over the API: listing, mergeable in its own time, updating, merging."""

from __future__ import annotations

from typing import Any

import pytest

from bot.testing import Emission, FakeGitHub, FakeRepository

PULLS = "/repos/acme/rocket/pulls"


@pytest.fixture
def number(fake: FakeGitHub, rocket: FakeRepository) -> int:
    """A pull request from ``work``, one commit ahead of ``main``."""
    fake.push(rocket, "work", {"w": "1"})
    return fake.open_pull_request(rocket, "work", title="Work")


def test_mergeable_takes_a_second_look(
    api: Any, fake: FakeGitHub, rocket: FakeRepository, number: int
) -> None:
    """Null at first, then known; null again when base or head have moved; false on conflict."""
    path = f"{PULLS}/{number}"
    assert (api.get(path).json["mergeable"], api.get(path).json["mergeable"]) == (None, True)
    body = api.get(path).json
    assert (body["mergeable_state"], body["commits"], body["changed_files"]) == ("clean", 1, 1)
    assert "mergeable" not in api.get(PULLS).json[0]
    fake.push(rocket, "main", {"w": "other"})
    assert api.get(path).json["mergeable"] is None
    body = api.get(path).json
    assert (body["mergeable"], body["mergeable_state"]) == (False, "dirty")
    fake.close_pull_request(rocket, number)
    assert api.get(path).json["mergeable"] is None


def test_lists(api: Any, fake: FakeGitHub, rocket: FakeRepository, number: int) -> None:
    """By state, base, head and order."""
    fake.push(rocket, "other", {"o": "1"})
    fake.set_branch(rocket, "release", rocket.head or "")
    second = fake.open_pull_request(rocket, "other", "release", draft=True)

    def found(**query: object) -> list[int]:
        return [pull["number"] for pull in api.get(PULLS, **query).json]

    assert found() == [second, number]
    assert found(base="release") == [second]
    assert found(head="acme:work") == [number]
    assert found(direction="asc") == [number, second]
    assert found(sort="updated") == [number, second]
    assert found(state="closed") == []
    fake.close_pull_request(rocket, second)
    assert found(state="closed") == [second]
    assert set(found(state="all")) == {number, second}


def test_opening(api: Any, fake: FakeGitHub, rocket: FakeRepository, number: int) -> None:
    """Between branches that differ, once; from forks by owner:branch."""
    fake.push(rocket, "new", {"n": "1"})
    made = api.post(PULLS, {"title": "New", "head": "new", "base": "main", "draft": True})
    assert (made.status, made.json["draft"], made.json["user"]["type"]) == (201, True, "Bot")
    again = api.post(PULLS, {"title": "New", "head": "acme:new", "base": "main"})
    assert again.status == 422
    assert again.json["errors"][0]["message"] == "A pull request already exists for acme:new."
    fake.set_branch(rocket, "same", rocket.head or "")
    nothing = api.post(PULLS, {"title": "x", "head": "same", "base": "main"})
    assert nothing.json["errors"][0]["message"] == "No commits between main and same"
    for change in ({"head": "none"}, {"base": "none"}, {"head": "eve:new"}, {"title": ""}):
        assert api.post(PULLS, {"title": "x", "head": "new", "base": "main"} | change).status == 422
    fake.create_user("bob")
    fork = fake.fork(rocket, "bob")
    fake.push(fork, "theirs", {"t": "1"}, actor="bob")
    theirs = api.post(PULLS, {"title": "x", "head": "bob:theirs", "base": "main"})
    assert theirs.json["head"]["repo"]["full_name"] == "bob/rocket"


def test_changing(
    api: Any, fake: FakeGitHub, rocket: FakeRepository, number: int, events: list[Emission]
) -> None:
    """Title, body, base and state, each with its event."""
    fake.push(rocket, "release", {"r": "1"})
    events.clear()
    path = f"{PULLS}/{number}"
    body = api.patch(path, {"title": "Better", "body": "Why", "base": "release", "state": "closed"}).json
    assert (body["title"], body["body"], body["base"]["ref"], body["state"]) == (
        "Better",
        "Why",
        "release",
        "closed",
    )
    assert api.patch(path, {"state": "open"}).json["state"] == "open"
    assert [e.action for e in events] == ["edited", "edited", "closed", "reopened"]
    assert api.patch(path, {"base": "none"}).status == 422
    fake.merge_pull_request(rocket, number)
    assert api.patch(path, {"state": "open"}).status == 422


def test_files_and_commits(api: Any, fake: FakeGitHub, rocket: FakeRepository, number: int) -> None:
    """Against the merge base: what the base got meanwhile does not show."""
    head = fake.push(rocket, "work", {"src/a.py": None})
    fake.push(rocket, "main", {"m": "1"})
    assert [f["filename"] for f in api.get(f"{PULLS}/{number}/files").json] == ["src/a.py", "w"]
    assert [c["sha"] for c in api.get(f"{PULLS}/{number}/commits").json][-1] == head
    assert api.get(f"{PULLS}/99").status == 404
    issue = fake.open_issue(rocket, "x")
    assert api.get(f"{PULLS}/{issue}").status == 404


def test_updating_the_branch(
    api: Any, fake: FakeGitHub, rocket: FakeRepository, number: int, events: list[Emission]
) -> None:
    """202 and a real merge; the texts of every refusal."""
    path = f"{PULLS}/{number}/update-branch"
    nothing = api.put(path, {})
    assert (nothing.status, nothing.message) == (422, "There are no new commits on the base branch.")
    fake.push(rocket, "main", {"m": "1"})
    head = rocket.branches["work"]
    wrong = api.put(path, {"expected_head_sha": "0" * 40})
    assert (wrong.status, wrong.message) == (422, "expected head sha didn't match current head ref.")
    events.clear()
    done = api.put(path, {"expected_head_sha": head})
    assert done.status == 202
    assert [f"{e.event}.{e.action}" for e in events][:2] == ["push.", "pull_request.synchronize"]
    assert rocket.git.commit(rocket.branches["work"]).parents == (head, rocket.head)
    fake.push(rocket, "main", {"w": "conflict"})
    conflict = api.put(path, {})
    assert (conflict.status, conflict.message) == (422, "merge conflict between base and head")


def test_updating_the_branch_of_a_fork(
    api: Any, fake: FakeGitHub, rocket: FakeRepository, installation: int
) -> None:
    """The head repository is not ours to write."""
    fake.create_user("bob")
    fork = fake.fork(rocket, "bob")
    fake.push(fork, "theirs", {"t": "1"}, actor="bob")
    number = fake.open_pull_request(rocket, "theirs", head_repository=fork, actor="bob")
    fake.push(rocket, "main", {"m": "1"})
    refused = api.put(f"{PULLS}/{number}/update-branch", {})
    assert (refused.status, refused.message) == (403, "Resource not accessible by integration")
    reader = api.mint(installation, permissions={"pull_requests": "write"})
    refused = api.put(f"{PULLS}/{number}/update-branch", {}, token=reader)
    assert refused.headers["X-Accepted-GitHub-Permissions"] == "pull_requests=write,contents=write"


def test_merging(api: Any, fake: FakeGitHub, rocket: FakeRepository, number: int) -> None:
    """Only open, undrafted, unmoved and without conflict."""
    path = f"{PULLS}/{number}/merge"
    assert api.get(path).status == 404
    assert api.put(path, {"merge_method": "rebase"}).status == 405
    moved = api.put(path, {"sha": "0" * 40})
    assert (moved.status, moved.message) == (409, "Head branch was modified. Review and try the merge again.")
    assert api.put(path, {"merge_method": "squash"}).json["merged"] is True
    assert api.get(path).status == 204
    again = api.put(path, {})
    assert (again.status, again.message) == (405, "Pull Request is not mergeable")
    fake.push(rocket, "left", {"w": "left"}, parents=[rocket.head or ""])
    left = fake.open_pull_request(rocket, "left", draft=True)
    assert api.put(f"{PULLS}/{left}/merge", {}).message == "Pull Request is still a draft"
    fake.push(rocket, "right", {"w": "right"}, parents=[rocket.head or ""])
    right = fake.open_pull_request(rocket, "right")
    fake.set_branch(rocket, "main", rocket.branches["left"])
    conflict = api.put(f"{PULLS}/{right}/merge", {})
    assert (conflict.status, conflict.message) == (405, "Pull Request has merge conflicts")
