"""Objects that are read without a process: as git itself tells them."""

from __future__ import annotations

import subprocess

import pytest

from bot.testing import Executable, FakeGitHub, FakeRepository, Submodule, Symlink
from bot.testing.git import environment


def git(repository: FakeRepository, *arguments: str) -> str:
    command = ["git", "-C", str(repository.git.path), *arguments]
    done = subprocess.run(
        command, env=environment(repository.git.path), capture_output=True, check=True, text=True
    )
    return done.stdout


@pytest.fixture(params=[False, True], ids=["loose", "packed"])
def various(request: pytest.FixtureRequest, fake: FakeGitHub, rocket: FakeRepository) -> FakeRepository:
    """Every kind of entry."""
    files = {
        "run": Executable("#!/bin/sh\n"),
        "link": Symlink("README.md"),
        "module": Submodule("1" * 40),
        "a\tb": "tab",
        "é/deep/file": "x" * 70_000,
    }
    fake.push(rocket, "main", files, message="Add all kinds", actor="octocat")
    if request.param:
        git(rocket, "repack", "-adq")
        git(rocket, "prune-packed", "-q")
    return rocket


def test_trees(various: FakeRepository) -> None:
    """Mode, type, id, size and name, in git's order; of a commit and of a directory."""
    for place in (various.head, git(various, "rev-parse", "main:é").strip()):
        assert place is not None
        listed = git(various, "ls-tree", "-l", "-z", place).split("\0")[:-1]
        told = [
            f"{e.mode} {e.type} {e.oid} {'-' if e.size is None else e.size:>7}\t{e.path}"
            for e in various.git.entries(place)
        ]

        assert told == listed


def test_headers(various: FakeRepository) -> None:
    """Type and size of any object; none of what is not there."""
    for name in ("main", "main^{tree}", "main:é/deep/file"):
        oid = git(various, "rev-parse", name).strip()
        size = int(git(various, "cat-file", "-s", oid))

        assert various.git.header(oid) == (git(various, "cat-file", "-t", oid).strip(), size)
    for missing in ("0" * 40, "main"):
        with pytest.raises(KeyError):
            various.git.header(missing)
    with pytest.raises(KeyError):
        various.git.entries(git(various, "rev-parse", "main:run").strip())


@pytest.mark.parametrize("commits", [1, 70])
def test_counts(fake: FakeGitHub, rocket: FakeRepository, commits: int) -> None:
    """The same by walking a few commits as by git for many."""
    fake.push(rocket, "feature", {"b.py": "1"}, message="Add b", actor="octocat")
    for number in range(commits):
        fake.push(rocket, "main", {"c.py": str(number)}, message="Change c", actor="octocat")
    main, feature = rocket.branches["main"], rocket.branches["feature"]

    assert rocket.git.ahead_behind(feature, main) == (commits, 1)
    assert rocket.git.ahead_behind(main, feature) == (1, commits)
    assert rocket.git.ahead_behind(main, main) == (0, 0)
