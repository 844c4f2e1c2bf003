"""A bare git repository driven by plumbing in a closed environment; never a checkout.

Merging needs git 2.38 or newer (``merge-tree --write-tree``).
"""

from __future__ import annotations

import os
import re
import subprocess
import threading
import weakref
import zlib
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, TypeVar

ZERO = "0" * 40
HEX = re.compile(r"[0-9a-f]{40}")

_CONFIG = """[core]
\trepositoryformatversion = 0
\tfilemode = true
\tbare = true
\tlogAllRefUpdates = false
[gc]
\tauto = 0
[receive]
\tautogc = false
\thideRefs = refs/pull
[http]
\treceivepack = true
\tgetanyfile = false
[uploadpack]
\tallowFilter = true
\tallowAnySHA1InWant = true
"""

_FEW = 64
"""Commits that are walked without a process."""

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Symlink:
    """A value for ``push``: a symbolic link."""

    target: str


@dataclass(frozen=True, slots=True)
class Executable:
    """A value for ``push``: a file with mode 100755."""

    data: bytes | str


@dataclass(frozen=True, slots=True)
class Submodule:
    """A value for ``push``: a submodule that points to a commit elsewhere."""

    commit: str


Content = bytes | str | Symlink | Executable | Submodule | None
"""What may be pushed under a path; None deletes the file."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who authored a commit, and when."""

    name: str
    email: str
    when: datetime

    def line(self) -> str:
        """As it stands in a commit: name, address, seconds, zone."""
        clean = re.sub(r"[<>\n\0]", "", self.name) or "unknown"
        return f"{clean} <{self.email}> {int(self.when.timestamp())} +0000"


@dataclass(frozen=True, slots=True)
class Commit:
    """A parsed commit; ``author`` and ``committer`` are (name, address, epoch seconds)."""

    oid: str
    tree: str
    parents: tuple[str, ...]
    author: tuple[str, str, int]
    committer: tuple[str, str, int]
    message: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A tree entry; ``size`` is None for anything but a blob."""

    mode: str
    type: str
    oid: str
    size: int | None
    path: str


@dataclass(frozen=True, slots=True)
class Change:
    """One file of a comparison; ``status`` in GitHub's words."""

    path: str
    status: str
    oid: str
    additions: int
    deletions: int
    previous: str | None


class GitFailed(Exception):
    """git refused; the text is what it wrote to stderr."""


def environment(home: Path) -> dict[str, str]:
    """Return an environment for git that reads no configuration but the repository's own."""
    return {
        "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
        "HOME": str(home),
        "LC_ALL": "C",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_LITERAL_PATHSPECS": "1",
        "GIT_NO_REPLACE_OBJECTS": "1",
    }


def create_bare(path: Path, default_branch: str, *, share_objects_of: Path | None = None) -> None:
    """Write an empty bare repository; a fork shares the object store of its parent, as on GitHub.

    The store is shared by a symbolic link, which git does not clone by plain path: clone a fork over
    HTTP or as ``file://``.
    """
    (path / "refs" / "heads").mkdir(parents=True)
    (path / "refs" / "tags").mkdir()
    if share_objects_of is None:
        (path / "objects" / "info").mkdir(parents=True)
        (path / "objects" / "pack").mkdir()
    else:
        (path / "objects").symlink_to((share_objects_of / "objects").resolve())
    (path / "HEAD").write_text(f"ref: refs/heads/{default_branch}\n", encoding="utf-8")
    (path / "config").write_text(_CONFIG, encoding="utf-8")


class ObjectReaders:
    """A few long-lived ``git cat-file`` processes for what lies in packs; the oldest is ended first."""

    def __init__(self, env: Mapping[str, str], limit: int = 8) -> None:
        self._env = dict(env)
        self._limit = limit
        self._lock = threading.Lock()
        self._open: OrderedDict[Path, subprocess.Popen[bytes]] = OrderedDict()
        self._finalizer = weakref.finalize(self, _end_all, self._open)

    def read(self, repository: Path, oid: str) -> tuple[str, bytes]:
        """(type, bytes) of an object. Raises KeyError when there is none."""
        with self._lock:
            process = self._open.pop(repository, None) or self._start(repository)
            self._open[repository] = process
            while len(self._open) > self._limit:
                _end(self._open.popitem(last=False)[1])
            stdin, stdout = _pipe(process.stdin), _pipe(process.stdout)
            stdin.write(f"{oid}\n".encode())
            stdin.flush()
            header = stdout.readline().decode().split()
            if len(header) != 3:
                raise KeyError(oid)
            data = stdout.read(int(header[2]) + 1)
            return header[1], data[:-1]

    def close(self) -> None:
        """End the processes; reading starts them anew."""
        with self._lock:
            _end_all(self._open)

    def _start(self, repository: Path) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            ["git", "-C", str(repository), "cat-file", "--batch"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=self._env,
        )


def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
    if stream is None:  # pragma: no cover - both pipes are always asked for
        raise RuntimeError("the process has no pipe")
    return stream


def _end(process: subprocess.Popen[bytes]) -> None:
    for stream in (process.stdin, process.stdout):
        _pipe(stream).close()
    process.wait(timeout=10)


def _end_all(processes: OrderedDict[Path, subprocess.Popen[bytes]]) -> None:
    while processes:
        _end(processes.popitem()[1])


class GitStore:
    """One bare repository on disk. Objects never change, so what is derived from them is cached."""

    def __init__(self, path: Path, env: Mapping[str, str], readers: ObjectReaders) -> None:
        self.path = path
        self._env = dict(env)
        self._readers = readers
        self._cache: OrderedDict[tuple[object, ...], object] = OrderedDict()

    # Reading

    def read(self, oid: str) -> tuple[str, bytes]:
        """(type, bytes) of an object. Raises KeyError when there is none."""
        if not HEX.fullmatch(oid):
            raise KeyError(oid)
        loose = self.path / "objects" / oid[:2] / oid[2:]
        try:
            raw = zlib.decompress(loose.read_bytes())
        except FileNotFoundError:
            return self._readers.read(self.path, oid)
        header, _, data = raw.partition(b"\0")
        return header.split()[0].decode(), data

    def header(self, oid: str) -> tuple[str, int]:
        """(type, size) of an object. Raises KeyError when there is none."""
        return self._cached(("header", oid), lambda: self._read_header(oid))

    def commit(self, oid: str) -> Commit:
        """A commit. Raises KeyError when there is no such commit."""
        return self._cached(("commit", oid), lambda: self._read_commit(oid))

    def has_commit(self, oid: str) -> bool:
        """There is a commit of that name."""
        try:
            self.commit(oid)
        except KeyError:
            return False
        return True

    def abbreviated(self, text: str) -> str | None:
        """The commit that an abbreviated name of at least four digits stands for."""
        if not re.fullmatch(r"[0-9a-f]{4,40}", text):
            return None
        try:
            return self._run("rev-parse", "--verify", "--quiet", f"{text}^{{commit}}").decode().strip()
        except GitFailed:
            return None

    def entries(self, tree: str, *, recursive: bool = False) -> tuple[Entry, ...]:
        """The entries of a tree (or of a commit's), with sizes of blobs; recursive includes the trees."""
        return self._cached(("tree", tree, recursive), lambda: self._list(tree, recursive))

    def entry(self, tree: str, path: str) -> Entry | None:
        """The entry at a path, None when there is none; "" is the tree itself."""
        found = Entry("040000", "tree", tree, None, "")
        for part in path.split("/") if path else ():
            if found.type != "tree":
                return None
            inside = next((e for e in self.entries(found.oid) if e.path == part), None)
            if inside is None:
                return None
            found = inside
        return Entry(found.mode, found.type, found.oid, found.size, path)

    def merge_base(self, a: str, b: str) -> str | None:
        """A best common ancestor, None for unrelated histories."""
        return self._cached(("base", a, b), lambda: self._merge_base(a, b))

    def ahead_behind(self, base: str, head: str) -> tuple[int, int]:
        """How many commits ``head`` has that ``base`` lacks, and the other way round."""
        return self._cached(("count", base, head), lambda: self._ahead_behind(base, head))

    def is_ancestor(self, ancestor: str, descendant: str) -> bool:
        """``descendant`` contains ``ancestor``."""
        return ancestor == descendant or self.merge_base(ancestor, descendant) == ancestor

    def log(
        self,
        include: Sequence[str],
        exclude: Sequence[str] = (),
        *,
        path: str | None = None,
        since: str | None = None,
        until: str | None = None,
        limit: int = 10_000,
    ) -> tuple[str, ...]:
        """Commits newest first, at most ``limit``."""
        dates = [f"--since={since}"] if since else []
        dates += [f"--until={until}"] if until else []
        arguments = ["rev-list", f"--max-count={limit}", *dates, *include, *(f"^{e}" for e in exclude), "--"]
        arguments += [path] if path else []
        key = ("log", *arguments)
        return self._cached(key, lambda: tuple(self._run(*arguments).decode().split()))

    def touched(self, commit: str) -> tuple[list[str], list[str], list[str]]:
        """Paths (added, removed, modified) against the first parent; renames count as both."""
        parents = self.commit(commit).parents
        changes = self.changes(parents[0] if parents else None, commit, renames=False)
        kinds: dict[str, list[str]] = {"added": [], "removed": [], "modified": []}
        for change in changes:
            kinds.get(change.status, kinds["modified"]).append(change.path)
        return kinds["added"], kinds["removed"], kinds["modified"]

    def changes(self, old: str | None, new: str, *, renames: bool = True) -> tuple[Change, ...]:
        """What differs between two commits; ``old`` None compares with nothing."""
        return self._cached(("diff", old, new, renames), lambda: self._diff(old, new, renames))

    def merge_tree(self, ours: str, theirs: str) -> str | None:
        """The tree of a real three-way merge, None on conflict."""
        return self._cached(("merge", ours, theirs), lambda: self._merge_tree(ours, theirs))

    def refs(self) -> dict[str, str]:
        """All refs as they are on disk."""
        lines = self._run("for-each-ref", "--format=%(objectname) %(refname)").decode().splitlines()
        return {name: oid for oid, _, name in (line.partition(" ") for line in lines)}

    # Writing

    def write_files(
        self,
        ref: str,
        files: Mapping[str, Content],
        *,
        message: str,
        author: Identity,
        parents: Sequence[str],
        fresh_tree: bool = False,
    ) -> str:
        """Write one commit and point ``ref`` to it; one ``git fast-import``.

        Args:
            files: on top of the first parent's, or the whole tree when ``fresh_tree``.

        Raises:
            GitFailed: the ref or a path is not one git accepts.
        """
        head = [f"commit {ref}", "mark :1", f"author {author.line()}", f"committer {author.line()}"]
        text = message.encode()
        stream = [("\n".join(head) + f"\ndata {len(text)}\n").encode(), text, b"\n"]
        if parents:
            stream.append(f"from {parents[0]}\n".encode())
            stream.extend(f"merge {parent}\n".encode() for parent in parents[1:])
        if fresh_tree:
            stream.append(b"deleteall\n")
        for path, content in files.items():
            stream.extend(_file_command(path, content))
        stream.append(b"\nget-mark :1\ndone\n")
        # Without parents, or from another commit, the ref moves away from where it was.
        answer = self._run("fast-import", "--quiet", "--force", "--done", stdin=b"".join(stream))
        return answer.decode().strip()

    def write_commit(self, tree: str, parents: Sequence[str], message: str, author: Identity) -> str:
        """Write a commit of an existing tree; no ref moves."""
        stamp = f"{int(author.when.timestamp())} +0000"
        who = {
            f"GIT_{role}_{key}": value
            for role in ("AUTHOR", "COMMITTER")
            for key, value in (("NAME", author.name), ("EMAIL", author.email), ("DATE", stamp))
        }
        arguments = ["commit-tree", tree, *(part for parent in parents for part in ("-p", parent))]
        return self._run(*arguments, stdin=message.encode(), extra=who).decode().strip()

    def write_blob(self, data: bytes) -> str:
        """Write a blob."""
        return self._run("hash-object", "-w", "--stdin", stdin=data).decode().strip()

    def set_ref(self, ref: str, oid: str) -> None:
        """Point a full ref to a commit. Raises GitFailed when git does not accept the name."""
        self._run("update-ref", "--", ref, oid)

    def delete_ref(self, ref: str) -> None:
        """Delete a full ref."""
        self._run("update-ref", "-d", "--", ref)

    def set_head(self, branch: str) -> None:
        """Make a branch the default one."""
        self._run("symbolic-ref", "HEAD", f"refs/heads/{branch}")

    # Inside

    def _run(self, *arguments: str, stdin: bytes = b"", extra: Mapping[str, str] | None = None) -> bytes:
        done = self._spawn(arguments, stdin, extra)
        if done.returncode:
            raise GitFailed(done.stderr.decode(errors="replace").strip())
        return done.stdout

    def _spawn(
        self, arguments: Sequence[str], stdin: bytes = b"", extra: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            ["git", "-C", str(self.path), *arguments],
            input=stdin,
            capture_output=True,
            env={**self._env, **(extra or {})},
            check=False,
        )

    def _cached(self, key: tuple[object, ...], compute: Callable[[], _T]) -> _T:
        if key in self._cache:
            self._cache.move_to_end(key)
            return self._cache[key]  # type: ignore[return-value]
        value = compute()
        self._cache[key] = value
        while len(self._cache) > 2048:
            self._cache.popitem(last=False)
        return value

    def _read_commit(self, oid: str) -> Commit:
        kind, data = self.read(oid)
        if kind != "commit":
            raise KeyError(oid)
        header, _, message = data.decode(errors="replace").partition("\n\n")
        lines = [line.partition(" ") for line in header.splitlines() if not line.startswith(" ")]
        fields = {name: value for name, _, value in lines}
        return Commit(
            oid=oid,
            tree=fields["tree"],
            parents=tuple(value for name, _, value in lines if name == "parent"),
            author=_person(fields["author"]),
            committer=_person(fields["committer"]),
            message=message.rstrip("\n"),
        )

    def _read_header(self, oid: str) -> tuple[str, int]:
        if not HEX.fullmatch(oid):
            raise KeyError(oid)
        try:
            with (self.path / "objects" / oid[:2] / oid[2:]).open("rb") as file:
                start = zlib.decompressobj().decompress(file.read(128), 64)
        except FileNotFoundError:
            kind, data = self._readers.read(self.path, oid)
            return kind, len(data)
        words = start.partition(b"\0")[0].decode().split()
        return words[0], int(words[1])

    def _read_tree(self, oid: str) -> tuple[Entry, ...]:
        kind, data = self.read(oid)
        while kind in ("commit", "tag"):
            # Both begin with what they are of: "tree ..." and "object ...".
            kind, data = self.read(data.partition(b"\n")[0].split()[1].decode())
        if kind != "tree":
            raise KeyError(oid)
        entries, place = [], 0
        while place < len(data):
            end = data.index(b"\0", place)
            digits, _, name = data[place:end].partition(b" ")
            inside = data[end + 1 : end + 21].hex()
            mode = digits.decode().zfill(6)
            sort = {"040000": "tree", "160000": "commit"}.get(mode, "blob")
            size = self.header(inside)[1] if sort == "blob" else None
            entries.append(Entry(mode, sort, inside, size, name.decode(errors="replace")))
            place = end + 21
        return tuple(entries)

    def _list(self, tree: str, recursive: bool) -> tuple[Entry, ...]:
        if not recursive and HEX.fullmatch(tree):
            return self._read_tree(tree)
        flags = ["-r", "-t"] if recursive else []
        try:
            out = self._run("ls-tree", "-l", "-z", *flags, tree)
        except GitFailed as failure:
            raise KeyError(tree) from failure
        return tuple(_entry(line) for line in out.split(b"\0") if line)

    def _merge_base(self, a: str, b: str) -> str | None:
        done = self._spawn(["merge-base", a, b])
        if done.returncode > 1:
            raise GitFailed(done.stderr.decode(errors="replace").strip())
        return done.stdout.decode().strip() or None

    def _near(self, oid: str) -> set[str] | None:
        """A commit with all its ancestors, None when there are many."""
        seen, waiting = {oid}, [oid]
        while waiting:
            for parent in self.commit(waiting.pop()).parents:
                if parent not in seen:
                    seen.add(parent)
                    waiting.append(parent)
            if len(seen) > _FEW:
                return None
        return seen

    def _ahead_behind(self, base: str, head: str) -> tuple[int, int]:
        if base == head:
            return 0, 0
        # A process costs as much as reading some dozens of commits.
        ours = self._near(base)
        theirs = self._near(head) if ours is not None else None
        if ours is not None and theirs is not None:
            return len(theirs - ours), len(ours - theirs)
        out = self._run("rev-list", "--left-right", "--count", f"{base}...{head}").split()
        return int(out[1]), int(out[0])

    def _diff(self, old: str | None, new: str, renames: bool) -> tuple[Change, ...]:
        sides = [old, new] if old else ["--root", new]
        flags = ["-M"] if renames else ["--no-renames"]
        out = self._run("diff-tree", "-r", "-z", "--no-commit-id", "--raw", "--numstat", *flags, *sides)
        return tuple(_parse_diff(out))

    def _merge_tree(self, ours: str, theirs: str) -> str | None:
        done = self._spawn(["merge-tree", "--write-tree", "--no-messages", ours, theirs])
        # A name that is no commit ends with 1 as well, but only a conflict still prints a tree.
        if done.returncode > 1 or not done.stdout:
            raise GitFailed(done.stderr.decode(errors="replace").strip())
        return None if done.returncode else done.stdout.split()[0].decode()


def _file_command(path: str, content: Content) -> Iterable[bytes]:
    name = _quoted(path)
    if content is None:
        return [b"D " + name + b"\n"]
    if isinstance(content, Submodule):
        return [f"M 160000 {content.commit} ".encode() + name + b"\n"]
    mode, data = b"100644", content
    if isinstance(content, Executable):
        mode, data = b"100755", content.data
    elif isinstance(content, Symlink):
        mode, data = b"120000", content.target
    raw = data.encode() if isinstance(data, str) else data
    assert isinstance(raw, bytes)
    return [b"M " + mode + b" inline " + name + f"\ndata {len(raw)}\n".encode(), raw, b"\n"]


def _quoted(path: str) -> bytes:
    raw = os.fsencode(path)
    plain = b"".join(bytes([c]) if 32 <= c < 127 and c not in b'"\\' else b"\\%03o" % c for c in raw)
    return b'"' + plain + b'"'


def _person(text: str) -> tuple[str, str, int]:
    match = re.fullmatch(r"(.*?) ?<(.*)> (-?\d+) [+-]\d{4}", text)
    return (match[1], match[2], int(match[3])) if match else (text, "", 0)


def _entry(line: bytes) -> Entry:
    meta, _, name = line.partition(b"\t")
    mode, kind, oid, size = meta.decode().split()
    return Entry(mode, kind, oid, None if size == "-" else int(size), name.decode(errors="replace"))


_STATUS = {"A": "added", "D": "removed", "M": "modified", "T": "changed", "R": "renamed", "C": "copied"}


def _parse_diff(out: bytes) -> Iterable[Change]:
    parts = iter(out.decode(errors="replace").split("\0"))
    raw: dict[str, tuple[str, str, str | None]] = {}
    for part in parts:
        if part.startswith(":"):
            _, _, old, new, letter = part.split(" ")
            first = next(parts)
            moved = letter[0] in "RC"
            path = next(parts) if moved else first
            oid = old if letter[0] == "D" else new
            raw[path] = (_STATUS[letter[0]], oid, first if moved else None)
        elif part:
            added, deleted, path = part.split("\t", 2)
            if not path:
                next(parts)
                path = next(parts)
            status, oid, previous = raw[path]
            counts = [0 if text == "-" else int(text) for text in (added, deleted)]
            yield Change(path, status, oid, counts[0], counts[1], previous)
