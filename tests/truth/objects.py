"""Writes git objects and refs straight into a bare repository: no process, no index, no work tree.

A repository of some dozens of commits takes a few milliseconds, of which most is the file system's.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import zlib
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from bot.testing.git import Content, Executable, Submodule, Symlink

Files = dict[str, tuple[str, str]]
"""Path -> (mode, object id)."""


@lru_cache(maxsize=4096)
def _packed(kind: str, data: bytes) -> tuple[str, bytes]:
    whole = f"{kind} {len(data)}".encode() + b"\0" + data
    return hashlib.sha1(whole, usedforsecurity=False).hexdigest(), zlib.compress(whole, 1)


def write_refs(repository: Path, refs: Mapping[str, str]) -> None:
    """Write all refs of a repository at once."""
    lines = [f"{refs[name]} {name}\n" for name in sorted(refs, key=os.fsencode)]
    (repository / "packed-refs").write_text(
        "# pack-refs with: sorted \n" + "".join(lines), encoding="utf-8", errors="surrogateescape"
    )


class ObjectWriter:
    """Objects of one bare repository, or of several that share a store; nobody else may be writing there."""

    def __init__(self, repository: Path) -> None:
        self._objects = repository / "objects"
        for folder in ("info", "pack"):
            (self._objects / folder).mkdir(parents=True, exist_ok=True)
        self._there: set[str] = set()
        self._folders: set[str] = set()

    def serve(self, repository: Path) -> None:
        """Let a repository without objects of its own use this store."""
        own = repository / "objects"
        if own.is_symlink():
            own.unlink()
        else:
            shutil.rmtree(own)
        own.symlink_to(self._objects.resolve())

    def put(self, kind: str, data: bytes) -> str:
        """Write an object; returns its id."""
        oid, packed = _packed(kind, data)
        if oid not in self._there:
            self._there.add(oid)
            folder = self._objects / oid[:2]
            if oid[:2] not in self._folders:
                folder.mkdir(exist_ok=True)
                self._folders.add(oid[:2])
            file = os.open(folder / oid[2:], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
            os.write(file, packed)
            os.close(file)
        return oid

    def changed(self, files: Files, changes: Mapping[str, Content]) -> Files:
        """Files after changes; None deletes."""
        found = dict(files)
        for path, content in changes.items():
            if content is None:
                del found[path]
            else:
                found[path] = self._file(content)
        return found

    def _file(self, content: Content) -> tuple[str, str]:
        mode = "100644"
        match content:
            case Submodule():
                return "160000", content.commit
            case Symlink():
                mode, content = "120000", content.target
            case Executable():
                mode, content = "100755", content.data
        data = content.encode("utf-8", "surrogateescape") if isinstance(content, str) else content
        assert isinstance(data, bytes)
        return mode, self.put("blob", data)

    def tree(self, files: Files) -> str:
        """Write the trees of some files; returns the root's id."""
        here: dict[bytes, tuple[str, str]] = {}
        below: dict[str, Files] = {}
        for path, entry in files.items():
            folder, slash, rest = path.partition("/")
            if slash:
                below.setdefault(folder, {})[rest] = entry
            else:
                here[os.fsencode(path)] = entry
        for folder, inside in below.items():
            here[os.fsencode(folder)] = ("40000", self.tree(inside))
        # git sorts a folder as if its name ended with a slash.
        ordered = sorted(here.items(), key=lambda e: e[0] + (b"/" if e[1][0] == "40000" else b""))
        parts = (mode.encode() + b" " + name + b"\0" + bytes.fromhex(oid) for name, (mode, oid) in ordered)
        return self.put("tree", b"".join(parts))

    def commit(
        self, tree: str, parents: list[str], message: str, when: datetime, person: str = "octocat"
    ) -> str:
        """Write a commit; returns its id."""
        stamp = f"{person} <{person}@example.org> {int(when.timestamp())} +0000"
        lines = [f"tree {tree}", *(f"parent {p}" for p in parents), f"author {stamp}", f"committer {stamp}"]
        return self.put("commit", ("\n".join(lines) + f"\n\n{message}\n").encode())

    def tag(self, name: str, commit: str, when: datetime, person: str = "octocat") -> str:
        """Write the object of an annotated tag; returns its id."""
        stamp = f"{person} <{person}@example.org> {int(when.timestamp())} +0000"
        text = f"object {commit}\ntype commit\ntag {name}\ntagger {stamp}\n\n{name}\n"
        return self.put("tag", text.encode())
