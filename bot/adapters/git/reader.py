"""A repository on disk, read by git's plumbing: a clone, a linked work tree or a bare repository.

It works where the folder belongs to another user, too: git is told the directory instead of being
asked to find it, nothing is written, and nothing that the repository configures is run.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from pathlib import Path
from types import TracebackType

from bot.adapters.git.environment import Git
from bot.adapters.git.locate import common_directory, git_directory
from bot.adapters.git.objects import OID, Objects, moment, parse_listing, parse_tree, readable
from bot.adapters.process import Finished, Limits, last_line
from bot.json_nodes import Node
from bot.model.errors import Gone, Malformed, PermissionMissing, Unavailable, UserError
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

MAX_BRANCHES = 50_000
"""Branches that are listed at all; a repository with more is told apart by ``branches``."""

_LOCAL = "refs/heads/"
_REMOTE = "refs/remotes/origin/"
_REMOTE_HEAD = "refs/remotes/origin/HEAD"
_USUAL_NAMES = ("main", "master", "trunk", "develop")
_SLUG = re.compile(r"(?:.*[/:])?([A-Za-z0-9._-]{1,100})/([A-Za-z0-9._-]{1,100}?)(?:\.git)?/?")


@dataclass(frozen=True, slots=True)
class Checkout:
    """What a clone stands at.

    Args:
        commit: the commit of HEAD; empty when there is none yet.
        branch: the branch that HEAD names; None when it is detached.
    """

    commit: str
    branch: str | None


def open_clone(path: Path | str, *, limits: Limits | None = None) -> GitReader:
    """Open a repository on disk.

    Args:
        path: a work tree or a folder inside one, a git directory, or a bare repository.

    Raises:
        UserError: there is none, it can not be read, or git is missing or too old.
    """
    return GitReader(git_directory(Path(path)), limits or Limits())


class GitReader:
    """A ``RepoReader`` over a repository on disk; refs are those of the moment they are first read.

    Branches are those of the remote ``origin`` (as last fetched) and local ones that it does not
    have. Pull requests and the owner's defaults are not to be had. For one thread; close it.
    """

    def __init__(self, git_dir: Path, limits: Limits) -> None:
        self._git_dir = git_dir
        self._common = common_directory(git_dir)
        self._git = Git(git_dir, limits)
        self._objects = Objects(self._git)
        self._trees: dict[str, tuple[TreeEntry, ...]] = {}

    def close(self) -> None:
        """End the processes that serve this reader."""
        self._objects.close()

    def __enter__(self) -> GitReader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def local(self) -> bool:
        """True."""
        return True

    @cached_property
    def shallow(self) -> bool:
        """The history was cut when it was fetched."""
        return (self._common / "shallow").is_file()

    def checkout(self) -> Checkout:
        """Where HEAD stands."""
        return self._checkout

    @cached_property
    def _checkout(self) -> Checkout:
        commit = self._objects.resolve("HEAD^{commit}") or ""
        done = self._checked(self._git.run("symbolic-ref", "--quiet", "HEAD"), allowed=(0, 1))
        name = readable(done.stdout.rstrip(b"\n"))
        return Checkout(commit, name.removeprefix(_LOCAL) if name.startswith(_LOCAL) else None)

    def repository(self) -> Repository:
        """What can be known of a clone: its name from the remote's URL, its default branch.

        Its visibility can not be known; it counts as public, under which more is asked of it.
        """
        return Repository(
            id=0,
            full_name=self._full_name(),
            default_branch=self._default_branch(),
            visibility=Visibility.PUBLIC,
            empty=not self._branches and not self.checkout().commit,
        )

    def head(self, branch: str) -> str:
        """The commit a branch points to. Raises Gone when there is no such branch."""
        found = self._branches.get(branch)
        if found is None:
            raise Gone(f"there is no branch {branch[:200]!r} in this clone; `git fetch origin` may bring it")
        return found.head

    def directory(self, commit: str, path: str = "") -> tuple[TreeEntry, ...]:
        """The direct entries of a directory; () when absent. Links are not followed."""
        if not commit:
            return ()
        entries = self._tree(self._objects.commit(commit).tree, "")
        folder = ""
        for part in path.split("/") if path else ():
            folder = f"{folder}/{part}" if folder else part
            entry = next((e for e in entries if e.path == folder), None)
            if entry is None or entry.kind is not EntryKind.DIRECTORY:
                return ()
            entries = self._tree(entry.oid, folder)
        return entries

    def blob(self, oid: str, *, limit: int) -> bytes:
        """The bytes of a blob. Raises Malformed when it is larger than ``limit`` bytes."""
        return self._objects.blob(oid, limit)

    def branches(self, *, limit: int) -> tuple[tuple[Branch, ...], bool]:
        """At most ``limit`` branches by name, and whether there are more."""
        found = sorted(self._branches.values(), key=lambda b: b.name)
        return tuple(self._with_merged(branch) for branch in found[:limit]), len(found) > limit

    def _with_merged(self, branch: Branch) -> Branch:
        """A shallow clone can not tell: the way from one commit to the other may be cut off."""
        return branch if self.shallow else replace(branch, merged=branch.head in self._merged_heads)

    @cached_property
    def _merged_heads(self) -> frozenset[str]:
        """Heads of branches that the default branch contains."""
        target = self._branches.get(self._default_branch())
        if target is None:
            return frozenset()
        done = self._checked(
            self._git.run(
                "for-each-ref", f"--merged={target.head}", "--format=%(objectname)", "--", _LOCAL, _REMOTE
            )
        )
        return frozenset(done.stdout.decode("ascii").split())

    def compare(self, base: str, head: str) -> Comparison:
        """How commit ``head`` stands to commit ``base``.

        Raises:
            Malformed: the clone is shallow, so that counts would be wrong.
            Gone: a commit is not in this clone.
        """
        for oid in (base, head):
            if not OID.fullmatch(oid):
                raise Malformed(f"{oid[:80]!r} is not a commit id")
        if self.shallow:
            raise Malformed(
                "this clone is shallow, so commits can not be counted; run `git fetch --unshallow`"
            )
        head_at = self._objects.commit(head).at
        self._objects.commit(base)
        walked = self._checked(
            self._git.run("rev-list", "--left-right", "--boundary", "--timestamp", f"{base}...{head}", "--")
        )
        sides = {"<": 0, ">": 0}
        shared: dict[str, datetime | None] = {}
        for line in walked.stdout.decode("ascii").splitlines():
            seconds, _, marked = line.partition(" ")
            if marked[0] == "-":
                shared[marked[1:]] = moment(seconds.encode("ascii"))
            else:
                sides[marked[0]] += 1
        common = base if base == head else self._merge_base(base, head, list(shared))
        common_at = head_at if base == head else shared.get(common) if common else None
        return Comparison(base, head, sides[">"], sides["<"], common, common_at, head_at)

    def _merge_base(self, base: str, head: str, shared: list[str]) -> str | None:
        """The newest common commit, out of the commits at which the two histories part."""
        if len(shared) < 2:
            return shared[0] if shared else None
        done = self._checked(self._git.run("merge-base", "--", base, head), allowed=(0, 1))
        return done.stdout.decode("ascii").strip() or None

    def committed_at(self, commit: str) -> datetime | None:
        """The committer's date of a commit. Raises Gone when it is not in this clone."""
        return self._objects.commit(commit).at

    def open_pull_requests(self, *, limit: int) -> tuple[tuple[PullRequest, ...], bool]:  # noqa: ARG002
        """None: a clone does not hold them."""
        return (), False

    def pull_request(self, number: int) -> PullRequest:
        """Raises Gone: a clone does not hold pull requests."""
        raise Gone(f"pull request {number} is not in a clone")

    def permission(self, login: str, account_id: int) -> Role:  # noqa: ARG002
        """Raises PermissionMissing: a clone does not know people."""
        raise PermissionMissing("a clone does not tell what people may do")

    def owner_default(self, names: Sequence[str]) -> tuple[str, str] | None:  # noqa: ARG002
        """Raises PermissionMissing: a clone does not show the owner's other repositories."""
        raise PermissionMissing("a clone does not show the defaults in the owner's `.github` repository")

    def owner_default_directory(self, path: str) -> tuple[TreeEntry, ...]:  # noqa: ARG002
        """Raises PermissionMissing: a clone does not show the owner's other repositories."""
        raise PermissionMissing("a clone does not show the defaults in the owner's `.github` repository")

    def about(self) -> About:
        """Raises PermissionMissing: GitHub keeps it beside the repository."""
        raise PermissionMissing("a clone does not hold the description, topics and homepage")

    def latest_release(self) -> Release | None:
        """Raises PermissionMissing: GitHub keeps releases beside the repository."""
        raise PermissionMissing("a clone does not hold releases and their notes")

    def graph(self, selections: Mapping[str, Selection], permission: str | None = None) -> Node:  # noqa: ARG002
        """Raises PermissionMissing: only GitHub knows. It names none, as none would help."""
        raise PermissionMissing("a clone does not tell it; only GitHub does")

    def rest(
        self,
        path: str,  # noqa: ARG002
        *,
        items: int = 0,  # noqa: ARG002
        key: str = "",  # noqa: ARG002
        permission: str | None = None,  # noqa: ARG002
    ) -> Node | None:
        """Raises PermissionMissing: only GitHub knows. It names none, as none would help."""
        raise PermissionMissing("a clone does not tell it; only GitHub does")

    def all_files(self, commit: str) -> tuple[tuple[TreeEntry, ...], bool]:
        """All entries of a commit but directories, at any depth, sorted by path; never cut short."""
        if not commit:
            return (), False
        tree = self._objects.commit(commit).tree
        done = self._checked(self._git.run("ls-tree", "-r", "-l", "-z", "--full-tree", tree))
        return tuple(sorted(parse_listing(done.stdout), key=lambda e: e.path)), False

    def files_in(self, commit: str, enter: Callable[[str], bool]) -> tuple[TreeEntry, ...]:
        """See ``RepoReader``."""
        return entered(self.all_files(commit)[0], enter)

    def _tree(self, oid: str, folder: str) -> tuple[TreeEntry, ...]:
        key = f"{oid}:{folder}"
        if key not in self._trees:
            entries = parse_tree(self._objects.tree(oid), folder, len(oid) // 2)
            self._trees[key] = tuple(sorted(entries, key=lambda e: e.path))
        return self._trees[key]

    @cached_property
    def _refs(self) -> tuple[dict[str, Branch], str | None]:
        """Full ref name -> branch, and the ref that the remote calls its head."""
        shape = "%(objectname) %(committerdate:unix) %(refname)%00%(symref)"
        done = self._checked(
            self._git.run(
                "for-each-ref", f"--count={MAX_BRANCHES}", f"--format={shape}", "--", _LOCAL, _REMOTE
            )
        )
        found, remote_head = {}, None
        for line in done.stdout.splitlines():
            left, _, symref = line.partition(b"\0")
            oid, seconds, ref = left.split(b" ", 2)
            name = readable(ref)
            if name == _REMOTE_HEAD:
                remote_head = readable(symref)
            elif not symref and seconds:
                found[name] = Branch(_short(name), oid.decode("ascii"), committed_at=moment(seconds))
        return found, remote_head

    @cached_property
    def _branches(self) -> dict[str, Branch]:
        refs, _ = self._refs
        ordered: Iterable[str] = sorted(refs, key=lambda ref: ref.startswith(_REMOTE))
        return {refs[ref].name: refs[ref] for ref in ordered}

    def _default_branch(self) -> str:
        refs, remote_head = self._refs
        if remote_head and remote_head.startswith(_REMOTE):
            return _short(remote_head)
        on_remote = {_short(ref) for ref in refs if ref.startswith(_REMOTE)}
        usual = [name for name in _USUAL_NAMES if name in (on_remote or self._branches)]
        head = self.checkout().branch
        named = [head] if head is not None and (head in self._branches or not self._branches) else []
        # A bare repository's HEAD is its default branch; a work tree's is what somebody works on.
        bare = self._git_dir == self._common and self._git_dir.name != ".git"
        choices = [*named, *usual] if bare and not on_remote else [*usual, *named]
        if not choices and len(self._branches) == 1:
            choices = list(self._branches)
        return choices[0] if choices else ""

    def _full_name(self) -> str:
        done = self._checked(self._git.run("config", "--get", "remote.origin.url"), allowed=(0, 1))
        # A URL may hold a password: only the last two parts of its path are kept.
        found = _SLUG.fullmatch(done.stdout.decode("utf-8", "replace").strip())
        if found:
            return f"{found[1]}/{found[2]}"
        folder = self._git_dir.parent if self._git_dir.name == ".git" else self._git_dir
        return f"local/{readable(bytes(folder.name, 'utf-8', 'surrogateescape')) or 'repository'}"

    def _checked(self, done: Finished, allowed: Sequence[int] = (0,)) -> Finished:
        if done.returncode in allowed:
            return done
        said = last_line(done.stderr)
        if b"ermission denied" in done.stderr:
            raise UserError(f"git may not read {str(self._git_dir)!r}: {said}; check its permissions")
        if b"promisor" in done.stderr or b"bad object" in done.stderr:
            raise Malformed(f"this clone lacks objects: {said}; fetch again, or clone without --filter")
        if done.returncode == 128:
            raise Malformed(f"git refuses {str(self._git_dir)!r}: {said}")
        raise Unavailable(f"git ended with code {done.returncode}: {said}")


def _short(ref: str) -> str:
    return ref.removeprefix(_LOCAL).removeprefix(_REMOTE)
