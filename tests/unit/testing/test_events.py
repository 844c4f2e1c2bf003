"""Every act of a person causes the events that it causes on GitHub, in shapes GitHub publishes."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest

from bot.simulator.schemas import Validator
from bot.testing import Emission, FakeGitHub, FakeRepository, Request


def names(events: list[Emission]) -> list[str]:
    return [f"{e.event}.{e.action}".rstrip(".") for e in events]


def test_a_push_to_a_branch(
    fake: FakeGitHub, rocket: FakeRepository, installation: int, events: list[Emission]
) -> None:
    """Push and check_suite.requested, with the installation and what each commit touched."""
    before = rocket.head
    sha = fake.push(
        rocket, "main", {"src/a.py": "a = 2\n", "new.txt": "x", "README.md": None}, message="Work"
    )

    assert names(events) == ["push", "check_suite.requested"]
    push = events[0].payload
    assert (push["before"], push["after"], push["ref"]) == (before, sha, "refs/heads/main")
    assert push["installation"] == {"id": installation, "node_id": f"IN_{installation:08d}"}
    [commit] = push["commits"]
    assert (commit["added"], commit["removed"], commit["modified"]) == (
        ["new.txt"],
        ["README.md"],
        ["src/a.py"],
    )
    assert events[1].payload["check_suite"]["head_branch"] == "main"
    assert events[0].repository_id == rocket.id
    assert events[0].installation_id == installation


def test_a_new_branch_at_a_known_commit_asks_for_no_second_suite(
    fake: FakeGitHub, rocket: FakeRepository, installation: int, events: list[Emission]
) -> None:
    """check_suite.requested comes once for each commit."""
    fake.push(rocket, "main", {"a": "1"})
    events.clear()
    fake.set_branch(rocket, "same", rocket.head or "")
    assert names(events) == ["create", "push"]
    assert events[1].payload["commits"] == []
    fake.delete_branch(rocket, "same")
    assert names(events)[2:] == ["delete", "push"]
    assert events[3].payload["deleted"] is True


def test_a_forced_push_says_so(
    fake: FakeGitHub, rocket: FakeRepository, installation: int, events: list[Emission]
) -> None:
    """A rewrite needs force, and is announced as one."""
    first = rocket.head or ""
    fake.push(rocket, "main", {"a": "1"})
    with pytest.raises(ValueError, match="force=True"):
        fake.push(rocket, "main", {"b": "1"}, parents=[first])
    fake.push(rocket, "main", {"b": "1"}, parents=[first], force=True)
    assert [e.payload["forced"] for e in events if e.event == "push"] == [False, True]


def test_a_pull_request_from_opening_to_merging(
    fake: FakeGitHub, rocket: FakeRepository, installation: int, events: list[Emission]
) -> None:
    """Opened, synchronize on every push to its branch, edited, closed, reopened, merged."""
    fake.push(rocket, "work", {"b.txt": "1"})
    number = fake.open_pull_request(rocket, "work", title="Work", body="Please")
    events.clear()
    head = fake.push(rocket, "work", {"b.txt": "2"})
    assert names(events) == ["push", "pull_request.synchronize", "check_suite.requested"]
    assert events[1].payload["after"] == head
    assert events[1].payload["number"] == number
    assert rocket.git.refs()[f"refs/pull/{number}/head"] == head
    fake.set_branch(rocket, "release", rocket.head or "")
    events.clear()
    fake.retarget_pull_request(rocket, number, "release")
    fake.retarget_pull_request(rocket, number, "main")
    fake.close_pull_request(rocket, number)
    fake.reopen_pull_request(rocket, number)
    assert [e.action for e in events] == ["edited", "edited", "closed", "reopened"]
    assert events[0].payload["changes"]["base"]["ref"] == {"from": "main"}
    events.clear()
    sha = fake.merge_pull_request(rocket, number)
    assert names(events) == ["push", "check_suite.requested", "pull_request.closed"]
    assert events[2].payload["pull_request"]["merged"] is True
    assert events[2].payload["pull_request"]["merge_commit_sha"] == sha == rocket.head


def test_a_squashed_pull_request(
    fake: FakeGitHub, rocket: FakeRepository, installation: int, events: list[Emission]
) -> None:
    """One commit with one parent, and one closed event."""
    fake.push(rocket, "work", {"b.txt": "1"})
    number = fake.open_pull_request(rocket, "work", title="Work")
    events.clear()
    sha = fake.merge_pull_request(rocket, number, squash=True)
    assert names(events).count("pull_request.closed") == 1
    assert len(rocket.git.commit(sha).parents) == 1
    assert rocket.git.commit(sha).message == f"Work (#{number})"


def test_pushing_the_head_into_the_base_merges(
    fake: FakeGitHub, rocket: FakeRepository, installation: int, events: list[Emission]
) -> None:
    """Somebody merges on the command line: the pull request is merged by that."""
    sha = fake.push(rocket, "work", {"b.txt": "1"})
    fake.open_pull_request(rocket, "work")
    fake.set_branch(rocket, "main", sha)
    assert events[-1].payload["pull_request"]["merged"] is True


def test_deleting_the_head_closes(
    fake: FakeGitHub, rocket: FakeRepository, installation: int, events: list[Emission]
) -> None:
    """A pull request without a branch is closed, not merged."""
    fake.push(rocket, "work", {"b.txt": "1"})
    fake.open_pull_request(rocket, "work")
    fake.delete_branch(rocket, "work")
    assert events[-1].action == "closed"
    assert events[-1].payload["pull_request"]["merged"] is False


def test_a_pull_request_of_a_fork(
    fake: FakeGitHub, rocket: FakeRepository, installation: int, events: list[Emission]
) -> None:
    """Pushes to a fork give no push and no suite, only the pull request moves."""
    fake.create_user("mallory")
    fork = fake.fork(rocket, "mallory")
    fake.push(fork, "evil", {"x": "1"}, actor="mallory")
    number = fake.open_pull_request(rocket, "evil", head_repository=fork, actor="mallory")
    events.clear()
    head = fake.push(fork, "evil", {"x": "2"}, actor="mallory")
    assert names(events) == ["pull_request.synchronize"]
    pull = events[0].payload["pull_request"]
    assert pull["head"]["repo"]["full_name"] == "mallory/rocket"
    assert pull["head"]["sha"] == head
    fake.merge_pull_request(rocket, number)
    assert rocket.git.entry(rocket.git.commit(rocket.head or "").tree, "x") is not None


def test_the_merge_queue(
    fake: FakeGitHub, rocket: FakeRepository, installation: int, events: list[Emission]
) -> None:
    """A queued pull request asks for checks on a temporary merge commit."""
    fake.push(rocket, "work", {"b.txt": "1"})
    number = fake.open_pull_request(rocket, "work")
    events.clear()
    sha = fake.add_to_merge_queue(rocket, number)
    assert names(events) == ["create", "push", "check_suite.requested", "merge_group.checks_requested"]
    group = events[-1].payload["merge_group"]
    assert group["head_sha"] == sha
    assert group["head_ref"].startswith("refs/heads/gh-readonly-queue/main/pr-")


def test_issues_and_comments(
    fake: FakeGitHub, rocket: FakeRepository, installation: int, events: list[Emission]
) -> None:
    """Everything people do to issues, with what it was before."""
    fake.create_user("alice")
    number = fake.open_issue(rocket, "Broken", body="- [ ] fix", labels=["bug"], actor="alice")
    assert names(events) == ["label.created", "issues.opened", "issues.labeled"]
    events.clear()
    comment = fake.comment(rocket, number, "/plumbline rerun", actor="alice")
    fake.change_comment(rocket, comment, "/plumbline help")
    fake.delete_comment(rocket, comment)
    fake.change_issue(rocket, number, title="Fixed", body="- [x] fix")
    fake.close_issue(rocket, number, "alice", "not_planned")
    fake.close_issue(rocket, number, "alice", "completed")
    fake.reopen_issue(rocket, number)
    fake.delete_issue(rocket, number)
    assert names(events) == [
        "issue_comment.created",
        "issue_comment.edited",
        "issue_comment.deleted",
        "issues.edited",
        "issues.closed",
        "issues.reopened",
        "issues.deleted",
    ]
    assert events[0].payload["comment"]["user"]["login"] == "alice"
    assert events[0].payload["sender"]["type"] == "User"
    assert events[3].payload["changes"] == {"title": {"from": "Broken"}, "body": {"from": "- [ ] fix"}}
    assert events[4].payload["issue"]["state_reason"] == "not_planned"


def test_life_of_a_repository(
    fake: FakeGitHub, rocket: FakeRepository, installation: int, events: list[Emission]
) -> None:
    """Renamed, archived, privatised, given away, deleted: each tells what was before."""
    fake.create_user("alice")
    fake.rename(rocket, "shuttle")
    fake.archive(rocket)
    fake.unarchive(rocket)
    fake.privatize(rocket)
    fake.publicize(rocket)
    fake.push(rocket, "next", {"a": "1"})
    fake.set_default_branch(rocket, "next")
    with pytest.raises(LookupError, match="no branch"):
        fake.set_default_branch(rocket, "absent")
    repository_events = [e for e in events if e.event == "repository"]
    assert [e.action for e in repository_events] == [
        "renamed",
        "archived",
        "unarchived",
        "privatized",
        "publicized",
        "edited",
    ]
    assert repository_events[0].payload["changes"] == {"repository": {"name": {"from": "rocket"}}}
    events.clear()
    fake.transfer(rocket, "alice")
    assert names(events) == ["installation_repositories.removed"]
    fake.create_organisation("other")
    other = fake.install("other")
    events.clear()
    fake.transfer(rocket, "other")
    assert names(events) == ["installation_repositories.added", "repository.transferred"]
    assert events[1].payload["changes"]["owner"]["from"]["user"]["login"] == "alice"
    assert events[1].installation_id == other
    events.clear()
    fake.delete(rocket)
    assert names(events) == ["repository.deleted", "installation_repositories.removed"]


def test_a_new_repository_of_an_installation_for_all(
    fake: FakeGitHub, installation: int, events: list[Emission]
) -> None:
    """It is announced twice, as on GitHub."""
    fake.create_repository("acme", "new")
    assert names(events) == ["repository.created", "installation_repositories.added"]


def test_life_of_an_installation(fake: FakeGitHub, rocket: FakeRepository, events: list[Emission]) -> None:
    """These events come whatever the App has subscribed to."""
    installation = fake.install("acme", repositories=["rocket"])
    fake.create_repository("acme", "second")
    fake.select_repositories(installation, ["second"])
    fake.select_repositories(installation, "all")
    fake.set_permissions(installation, {"checks": "read"})
    fake.suspend(installation)
    fake.push(rocket, "main", {"a": "1"})
    fake.unsuspend(installation)
    fake.uninstall(installation)
    assert names(events) == [
        "installation.created",
        "installation_repositories.added",
        "installation_repositories.removed",
        "installation_repositories.added",
        "installation.new_permissions_accepted",
        "installation.suspend",
        "installation.unsuspend",
        "installation.deleted",
    ]
    assert events[0].payload["repositories"][0]["full_name"] == "acme/rocket"
    fake.install("acme")
    with pytest.raises(ValueError, match="installed"):
        fake.install("acme")


def test_events_need_their_permission(
    fake: FakeGitHub, rocket: FakeRepository, installation: int, events: list[Emission]
) -> None:
    """Without contents no push; with checks: read nothing that asks us to write."""
    fake.set_permissions(installation, {"checks": "read", "issues": "read"})
    events.clear()
    fake.push(rocket, "main", {"a": "1"})
    assert names(events) == []
    fake.open_issue(rocket, "Heard")
    assert names(events) == ["issues.opened"]


def test_ping(fake: FakeGitHub, events: list[Emission]) -> None:
    """A ping has neither repository nor installation."""
    fake.ping()
    assert names(events) == ["ping"]
    assert "repository" not in events[0].payload
    assert events[0].installation_id is None


def test_guids_are_repeatable(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Two fakes of one seed give the same GUIDs, one of another seed does not."""

    def first_guid(seed: int) -> str:
        fake = FakeGitHub(tmp_path_factory.mktemp("root"), seed=seed)
        seen: list[Emission] = []
        fake.listeners.append(seen.append)
        fake.ping()
        return seen[0].guid

    assert first_guid(1) == first_guid(1) != first_guid(2)


def test_listeners_run_outside_the_lock(fake: FakeGitHub, rocket: FakeRepository, installation: int) -> None:
    """A listener may wait for another thread that uses the fake: nothing deadlocks."""
    statuses: list[int] = []

    def listen(_: Emission) -> None:
        def ask() -> None:
            request = Request("GET", "/repos/acme/rocket", headers={"user-agent": "t"})
            statuses.append(fake.handle(request).status)

        worker = threading.Thread(target=ask)
        worker.start()
        worker.join(10)
        assert not worker.is_alive()

    fake.listeners.append(listen)
    fake.open_issue(rocket, "Hello")
    assert statuses == [200]


def test_unknown_things_are_named(fake: FakeGitHub, rocket: FakeRepository) -> None:
    """The driver says what is missing and what to do."""
    with pytest.raises(LookupError, match="create_user"):
        fake.open_issue(rocket, "x", actor="nobody")
    with pytest.raises(LookupError, match="no repository 'acme/none'"):
        fake.archive("acme/none")
    with pytest.raises(LookupError, match="no number 9"):
        fake.comment(rocket, 9, "x")
    with pytest.raises(LookupError, match="no branch 'work'"):
        fake.open_pull_request(rocket, "work")
    number = fake.open_issue(rocket, "x")
    with pytest.raises(LookupError, match="no pull request"):
        fake.merge_pull_request(rocket, number)
    with pytest.raises(ValueError, match="account 'acme' already"):
        fake.create_user("acme")
    with pytest.raises(ValueError, match="repository 'acme/rocket' already"):
        fake.create_repository("acme", "rocket")
    with pytest.raises(LookupError, match="no check suite"):
        fake.rerequest_check_suite("0" * 40)
    with pytest.raises(LookupError, match="no check run 5"):
        fake.press_button(5, "x")


def test_payloads_have_the_keys_of_recorded_ones(
    fake: FakeGitHub,
    rocket: FakeRepository,
    installation: int,
    events: list[Emission],
    schemas: Validator,
) -> None:
    """Each of our payloads has every top-level key that all recorded payloads of its kind have."""
    recorded = _recorded(schemas)
    fake.push(rocket, "work", {"b": "1"})
    number = fake.open_pull_request(rocket, "work")
    fake.push(rocket, "work", {"b": "2"})
    fake.comment(rocket, number, "hello")
    fake.open_issue(rocket, "Broken", labels=["bug"])
    fake.add_to_merge_queue(rocket, number)
    fake.merge_pull_request(rocket, number)
    fake.delete_branch(rocket, "work")
    fake.rename(rocket, "shuttle")
    fake.uninstall(installation)
    fake.ping()
    compared = 0
    for event in events:
        examples = [e for e in recorded.get(event.event, ()) if e.get("action", "") == event.action]
        if examples:
            common = set.intersection(*(set(example) for example in examples))
            # Recorded at the hooks of repositories; the ping of an App's hook has neither of these.
            common -= {"repository", "sender"} if event.event == "ping" else set()
            assert common <= set(event.payload), f"{event.event}.{event.action}"
            compared += 1
    assert compared >= 15


def _recorded(validator: Validator) -> dict[str, list[dict[str, Any]]]:
    path = validator._packages / "@octokit/webhooks-examples/api.github.com/index.json"
    if not path.is_file():
        pytest.skip("the recorded payloads are not here")
    return {entry["name"]: entry["examples"] for entry in json.loads(path.read_text(encoding="utf-8"))}
