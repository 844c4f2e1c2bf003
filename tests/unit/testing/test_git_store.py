"""Bare repositories by plumbing: packs, hostile names, a closed environment, speed."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import pytest

from bot.testing import Executable, FakeGitHub, FakeRepository, GitFailed, ManualClock, SystemClock
from bot.testing.git import ObjectReaders, environment


def git(repository: FakeRepository, *arguments: str) -> str:
    command = ["git", "-C", str(repository.git.path), *arguments]
    done = subprocess.run(
        command, env=environment(repository.git.path), capture_output=True, check=True, text=True
    )
    return done.stdout


def test_commits_are_real(fake: FakeGitHub, rocket: FakeRepository) -> None:
    """git itself finds nothing wrong, and the author is the actor on the fake's clock."""
    sha = fake.push(rocket, "main", {"run": Executable("#!/bin/sh\n")}, message="Ein Gruß\n\nBody")
    git(rocket, "fsck", "--strict", "--no-dangling")
    assert git(rocket, "log", "-1", "--format=%H %an %aI %s").strip() == (
        f"{sha} octocat 2026-01-01T12:00:00+00:00 Ein Gruß"
    )
    assert git(rocket, "ls-tree", "main", "run").startswith("100755")
    assert rocket.git.refs()["refs/heads/main"] == sha


def test_the_same_acts_give_the_same_commits(tmp_path: Path) -> None:
    """Commits depend on acts and clock alone."""
    heads = []
    for name in ("a", "b"):
        root = tmp_path / name
        root.mkdir()
        fake = FakeGitHub(root, clock=ManualClock())
        heads.append(fake.create_repository("octocat", "x", files={"a": "1"}).head)
    assert heads[0] == heads[1]


@pytest.mark.parametrize(
    "name",
    ["with space", 'quo"te', "back\\slash", "new\nline", "-dash", "$(touch x)", "ünï", "a" * 200, "%2e%2e"],
)
def test_hostile_file_names(fake: FakeGitHub, rocket: FakeRepository, name: str) -> None:
    """They come back as they went in."""
    sha = fake.push(rocket, "main", {f"dir/{name}": "x"})
    entry = rocket.git.entry(rocket.git.commit(sha).tree, f"dir/{name}")
    assert entry is not None
    assert rocket.git.touched(sha)[0] == [f"dir/{name}"]


@pytest.mark.parametrize("name", ["a..b", "a b", "end.lock", "x~1"])
def test_branch_names_that_git_refuses(fake: FakeGitHub, rocket: FakeRepository, name: str) -> None:
    """They are an error of the driver, and nothing has changed."""
    before = dict(rocket.refs)
    with pytest.raises(GitFailed):
        fake.push(rocket, name, {"x": "1"})
    assert rocket.refs == before


def test_what_lies_in_packs_is_read_too(fake: FakeGitHub, rocket: FakeRepository) -> None:
    """A large push makes a pack; few readers are open at once and can be started again."""
    sha = fake.push(rocket, "main", {f"d{n % 10}/f{n}": str(n) for n in range(300)})
    assert list((rocket.git.path / "objects" / "pack").glob("*.pack"))
    tree = rocket.git.commit(sha).tree
    entry = rocket.git.entry(tree, "d7/f7")
    assert entry is not None
    assert rocket.git.read(entry.oid) == ("blob", b"7")
    fake.close()
    assert rocket.git.read(entry.oid) == ("blob", b"7")
    assert len(rocket.git.entries(tree, recursive=True)) == 313


def test_readers_are_few(tmp_path: Path, fake: FakeGitHub) -> None:
    """The oldest process is ended when there are too many."""
    readers = ObjectReaders(environment(tmp_path), limit=1)
    first, second = (
        fake.create_repository("octocat", name, files={f"f{n}": str(n) for n in range(120)})
        for name in ("one", "two")
    )
    for repository in (first, second, first):
        assert readers.read(repository.git.path, repository.head or "")[0] == "commit"
    with pytest.raises(KeyError):
        readers.read(first.git.path, "0" * 40)
    readers.close()


def test_objects_that_are_not_there(rocket: FakeRepository) -> None:
    """KeyError, whatever was asked."""
    for ask in (rocket.git.read, rocket.git.commit, rocket.git.entries):
        with pytest.raises(KeyError):
            ask("0" * 40)
    with pytest.raises(KeyError):
        rocket.git.read("main")
    head = rocket.git.commit(rocket.head or "")
    with pytest.raises(KeyError):
        rocket.git.commit(head.tree)
    assert rocket.git.abbreviated("zz") is None
    assert rocket.git.abbreviated("0000000") is None


def test_blobs_and_failures(rocket: FakeRepository) -> None:
    """A blob can be written alone; a failure carries git's words."""
    oid = rocket.git.write_blob(b"alone")
    assert rocket.git.read(oid) == ("blob", b"alone")
    for ask in (rocket.git.merge_base, rocket.git.merge_tree):
        with pytest.raises(GitFailed, match="0000000"):
            ask("0" * 40, rocket.head or "")


def test_nothing_of_the_machine_is_read(
    tmp_path: Path, rocket: FakeRepository, fake: FakeGitHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A user's git configuration and variables change nothing."""
    home = tmp_path / "home"
    home.mkdir()
    (home / ".gitconfig").write_text("[user]\nname = Wrong\n[core]\nhooksPath = /nowhere\n", encoding="utf-8")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    monkeypatch.setenv("GIT_AUTHOR_NAME", "Wrong")
    sha = fake.push(rocket, "main", {"a": "1"})
    assert rocket.git.commit(sha).author[0] == "octocat"


def test_a_real_push_is_taken_in(fake: FakeGitHub, rocket: FakeRepository, installation: int) -> None:
    """What git wrote on disk becomes known through receive_pushed_refs."""
    old = rocket.head or ""
    tree = rocket.git.commit(old).tree
    new = rocket.git.write_commit(tree, [old], "From outside", fake.identity(fake.account("octocat")))
    rocket.git.set_ref("refs/heads/main", new)
    received: list[str] = []
    fake.listeners.append(lambda e: received.append(e.event))
    fake.receive_pushed_refs(
        rocket.id, [(old, new, "refs/heads/main"), ("0" * 40, new, "refs/tags/v1")], "octocat"
    )
    assert rocket.head == new
    assert received == ["push", "check_suite", "create", "push"]


@pytest.mark.untraced
def test_a_repository_is_made_quickly(fake: FakeGitHub) -> None:
    """About 10 ms each on an idle machine; the bound leaves room for a busy one."""
    start = time.process_time()
    for number in range(10):
        fake.create_repository("octocat", f"r{number}", files={"README.md": "x"})
    assert (time.process_time() - start) / 10 < 0.5


def test_clocks(clock: ManualClock) -> None:
    """One stands still until it is moved, the other tells the time in UTC."""
    before = clock.now()
    clock.advance(90)
    assert (clock.now() - before).total_seconds() == 90
    offset = SystemClock().now().utcoffset()
    assert offset is not None
    assert offset.total_seconds() == 0
