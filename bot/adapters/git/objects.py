"""Commits, trees and blobs of a repository, read through one ``git cat-file`` that stays open."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.adapters.git.environment import Git
from bot.adapters.process import Conversation, Died
from bot.model.errors import Gone, Malformed
from bot.model.facts import EntryKind, TreeEntry

OID = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")

MAX_TREE_BYTES = 16 << 20
"""A directory of some 400,000 entries; a larger one is a bomb or nothing that checks need."""

MAX_COMMIT_BYTES = 1 << 20

_KINDS = {
    b"40000": EntryKind.DIRECTORY,
    b"040000": EntryKind.DIRECTORY,
    b"120000": EntryKind.SYMLINK,
    b"160000": EntryKind.SUBMODULE,
}


def readable(name: bytes) -> str:
    """A name from a repository as text: UTF-8, other bytes as ``\\xNN``, never a lone surrogate."""
    return name.decode("utf-8", "backslashreplace")


@dataclass(frozen=True, slots=True)
class Commit:
    """What is needed of a commit; ``at`` is the committer's date, None when it makes no sense."""

    oid: str
    tree: str
    at: datetime | None


class Objects:
    """Reads objects by id; for one thread."""

    def __init__(self, git: Git) -> None:
        self._git = git
        self._talk: Conversation | None = None

    def close(self) -> None:
        """End the process; the next read starts a new one."""
        if self._talk is not None:
            self._talk.close()
            self._talk = None

    def resolve(self, expression: str) -> str | None:
        """The id that one of our own constant expressions (``HEAD^{commit}``) names, if any."""
        header = self._header(b"info " + expression.encode("ascii"))
        return header[0] if header else None

    def commit(self, oid: str) -> Commit:
        """One commit. Raises Gone when there is none of this id."""
        return parse_commit(oid, self._contents(oid, "commit", MAX_COMMIT_BYTES))

    def tree(self, oid: str) -> bytes:
        """The raw bytes of a tree."""
        return self._contents(oid, "tree", MAX_TREE_BYTES)

    def blob(self, oid: str, limit: int) -> bytes:
        """The bytes of a blob. Raises Malformed when it is larger than ``limit``."""
        return self._contents(oid, "blob", limit)

    def _contents(self, oid: str, kind: str, limit: int) -> bytes:
        if not OID.fullmatch(oid):
            raise Malformed(f"{oid[:80]!r} is not an object id; give 40 or 64 lower-case hex digits")
        header = self._header(b"info " + oid.encode("ascii"))
        if header is None:
            said = f"the {kind} {oid} is not in this clone; fetch again, or clone without --filter"
            raise Gone(said) if kind == "commit" else Malformed(said)
        _, found, size = header
        if found != kind:
            raise Malformed(f"{oid} is a {found}, not a {kind}")
        if size > limit:
            raise Malformed(f"the {kind} {oid} has {size} bytes; at most {limit} are read")
        # The size is asked first: git would load the whole object before its first byte came.
        header = self._header(b"contents " + oid.encode("ascii"))
        if header is None or header[2] != size:
            self.close()
            raise Malformed(f"the {kind} {oid} can not be read whole; run `git fsck`")
        talk = self._conversation()
        data = talk.read(size)
        talk.read(1)
        return data

    def _header(self, request: bytes) -> tuple[str, str, int] | None:
        talk = self._conversation()
        try:
            talk.ask(request + b"\n")
            words = talk.line().decode("utf-8", "replace").split(" ")
        except Died as death:
            self.close()
            raise _explained(death) from death
        except BaseException:
            self.close()
            raise
        if len(words) != 3 or not words[2].isdigit():
            return None
        return words[0], words[1], int(words[2])

    def _conversation(self) -> Conversation:
        if self._talk is None:
            self._talk = self._git.converse(["cat-file", "--batch-command"])
        return self._talk


def _explained(death: Died) -> Exception:
    """An object that only the remote of a partial clone has is a matter of the clone, not of luck."""
    if b"promisor" in death.stderr or b"not allowed" in death.stderr:
        return Malformed(
            "this is a partial clone and lacks an object that is needed; "
            "run `git fetch --refetch --no-filter`, or clone without --filter"
        )
    return death


def parse_commit(oid: str, data: bytes) -> Commit:
    """Take tree and committer's date from a raw commit.

    Raises:
        Malformed: it names no tree.
    """
    header = data.partition(b"\n\n")[0].split(b"\n")
    tree = header[0].removeprefix(b"tree ").decode("ascii", "replace")
    if not OID.fullmatch(tree):
        raise Malformed(f"the commit {oid} names no tree; run `git fsck`")
    line = next((part for part in header if part.startswith(b"committer ")), b"")
    words = line.rpartition(b"> ")[2].split(b" ")
    return Commit(oid, tree, moment(words[0]))


def moment(seconds: bytes) -> datetime | None:
    """A date from seconds since 1970, None when it is no number or before 1970 or after 9999."""
    if not seconds.isdigit() or len(seconds) > 12:
        return None
    number = int(seconds)
    return datetime.fromtimestamp(number, UTC) if number < 253402300800 else None


def parse_listing(data: bytes) -> Iterator[TreeEntry]:
    """The entries that ``git ls-tree -r -l -z`` printed; a blob that is not there has no size."""
    for line in data.split(b"\0"):
        meta, tab, name = line.partition(b"\t")
        words = meta.split()
        if not tab or len(words) != 4:
            continue
        mode, _, oid, size = words
        kind = _KINDS.get(mode, EntryKind.FILE)
        yield TreeEntry(readable(name), kind, oid.decode("ascii"), int(size) if size.isdigit() else None)


def parse_tree(data: bytes, folder: str, oid_bytes: int) -> Iterator[TreeEntry]:
    """The entries of a raw tree, in git's order.

    Args:
        folder: path of the directory, "" for the root.
        oid_bytes: 20 or 32.

    Raises:
        Malformed: the tree is cut short or has an entry without a name.
    """
    start, prefix = 0, f"{folder}/" if folder else ""
    while start < len(data):
        space = data.find(b" ", start, start + 8)
        end = data.find(b"\0", space + 1)
        stop = end + 1 + oid_bytes
        if space < 0 or end <= space + 1 or stop > len(data):
            raise Malformed(f"the directory {folder or '/'} is damaged; run `git fsck`")
        kind = _KINDS.get(data[start:space], EntryKind.FILE)
        name = readable(data[space + 1 : end])
        yield TreeEntry(prefix + name, kind, data[end + 1 : stop].hex())
        start = stop
