"""Documents, single calls and a clone tell the same of a repository; documents with far fewer requests."""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import pytest

from bot.adapters.git import open_clone
from bot.adapters.github import Bounds, GitHubApp, build
from bot.adapters.github.immutable import Immutable
from bot.adapters.licences import Licences
from bot.adapters.zizmor import Zizmor
from bot.config.policy import DEFAULT
from bot.config.settings import Settings
from bot.engine.evaluate import Collection, Facts, collect, declared_selections, needed_facts
from bot.engine.reading import facts_of, settle_all
from bot.model.errors import Gone
from bot.model.facts import Branches, Drifts, OpenPullRequests, PullRequest, Repository, SideBranches
from bot.model.verdicts import Reason, Unknown
from bot.ports import Batch, RepoReader
from bot.registry import load
from bot.selections import proposal
from bot.testing.clocks import ManualClock
from bot.testing.fake import FakeGitHub
from bot.testing.http import Request, Response
from bot.testing.state import FakeRepository
from tests.contract.github.loopback import Loopback
from tests.contract.github.scripted import Counts, Pauses

REGISTRY = load(("bot.checks", "bot.facts"), plugins=False)

WORKFLOW = """\
name: build
on: [push]
jobs:
  build:
    runs-on: [self-hosted, linux]
    steps:
      - uses: actions/checkout@v4
      - run: make
"""

FILES: dict[str, str] = {
    "README.md": "# Rocket\n" + "It flies. " * 40,
    "LICENSE": "MIT License\n",
    "CODEOWNERS": "* @acme/all\n/docs/ docs@example.org nonsense\n",
    ".github/SECURITY.md": "Write to security@example.org, we answer within 3 days.\n",
    ".github/dependabot.yml": "version: 2\nupdates:\n"
    "  - {package-ecosystem: pip, directory: /, schedule: {interval: weekly}}\n",
    ".github/workflows/build.yml": WORKFLOW,
    ".github/workflows/notes.txt": "not a workflow\n",
    ".github/ISSUE_TEMPLATE/bug.yml": "name: bug\n",
    "docs/guide.md": "guide\n",
    "docs/deep/er/more.md": "more\n",
    "requirements.txt": "flask\n",
    "bin/tool.exe": "MZ\0\0",
    "latin.txt": "caf\udce9\n",
}


@dataclass
class Scene:
    """A fake with an organisation and the App on it; every request is noted."""

    fake: FakeGitHub
    server: Loopback
    clock: ManualClock
    app: GitHubApp
    installation: int
    believed: Mapping[str, str] | None = None
    """Permissions that are taken for granted; None: those that are."""

    @property
    def granted(self) -> Mapping[str, str]:
        """What facts may ask for."""
        return self.believed or self.app.installation(self.installation).permissions

    def known(self, repository: FakeRepository) -> Repository:
        """The repository as a listing told it."""
        return next(r for r in self.app.installation_repositories(self.installation) if r.id == repository.id)

    def together(
        self, repositories: Sequence[FakeRepository], names: Sequence[str] = ()
    ) -> dict[int, Facts | Gone]:
        """Facts of repositories by shared documents; the journal holds their requests alone."""
        self.forget()
        known = [self.known(r) for r in repositories]
        wanted = names or needed_facts(REGISTRY, DEFAULT)
        batch = self.app.batch(self.installation, known)
        batch.declare(declared_selections(REGISTRY, wanted, self.granted))
        self.server.journal.clear()
        facts = settle_all(batch, [self._asking(batch, r, wanted) for r in known])
        return {r.id: told for r, told in zip(known, facts, strict=True)}

    def _asking(self, batch: Batch, known: Repository, names: Any) -> Any:
        reader = batch.reader(known.id)
        kept: list[Collection] = []

        def ask() -> Facts:
            if not kept:
                repository = reader.repository()
                commit = "" if repository.empty else reader.head(repository.default_branch)
                kept.append(self._collection(reader, repository, commit, names))
            return facts_of(kept[0])

        return ask

    def _collection(self, reader: RepoReader, repository: Repository, commit: str, names: Any) -> Collection:
        return Collection(
            REGISTRY,
            names,
            {
                "reader": reader,
                "owner": self.app.owner(self.installation, repository.owner),
                "auditor": Zizmor(),
                "licences": Licences(),
                "commit": commit,
                "branch": "" if repository.empty else repository.default_branch,
                "now": self.clock.now(),
                "custom_rules": (),
                "properties": None,
            },
            tolerate=True,
            granted=self.granted,
        )

    def alone(self, repository: FakeRepository, names: Sequence[str]) -> Facts:
        """The same through REST, call by call."""
        self.forget()
        with self.app.reader(self.installation, repository.id) as reader:
            told = reader.repository()
            commit = "" if told.empty else reader.head(told.default_branch)
            return facts_of(self._collection(reader, told, commit, names))

    def asking_at(self, batch: Batch, repository: FakeRepository, commit: str) -> Any:
        """What reads the facts that files decide, at any commit."""
        known = self.known(repository)
        collecting = self._collection(batch.reader(known.id), known, commit, FROM_FILES)
        return lambda: facts_of(collecting)

    def alone_at(self, repository: FakeRepository, commit: str) -> Facts:
        """The same through REST."""
        self.forget()
        with self.app.reader(self.installation, repository.id) as reader:
            return facts_of(self._collection(reader, reader.repository(), commit, FROM_FILES))

    def cloned(self, repository: FakeRepository, folder: Path, names: Sequence[str]) -> Facts:
        """The same from a clone."""
        subprocess.run(
            ["git", "clone", "-q", "--mirror", str(repository.git.path), str(folder)],
            check=True,
            capture_output=True,
        )
        with open_clone(folder) as reader:
            head = reader.head(repository.default_branch)
            return collect(
                REGISTRY,
                names,
                reader=reader,
                auditor=Zizmor(),
                licences=Licences(),
                commit=head,
                branch=repository.default_branch,
                now=self.clock.now(),
                tolerate=False,
            )

    def forget(self) -> None:
        """What was read before, lest one way of reading is compared with itself."""
        self.app._memory = Immutable()

    def kinds(self) -> Counter[str]:
        """How many requests went to GraphQL, and how many elsewhere by path."""
        return Counter(
            "graphql" if request.path.endswith("/graphql") else request.path
            for request in self.server.journal
        )


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    clock = ManualClock()
    fake = FakeGitHub(tmp_path, clock=clock)
    fake.create_organisation("acme")
    installation = fake.install("acme")
    server = Loopback(fake)
    settings = Settings(
        home=tmp_path,
        github_url=server.url,
        app_id=fake.app.id,
        private_key=fake.app_private_key_pem,
        webhook_secrets=("w",),
    )
    app = build(
        settings,
        ledger=Pauses(clock),
        clock=clock,
        metrics=Counts(),
        bounds=Bounds(read_s=30, call_s=60, backoff_s=0.001),
        sleep=lambda _s: None,
    )
    yield Scene(fake, server, clock, app, installation)
    server.close()
    fake.close()


def rocket(scene: Scene) -> FakeRepository:
    """A repository with something of everything."""
    files = {path: text.encode("utf-8", "surrogateescape") for path, text in FILES.items()}
    repository = scene.fake.create_repository("acme", "rocket", files=cast("Any", files))
    repository.description, repository.topics = "A rocket", ["space"]
    fake = scene.fake
    fake.push(repository, "done", {"d": "1"}, message="done")
    fake.push(repository, "main", {"d": "1"}, parents=(repository.branches["done"],), message="goes on")
    fake.push(repository, "work", {"w": "1"}, message="work")
    fake.push(repository, "clash", {"README.md": "theirs"}, message="theirs")
    fake.push(repository, "main", {"README.md": "ours " * 100}, message="ours")
    fake.push(repository, "fresh", {"f": "1"}, parents=(repository.branches["main"],), message="fresh")
    fake.open_pull_request(repository, "clash", "main", title="Clash")
    fake.open_pull_request(repository, "fresh", "main", title="Fresh")
    return repository


FROM_FILES = tuple(
    name for name, spec in REGISTRY.facts.items() if spec.file_fed and "owner" not in spec.needs
)
BOTH = (
    *FROM_FILES,
    "about",
    "branches",
    "open_pull_requests",
    "default_head",
    "side_branches",
    "mergeability",
    "drifts",
    "changelog",
    "binaries",
)


def test_documents_tell_what_single_calls_tell(scene: Scene) -> None:
    """Fact by fact, value by value."""
    repository = rocket(scene)
    single = scene.alone(repository, BOTH)
    shared = scene.together([repository], BOTH)[repository.id]
    assert not isinstance(shared, Gone)

    for name in BOTH:
        assert _comparable(shared[name]) == _comparable(single[name]), name


def _comparable(value: Any) -> Any:
    """Without what single calls do not tell, or only at a price that they do not pay."""
    match value:
        case Branches():
            return [(b.name, b.head) for b in value.listed], value.more
        case OpenPullRequests():
            return [_single(pull) for pull in value.listed], value.more
        case SideBranches():
            in_use = [
                replace(b, committed_at=None, merged=None) if b.pull_request else b for b in value.measured
            ]
            return replace(value, measured=tuple(in_use))
    return value


def _single(pull: PullRequest) -> PullRequest:
    return replace(
        pull, mergeable=None, cross_repository=None, maintainer_can_modify=None, review_decision="", bot=False
    )


def test_documents_tell_what_a_clone_tells(scene: Scene, tmp_path: Path) -> None:
    """All that files tell, and how branches stand."""
    repository = rocket(scene)
    names = (*FROM_FILES, "default_head", "binaries")
    cloned = scene.cloned(repository, tmp_path / "clone.git", names)
    shared = scene.together([repository], names)[repository.id]
    assert not isinstance(shared, Gone)

    for name in names:
        if isinstance(cloned[name], Unknown):
            continue
        assert shared[name] == cloned[name], name


def test_many_repositories_share_documents(scene: Scene) -> None:
    """Twelve small repositories cost a pulse, a document, one for the files, and one tree each."""
    made = [
        scene.fake.create_repository("acme", f"r{n}", files={"README.md": f"# {n}\n", "LICENSE": "MIT"})
        for n in range(12)
    ]

    facts = scene.together(made)

    assert not [told for told in facts.values() if isinstance(told, Gone)]
    kinds = scene.kinds()
    assert kinds["graphql"] <= 6


def test_a_repository_that_went_harms_no_other(scene: Scene) -> None:
    """It is gone; the others are told."""
    made = [scene.fake.create_repository("acme", f"r{n}", files={"README.md": "x"}) for n in range(3)]
    known = [scene.known(r) for r in made]
    made[1].deleted = True
    batch = scene.app.batch(scene.installation, known)

    found = settle_all(batch, [batch.reader(r.id).repository for r in known])

    assert isinstance(found[1], Gone)
    assert [f.full_name for f in found if isinstance(f, Repository)] == ["acme/r0", "acme/r2"]


def test_an_empty_repository_is_told_as_empty(scene: Scene) -> None:
    """It has no branch, and the name that its first branch will get is the one known."""
    repository = scene.fake.create_repository("acme", "new")
    known = scene.known(repository)
    batch = scene.app.batch(scene.installation, [known])

    (told,) = settle_all(batch, [batch.reader(known.id).repository])

    assert isinstance(told, Repository)
    assert told.empty
    assert told.default_branch == known.default_branch


def test_without_graphql_repositories_are_read_one_by_one(scene: Scene) -> None:
    """An emulator that knows REST alone serves all that REST tells; the rest is unknown, with the reason."""
    repository = scene.fake.create_repository("acme", "r", files={"README.md": "x"})
    known = scene.known(repository)
    missing = Response(404, {"Content-Type": "application/json"}, b'{"message": "Not Found"}')
    scene.server.after = lambda request, response: missing if request.path == "/graphql" else response
    batch = scene.app.batch(scene.installation, [known])

    (told,) = settle_all(batch, [lambda: batch.reader(known.id).repository()])

    assert isinstance(told, Repository)
    assert told.full_name == "acme/r"


def test_the_last_calls_of_an_hour_are_kept_for_answers(scene: Scene) -> None:
    """Settings that cost a call are unknown for the time being; what documents tell is told."""
    repository = scene.fake.create_repository("acme", "r", files={"README.md": "x"})
    scene.fake.limits.core = 30
    names = ("webhooks", "community_files")
    scene.known(repository)

    with scene.app.reader(scene.installation, repository.id) as reader:
        for _ in range(27):
            reader.permission("octocat", 1)
    facts = scene.together([repository], names)[repository.id]

    assert not isinstance(facts, Gone)
    assert isinstance(facts["webhooks"], Unknown)
    assert facts["webhooks"].reason is Reason.LIMIT
    assert not isinstance(facts["community_files"], Unknown)


# Comparisons

ALIGNMENT = ("drifts", "branch_pairs", "stacks", "pull_request_bases", "side_branches")


def later(scene: Scene, repository: FakeRepository, branch: str, path: str, **options: Any) -> str:
    """A commit on a branch, a day after the one before."""
    scene.clock.advance(86_400)
    return scene.fake.push(repository, branch, {path: path}, message=f"{path} on {branch}", **options)


def entangled(scene: Scene) -> FakeRepository:
    """Branches that went apart, were brought up to date, began anew, or come from a fork."""
    fake = scene.fake
    repository = fake.create_repository("acme", "maze", files={"README.md": "# Maze\n"})
    start = repository.branches["main"]
    fork = fake.fork(repository, "octocat")
    apart = later(scene, repository, "develop", "d", parents=(start,))
    later(scene, repository, "main", "m")
    updated = later(scene, repository, "updated", "u", parents=(start,))
    later(scene, repository, "updated", "v", parents=(updated, repository.branches["main"]))
    later(scene, repository, "main", "n")
    later(scene, repository, "staging", "s", parents=(apart, start))
    later(scene, repository, "anew", "a", parents=())
    later(scene, repository, "lower", "l", parents=(start,))
    later(scene, repository, "upper", "k", parents=(repository.branches["lower"],))
    later(scene, repository, "lower", "o")
    later(scene, fork, "work", "w", parents=(start,))
    fake.open_pull_request(repository, "lower")
    fake.open_pull_request(repository, "upper", "lower")
    fake.open_pull_request(repository, "work", head_repository=fork)
    return repository


def measured(value: Any) -> list[Any]:
    """All comparisons of a fact; documents tell dates, and so another order."""
    return sorted(value.measured, key=repr)


def test_documents_compare_as_single_calls_do(scene: Scene) -> None:
    """Counts, the newest common commit, and when it was made; without a call."""
    repository = entangled(scene)

    shared = scene.together([repository], ALIGNMENT)[repository.id]
    calls = {path for path in scene.kinds() if "/compare/" in path or "/commits/" in path}
    single = scene.alone(repository, ALIGNMENT)

    assert not isinstance(shared, Gone)
    assert calls == set()
    assert isinstance(single["drifts"], Drifts)
    assert len(single["drifts"].measured) == 7
    for name in ("drifts", "branch_pairs", "stacks"):
        assert measured(shared[name]) == measured(single[name]), name


@pytest.mark.parametrize("what", ["pushed to since", "not comparable"])
def test_what_documents_can_not_compare_costs_a_call(scene: Scene, what: str) -> None:
    """A branch that moved between two documents, and an error in the place of a comparison."""
    repository = entangled(scene)
    single = scene.alone(repository, ("drifts",))

    def changed(request: Request, response: Response) -> Response:
        if request.path != "/graphql" or b"aheadBy behindBy headTarget" not in request.body:
            return response
        body = json.loads(response.body)
        for node in body["data"].values():
            for told in node.values() if isinstance(node, dict) else ():
                if isinstance(told, dict) and "compare" in told:
                    told |= {"compare": None} if what == "not comparable" else {"target": {"oid": "0" * 40}}
        return replace(response, body=json.dumps(body).encode())

    scene.server.after = changed
    shared = scene.together([repository], ("drifts",))[repository.id]

    assert not isinstance(shared, Gone)
    assert [path for path in scene.kinds() if "/compare/" in path]
    assert measured(shared["drifts"]) == measured(single["drifts"])


# Pull requests


def proposed(scene: Scene, repository: FakeRepository, number: int) -> Batch:
    """What judging a pull request reads with; the journal is empty."""
    scene.forget()
    known = scene.known(repository)
    batch = scene.app.batch(scene.installation, [known])
    batch.foresee(declared_selections(REGISTRY, FROM_FILES, scene.granted))
    batch.declare([proposal(number)])
    scene.server.journal.clear()
    return batch


def sides(scene: Scene, batch: Batch, repository: FakeRepository, number: int) -> tuple[str, str | None]:
    """Head and merge base of a pull request, with the directories of both on their way."""

    def looked() -> PullRequest:
        return batch.reader(repository.id).pull_request(number)

    (pull,) = settle_all(batch, [looked])
    assert isinstance(pull, PullRequest)

    def began() -> str | None:
        reader = batch.reader(repository.id)
        return reader.compare(reader.head(pull.base_branch), pull.head_sha).merge_base

    def listed() -> object:
        return batch.reader(repository.id).directory(pull.head_sha)

    base, _ = settle_all(batch, [began, listed])
    assert not isinstance(base, Gone)
    return pull.head_sha, cast("str | None", base)


@pytest.mark.parametrize("forked", [False, True], ids=["a branch", "a fork's branch"])
def test_documents_tell_both_sides_of_a_pull_request(scene: Scene, forked: bool) -> None:
    """What single calls tell of both commits, without a single call."""
    repository = rocket(scene)
    start = repository.branches["main"]
    source = scene.fake.fork(repository, "octocat") if forked else repository
    later(scene, source, "change", ".github/workflows/more.yml", parents=(start,))
    later(scene, source, "change", "src/deep/go.mod")
    later(scene, repository, "main", "README.md")
    number = scene.fake.open_pull_request(repository, "change", head_repository=source)

    batch = proposed(scene, repository, number)
    head, base = sides(scene, batch, repository, number)
    assert len(scene.server.journal) == 2
    read = [scene.asking_at(batch, repository, commit) for commit in (head, cast("str", base))]
    told = settle_all(batch, read)

    requests = scene.kinds()
    single = [scene.alone_at(repository, commit) for commit in (head, start)]
    assert base == start
    assert requests["graphql"] <= 5, "among them one for the owner's defaults, and one for folders below"
    assert not [path for path in requests if path.startswith("/repositories/")]
    for found, wanted in zip(told, single, strict=True):
        assert not isinstance(found, Gone)
        for name in FROM_FILES:
            assert found[name] == wanted[name], name


def test_a_list_of_commits_that_is_older_than_the_branch_is_not_believed(scene: Scene) -> None:
    """What of a pull request is merged by other ways is still on its list at times."""
    repository = entangled(scene)
    start = repository.branches["main"]
    merged = later(scene, repository, "twice", "t", parents=(start,))
    later(scene, repository, "twice", "u")
    number = scene.fake.open_pull_request(repository, "twice")
    parents = (start, merged)
    later(scene, repository, "main", "x", parents=parents)
    listed = {"commit": {"oid": merged, "parents": {"totalCount": 1, "nodes": []}}}
    listed["commit"]["parents"]["nodes"] = [{"oid": start, "committedDate": "2026-01-20T00:00:00Z"}]

    def stale(request: Request, response: Response) -> Response:
        if b"commits(first: 100) { totalCount nodes { commit" not in request.body:
            return response
        body = json.loads(response.body)
        for pull in body["data"]["nodes"][0].values():
            if isinstance(pull, dict) and "commits" in pull:
                pull["commits"] = {"totalCount": 2, "nodes": [listed, *pull["commits"]["nodes"]]}
        return replace(response, body=json.dumps(body).encode())

    scene.server.after = stale
    batch = proposed(scene, repository, number)

    assert sides(scene, batch, repository, number)[1] == merged


def test_files_of_a_commit_that_is_not_there(scene: Scene) -> None:
    """It is gone; it has not merely no files."""
    repository = rocket(scene)
    number = scene.fake.open_pull_request(repository, "done")
    batch = proposed(scene, repository, number)

    (found,) = settle_all(batch, [lambda: batch.reader(repository.id).directory("0" * 40, ".github")])

    assert isinstance(found, Gone)


def test_a_pull_request_that_is_not_there(scene: Scene) -> None:
    """Deleted, or never opened."""
    repository = rocket(scene)
    batch = proposed(scene, repository, 99)

    (found,) = settle_all(batch, [lambda: batch.reader(repository.id).pull_request(99)])

    assert isinstance(found, Gone)
