"""Check runs and suites: limits, appending annotations, re-requests, filters."""

from __future__ import annotations

from typing import Any

import pytest

from bot.testing import Emission, FakeGitHub, FakeRepository

RUNS = "/repos/acme/rocket/check-runs"


def note(line: int = 1, **more: object) -> dict[str, object]:
    body = {
        "path": "a.py",
        "start_line": line,
        "end_line": line,
        "annotation_level": "warning",
        "message": "m",
    }
    return body | more


def output(**more: object) -> dict[str, object]:
    return {"title": "T", "summary": "S"} | more


def button(**more: object) -> dict[str, object]:
    return {"label": "Fix", "description": "Fix it", "identifier": "fix"} | more


def test_a_run_from_start_to_end(
    api: Any, fake: FakeGitHub, rocket: FakeRepository, events: list[Emission]
) -> None:
    """In progress, then completed; the suite follows; events are sent by the App's bot."""
    body = {"name": "health", "head_sha": rocket.head, "external_id": "x1", "status": "in_progress"}
    made = api.post(RUNS, body)
    assert made.status == 201
    assert (made.json["status"], made.json["conclusion"]) == ("in_progress", None)
    assert made.json["app"]["id"] == fake.app.id
    path = f"{RUNS}/{made.json['id']}"
    done = api.patch(
        path, {"conclusion": "success", "output": output(text="More"), "actions": [button()]}
    ).json
    assert (done["status"], done["conclusion"], done["completed_at"]) == (
        "completed",
        "success",
        "2026-01-01T12:00:00Z",
    )
    assert done["output"]["text"] == "More"
    assert api.get(path).json == done
    assert [f"{e.event}.{e.action}" for e in events] == [
        "check_run.created",
        "check_run.completed",
        "check_suite.completed",
    ]
    assert events[0].payload["sender"]["login"] == "plumbline[bot]"
    assert events[0].payload["sender"]["type"] == "Bot"


def test_a_completed_run_at_once(api: Any, rocket: FakeRepository, events: list[Emission]) -> None:
    """A conclusion sets completed; times are taken as sent."""
    times = {"started_at": "2026-01-01T11:00:00Z", "completed_at": "2026-01-01T11:30:00Z"}
    body = {
        "name": "health",
        "head_sha": rocket.head,
        "conclusion": "neutral",
        "details_url": "https://d.example",
    }
    made = api.post(RUNS, body | times).json
    assert made["status"] == "completed"
    assert (made["started_at"], made["completed_at"]) == tuple(times.values())
    assert made["details_url"] == "https://d.example"
    assert [e.action for e in events] == ["created", "completed", "completed"]


def test_annotations_are_appended(api: Any, rocket: FakeRepository) -> None:
    """50 in a request, further ones by PATCH; what was there stays; they come in pages."""
    first = [note(line) for line in range(1, 51)]
    made = api.post(
        RUNS,
        {"name": "h", "head_sha": rocket.head, "conclusion": "failure", "output": output(annotations=first)},
    ).json
    path = f"{RUNS}/{made['id']}"
    assert made["output"]["annotations_count"] == 50
    more = api.patch(
        path, {"output": output(annotations=[note(51, title="t", start_column=1, end_column=2)])}
    )
    assert more.json["output"]["annotations_count"] == 51
    assert more.json["conclusion"] == "failure"
    listed = api.get(f"{path}/annotations", per_page=100).json
    assert [n["start_line"] for n in listed] == list(range(1, 52))
    assert listed[50]["title"] == "t"
    assert 'rel="next"' in api.get(f"{path}/annotations").headers["Link"]


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"status": "completed"}, '"conclusion" wasn\'t supplied.'),
        ({"completed_at": "2026-01-01T11:30:00Z"}, '"conclusion" wasn\'t supplied.'),
        ({"status": "done"}, '"done" is not a member of'),
        ({"status": "waiting"}, '"waiting" is not a member of'),
        ({"conclusion": "stale"}, '"stale" is not a member of'),
        ({"name": None}, '"name" wasn\'t supplied.'),
        ({"name": 5}, "5 is not a string"),
        ({"started_at": "yesterday"}, "is not a valid date-time"),
        ({"output": "text"}, "is not an object"),
        ({"output": {"summary": "S"}}, '"title" wasn\'t supplied.'),
        ({"output": {"title": "T"}}, '"summary" wasn\'t supplied.'),
        ({"output": output(summary="x" * 65_536)}, "Only 65535 characters are allowed; 65536 were supplied."),
        ({"output": output(text="x" * 65_536)}, "Only 65535 characters are allowed; 65536 were supplied."),
        (
            {"output": output(annotations=[note()] * 51)},
            "No more than 50 items are allowed; 51 were supplied.",
        ),
        ({"output": output(annotations=["x"])}, "not an array of objects"),
        ({"output": output(annotations=[note(path=None)])}, '"path" wasn\'t supplied.'),
        ({"output": output(annotations=[note(start_line="1")])}, '"start_line" wasn\'t supplied.'),
        ({"output": output(annotations=[note(annotation_level="error")])}, "is not a member of"),
        ({"output": output(annotations=[note(end_line=2, start_column=1)])}, "can not have columns"),
        ({"output": output(annotations=[note(title="x" * 256)])}, "Only 255 characters"),
        ({"output": output(annotations=[note(message="x" * 65_537)])}, "limited to 64 KB"),
        ({"actions": [button()] * 4}, "No more than 3 items are allowed; 4 were supplied."),
        ({"actions": [button(label="x" * 21)]}, "Only 20 characters are allowed; 21 were supplied."),
        ({"actions": [button(description="x" * 41)]}, "Only 40 characters are allowed; 41 were supplied."),
        ({"actions": [button(identifier="x" * 21)]}, "Only 20 characters are allowed; 21 were supplied."),
        ({"actions": [button(label=None)]}, '"label" wasn\'t supplied.'),
    ],
)
def test_what_is_refused(api: Any, rocket: FakeRepository, change: dict[str, object], text: str) -> None:
    """422 with a text that names the limit; nothing is made."""
    reply = api.post(RUNS, {"name": "h", "head_sha": rocket.head} | change)
    assert reply.status == 422
    assert reply.message.startswith("Invalid request.\n\n")
    assert text in reply.message
    assert rocket.check_runs == {}


def test_the_limits_themselves_are_allowed(api: Any, rocket: FakeRepository) -> None:
    """65,535 characters, 50 annotations, 3 buttons of full length."""
    full = button(label="x" * 20, description="x" * 40, identifier="x" * 20)
    body = {"output": output(summary="x" * 65_535, text="x" * 65_535, annotations=[note()] * 50)}
    reply = api.post(RUNS, {"name": "h", "head_sha": rocket.head, "actions": [full] * 3} | body)
    assert reply.status == 201


def test_a_refused_update_changes_nothing(api: Any, rocket: FakeRepository) -> None:
    """What is valid in a refused request is not taken over either."""
    run = api.post(RUNS, {"name": "h", "head_sha": rocket.head}).json
    reply = api.patch(f"{RUNS}/{run['id']}", {"status": "in_progress", "actions": [button()] * 4})
    assert reply.status == 422
    assert api.get(f"{RUNS}/{run['id']}").json == run


@pytest.mark.parametrize("sha", ["0" * 40, "main", "", None])
def test_a_commit_that_is_not_there(api: Any, sha: str | None) -> None:
    """The head must be a commit of the repository."""
    assert api.post(RUNS, {"name": "h", "head_sha": sha}).status == 422


def test_names_are_not_unique(api: Any, rocket: FakeRepository) -> None:
    """A second POST makes a second run; by default the list shows the latest."""
    first = api.post(RUNS, {"name": "h", "head_sha": rocket.head}).json["id"]
    second = api.post(RUNS, {"name": "h", "head_sha": rocket.head}).json["id"]
    path = f"/repos/acme/rocket/commits/{rocket.head}/check-runs"
    assert [r["id"] for r in api.get(path).json["check_runs"]] == [second]
    assert [r["id"] for r in api.get(path, filter="all").json["check_runs"]] == [second, first]


def test_lists_are_filtered(api: Any, fake: FakeGitHub, rocket: FakeRepository) -> None:
    """By name, status and App; runs of other Apps can not be changed."""
    mine = api.post(RUNS, {"name": "a", "head_sha": rocket.head, "conclusion": "success"}).json["id"]
    api.post(RUNS, {"name": "b", "head_sha": rocket.head})
    other = fake.foreign_check_run(rocket, rocket.head or "", "a", conclusion="failure")
    fake.foreign_check_run(rocket, rocket.head or "", "c")
    path = "/repos/acme/rocket/commits/main/check-runs"
    assert api.get(path).json["total_count"] == 4
    listed = api.get(path, check_name="a", app_id=fake.app.id, status="completed").json
    assert [r["id"] for r in listed["check_runs"]] == [mine]
    reply = api.patch(f"{RUNS}/{other}", {"conclusion": "success"})
    assert (reply.status, reply.message) == (403, "Resource not accessible by integration")
    suites = api.get("/repos/acme/rocket/commits/main/check-suites", check_name="a").json
    assert suites["total_count"] == 2
    assert api.get("/repos/acme/rocket/commits/none/check-runs").status == 422
    assert api.get(f"{RUNS}/1").status == 404


def test_asking_again(api: Any, fake: FakeGitHub, rocket: FakeRepository, events: list[Emission]) -> None:
    """A re-request puts the suite back, not the run; other Apps' runs are not ours to hear of."""
    run = api.post(RUNS, {"name": "a", "head_sha": rocket.head, "conclusion": "success"}).json
    suite = f"/repos/acme/rocket/check-suites/{run['check_suite']['id']}"
    assert api.get(suite).json["status"] == "completed"
    events.clear()
    fake.rerequest_check_run(run["id"])
    assert api.get(suite).json["status"] == "queued"
    assert api.get(f"{RUNS}/{run['id']}").json["status"] == "completed"
    api.patch(f"{RUNS}/{run['id']}", {"status": "in_progress"})
    assert api.get(suite).json["status"] == "in_progress"
    fake.rerequest_check_suite(rocket.head or "")
    fake.rerequest_check_suite(rocket.head or "", repository=rocket)
    assert api.post(f"{RUNS}/{run['id']}/rerequest").status == 201
    assert api.post(f"{suite}/rerequest").status == 201
    assert [f"{e.event}.{e.action}" for e in events] == [
        "check_run.rerequested",
        "check_suite.rerequested",
        "check_suite.rerequested",
        "check_run.rerequested",
        "check_suite.rerequested",
    ]
    events.clear()
    foreign = fake.foreign_check_run(rocket, rocket.head or "", "x")
    fake.rerequest_check_run(foreign)
    assert [e.action for e in events] == ["created", "completed"]
    suite_id = rocket.check_runs[foreign].suite.id
    assert api.post(f"/repos/acme/rocket/check-suites/{suite_id}/rerequest").status == 403
    assert api.get("/repos/acme/rocket/check-suites/1").status == 404
    assert api.get(f"{suite}/check-runs").json["total_count"] == 1


def test_a_button_is_pressed(
    api: Any, fake: FakeGitHub, rocket: FakeRepository, events: list[Emission]
) -> None:
    """The identifier comes back; a button that is not there can not be pressed."""
    body = {"name": "a", "head_sha": rocket.head, "conclusion": "failure", "actions": [button()]}
    run = api.post(RUNS, body).json["id"]
    fake.create_user("alice")
    events.clear()
    fake.press_button(run, "fix", "alice")
    [pressed] = events
    assert (pressed.event, pressed.action) == ("check_run", "requested_action")
    assert pressed.payload["requested_action"] == {"identifier": "fix"}
    assert pressed.payload["sender"]["login"] == "alice"
    with pytest.raises(LookupError, match="no button 'other'"):
        fake.press_button(run, "other")


def test_pull_requests_of_a_run(api: Any, fake: FakeGitHub, rocket: FakeRepository) -> None:
    """Those of the repository whose head it is, never those of forks."""
    sha = fake.push(rocket, "work", {"x": "1"})
    number = fake.open_pull_request(rocket, "work")
    run = api.post(RUNS, {"name": "a", "head_sha": sha}).json
    assert [p["number"] for p in run["pull_requests"]] == [number]
    fake.create_user("bob")
    fork = fake.fork(rocket, "bob")
    other = fake.push(fork, "theirs", {"y": "1"}, actor="bob")
    fake.open_pull_request(rocket, "theirs", head_repository=fork, actor="bob")
    assert api.post(RUNS, {"name": "a", "head_sha": other}).json["pull_requests"] == []


@pytest.mark.parametrize(
    ("conclusions", "expected"),
    [
        (["success", "failure"], "failure"),
        (["success", "neutral"], "success"),
        (["neutral", "skipped"], "neutral"),
    ],
)
def test_the_suite_takes_the_worst(
    api: Any, rocket: FakeRepository, conclusions: list[str], expected: str
) -> None:
    """Its conclusion comes from the latest run of each name."""
    for index, conclusion in enumerate(conclusions):
        api.post(RUNS, {"name": f"n{index}", "head_sha": rocket.head, "conclusion": conclusion})
    [suite] = api.get("/repos/acme/rocket/commits/main/check-suites").json["check_suites"]
    assert suite["conclusion"] == expected
