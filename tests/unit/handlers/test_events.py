"""Events in, work out."""

from __future__ import annotations

from typing import Any

import pytest

from bot.model.events import Event, Lane
from bot.registry import load
from jobs.run_command import RunCommand

REGISTRY = load(plugins=False)
SHA = "a" * 40
OTHER = "b" * 40
IDS: dict[str, Any] = {"installation": {"id": 1}, "repository": {"id": 42, "default_branch": "main"}}


def keys(name: str, action: str = "", **payload: Any) -> list[str]:
    """The keys of the work that an event asks for."""
    event = Event(name, action, "7:guid", {**IDS, "action": action, **payload})
    return [
        REGISTRY.work(item).key
        for handler in REGISTRY.handlers_for(event)
        for item in handler.function(event)
    ]


@pytest.mark.parametrize(
    ("name", "action", "payload", "expected"),
    [
        pytest.param("push", "", {"ref": "refs/heads/main"}, ["scan:42"], id="default branch"),
        pytest.param("push", "", {"ref": "refs/heads/topic"}, [], id="another branch"),
        pytest.param("push", "", {"ref": "refs/tags/main"}, [], id="a tag of that name"),
        pytest.param("push", "", {"ref": "refs/heads/main", "deleted": True}, [], id="deleted"),
        pytest.param("push", "", {"ref": 5}, [], id="ref of another type"),
        pytest.param("push", "", {"ref": "refs/heads/main", "repository": None}, [], id="no repository"),
        pytest.param("push", "", {"ref": "refs/heads/main", "installation": {}}, [], id="no installation"),
        pytest.param("pull_request", "opened", {"pull_request": {"number": 5}}, ["pull:42:5"], id="opened"),
        pytest.param("pull_request", "closed", {"pull_request": {"number": 5}}, [], id="closed"),
        pytest.param(
            "pull_request",
            "edited",
            {"pull_request": {"number": 5}, "changes": {"title": {}}},
            [],
            id="title",
        ),
        pytest.param(
            "pull_request",
            "edited",
            {"pull_request": {"number": 5}, "changes": {"base": {}}},
            ["pull:42:5"],
            id="base",
        ),
        pytest.param(
            "pull_request", "opened", {"pull_request": {"number": True}}, [], id="number of another type"
        ),
        pytest.param(
            "check_run",
            "rerequested",
            {"check_run": {"head_sha": SHA}},
            [f"recheck:42:{SHA}:7:guid"],
            id="re-run",
        ),
        pytest.param(
            "check_run",
            "requested_action",
            {"check_run": {"head_sha": SHA}, "requested_action": {"identifier": "recheck"}},
            [f"recheck:42:{SHA}:7:guid"],
            id="our button",
        ),
        pytest.param(
            "check_run",
            "requested_action",
            {"check_run": {"head_sha": SHA}, "requested_action": {"identifier": "exempt"}},
            [f"offer:42:{SHA}"],
            id="our other button",
        ),
        pytest.param(
            "check_run",
            "requested_action",
            {
                "check_run": {"head_sha": SHA},
                "requested_action": {"identifier": "exempt"},
                "sender": {"type": "Bot"},
            },
            [],
            id="pressed by a bot",
        ),
        pytest.param(
            "check_run",
            "requested_action",
            {"check_run": {"head_sha": SHA}, "requested_action": {"identifier": "other"}},
            [],
            id="another button",
        ),
        pytest.param("check_run", "created", {"check_run": {"head_sha": SHA}}, [], id="our own echo"),
        pytest.param(
            "check_run", "rerequested", {"check_run": {"head_sha": "--upload-pack=x"}}, [], id="not a sha"
        ),
        pytest.param(
            "check_suite",
            "rerequested",
            {"check_suite": {"head_sha": SHA}},
            [f"recheck:42:{SHA}:7:guid"],
            id="re-run all",
        ),
        pytest.param(
            "check_suite", "requested", {"check_suite": {"head_sha": SHA}}, [], id="comes with its push"
        ),
        pytest.param(
            "merge_group",
            "checks_requested",
            {"merge_group": {"head_sha": SHA, "base_sha": OTHER, "base_ref": "refs/heads/main"}},
            [f"merge-group:42:{SHA}"],
            id="queue",
        ),
        pytest.param("merge_group", "destroyed", {"merge_group": {"head_sha": SHA}}, [], id="queue gone"),
        pytest.param("merge_group", "checks_requested", {"merge_group": None}, [], id="empty group"),
        pytest.param("installation", "created", {}, ["installation:1"], id="installed"),
        pytest.param("installation", "deleted", {}, ["installation:1"], id="uninstalled"),
        pytest.param("installation", "created", {"installation": {"id": -1}}, [], id="impossible id"),
        pytest.param("installation_target", "renamed", {}, ["installation:1"], id="account renamed"),
        pytest.param("installation_repositories", "added", {}, ["installation:1"], id="repositories added"),
        pytest.param(
            "installation_repositories",
            "removed",
            {"repositories_removed": [{"id": 9}, {"id": 3}, {"id": "x"}, 4]},
            ["forget:1:3,9"],
            id="repositories removed",
        ),
        pytest.param(
            "installation_repositories", "removed", {"repositories_removed": None}, [], id="none removed"
        ),
        pytest.param("repository", "renamed", {}, ["scan:42"], id="renamed"),
        pytest.param("repository", "publicized", {}, ["redact:42"], id="published"),
        pytest.param("repository", "deleted", {}, ["forget:1:42"], id="deleted"),
        pytest.param("repository", "deleted", {"repository": {}}, [], id="deleted without id"),
        pytest.param("repository", "renamed", {"repository": {}}, [], id="renamed without id"),
        pytest.param("made_up", "x", {}, [], id="unknown event"),
    ],
)
def test_asks_for_work(name: str, action: str, payload: dict[str, Any], expected: list[str]) -> None:
    """Exactly this work, and none when the payload lacks what it needs."""
    assert expected == keys(name, action, **payload)


@pytest.mark.parametrize(
    ("box", "sender", "expected"),
    [
        pytest.param("x", "User", ["scan:42"], id="ticked by a person"),
        pytest.param("X", "User", ["scan:42"], id="capital"),
        pytest.param(" ", "User", [], id="not ticked"),
        pytest.param("x", "Bot", [], id="our own edit"),
    ],
)
def test_a_ticked_box_in_our_issue_asks_for_a_scan(box: str, sender: str, expected: list[str]) -> None:
    """Only in an issue of a bot that bears our marker, and never by a bot."""
    body = f"<!-- plumbline:health:1 repository=42 -->\n\n- [{box}] re-check\n"

    def edited(text: str, author: str) -> list[str]:
        issue = {"body": text, "user": {"type": author}}
        return keys("issues", "edited", issue=issue, sender={"type": sender})

    assert expected == edited(body, "Bot")
    assert [] == edited(f"- [{box}] re-check", "Bot")
    assert [] == edited(body, "User"), "a marker can be copied"


@pytest.mark.parametrize(
    ("box", "author", "sender", "expected"),
    [
        pytest.param("x", "Bot", "User", ["roll-up:1"], id="ticked by a person"),
        pytest.param(" ", "Bot", "User", [], id="not ticked"),
        pytest.param("x", "Bot", "Bot", [], id="our own edit"),
        pytest.param("x", "User", "User", [], id="a copy of our marker"),
    ],
)
def test_a_ticked_box_in_the_organisations_page_asks_for_a_new_one(
    box: str, author: str, sender: str, expected: list[str]
) -> None:
    """In the installation that the event came from."""
    marker = f"<!-- plumbline:roll-up:1 installation=2 content={'0' * 32} -->"
    body = f"{marker}\n\n- [{box}] write this page anew"
    issue = {"body": body, "user": {"type": author}}

    assert expected == keys("issues", "edited", issue=issue, sender={"type": sender})


def commented(action: str = "created", **changes: Any) -> list[RunCommand]:
    """What a comment asks for; ``changes`` replace parts of the payload."""
    comment = {"id": 77, "body": "/plumbline health\n/plumbline recheck", "user": {"id": 9, "type": "User"}}
    payload = {"issue": {"number": 5}, "comment": comment, "sender": {"type": "User"}, **changes}
    event = Event("issue_comment", action, "7:guid", {**IDS, "action": action, **payload})
    return [item for handler in REGISTRY.handlers_for(event) for item in handler.function(event)]


def test_a_comment_asks_for_its_commands() -> None:
    """By line and digest; the text itself stays on GitHub."""
    (asked,) = commented()
    (under_pull,) = commented(issue={"number": 5, "pull_request": {"url": "x"}})

    assert (asked.key, asked.number, asked.author_id, asked.more) == ("command:42:77", 5, 9, 0)
    assert [number for number, _ in asked.lines] == [1, 2]
    assert (asked.pull_request, under_pull.pull_request) == (False, True)
    assert "recheck" not in asked.model_dump_json()


@pytest.mark.fault
def test_kf4_the_first_five_of_500() -> None:
    """The rest is counted."""
    (asked,) = commented(
        comment={"id": 77, "body": "/plumbline help\n" * 500, "user": {"id": 9, "type": "User"}}
    )

    assert (len(asked.lines), asked.more) == (5, 495)


@pytest.mark.fault
@pytest.mark.parametrize(
    ("action", "changes"),
    [
        pytest.param("edited", {}, id="edited"),
        pytest.param("deleted", {}, id="deleted"),
        pytest.param("created", {"sender": {"type": "Bot"}}, id="sent by a bot"),
        pytest.param(
            "created",
            {"comment": {"id": 77, "body": "/plumbline help", "user": {"id": 9, "type": "Bot"}}},
            id="written by a bot",
        ),
        pytest.param(
            "created",
            {"comment": {"id": 77, "body": "> /plumbline help", "user": {"id": 9, "type": "User"}}},
            id="no command",
        ),
        pytest.param(
            "created", {"comment": {"id": 77, "body": "/plumbline help", "user": None}}, id="no author"
        ),
        pytest.param("created", {"comment": {"id": 77, "body": None, "user": {"id": 9}}}, id="no body"),
        pytest.param("created", {"issue": None}, id="no issue"),
        pytest.param("created", {"installation": None}, id="no installation"),
    ],
)
def test_kf4_no_work_for_what_does_not_command(action: str, changes: dict[str, Any]) -> None:
    """Edits, bots and payloads that lack a part."""
    assert commented(action, **changes) == []


def test_what_people_wait_for_goes_first() -> None:
    """Lanes follow from the most urgent handler of an event."""
    assert Lane.INTERACTIVE is REGISTRY.lanes["check_run"]
    assert Lane.INTERACTIVE is REGISTRY.lanes["issue_comment"]
    assert Lane.EVENT is REGISTRY.lanes["push"]
