"""A repository that exists in a test of a policy alone, read like any other."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from bot.config.policy_tests import PolicyTest
from bot.json_nodes import Node
from bot.model.custom_checks import SETTINGS
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
    Visibility,
    entered,
)
from bot.model.people import Role
from bot.selections import Selection

COMMIT = "1" * 40
OWNER = "imaginary"

_ASKED = {s.field: name for name, s in SETTINGS.items() if s.fact == "custom_settings"}


class ImaginaryReader:
    """A ``RepoReader`` over what a test says; whatever it does not say can not be read."""

    local = False

    def __init__(self, test: PolicyTest) -> None:
        self._test = test
        self._files = {path: text.encode("utf-8", "replace") for path, text in test.files.items()}
        self._templates = {path: text.encode("utf-8", "replace") for path, text in test.templates.items()}

    def repository(self) -> Repository:
        """As the test's settings have it."""
        said = self._test.settings
        return Repository(
            id=1,
            full_name=f"{OWNER}/{self._test.repository}",
            default_branch=str(said["default_branch"]),
            visibility=Visibility(str(said["visibility"])),
            archived=said["archived"] is True,
            fork=said["fork"] is True,
            empty=not self._files,
            has_issues=said["has_issues"] is True,
        )

    def about(self) -> About:
        """As the test's settings have it."""
        said = self._test.settings
        topics = said["topics"]
        assert isinstance(topics, tuple)
        return About(str(said["description"]), str(said["homepage"]), topics, language=str(said["language"]))

    def head(self, branch: str) -> str:
        """The one commit."""
        if not self._files or branch != self._test.settings["default_branch"]:
            raise Gone(f"there is no branch {branch!r}")
        return COMMIT

    def directory(self, commit: str, path: str = "") -> tuple[TreeEntry, ...]:
        """Of the test's files."""
        return _entries(self._files, path) if commit == COMMIT else ()

    def owner_default_directory(self, path: str) -> tuple[TreeEntry, ...]:
        """Of the test's templates."""
        return _entries(self._templates, path)

    def owner_default(self, names: Sequence[str]) -> tuple[str, str] | None:
        """Of the test's templates."""
        found = next((name for name in names if name in self._templates), None)
        return None if found is None else (found, self._test.templates[found])

    def blob(self, oid: str, *, limit: int) -> bytes:
        """The bytes of a file."""
        data = next((data for data in self._files.values() if _oid(data) == oid), None)
        if data is None:
            raise Gone(f"there is no blob {oid}")
        if len(data) > limit:
            raise Malformed(f"{len(data)} bytes are more than {limit}")
        return data

    def all_files(self, commit: str) -> tuple[tuple[TreeEntry, ...], bool]:
        """Of the test."""
        if commit != COMMIT:
            return (), False
        listed = (TreeEntry(p, EntryKind.FILE, _oid(d), len(d)) for p, d in sorted(self._files.items()))
        return tuple(listed), False

    def files_in(self, commit: str, enter: Callable[[str], bool]) -> tuple[TreeEntry, ...]:
        """Of the test."""
        return entered(self.all_files(commit)[0], enter)

    def branches(self, *, limit: int) -> tuple[tuple[Branch, ...], bool]:
        """The default branch."""
        branch = Branch(str(self._test.settings["default_branch"]), COMMIT)
        return ((branch,) if self._files and limit else ()), False

    def graph(self, selections: Mapping[str, Selection], permission: str | None = None) -> Node:
        """Settings that rules can name, and nothing else."""
        if any(selection.text not in _ASKED for selection in selections.values()):
            raise _unsaid(permission)
        said = {key: self._test.settings[_ASKED[s.text]] for key, s in selections.items()}
        return Node(said, "the imaginary repository", permission)

    def rest(self, path: str, *, items: int = 0, key: str = "", permission: str | None = None) -> Node | None:  # noqa: ARG002
        """Nothing."""
        raise _unsaid(permission)

    def compare(self, base: str, head: str) -> Comparison:  # noqa: ARG002
        """Nothing."""
        raise _unsaid()

    def committed_at(self, commit: str) -> datetime | None:  # noqa: ARG002
        """Nothing."""
        raise _unsaid()

    def open_pull_requests(self, *, limit: int) -> tuple[tuple[PullRequest, ...], bool]:  # noqa: ARG002
        """Nothing."""
        raise _unsaid()

    def pull_request(self, number: int) -> PullRequest:  # noqa: ARG002
        """Nothing."""
        raise _unsaid()

    def permission(self, login: str, account_id: int) -> Role:  # noqa: ARG002
        """Nothing."""
        raise _unsaid()

    def latest_release(self) -> Release | None:
        """Nothing."""
        raise _unsaid()


def _unsaid(permission: str | None = None) -> PermissionMissing:
    return PermissionMissing("a test does not say that of its repository", permission=permission)


def _entries(files: Mapping[str, bytes], folder: str) -> tuple[TreeEntry, ...]:
    prefix = f"{folder}/" if folder else ""
    found = {}
    for path, data in files.items():
        if path.startswith(prefix):
            name, slash, _ = path.removeprefix(prefix).partition("/")
            made = (
                (EntryKind.DIRECTORY, _oid(path.encode()), None)
                if slash
                else (EntryKind.FILE, _oid(data), len(data))
            )
            found[prefix + name] = TreeEntry(prefix + name, *made)
    return tuple(found[path] for path in sorted(found))


def _oid(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()
