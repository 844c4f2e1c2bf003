"""The adapter against FakeGitHub: real git, permissions enforced, annotations appended."""

from __future__ import annotations

import dataclasses
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from bot.adapters.github import Bounds, GitHubApp, build
from bot.config.settings import Settings
from bot.engine.evaluate import collect
from bot.model.errors import (
    Ambiguous,
    Gone,
    InstallationGone,
    LimitReached,
    PermissionMissing,
    Rejected,
    Unreadable,
)
from bot.model.facts import About, EntryKind
from bot.model.people import Role
from bot.model.reports import Annotation, Button, CheckRun, Conclusion
from bot.model.verdicts import Unknown
from bot.ports import LicenceDetector, WorkflowAuditor
from bot.registry import load
from bot.testing.clocks import ManualClock
from bot.testing.fake import FakeGitHub
from bot.testing.http import Request, Response
from bot.testing.state import FakeRepository
from tests.contract.github.loopback import Loopback
from tests.contract.github.scripted import Counts, Guard, Pauses

PATIENT = Bounds(read_s=30, call_s=60, backoff_s=0.001)
"""The first request may wait for GitHub's published description to be read."""


@dataclass
class Scene:
    """A fake with one organisation, one repository and the App on it."""

    fake: FakeGitHub
    server: Loopback
    clock: ManualClock
    app: GitHubApp
    repository: FakeRepository
    installation: int
    pauses: Pauses
    guard: Guard = field(default_factory=Guard)

    @property
    def reader(self) -> Any:
        return self.app.reader(self.installation, self.repository.id).__enter__()

    @property
    def writer(self) -> Any:
        return self.app.writer(self.installation, self.repository.id, self.guard).__enter__()

    def head(self, branch: str = "main") -> str:
        return self.repository.branches[branch]


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    clock = ManualClock()
    fake = FakeGitHub(tmp_path, clock=clock)
    fake.create_organisation("acme")
    files = {"README.md": "# Rocket", ".github/SECURITY.md": "mail us", "src/a.py": "x = 1\n"}
    repository = fake.create_repository("acme", "rocket", files=files)
    installation = fake.install("acme")
    server = Loopback(fake)
    settings = Settings(
        home=tmp_path,
        github_url=server.url,
        app_id=fake.app.id,
        private_key=fake.app_private_key_pem,
        webhook_secrets=("w",),
    )
    pauses = Pauses(clock)
    slept: list[float] = []
    app = build(settings, ledger=pauses, clock=clock, metrics=Counts(), bounds=PATIENT, sleep=slept.append)
    yield Scene(fake, server, clock, app, repository, installation, pauses)
    server.close()
    fake.close()


def check_run(sha: str, count: int = 0, **changes: Any) -> CheckRun:
    remarks = tuple(Annotation("README.md", i, i, "notice", f"m{i}") for i in range(1, count + 1))
    run = CheckRun("plumbline/health", sha, "x1", Conclusion.NEUTRAL, "Title", "Summary", annotations=remarks)
    return dataclasses.replace(run, **changes)


def test_the_app_and_its_installations(scene: Scene) -> None:
    """With the JWT; then with a token."""
    assert scene.app.app().slug == "plumbline"
    [found] = scene.app.installations()
    assert (found.id, found.account, found.suspended) == (scene.installation, "acme", False)
    assert scene.app.installation(scene.installation) == found
    assert scene.app.covers(scene.installation, scene.repository.id)
    assert not scene.app.covers(scene.installation, scene.repository.id + 1_000_000)
    assert [r.id for r in scene.app.installation_repositories(scene.installation)] == [scene.repository.id]


def test_reading_files(scene: Scene) -> None:
    """Repository, head, directories, blobs."""
    reader = scene.reader
    found = reader.repository()
    assert (found.id, found.full_name, found.empty) == (scene.repository.id, "acme/rocket", False)
    commit = reader.head("main")
    assert commit == scene.head()

    entries = {e.path: e for e in reader.directory(commit)}
    assert sorted(entries) == [".github", "README.md", "src"]
    assert entries["src"].kind is EntryKind.DIRECTORY
    assert [e.path for e in reader.directory(commit, "src")] == ["src/a.py"]
    assert reader.directory(commit, "docs") == ()
    assert reader.blob(entries["README.md"].oid, limit=100) == b"# Rocket"


def test_an_empty_repository(scene: Scene) -> None:
    """Said by the repository, and no head to be had."""
    bare = scene.fake.create_repository("acme", "bare")
    reader = scene.app.reader(scene.installation, bare.id).__enter__()

    def sized(request: Request, response: Response) -> Response:
        # The fake tells the same size of all repositories; GitHub tells 0 of an empty one.
        if request.path != f"/repositories/{bare.id}":
            return response
        return dataclasses.replace(
            response, body=json.dumps({**json.loads(response.body), "size": 0}).encode()
        )

    scene.server.after = sized
    assert reader.repository().empty is True
    assert reader.branches(limit=5) == ((), False)
    with pytest.raises(Gone):
        reader.head("main")


def test_renamed_and_deleted_meanwhile(scene: Scene) -> None:
    """The id stays."""
    scene.fake.rename(scene.repository, "missile")
    assert scene.reader.repository().full_name == "acme/missile"
    assert scene.app.covers(scene.installation, scene.repository.id)

    scene.fake.delete(scene.repository)
    with pytest.raises(Gone):
        scene.reader.repository()


def test_branches_and_comparisons(scene: Scene) -> None:
    """Counts as git counts; names with slashes."""
    base = scene.head()
    for i in range(3):
        scene.fake.push(scene.repository, "feature/a-b", {f"f{i}": "x"}, message=f"m{i}")
    scene.fake.push(scene.repository, "main", {"g": "x"}, message="main moves")
    reader = scene.reader

    names, more = reader.branches(limit=5)
    assert ([b.name for b in names], more) == (["feature/a-b", "main"], False)
    assert reader.branches(limit=1)[1] is True
    assert reader.head("feature/a-b") == scene.head("feature/a-b")
    found = reader.compare(scene.head(), scene.head("feature/a-b"))
    assert (found.ahead, found.behind, found.merge_base) == (3, 1, base)


def test_unrelated_histories(scene: Scene) -> None:
    """Counted apart, as ``git rev-list --count --left-right`` does."""
    orphan = scene.fake.push(scene.repository, "island", {"i": "x"}, parents=())
    scene.fake.push(scene.repository, "main", {"g": "x"}, message="second")

    found = scene.reader.compare(scene.head(), orphan)

    assert (found.ahead, found.behind, found.merge_base) == (1, 2, None)


def test_pull_requests(scene: Scene) -> None:
    """Listed without ``mergeable``; the single one learns it in time."""
    scene.fake.push(scene.repository, "topic", {"t": "x"}, message="topic")
    number = scene.fake.open_pull_request(scene.repository, "topic", "main", title="T")

    [listed], more = scene.reader.open_pull_requests(limit=10)

    assert (listed.number, listed.head_sha, listed.mergeable, more) == (
        number,
        scene.head("topic"),
        None,
        False,
    )
    assert scene.reader.pull_request(number).base_branch == "main"


def test_the_owners_defaults(scene: Scene) -> None:
    """Public only."""
    assert scene.reader.owner_default(["SECURITY.md"]) is None
    scene.fake.create_repository("acme", ".github", files={"SECURITY.md": "mail"})
    assert scene.reader.owner_default(["SECURITY.md"]) == ("SECURITY.md", "mail")


def test_the_page_and_the_latest_release(scene: Scene) -> None:
    """As people wrote them; a pre-release is not the latest."""
    assert scene.reader.about() == About("", "", ())
    assert scene.reader.latest_release() is None

    scene.fake.describe(
        scene.repository,
        description="Flies",
        homepage="https://acme.example",
        topics=["space", "fuel"],
        pages=True,
    )
    scene.fake.publish_release(scene.repository, "v1", notes="It flies")
    scene.fake.publish_release(scene.repository, "v2-rc1", prerelease=True)

    reader = scene.reader
    assert reader.about() == About("Flies", "https://acme.example", ("space", "fuel"), pages=True)
    release = reader.latest_release()
    assert (release.tag, release.notes, release.published_at) == ("v1", "It flies", scene.clock.now())


def test_all_files_with_their_sizes(scene: Scene) -> None:
    """At any depth, in one call, the same as git says."""
    found, more = scene.reader.all_files(scene.head())

    assert more is False
    assert [(e.path, e.size) for e in found] == [
        (".github/SECURITY.md", 7),
        ("README.md", 8),
        ("src/a.py", 6),
    ]


def test_an_owner_of_another_name_takes_no_repository_away(scene: Scene) -> None:
    """Gone would mean the repository, of which then nothing at all was judged."""
    with pytest.raises(Unreadable, match="no account"):
        _ = scene.app.owner(scene.installation, "renamed").organisation

    assert scene.app.owner(scene.installation, "acme").organisation


def test_the_owners_template_folder(scene: Scene) -> None:
    """Of the ``.github`` repository, once it is public."""
    assert scene.reader.owner_default_directory(".github") == ()
    files = {".github/ISSUE_TEMPLATE/bug.yml": "name: Bug"}
    scene.fake.create_repository("acme", ".github", files=files)

    assert [e.path for e in scene.reader.owner_default_directory(".github/ISSUE_TEMPLATE")] == list(files)
    assert scene.reader.owner_default_directory("docs") == ()


COMMUNITY_FACTS = (
    "about",
    "binaries",
    "changelog",
    "codeowners",
    "community_files",
    "security_policy",
    "templates",
)


@pytest.mark.parametrize(
    ("files", "calls"),
    [
        pytest.param(
            {
                "README.md": "# Rocket",
                "CHANGELOG.md": "x",
                "docs/a.md": "x",
                ".github/SECURITY.md": "mail us",
                ".github/CODEOWNERS": "* @acme/crew",
                ".github/ISSUE_TEMPLATE/bug.yml": "x",
                ".github/pull_request_template.md": "x",
            },
            {"git/trees recursive": 1, "git/trees": 4, "git/blobs": 2},
            id="all of its own",
        ),
        pytest.param(
            {"a.py": "x"},
            {"git/trees recursive": 1, "git/trees": 1, "releases/latest": 1, "repos/acme": 1},
            id="nothing of its own",
        ),
    ],
)
def test_facts_about_files_share_their_calls(
    scene: Scene, files: dict[str, str], calls: dict[str, int]
) -> None:
    """Each folder is listed once, however many facts look into it; so is the owner."""
    other = scene.fake.create_repository("acme", "probe", files=files)
    with scene.app.reader(scene.installation, other.id) as reader:
        reader.repository()
        scene.server.journal.clear()
        collected = collect(
            load(("bot.facts",), plugins=False),
            COMMUNITY_FACTS,
            reader=reader,
            auditor=cast("WorkflowAuditor", None),
            licences=cast("LicenceDetector", None),
            commit=other.branches["main"],
            branch="main",
            now=scene.clock.now(),
            tolerate=False,
        )

    assert not [value for value in collected.values() if isinstance(value, Unknown)]
    assert Counter(_kind(request, other.id) for request in scene.server.journal) == calls


def _kind(request: Request, repository_id: int) -> str:
    """What a request asks for: ``git/trees``, ``git/trees recursive``, ``repos acme`` and so on."""
    path = request.path.removeprefix(f"/repositories/{repository_id}").strip("/")
    return " ".join(["/".join(path.split("/")[:2]), *(key for key in request.query)])


BRANCH_FACTS = ("default_head", "drifts", "mergeability", "side_branches", "topics")
DEPENDENCY_FACTS = ("manifests", "self_hosted_jobs", "update_tools")


def _collected(scene: Scene, repository: FakeRepository, names: tuple[str, ...]) -> dict[str, Any]:
    with scene.app.reader(scene.installation, repository.id) as reader:
        reader.repository()
        scene.server.journal.clear()
        return dict(
            collect(
                load(("bot.facts",), plugins=False),
                names,
                reader=reader,
                auditor=cast("WorkflowAuditor", None),
                licences=cast("LicenceDetector", None),
                commit=repository.branches["main"],
                branch="main",
                now=scene.clock.now(),
                tolerate=False,
            )
        )


def test_facts_about_branches_share_their_calls(scene: Scene) -> None:
    """Branches and pull requests are listed once; a comparison serves all who ask for it."""
    fake, repository = scene.fake, scene.repository
    fake.push(repository, "done", {"d": "1"}, message="done")
    fake.push(repository, "main", {"d": "1"}, parents=(scene.head("done"),), message="goes on")
    fake.push(repository, "work", {"w": "1"}, message="work")
    fake.push(repository, "clash", {"README.md": "theirs"}, message="theirs")
    fake.push(repository, "main", {"README.md": "ours"}, message="ours")
    number = fake.open_pull_request(repository, "clash", "main", title="Clash")

    found = _collected(scene, repository, BRANCH_FACTS)

    assert not [value for value in found.values() if isinstance(value, Unknown)]
    assert {b.name: (b.merged, b.pull_request) for b in found["side_branches"].measured} == {
        "clash": (None, number),
        "done": (True, None),
        "work": (False, None),
    }
    assert [(p.number, p.mergeable) for p in found["mergeability"].asked] == [(number, False)]
    assert found["default_head"].committed_at is not None
    calls = Counter(_kind(request, repository.id).split(" ")[0] for request in scene.server.journal)
    assert calls["branches"] == 1
    assert {kind: n for kind, n in calls.items() if kind.startswith("compare/")} == dict.fromkeys(
        [f"compare/{scene.head()}...{scene.head(name)}" for name in ("clash", "done", "work")], 1
    )
    assert (calls["pulls"], calls[f"pulls/{number}"]) == (1, 2)

    _collected(scene, repository, BRANCH_FACTS)
    again = Counter(_kind(request, repository.id).split(" ")[0] for request in scene.server.journal)
    assert again == {"branches": 1, "graphql": 1, "pulls": 1, f"pulls/{number}": 1, "git/ref": 1}


def test_facts_about_dependencies_share_their_calls(scene: Scene) -> None:
    """Folders and files are read once; a second look at the same commit asks for nothing."""
    files = {
        ".github/dependabot.yml": "version: 2\nupdates: []\n",
        ".github/workflows/a.yml": "jobs: {a: {runs-on: self-hosted, steps: [{uses: a/b@v1}]}}",
        "package.json": '{"dependencies": {"a": "1"}}',
        "lib/go.mod": "require a v1",
    }
    other = scene.fake.create_repository("acme", "probe", files=files)

    found = _collected(scene, other, DEPENDENCY_FACTS)

    assert [tool.name for tool in found["update_tools"]] == ["dependabot"]
    assert [job.job for job in found["self_hosted_jobs"].jobs] == ["a"]
    manifests = (*found["manifests"].root, *found["manifests"].nested)
    assert [m.path for m in manifests] == ["package.json", ".github/workflows/a.yml", "lib/go.mod"]
    assert Counter(_kind(request, other.id) for request in scene.server.journal) == {
        "git/trees": 3,
        "git/trees recursive": 1,
        "git/blobs": 4,
    }
    _collected(scene, other, DEPENDENCY_FACTS)
    assert scene.server.journal == []


@pytest.mark.fault
def test_kd9_five_hundred_annotations(scene: Scene) -> None:
    """Appended, none lost; found again by name and App."""
    run = check_run(scene.head(), 500, buttons=(Button("Re-check", "Judge again", "recheck"),))
    writer = scene.writer

    id_ = writer.create_check_run(run)
    writer.update_check_run(id_, run, annotations_from=50)

    [found] = writer.check_runs(scene.head(), "plumbline/health")
    assert (found.id, found.external_id, found.conclusion) == (id_, "x1", "neutral")
    assert found.annotations_count == 500
    assert scene.guard.asked == 10


@pytest.mark.fault
def test_kd1_applied_and_then_502(scene: Scene) -> None:
    """The adapter says that it does not know; looking finds the one object."""

    def broken(request: Request, response: Response) -> Response:
        if request.method == "POST" and request.path.endswith(("/issues", "/check-runs")):
            return Response(502, {"Content-Type": "text/html"}, b"<html>Unicorn</html>")
        return response

    writer = scene.writer
    writer.ensure_label("plumbline", "0e8a16", "Plumbline's")
    scene.server.after = broken

    with pytest.raises(Ambiguous):
        writer.create_issue("Health", "body", ["plumbline"])
    with pytest.raises(Ambiguous):
        writer.create_check_run(check_run(scene.head()))

    [issue] = writer.issues("plumbline")
    assert issue.title == "Health"
    assert len(writer.check_runs(scene.head(), "plumbline/health")) == 1
    assert len(scene.server.writes("/issues")) == 1


def test_an_issue_from_its_making_to_its_end(scene: Scene) -> None:
    """Made with its label, edited, closed, deleted."""
    writer = scene.writer
    writer.ensure_label("plumbline", "0e8a16", "Plumbline's")
    writer.ensure_label("plumbline", "0e8a16", "Plumbline's")
    scene.fake.open_issue(scene.repository, "Somebody else's")
    number = writer.create_issue("Health", "one", ["plumbline"])
    writer.update_issue(number, body="two", state="closed", state_reason="completed")

    found = writer.issue(number)
    assert (found.body, found.state, found.state_reason, found.labels) == (
        "two",
        "closed",
        "completed",
        ("plumbline",),
    )
    assert [i.number for i in writer.issues("plumbline")] == [number]

    scene.fake.delete_issue(scene.repository, number)
    with pytest.raises(Gone):
        writer.issue(number)


def test_what_can_not_be_written(scene: Scene) -> None:
    """Issues off, too long a body, archived."""
    writer = scene.writer
    with pytest.raises(Rejected, match="too long"):
        writer.create_issue("t", "x" * 65_537, [])
    scene.fake.set_issues_enabled(scene.repository, enabled=False)
    with pytest.raises(Rejected) as caught:
        writer.create_issue("t", "b", [])
    assert caught.value.status == 410
    scene.fake.archive(scene.repository)
    with pytest.raises(Rejected):
        writer.create_check_run(check_run(scene.head()))


@pytest.mark.fault
def test_kd7_permissions_reduced(scene: Scene) -> None:
    """The next token asks for what is left; the missing permission is named."""
    scene.fake.set_permissions(
        scene.installation, {"metadata": "read", "contents": "read", "checks": "write"}
    )

    assert scene.reader.head("main") == scene.head()
    scene.clock.advance(60)
    with pytest.raises(PermissionMissing):
        scene.writer.create_issue("t", "b", [])


@pytest.mark.fault
@pytest.mark.parametrize("suspended", [True, False])
def test_kd7_suspended_and_uninstalled(scene: Scene, suspended: bool) -> None:
    """In the middle of a job."""
    reader = scene.reader
    reader.head("main")
    scene.clock.advance(60)
    if suspended:
        scene.fake.suspend(scene.installation)
    else:
        scene.fake.uninstall(scene.installation)

    with pytest.raises(InstallationGone) as caught:
        reader.head("main")
    assert caught.value.suspended is suspended


@pytest.mark.fault
def test_kd6_token_expires_in_the_middle_of_a_job(scene: Scene) -> None:
    """The hour ends between two calls."""
    reader = scene.reader
    reader.head("main")
    scene.clock.advance(3601)

    assert reader.head("main") == scene.head()
    assert len(scene.server.writes("/access_tokens")) == 2


@pytest.mark.fault
def test_kd2_the_primary_limit(scene: Scene) -> None:
    """Paused until the reset; nothing is sent meanwhile."""
    scene.fake.limits.core = 3
    for _ in range(3):
        scene.reader.repository()
    with pytest.raises(LimitReached) as caught:
        scene.reader.repository()
    sent = len(scene.server.journal)
    with pytest.raises(LimitReached):
        scene.reader.repository()

    assert len(scene.server.journal) == sent
    assert scene.clock.now() < caught.value.until <= scene.clock.now() + timedelta(hours=1, seconds=1)


def test_the_delivery_log(scene: Scene) -> None:
    """Read, opened, sent again."""
    again: list[int] = []
    scene.fake.redeliver = again.append
    payload = {"ref": "refs/heads/main", "installation": {"id": scene.installation}}
    recorded = [
        scene.fake.record_delivery(
            guid=f"guid-{n}", event="push", action="", status_code=502, payload=payload
        )
        for n in range(3)
    ]

    found = list(scene.app.hook_deliveries(since=scene.clock.now() - timedelta(days=3)))

    assert sorted(d.id for d in found) == recorded
    assert json.loads(scene.app.hook_delivery_body(found[0].id))["ref"] == "refs/heads/main"
    scene.app.redeliver(found[0].id)
    assert again == [found[0].id]


@pytest.mark.fault
def test_kf1_roles_as_they_are_now(scene: Scene) -> None:
    """Exact roles; nobody, somebody removed and somebody who took over a login have none."""
    scene.fake.privatize(scene.repository)
    for name in ("read", "triage", "write", "maintain", "admin"):
        account = scene.fake.create_user(name)
        scene.fake.set_collaborator(scene.repository, name, name)
        assert scene.reader.permission(name, account.id) is Role[name.upper()]
        assert scene.reader.permission(name, account.id + 1) is Role.NONE
    gone = scene.fake.account("admin")
    scene.fake.set_collaborator(scene.repository, "admin", "")

    assert scene.reader.permission("admin", gone.id) is Role.NONE
    assert scene.reader.permission("nobody", 1) is Role.NONE
    assert scene.reader.permission("octocat", scene.fake.account("octocat").id) is Role.ADMIN


def test_comments_and_reactions(scene: Scene) -> None:
    """Ours are found again, others' are read and reacted to."""
    number = scene.fake.open_issue(scene.repository, "A question")
    theirs = scene.fake.comment(scene.repository, number, "/plumbline help")
    writer = scene.writer

    for _ in range(2):
        writer.react(theirs, "eyes")
    first = writer.create_comment(number, "one\x00")
    scene.clock.advance(60)
    second = writer.create_comment(number, "two")
    writer.update_comment(second, "three")

    read = writer.comment(theirs)
    assert (read.number, read.author, read.bot, read.body) == (number, "octocat", False, "/plumbline help")
    assert read.author_id == scene.fake.account("octocat").id
    assert [c.body for c in writer.our_comments(number)] == ["one", "three"]
    assert [c.id for c in writer.our_comments(number, since=scene.clock.now())] == [second]
    assert first != second
    assert all(c.bot for c in writer.our_comments(number))
    assert len(scene.repository.comments[theirs].reactions) == 1
    scene.fake.delete_comment(scene.repository, theirs)
    with pytest.raises(Gone):
        writer.comment(theirs)


def test_a_pull_request_is_commented_on_like_an_issue(scene: Scene) -> None:
    """And tells its number in the same way."""
    scene.fake.push(scene.repository, "topic", {"a.txt": "a"})
    number = scene.fake.open_pull_request(scene.repository, "topic")

    comment = scene.writer.create_comment(number, "one")

    assert scene.writer.comment(comment).number == number
