"""What people can do on the pages, and who may."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.integration.simulator.pages.conftest import Person, Site

As = Callable[[str], Person]


def test_a_push_by_the_editor_is_a_commit(site: Site, as_: As) -> None:
    fake = site.simulator.fake
    head = fake.repository("acme/rocket").head
    person = as_("wim")
    to = person.post(
        "/acme/rocket/edit/main/src/app.py", path="src/main.py", text="A = 1\r\n", message="Rename", seen=head
    )

    assert to == "/acme/rocket/blob/main/src/main.py"
    assert "Pushed to main." in person.get(to)
    repository = fake.repository("acme/rocket")
    commit = repository.git.commit(repository.head)
    assert (commit.message, commit.author[0], commit.parents) == ("Rename", "wim", (head,))
    assert repository.git.entry(commit.tree, "src/app.py") is None
    assert [e.payload["after"] for e in site.announced("push")] == [commit.oid]


def test_a_push_to_a_new_branch_leads_to_a_pull_request(site: Site, as_: As) -> None:
    head = site.simulator.fake.repository("acme/rocket").head
    person = as_("wim")
    change = {"path": "docs/more.md", "text": "more", "message": "", "seen": head, "where": "branch"}
    to = person.post("/acme/rocket/new/main/docs", **change, branch="")
    assert to == "/acme/rocket/compare/main...wim-patch-1"
    assert "Update docs/more.md" in person.get(to)
    assert "already" in person.post("/acme/rocket/new/main", status=422, **change, branch="wim-patch-1")

    assert person.post(to, title="More", body="**much**") == "/acme/rocket/pull/2"
    text = person.get("/acme/rocket/pull/2")
    assert "wants to merge 1 commit" in text
    assert "<strong>much</strong>" in text
    assert person.post("/acme/rocket/pull/2/merge", status=409, seen="0" * 40)
    seen = site.simulator.fake.repository("acme/rocket").issues[2].pull.head_sha
    assert person.post("/acme/rocket/pull/2/merge", seen=seen, how="squash") == "/acme/rocket/pull/2"
    assert "Merged" in person.get("/acme/rocket/pull/2")
    assert "not open" in person.post("/acme/rocket/pull/2/merge", status=422, seen=seen)
    assert "stays so" in person.post("/acme/rocket/issues/2/comments", status=422, body="", change="reopen")


def test_who_may_not_push_proposes_from_a_fork(site: Site, as_: As) -> None:
    fake = site.simulator.fake
    person = as_("sam")
    assert "goes to a fork of yours" in person.get("/acme/rocket/edit/main/README.md")
    head = fake.repository("acme/rocket").head
    change = {"path": "README.md", "text": "# Better", "message": "Improve", "seen": head}
    to = person.post("/acme/rocket/edit/main/README.md", **change)
    assert to == "/acme/rocket/compare/main...sam%3Asam-patch-1"
    assert person.post(to, title="Improve", body="") == "/acme/rocket/pull/2"
    assert "sam:sam-patch-1" in person.get("/acme/rocket/pull/2")
    assert fake.repository("acme/rocket").head == head
    assert "sam-patch-2" in person.post("/acme/rocket/edit/main/README.md", **change)
    assert [r.full_name for r in fake.repositories.values() if r.parent] == ["sam/rocket"]


@pytest.mark.parametrize(
    ("change", "status", "said"),
    [
        ({"path": ""}, 422, "Give the file a name"),
        ({"path": "a/../b"}, 422, "Give the file a name"),
        ({"path": ".git/config"}, 422, "Give the file a name"),
        ({"seen": "0" * 40}, 409, "has moved since"),
        ({"where": "branch", "branch": "a..b"}, 422, "That did not work"),
    ],
)
def test_a_push_that_can_not_be_says_why(
    site: Site, as_: As, change: dict[str, str], status: int, said: str
) -> None:
    head = site.simulator.fake.repository("acme/rocket").head
    form = {"path": "x.md", "text": "x", "message": "", "seen": str(head)} | change
    assert said in as_("wim").post("/acme/rocket/new/main", status=status, **form)
    assert site.simulator.fake.repository("acme/rocket").head == head


def test_a_file_can_be_deleted(site: Site, as_: As) -> None:
    head = site.simulator.fake.repository("acme/rocket").head
    form = {"path": "docs/guide.md", "text": "", "message": "", "seen": str(head), "remove": "yes"}
    assert as_("wim").post("/acme/rocket/edit/main/docs/guide.md", **form) == "/acme/rocket/tree/main"
    assert "docs" not in as_("wim").get("/acme/rocket/tree/main").split("README")[0].split("files")[1]


def test_ticking_a_box_edits_the_text(site: Site, as_: As) -> None:
    """Its author and who may write can; the text is otherwise untouched."""
    issue = site.simulator.fake.repository("acme/rocket").issues[1]
    for login, body in (("rae", "- [x] one\n- [x] two"), ("wim", "- [ ] one\n- [x] two")):
        person = as_(login)
        assert 'name="box" value="0"' in person.get("/acme/rocket/issues/1")
        person.post("/acme/rocket/issues/1/boxes", box="0")
        assert issue.body is not None
        assert issue.body.startswith(body)
    assert issue.body.endswith("@wim #1 @nobody")
    assert [e.payload["sender"]["login"] for e in site.announced("issues", "edited")] == ["rae", "wim"]
    assert "has changed" in as_("wim").post("/acme/rocket/issues/1/boxes", status=409, box="7")
    assert "has changed" in as_("wim").post("/acme/rocket/issues/1/boxes", status=409, box="-1")
    text = as_("tess").get("/acme/rocket/issues/1")
    assert 'aria-disabled="true"' in text
    assert 'name="box"' not in text
    assert 'href="/wim"' in text
    assert "@nobody" in text


def test_comments_close_and_reopen(site: Site, as_: As) -> None:
    at = "/acme/rocket/issues/1/comments"
    issue = site.simulator.fake.repository("acme/rocket").issues[1]
    to = as_("sam").post(at, body="**Me too**")
    assert to == f"/acme/rocket/issues/1#issuecomment-{issue.comments[0].id}"
    assert "<strong>Me too</strong>" in as_("sam").get("/acme/rocket/issues/1")
    assert "takes the role triage" in as_("sam").post(at, status=403, body="", change="close")
    assert "Write something" in as_("tess").post(at, status=422, body=" ")
    assert "no such change" in as_("tess").post(at, status=422, body="", change="lock")
    assert "65,536" in as_("tess").post(at, status=422, body="x" * 70_000)
    as_("tess").post(at, body="", change="close", reason="not_planned")
    assert (issue.state, issue.state_reason) == ("closed", "not_planned")
    assert "as not planned" in as_("tess").get("/acme/rocket/issues/1")
    as_("rae").post(at, body="Still broken", change="reopen")
    assert (issue.state, len(issue.comments)) == ("open", 2)


def test_issues_can_be_opened(site: Site, as_: As) -> None:
    person = as_("sam")
    assert person.post("/acme/rocket/issues", title="Help", body="x") == "/acme/rocket/issues/2"
    assert "Give the issue a title" in person.post("/acme/rocket/issues", status=422, title=" ", body="")
    assert len(site.announced("issues", "opened")) == 1


def test_buttons_of_check_runs(site: Site, as_: As) -> None:
    """Who may write presses; the App is told who and what."""
    fake = site.simulator.fake
    repository = fake.repository("acme/rocket")
    suite, _ = fake.suite_of(repository, repository.head, fake.app)
    number = fake.foreign_check_run(repository, repository.head, "plumbline/health")
    run = repository.check_runs[number]
    run.suite = suite
    run.actions = [{"label": "Re-check", "description": "Again", "identifier": "recheck"}]
    at = f"/acme/rocket/runs/{number}"
    assert "Re-check" in as_("wim").get(at)
    assert "Re-check" not in as_("tess").get(at)
    assert "takes the role write" in as_("tess").post(f"{at}/press", status=403, identifier="recheck")
    assert "takes the role write" in as_("tess").post(f"{at}/rerun", status=403)
    assert "no button" in as_("wim").post(f"{at}/press", status=422, identifier="other")
    as_("wim").post(f"{at}/press", identifier="recheck")
    as_("wim").post(f"{at}/rerun")
    pressed = site.announced("check_run", "requested_action")
    assert [e.payload["requested_action"]["identifier"] for e in pressed] == ["recheck"]
    assert [e.payload["sender"]["login"] for e in site.announced("check_run", "rerequested")] == ["wim"]


RIGHTS = {
    "comment": ("sam", "rae", "tess", "wim", "mina", "olga"),
    "close": ("tess", "wim", "mina", "olga"),
    "tick": ("wim", "mina", "olga"),
    "merge": ("wim", "mina", "olga"),
    "press": ("wim", "mina", "olga"),
}


@pytest.mark.parametrize("login", ["sam", "rae", "tess", "wim", "mina", "olga"])
@pytest.mark.parametrize("deed", list(RIGHTS))
def test_rights(site: Site, as_: As, deed: str, login: str) -> None:
    """On a public repository, as on github.com."""
    fake = site.simulator.fake
    repository = fake.repository("acme/rocket")
    fake.open_issue(repository, "x", body="- [ ] box", actor="octocat")
    fake.push(repository, "topic", {"t.md": "t"}, actor="octocat")
    fake.open_pull_request(repository, "topic", actor="octocat")
    run = fake.foreign_check_run(repository, repository.head, "ci")
    path, form = {
        "comment": ("issues/2/comments", {"body": "x"}),
        "close": ("issues/2/comments", {"body": "", "change": "close"}),
        "tick": ("issues/2/boxes", {"box": "0"}),
        "merge": ("pull/3/merge", {"seen": repository.branches["topic"]}),
        "press": (f"runs/{run}/rerun", {}),
    }[deed]
    as_(login).post(f"/acme/rocket/{path}", status=303 if login in RIGHTS[deed] else 403, **form)


def test_a_conflict_is_told(site: Site, as_: As) -> None:
    fake = site.simulator.fake
    fake.push("acme/rocket", "topic", {"src/app.py": "A\n"}, actor="wim")
    fake.push("acme/rocket", "main", {"src/app.py": "B\n"}, actor="wim")
    number = fake.open_pull_request("acme/rocket", "topic", actor="wim")
    person = as_("wim")
    assert "conflicts with main" in person.get(f"/acme/rocket/pull/{number}")
    seen = fake.repository("acme/rocket").branches["topic"]
    assert "conflict" in person.post(f"/acme/rocket/pull/{number}/merge", status=409, seen=seen)


def test_one_becomes_somebody_known_and_stays_on_the_page(as_: As) -> None:
    person = as_("wim")
    assert person.post("/-/person", who="rae", back="/acme/rocket") == "/acme/rocket"
    assert "You are rae now." in person.get("/acme/rocket")
    assert "You are" not in person.get("/acme/rocket").split("<main")[1]
    for elsewhere in ("//evil.example", "http://evil.example/", "/\\evil.example", "javascript:alert(1)"):
        assert person.post("/-/person", who="wim", back=elsewhere) == "/"
    for nobody in ("acme", "plumbline[bot]", "nobody"):
        person.post("/-/person", status=422, who=nobody, back="/")
