"""Reads one repository through the REST API."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from bot.adapters.github import answers
from bot.adapters.github.errors import Answer, clean, ok
from bot.adapters.github.graph import GraphClient, ask_alone
from bot.adapters.github.immutable import Immutable
from bot.adapters.github.listing import Send, object_id, segment, take
from bot.adapters.github.resting import read_rest
from bot.adapters.github.transport import Call, Transport, link
from bot.json_nodes import Node
from bot.model.errors import Gone, Malformed
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

OWNER_DEFAULT_BYTES = 1024 * 1024
"""Cap on a file of the owner's ``.github`` repository."""

_PAGE = 100


class GitHubReader:
    """``RepoReader`` over REST, for one thread.

    The repository is addressed by its id alone: names change, and an old name may belong to
    another repository tomorrow. What the repository is and the owner's default are kept as long as
    the reader lives, which is one job; what object ids name is kept as long as the process lives.

    Args:
        send: makes a call as the installation.
        memory: shared by the readers of a process.
        payer: installation whose limits calls count against; 0 for a token.
    """

    local = False

    def __init__(
        self, repository_id: int, send: Send, transport: Transport, memory: Immutable, *, payer: int = 0
    ) -> None:
        self._id = repository_id
        self._root = f"/repositories/{repository_id}"
        self._send = send
        self._transport = transport
        self._memory = memory
        self._payer = payer
        self._repository: Repository | None = None
        self._description: tuple[Any, str] = ({}, "")
        self._defaults: dict[tuple[str, ...], tuple[str, str] | None] = {}
        self._files: tuple[str, tuple[tuple[TreeEntry, ...], bool]] | None = None
        self._community: tuple[GitHubReader, str] | None = None
        self._community_known = False

    def repository(self) -> Repository:
        """See ``RepoReader``; one call more when its size is 0, to learn whether it is empty."""
        if self._repository is None:
            self._repository = self._read_repository()
        return self._repository

    def about(self) -> About:
        """See ``RepoReader``; no call more, as the answer that tells the repository tells this, too."""
        self.repository()
        return answers.about(*self._description)

    def _read_repository(self) -> Repository:
        answer = self._get("")
        data = answer.json()
        repository = answers.repository(data, answer.what)
        if repository.id != self._id:
            raise Malformed(f"{answer.what}: this is repository {repository.id}, not {self._id}")
        self._description = data, answer.what
        if answers.optional(data, "size", int, answer.what) or not self._is_empty(repository.default_branch):
            return repository
        return replace(repository, empty=True)

    def head(self, branch: str) -> str:
        """See ``RepoReader``."""
        answer = self._get(f"/git/ref/heads/{segment(branch)}")
        data = answers.table(answer.json(), "", answer.what)
        if answers.text(data, "ref", answer.what) != f"refs/heads/{branch}":
            raise Gone(f"there is no branch {clean(branch)!r}")
        return answers.oid(answers.table(data, "object", answer.what), "sha", answer.what)

    def directory(self, commit: str, path: str = "") -> tuple[TreeEntry, ...]:
        """See ``RepoReader``; reads the trees on the way to ``path`` and no others."""
        entries = self._tree(object_id(commit), "")
        walked = ""
        for name in path.split("/") if path else ():
            walked = f"{walked}/{name}" if walked else name
            found = next((e for e in entries if e.path == walked and e.kind is EntryKind.DIRECTORY), None)
            if found is None:
                return ()
            entries = self._tree(found.oid, walked)
        return entries

    def blob(self, oid: str, *, limit: int) -> bytes:
        """See ``RepoReader``."""
        key = (self._id, "blob", oid)
        data = self._memory.recall(key, lambda: _blob(self._send, self._root, oid, limit), len)
        if len(data) > limit:
            raise Malformed(f"the file {oid} has {len(data)} bytes, more than the {limit} that are read")
        return data

    def branches(self, *, limit: int) -> tuple[tuple[Branch, ...], bool]:
        """See ``RepoReader``."""
        found, more = self._some("/branches", {}, limit)
        return tuple(answers.branch(item, what) for item, what in found), more

    def compare(self, base: str, head: str) -> Comparison:
        """See ``RepoReader``.

        Histories without a common commit: ``merge_base`` is None, and the counts are what they
        are for ``git rev-list``: all commits of either side. A head that has commits of its own and
        lacks others costs one call more, for its date.
        """
        key = (self._id, "compare", base, head)
        return self._memory.recall(key, lambda: self._compare(base, head), lambda _: 500)

    def _compare(self, base: str, head: str) -> Comparison:
        path = f"{self._root}/compare/{object_id(base)}...{object_id(head)}"
        # One commit a page keeps the answer small; the counts are always of all.
        answer = self._send(Call("GET", path, {"per_page": "1"}, within=self._root))
        if answer.status == 404 and "no common ancestor" in answer.message.lower():
            return Comparison(base, head, self._count_commits(head), self._count_commits(base), None)
        comparison = answers.comparison(ok(answer).json(), answer.what, base, head)
        if comparison.head_at is None and comparison.ahead and comparison.behind:
            return replace(comparison, head_at=self.committed_at(head))
        return comparison

    def committed_at(self, commit: str) -> datetime:
        """See ``RepoReader``."""
        key = (self._id, "date", commit)
        return self._memory.recall(key, lambda: self._committed_at(commit), lambda _: 200)

    def open_pull_requests(self, *, limit: int) -> tuple[tuple[PullRequest, ...], bool]:
        """See ``RepoReader``."""
        query = {"state": "open", "sort": "created", "direction": "desc"}
        found, more = self._some("/pulls", query, limit)
        return tuple(answers.pull_request(item, what) for item, what in found), more

    def pull_request(self, number: int) -> PullRequest:
        """See ``RepoReader``."""
        answer = self._get(f"/pulls/{number}")
        return answers.pull_request(answer.json(), answer.what)

    def permission(self, login: str, account_id: int) -> Role:
        """See ``RepoReader``; 404 and an account that took over the login are nobody."""
        path = f"{self._root}/collaborators/{segment(login)}/permission"
        answer = self._send(Call("GET", path, within=self._root))
        if answer.status == 404:
            return Role.NONE
        return answers.role(ok(answer).json(), answer.what, account_id)

    def owner_default(self, names: Sequence[str]) -> tuple[str, str] | None:
        """See ``RepoReader``; ``names`` are paths, compared without regard to case.

        GitHub takes defaults from a ``.github`` repository that is not private. One that is not
        private is visible to every token, so 404 means that there is none.
        """
        key = tuple(names)
        if key not in self._defaults:
            self._defaults[key] = self._owner_default(names)
        return self._defaults[key]

    def owner_default_directory(self, path: str) -> tuple[TreeEntry, ...]:
        """See ``RepoReader``; which repository it is and its newest commit are asked once."""
        found = self._owner_community()
        if found is None:
            return ()
        community, commit = found
        try:
            return community.directory(commit, path)
        except Gone:
            return ()

    def _owner_default(self, names: Sequence[str]) -> tuple[str, str] | None:
        found = self._owner_community()
        if found is None:
            return None
        community, commit = found
        try:
            return community._first_text(commit, names)
        except Gone:
            # Deleted meanwhile.
            return None

    def _owner_community(self) -> tuple[GitHubReader, str] | None:
        """A reader of the owner's ``.github`` repository and its newest commit, if others may see it."""
        if not self._community_known:
            self._community = self._find_community()
            self._community_known = True
        return self._community

    def _find_community(self) -> tuple[GitHubReader, str] | None:
        owner = self.repository().owner
        answer = self._send(Call("GET", f"/repos/{segment(owner)}/.github"))
        if answer.status == 404:
            return None
        community = answers.repository(ok(answer).json(), answer.what)
        if community.visibility is Visibility.PRIVATE:
            return None
        other = GitHubReader(community.id, self._send, self._transport, self._memory, payer=self._payer)
        try:
            return other, other.head(community.default_branch)
        except Gone:
            # An empty repository, or one deleted meanwhile.
            return None

    def _first_text(self, commit: str, names: Sequence[str]) -> tuple[str, str] | None:
        for name in names:
            entry = self._find(commit, name)
            if entry is not None:
                return entry.path, self.blob(entry.oid, limit=OWNER_DEFAULT_BYTES).decode("utf-8", "replace")
        return None

    def latest_release(self) -> Release | None:
        """See ``RepoReader``."""
        answer = self._send(Call("GET", f"{self._root}/releases/latest", within=self._root))
        if answer.status == 404:
            return None
        return answers.release(ok(answer).json(), answer.what)

    def all_files(self, commit: str) -> tuple[tuple[TreeEntry, ...], bool]:
        """See ``RepoReader``; one call. GitHub tells at most 100,000 entries or 7 MB.

        The newest listing is kept with the reader, as a large one is not kept by the process.
        """
        if self._files is None or self._files[0] != commit:
            self._files = commit, self._all_files(commit)
        return self._files[1]

    def _all_files(self, commit: str) -> tuple[tuple[TreeEntry, ...], bool]:

        def read() -> tuple[tuple[TreeEntry, ...], bool]:
            path = f"{self._root}/git/trees/{object_id(commit)}"
            answer = ok(self._send(Call("GET", path, {"recursive": "1"}, within=self._root)))
            return answers.files(answer.json(), answer.what)

        return self._memory.recall((self._id, "files", commit), read, lambda found: 300 * len(found[0]))

    def files_in(self, commit: str, enter: Callable[[str], bool]) -> tuple[TreeEntry, ...]:
        """See ``RepoReader``; one call."""
        return entered(self.all_files(commit)[0], enter)

    def graph(self, selections: Mapping[str, Selection], permission: str | None = None) -> Node:
        """See ``RepoReader``; a document of its own each time."""
        repository = self.repository()
        client = GraphClient(self._send, self._transport, self._payer)
        where = f"repository {self._id}"
        return ask_alone(
            client,
            "Repository",
            repository.node_id,
            selections,
            where=where,
            permission=permission,
            default=repository.default_branch,
        )

    def rest(self, path: str, *, items: int = 0, key: str = "", permission: str | None = None) -> Node | None:
        """See ``RepoReader``."""
        return read_rest(
            self._send,
            self._transport,
            self._root,
            path,
            most=items,
            key=key,
            permission=permission,
            payer=self._payer,
        )

    def _find(self, commit: str, path: str) -> TreeEntry | None:
        parent, _, _ = path.rpartition("/")
        entries = (e for e in self.directory(commit, parent) if e.kind is EntryKind.FILE)
        return next((e for e in entries if e.path.lower() == path.lower()), None)

    def _is_empty(self, branch: str) -> bool:
        path = f"{self._root}/git/ref/heads/{segment(branch)}"
        answer = self._send(Call("GET", path, within=self._root))
        if answer.status == 409:
            return True
        if answer.status != 404:
            ok(answer)
        return False

    def _tree(self, oid: str, prefix: str) -> tuple[TreeEntry, ...]:
        def read() -> tuple[TreeEntry, ...]:
            answer = self._get(f"/git/trees/{oid}")
            return answers.tree(answer.json(), answer.what, prefix)

        return self._memory.recall((self._id, "tree", oid, prefix), read, lambda entries: 300 * len(entries))

    def _committed_at(self, commit: str) -> datetime:
        answer = self._get(f"/git/commits/{object_id(commit)}")
        data = answers.table(answer.json(), "", answer.what)
        return answers.moment(answers.table(data, "committer", answer.what), "date", answer.what)

    def _count_commits(self, commit: str) -> int:
        path = f"{self._root}/commits"
        answer = ok(self._send(Call("GET", path, {"sha": commit, "per_page": "1"}, within=self._root)))
        last = link(answer, "last")
        if last is None:
            return len(answers.listing(answer.json(), "", answer.what))
        page = parse_qs(urlsplit(last).query).get("page", [""])[0]
        if not (page.isascii() and page.isdigit()):
            raise Malformed(f"{answer.what}: the last page has no number")
        return int(page)

    def _some(self, path: str, query: Mapping[str, str], limit: int) -> tuple[list[tuple[Any, str]], bool]:
        call = Call(
            "GET", self._root + path, {**query, "per_page": str(max(1, min(limit, _PAGE)))}, within=self._root
        )
        return take(self._transport, self._send, call, limit)

    def _get(self, path: str) -> Answer:
        return ok(self._send(Call("GET", self._root + path, within=self._root)))


def _blob(send: Send, root: str, oid: str, limit: int) -> bytes:
    # Base64 with its line ends takes 4/3 and a sixtieth; the rest is for the object around it.
    cap = limit * 7 // 5 + 64 * 1024
    path = f"{root}/git/blobs/{object_id(oid)}"
    answer = ok(send(Call("GET", path, within=root, answer_bytes=cap)))
    data = answer.json()
    size = answers.number(data, "size", answer.what)
    if size > limit:
        raise Malformed(f"{answer.what}: the file has {size} bytes, more than the {limit} that are read")
    if answers.text(data, "encoding", answer.what) != "base64":
        raise Malformed(f"{answer.what}: an encoding that is not known")
    try:
        content = base64.b64decode(answers.text(data, "content", answer.what), validate=False)
    except (binascii.Error, ValueError) as error:
        raise Malformed(f"{answer.what}: `content` is not base64") from error
    if len(content) != size:
        raise Malformed(f"{answer.what}: {len(content)} bytes came instead of {size}")
    return content
