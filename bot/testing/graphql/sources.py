"""What resolvers hand to each other: a place in a repository, with the repository.

What no resolver answers is read from ``record``, where there is one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.testing.git import Commit as GitCommit
from bot.testing.git import Entry
from bot.testing.state import CheckRun, CheckSuite, FakeRepository, Issue, PullDetails, Release, Status


@dataclass(frozen=True, slots=True)
class Blob:
    """A file's content."""

    repository: FakeRepository
    oid: str


@dataclass(frozen=True, slots=True)
class Tree:
    """A directory; ``path`` is where it was found, "" for the root."""

    repository: FakeRepository
    oid: str
    path: str = ""


@dataclass(frozen=True, slots=True)
class TreeEntry:
    """A name in a directory."""

    repository: FakeRepository
    entry: Entry
    path: str


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit."""

    repository: FakeRepository
    oid: str

    @property
    def content(self) -> GitCommit:
        """What stands in it."""
        return self.repository.git.commit(self.oid)


@dataclass(frozen=True, slots=True)
class Tag:
    """An annotated tag."""

    repository: FakeRepository
    oid: str


GitObject = Blob | Tree | Commit | Tag


@dataclass(frozen=True, slots=True)
class Ref:
    """A ref; ``full_name`` begins with ``refs/``."""

    repository: FakeRepository
    full_name: str
    oid: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """How ``head`` stands to ``base``, both commits."""

    repository: FakeRepository
    base: str
    head: str


@dataclass(frozen=True, slots=True)
class Rollup:
    """All that was reported on a commit: the newest of each name."""

    repository: FakeRepository
    oid: str
    runs: tuple[CheckRun, ...]
    statuses: tuple[Status, ...]


@dataclass(frozen=True, slots=True)
class Run:
    """A check run."""

    repository: FakeRepository
    record: CheckRun


@dataclass(frozen=True, slots=True)
class Suite:
    """A check suite."""

    repository: FakeRepository
    record: CheckSuite


@dataclass(frozen=True, slots=True)
class Reported:
    """A commit status."""

    repository: FakeRepository
    oid: str
    record: Status


@dataclass(frozen=True, slots=True)
class Pull:
    """A pull request."""

    repository: FakeRepository
    record: Issue
    details: PullDetails

    @property
    def state(self) -> str:
        """OPEN, CLOSED or MERGED."""
        return "MERGED" if self.details.merged_at is not None else self.record.state.upper()


@dataclass(frozen=True, slots=True)
class Ticket:
    """An issue that is no pull request."""

    repository: FakeRepository
    record: Issue


@dataclass(frozen=True, slots=True)
class Published:
    """A release."""

    repository: FakeRepository
    record: Release


def object_of(repository: FakeRepository, oid: str, path: str = "") -> GitObject | None:
    """The object of that name, None when there is none."""
    try:
        kind, _ = repository.git.header(oid)
    except KeyError:
        return None
    if kind == "tree":
        return Tree(repository, oid, path)
    if kind == "blob":
        return Blob(repository, oid)
    return Commit(repository, oid) if kind == "commit" else Tag(repository, oid)


def pulls_of(repository: FakeRepository, states: Sequence[str] | None = None) -> list[Pull]:
    """Pull requests in some states, oldest first."""
    found = (
        Pull(repository, issue, issue.pull) for issue in repository.issues.values() if issue.pull is not None
    )
    return [pull for pull in found if not states or pull.state in states]


def commit_behind(repository: FakeRepository, oid: str) -> str | None:
    """The commit that an object stands for: itself, or what a tag points to."""
    found = object_of(repository, oid)
    while isinstance(found, Tag):
        found = object_of(repository, tag_headers(found)["object"])
    return found.oid if isinstance(found, Commit) else None


def tag_headers(tag: Tag) -> dict[str, str]:
    """The lines above an annotated tag's message, and the message under ""."""
    head, _, message = tag.repository.git.read(tag.oid)[1].decode(errors="replace").partition("\n\n")
    lines = (line.partition(" ") for line in head.splitlines())
    return {name: value for name, _, value in lines} | {"": message}
