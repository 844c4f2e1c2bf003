"""What people see when nothing fails."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.acme import DANGEROUS, MIT, PINNED, SECURITY, WORKFLOW_PATH, Acme
from tests.e2e.world import eventually


@pytest.fixture(scope="module")
def options() -> dict[str, Any]:
    """Every repository with findings gets an issue."""
    return {"settings": {"PLUMBLINE_PUBLISH": "issues"}}


def test_a_push_gets_a_check_run_with_what_is_wrong_and_where(acme: Acme) -> None:
    which = acme.repository()

    run = acme.reported(which, acme.push(which, {WORKFLOW_PATH: DANGEROUS}))

    written = acme.written(run)
    assert run.conclusion == "neutral"
    assert {a["path"] for a in written["output"]["annotations"]} == {WORKFLOW_PATH}
    for check in ("dangerous-trigger", "pinned-actions", "licence", "security-policy"):
        assert f"`{check}`" in written["output"]["summary"] + written["output"]["text"]


def test_a_good_repository_gets_success_and_no_issue(acme: Acme) -> None:
    good = {"README.md": "# x\n", "LICENSE": MIT, "SECURITY.md": SECURITY, WORKFLOW_PATH: PINNED}
    which = acme.repository(good)

    run = acme.reported(which, acme.push(which))
    acme.world.settle()

    assert run.conclusion == "success"
    assert acme.issues(which) == []


def test_a_pull_request_shows_what_is_new_worse_and_fixed(acme: Acme) -> None:
    which = acme.repository({"README.md": "# x\n", "SECURITY.md": SECURITY, WORKFLOW_PATH: PINNED})
    change = {WORKFLOW_PATH: DANGEROUS, "LICENSE": MIT}
    _, head = acme.propose(which, change)

    output = acme.written(acme.reported(which, head))["output"]

    assert "**New:** `dangerous-trigger`" in output["summary"]
    assert "**Fixed:** `licence`" in output["summary"]
    assert {a["path"] for a in output["annotations"]} == {WORKFLOW_PATH}

    worse = acme.push(which, {".github/workflows/second.yml": DANGEROUS}, "main")
    acme.reported(which, worse)
    _, head = acme.propose(which, {".github/workflows/third.yml": DANGEROUS}, "another")
    output = acme.written(acme.reported(which, head))["output"]
    assert "**Worse:** `dangerous-trigger`" in output["summary"]


def test_a_person_runs_a_check_again_presses_its_button_and_runs_all(acme: Acme) -> None:
    """Each wish gets a new run, because GitHub leaves the old one as it is."""
    which = acme.repository()
    sha = acme.push(which)
    first = acme.reported(which, sha)

    acme.act("rerequest_check_run", check_run_id=first.id)
    second = acme.reported(which, sha, count=2)
    acme.act("press_button", check_run_id=second.id, identifier="recheck")
    acme.reported(which, sha, count=3)
    acme.act("rerequest_check_suite", sha=sha, repository=which)
    acme.reported(which, sha, count=4)


def test_a_merge_queue_is_answered(acme: Acme) -> None:
    which = acme.repository()
    number, head = acme.propose(which, {"x.txt": "x"})
    acme.reported(which, head)

    group = acme.act("add_to_merge_queue", which=which, number=number)

    acme.reported(which, group)


def test_the_health_issue_lives_as_long_as_there_are_findings(acme: Acme) -> None:
    """Opened, edited in place, its box obeyed, closed when all is well, and opened again."""
    which = acme.repository({"README.md": "# x\n", "LICENSE": MIT, "SECURITY.md": SECURITY})
    acme.reported(which, acme.push(which, {WORKFLOW_PATH: DANGEROUS}))
    opened = acme.issue(which)
    assert "dangerous-trigger" in opened.body

    ticked = opened.body.replace("[ ]", "[x]", 1)
    assert ticked != opened.body
    acme.act("change_issue", which=which, number=opened.number, body=ticked)
    restored = eventually(
        lambda: (i := acme.issue(which)).seq > opened.seq and i, within_s=30, what="the box is put back"
    )
    assert "[x]" not in restored.body

    acme.reported(which, acme.push(which, {WORKFLOW_PATH: PINNED}))
    closed = acme.issue(which, open_=False)
    acme.reported(which, acme.push(which, {WORKFLOW_PATH: DANGEROUS}))
    again = acme.issue(which)
    assert opened.number == closed.number == again.number

    acme.act("close_issue", which=which, number=opened.number, reason="not_planned")
    acme.reported(which, acme.push(which))
    acme.world.settle()
    assert not acme.issues(which)[0].open, "a person who closed it as not planned has spoken"


def test_a_policy_file_that_is_wrong_is_told_on_the_pull_request(acme: Acme) -> None:
    which = acme.repository()
    _, head = acme.propose(which, {".github/plumbline.yml": "checks: [\n"})
    acme.reported(which, head)

    (told,) = eventually(
        lambda: acme.runs(which, head, "plumbline/config"), within_s=30, what="a word on the policy file"
    )
    assert acme.written(told)["output"]["annotations"][0]["path"] == ".github/plumbline.yml"


def test_own_events_start_no_work(acme: Acme) -> None:
    """KD12: what we write comes back as events, and nothing comes of it."""
    which = acme.repository()
    acme.reported(which, acme.push(which, {WORKFLOW_PATH: DANGEROUS}))
    acme.world.settle()
    before = [e for e in acme.world.journal() if e.kind == "request"]
    assert acme.world.github.quiet(idle_s=1.5, timeout_s=10)

    assert [e.path for e in acme.world.journal() if e.kind == "request"][len(before) :] == []


def test_receive_does_the_work_of_a_payload_in_a_file(acme: Acme, tmp_path: Path) -> None:
    """The same as a delivery, without GitHub delivering anything."""
    which = acme.repository()
    acme.world.settle()
    hooks = acme.world.github
    hooks.set_hooks(url="")
    try:
        sha = acme.push(which)
    finally:
        hooks.set_hooks(url=acme.world.webhook_url)
    (repository,) = [r for r in hooks.call("GET", "/repositories") if r["id"] == which]
    payload = {
        "ref": "refs/heads/main",
        "after": sha,
        "repository": repository | {"default_branch": "main"},
        "installation": {"id": acme.installation},
        "sender": {"login": "octocat", "type": "User"},
    }
    file = tmp_path / "push.json"
    file.write_text(json.dumps(payload))

    dry = acme.world.run("receive", "--dry-run", "push", str(file)).stdout
    assert "scan-repository" in dry
    assert acme.runs(which, sha) == []
    told = acme.world.run("receive", "push", str(file)).stdout

    assert told.count(" is done") == 2, told
    acme.reported(which, sha)


def test_doctor_finds_nothing_wrong(acme: Acme) -> None:
    findings = json.loads(acme.world.run("doctor", "--json").stdout)

    # The world's Redis is one of somebody else's, with the usual setting.
    assert [f["name"] for f in findings if f["status"] != "ok"] == ["persistence"]
    assert {"credentials", "clock", "permissions", "installed", "redis", "queue", "database"} <= {
        f["name"] for f in findings
    }


def test_nothing_is_parked(acme: Acme) -> None:
    assert json.loads(acme.world.run("parked", "list", "--json").stdout) == []
