"""A reader, an auditor and a licence detector made of plain dictionaries."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import pytest

from bot.json_nodes import Node
from bot.model.errors import Gone, Malformed, PermissionMissing
from bot.model.facts import (
    About,
    Branch,
    Comparison,
    EntryKind,
    PullRequest,
    Release,
    Repository,
    TreeEntry,
    WorkflowFinding,
    entered,
)
from bot.selections import Selection

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
    dates: dict[str, datetime] = field(default_factory=dict)
    dated: list[str] = field(default_factory=list)
    sized: bool = True
    release: Release | None = None
    cut_short: bool = False
    sizes: dict[str, int] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)

    graphs: dict[str, object] = field(default_factory=dict)
    rests: dict[str, object] = field(default_factory=dict)

    def repository(self) -> Repository:
        return Repository(1, "acme/tool", "main")

    def graph(self, selections: Mapping[str, Selection], permission: str | None = None) -> Node:
        """What ``graphs`` holds under the selections' keys."""
        if self.local:
            raise PermissionMissing("not in a clone", permission=permission)
        return Node({key: self.graphs[key] for key in selections}, "repository 1", permission)

    def rest(self, path: str, *, items: int = 0, key: str = "", permission: str | None = None) -> Node | None:
        """What ``rests`` holds under the path: an error is raised, None is 404, a list is cut."""
        self.calls.append(f"rest {path}")
        found = self.rests.get(path)
        if isinstance(found, Exception):
            raise found
        if found is None:
            return None
        if items:
            assert isinstance(found, list)
            found = {"items": found[:items], "more": len(found) > items}
        return Node(found, path, permission)

    def head(self, branch: str) -> str:
        return next(b.head for b in self.known_branches if b.name == branch)

    def directory(self, commit: str, path: str = "") -> tuple[TreeEntry, ...]:
        assert commit == COMMIT
        self.calls.append(f"directory {path}")
        return self._entries(self.files, path)

    def _entries(self, files: Mapping[str, bytes], path: str) -> tuple[TreeEntry, ...]:
        prefix = f"{path}/" if path else ""
        found = {}
        for name, data in files.items():
            rest = name.removeprefix(prefix)
            if rest != name or not prefix:
                first, slash, _ = rest.partition("/")
                kind = EntryKind.DIRECTORY if slash else self.kinds.get(name, EntryKind.FILE)
                size = None if slash or not self.sized else self.sizes.get(name, len(data))
                found[prefix + first] = TreeEntry(prefix + first, kind, oid_of(data), size)
        return tuple(found[name] for name in sorted(found))

    def all_files(self, commit: str) -> tuple[tuple[TreeEntry, ...], bool]:
        assert commit == COMMIT
        return tuple(
            TreeEntry(
                name,
                self.kinds.get(name, EntryKind.FILE),
                oid_of(data),
                self.sizes.get(name, len(data)) if self.sized else None,
            )
            for name, data in sorted(self.files.items())
        ), self.cut_short

    def files_in(self, commit: str, enter: Callable[[str], bool]) -> tuple[TreeEntry, ...]:
        return entered(self.all_files(commit)[0], enter)

    def about(self) -> About:
        if self.local:
            raise PermissionMissing("not in a clone")
        return About("A tool", "", ("tool",))

    def latest_release(self) -> Release | None:
        if self.local:
            raise PermissionMissing("not in a clone")
        self.calls.append("latest release")
        return self.release

    def owner_default_directory(self, path: str) -> tuple[TreeEntry, ...]:
        if self.defaults is None:
            raise PermissionMissing("not to be seen")
        self.calls.append(f"default {path}")
        return self._entries({name: text.encode() for name, text in self.defaults.items()}, path)

    def blob(self, oid: str, *, limit: int) -> bytes:
        data = next(data for data in self.files.values() if oid_of(data) == oid)
        if len(data) > limit:
            raise Malformed(f"{len(data)} bytes")
        return data

    def branches(self, *, limit: int) -> tuple[tuple[Branch, ...], bool]:
        return tuple(self.known_branches[:limit]), len(self.known_branches) > limit

    def compare(self, base: str, head: str) -> Comparison:
        # Readers remember: what is compared again costs nothing.
        self.compared += [] if head in self.compared else [head]
        if head not in self.comparisons:
            raise Gone("deleted")
        return self.comparisons[head]

    def committed_at(self, commit: str) -> datetime | None:
        self.dated.append(commit)
        return self.dates.get(commit)

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


@dataclass
class MemoryOwner:
    """An ``OwnerReader`` over what a test puts into it; ``rests`` as in ``MemoryReader``."""

    login: str = "acme"
    organisation: bool = True
    graphs: dict[str, object] = field(default_factory=dict)
    rests: dict[str, object] = field(default_factory=dict)

    def graph(self, selections: Mapping[str, Selection], permission: str | None = None) -> Node:
        return Node({key: self.graphs[key] for key in selections}, "organisation acme", permission)

    def rest(self, path: str, *, items: int = 0, key: str = "", permission: str | None = None) -> Node | None:
        return MemoryReader(rests=self.rests).rest(path, items=items, key=key, permission=permission)


@pytest.fixture
def reader() -> MemoryReader:
    return MemoryReader()


@pytest.fixture
def auditor() -> ListedAuditor:
    return ListedAuditor()


@pytest.fixture
def licences() -> FirstWord:
    return FirstWord()
