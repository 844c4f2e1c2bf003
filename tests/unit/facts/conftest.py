"""A reader, an auditor and a licence detector made of plain dictionaries."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pytest

from bot.model.errors import Gone, Malformed, PermissionMissing
from bot.model.facts import (
    Branch,
    Comparison,
    EntryKind,
    PullRequest,
    Repository,
    TreeEntry,
    WorkflowFinding,
)

COMMIT = "c" * 40


@dataclass
class MemoryReader:
    """A ``RepoReader`` over what a test puts into it."""

    files: dict[str, bytes] = field(default_factory=dict)
    kinds: dict[str, EntryKind] = field(default_factory=dict)
    defaults: dict[str, str] | None = field(default_factory=dict)
    known_branches: list[Branch] = field(default_factory=list)
    pulls: list[PullRequest] = field(default_factory=list)
    comparisons: dict[str, Comparison] = field(default_factory=dict)
    local: bool = False
    compared: list[str] = field(default_factory=list)

    def repository(self) -> Repository:
        return Repository(1, "acme/tool", "main")

    def head(self, branch: str) -> str:
        return next(b.head for b in self.known_branches if b.name == branch)

    def directory(self, commit: str, path: str = "") -> tuple[TreeEntry, ...]:
        assert commit == COMMIT
        prefix = f"{path}/" if path else ""
        found = {}
        for name, data in self.files.items():
            rest = name.removeprefix(prefix)
            if rest != name or not prefix:
                first, slash, _ = rest.partition("/")
                kind = EntryKind.DIRECTORY if slash else self.kinds.get(name, EntryKind.FILE)
                found[prefix + first] = TreeEntry(prefix + first, kind, oid_of(data))
        return tuple(found[name] for name in sorted(found))

    def blob(self, oid: str, *, limit: int) -> bytes:
        data = next(data for data in self.files.values() if oid_of(data) == oid)
        if len(data) > limit:
            raise Malformed(f"{len(data)} bytes")
        return data

    def branches(self, *, limit: int) -> tuple[tuple[Branch, ...], bool]:
        return tuple(self.known_branches[:limit]), len(self.known_branches) > limit

    def compare(self, base: str, head: str) -> Comparison:
        self.compared.append(head)
        if head not in self.comparisons:
            raise Gone("deleted")
        return self.comparisons[head]

    def open_pull_requests(self, *, limit: int) -> tuple[tuple[PullRequest, ...], bool]:
        return tuple(self.pulls[:limit]), len(self.pulls) > limit

    def pull_request(self, number: int) -> PullRequest:
        raise Gone(str(number))

    def owner_default(self, names: Sequence[str]) -> tuple[str, str] | None:
        if self.defaults is None:
            raise PermissionMissing("not to be seen")
        return next(((name, self.defaults[name]) for name in names if name in self.defaults), None)


def oid_of(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


@dataclass
class ListedAuditor:
    """Gives the answers it was given, by blob id; no findings for the rest."""

    answers: dict[str, tuple[WorkflowFinding, ...] | str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def audit(self, blobs: Mapping[str, bytes]) -> Mapping[str, tuple[WorkflowFinding, ...] | str]:
        self.asked += blobs
        return {oid: self.answers.get(oid, ()) for oid in blobs}


class FirstWord:
    """Takes the first word of a text for its licence."""

    def detect(self, text: bytes) -> str | None:
        word = text.split()[0].decode() if text.split() else ""
        return None if word in ("", "unclear") else word


@pytest.fixture
def reader() -> MemoryReader:
    return MemoryReader()


@pytest.fixture
def auditor() -> ListedAuditor:
    return ListedAuditor()


@pytest.fixture
def licences() -> FirstWord:
    return FirstWord()
