"""Files that name dependencies, and the ecosystem that each belongs to."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any

from bot.facts.custom_files import want_all
from bot.facts.workflow_audit import MAX_BYTES as WORKFLOW_BYTES
from bot.facts.workflow_audit import listed_workflows
from bot.model.errors import Gone, Malformed
from bot.model.facts import EntryKind, Manifest, Manifests, TreeEntry
from bot.ports import RepoReader
from bot.selections import directory
from bot.spec import fact

MAX_BYTES = 256 * 1024
MAX_READ = 20
"""Manifests that are looked into."""

MAX_READ_LOCAL = 500
MAX_NESTED = 200
MAX_DEPTH = 5
"""Folders above a manifest; what lies deeper is a part of something."""

ACTIONS = "github-actions"

_NAMES = {
    "bun": r"bun\.lockb?",
    "bundler": r"gemfile|gems\.rb|[\w.-]+\.gemspec",
    "cargo": r"cargo\.toml",
    "composer": r"composer\.json",
    "docker": r"(dockerfile|containerfile)([.-][\w.-]+)?|[\w.-]+\.dockerfile",
    "gomod": r"go\.mod",
    "gradle": r"(build|settings)\.gradle(\.kts)?",
    "helm": r"chart\.yaml",
    "maven": r"pom\.xml",
    "mix": r"mix\.exs",
    "npm": r"package\.json",
    "nuget": r"[\w.-]+\.(cs|fs|vb)proj|packages\.config|directory\.packages\.props",
    "pip": r"pyproject\.toml|setup\.(py|cfg)|pipfile|(requirements|constraints)([.-][\w.-]+)?\.(txt|in)"
    r"|[\w.-]+[.-]requirements\.(txt|in)",
    "pub": r"pubspec\.yaml",
    "swift": r"package\.swift",
    "terraform": r"[\w.-]+\.tf",
}
"""Source: https://docs.github.com/en/code-security/reference/supply-chain-security/supported-ecosystems-and-repositories"""

_USES = re.compile(r"\buses[\"']?[ \t]{0,9}:[ \t]{0,9}[\"']?(?![\"'./])[\w-]{1,100}/[\w./-]{1,200}@")
_MANIFEST = re.compile(
    "|".join(f"(?P<{name}>{pattern})" for name, pattern in _NAMES.items()), re.ASCII | re.IGNORECASE
)

_NOT_OURS = re.compile(
    r"\..*|_.*|(.*[_.-])?tests?|tests?[_-].*|testing|testdata|test[_-]?data|specs?|.*fixtures?.*|.*snapshots?.*"
    r"|(.*[_.-])?examples?|samples?|demos?|docs?|website|vendor(ed)?|third[_-]?party|3rdparty|external|extern|deps"
    r"|node_modules|bench.*|(.*[_.-])?benchmarks?|e2e.*|integration.*|playgrounds?|.*templates?|.*scaffold.*"
    r"|resources|data|dist|build|target|out|tutorials?|fuzz.*|mocks?|corpus|packaging",
    re.ASCII | re.IGNORECASE,
)
"""Folders whose manifests are test data, examples, tools' input or others' code."""


@fact(
    "manifests",
    file_fed=True,
    permission="contents: read",
    cost="two directories and the workflows (shared with workflow_audit), the folders that may hold them "
    "(of more than 60 one call tells, shared with binaries), one blob per manifest that may be without "
    "dependencies (at most 20)",
    graph={"root": directory(""), "workflows": directory(".github/workflows", texts=True)},
)
def manifests(reader: RepoReader, commit: str) -> Manifests:
    """Manifests of the root and of folders, and workflows.

    A manifest that names no dependency (a ``pyproject.toml`` with settings of tools, say) is left
    out. So are folders of tests, examples and others' code, and what lies deeper than five folders.
    """
    if not commit:
        return Manifests(())
    top = [manifest for entry in reader.directory(commit) if (manifest := _named(entry))]
    most = MAX_READ_LOCAL if reader.local else MAX_READ
    want_all([partial(_files, reader, commit), *_reading(reader, [entry for entry, _ in top][:most])])
    files = _files(reader, commit)
    below = [manifest for entry in files if "/" in entry.path and (manifest := _named(entry))][:MAX_NESTED]
    want_all(_reading(reader, [entry for entry, _ in (*top, *below)])[:most])
    look = _Look(reader, most)
    root = [manifest for entry, manifest in top if look.declares(entry, unread=True)]
    root += _first_with_actions(reader, commit)
    nested = [manifest for entry, manifest in below if look.declares(entry, unread=False)]
    return Manifests(tuple(root), tuple(nested))


def _reading(reader: RepoReader, entries: Iterable[TreeEntry]) -> list[Callable[[], object]]:
    """What reads those manifests that must be looked into."""
    judged = [entry for entry in entries if _judge(entry) is not None]
    return [partial(reader.blob, entry.oid, limit=MAX_BYTES) for entry in judged]


def _files(reader: RepoReader, commit: str) -> tuple[TreeEntry, ...]:
    try:
        return reader.files_in(commit, _ours)
    except Malformed:
        # Too many to be told: what lies at the root is still worth knowing.
        return ()


def _named(entry: TreeEntry) -> tuple[TreeEntry, Manifest] | None:
    if entry.kind is not EntryKind.FILE or len(entry.name) > 255:
        return None
    found = _MANIFEST.fullmatch(entry.name)
    return (entry, Manifest(entry.path, str(found.lastgroup))) if found else None


def _first_with_actions(reader: RepoReader, commit: str) -> Iterator[Manifest]:
    """One workflow that uses an action of somebody else stands for all of them."""
    for entry, problem in listed_workflows(reader, commit):
        if problem is None and _uses_actions(reader, entry):
            yield Manifest(entry.path, ACTIONS)
            return


def _uses_actions(reader: RepoReader, entry: TreeEntry) -> bool:
    try:
        text = reader.blob(entry.oid, limit=WORKFLOW_BYTES).decode("utf-8", "replace")
    except (Malformed, Gone):
        return False
    return _USES.search(text) is not None


def _ours(folder: str) -> bool:
    depth, name = folder.count("/") + 1, folder.rpartition("/")[2]
    return depth <= MAX_DEPTH and _NOT_OURS.fullmatch(name[:255]) is None


def _judge(entry: TreeEntry) -> Callable[[str], bool] | None:
    """What tells from the text whether such a manifest names a dependency; None where its name is enough."""
    return next((judge for pattern, judge in _JUDGES if pattern.fullmatch(entry.name)), None)


class _Look:
    """Looks into manifests, as many as are allowed."""

    def __init__(self, reader: RepoReader, most: int) -> None:
        self._reader = reader
        self._left = most

    def declares(self, entry: TreeEntry, *, unread: bool) -> bool:
        """Whether a manifest names a dependency; ``unread`` where it may not be looked into."""
        judge = _judge(entry)
        if judge is None:
            return True
        if self._left == 0:
            return unread
        self._left -= 1
        try:
            text = self._reader.blob(entry.oid, limit=MAX_BYTES).decode("utf-8-sig", "replace")
        except (Malformed, Gone):
            return unread
        try:
            return judge(text)
        except (ValueError, RecursionError):
            # The ecosystem's own tools can not read it either.
            return False


def _requirements(text: str) -> bool:
    return re.search(r"^[ \t]{0,20}[A-Za-z0-9]", text, re.MULTILINE) is not None


def _setup(text: str) -> bool:
    return re.search(r"\b(install_requires|extras_require|tests_require)\b", text) is not None


def _pyproject(text: str) -> bool:
    top = tomllib.loads(text)
    project, tool = _table(top, "project"), _table(top, "tool")
    poetry = _table(tool, "poetry")
    named = [
        project.get("dependencies"),
        project.get("optional-dependencies"),
        top.get("dependency-groups"),
        {name for name in _table(poetry, "dependencies") if name.lower() != "python"},
        *(poetry.get(key) for key in ("dev-dependencies", "group")),
        _table(tool, "pdm").get("dev-dependencies"),
        _table(tool, "uv").get("dev-dependencies"),
    ]
    return any(named)


def _cargo(text: str) -> bool:
    top = tomllib.loads(text)
    return any(
        top.get(key)
        for key in ("dependencies", "dev-dependencies", "build-dependencies", "target", "workspace")
    )


def _go(text: str) -> bool:
    return re.search(r"^[ \t]{0,20}require\b", text, re.MULTILINE) is not None


def _package(text: str) -> bool:
    top = json.loads(text)
    kinds = ("dependencies", "devDependencies", "optionalDependencies", "workspaces")
    return isinstance(top, dict) and any(top.get(kind) for kind in kinds)


def _composer(text: str) -> bool:
    top = json.loads(text)
    if not isinstance(top, dict):
        return False
    # Packages are `vendor/name`; what has no slash is the platform.
    return any("/" in name for kind in ("require", "require-dev") for name in _table(top, kind))


def _table(parent: Mapping[str, Any], key: str) -> dict[str, Any]:
    found = parent.get(key)
    return found if isinstance(found, dict) else {}


_JUDGES: Iterable[tuple[re.Pattern[str], Callable[[str], bool]]] = tuple(
    (re.compile(pattern, re.ASCII | re.IGNORECASE), judge)
    for pattern, judge in (
        (r"pyproject\.toml", _pyproject),
        (r"setup\.(py|cfg)", _setup),
        (r"[\w.-]+\.(txt|in)", _requirements),
        (r"cargo\.toml", _cargo),
        (r"go\.mod", _go),
        (r"package\.json", _package),
        (r"composer\.json", _composer),
    )
)
