"""Reads many repositories of one installation with few GraphQL documents.

Facts run against readers that hold what documents have brought so far. What is not there yet is
noted as *wanted*, the fact stops (``bot.ports.Wanted``), one document brings what all facts of all
repositories want, and the facts run again. What facts declare comes with the first document, as
one fragment over ``nodes(ids:)`` with sizes from the pulse; the rest in small documents by alias.
What GraphQL can not tell, and whatever still lacks after some documents, is read through REST.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from bot.adapters.github import told
from bot.adapters.github.errors import clean
from bot.adapters.github.graph import (
    BUDGET,
    REPOSITORY_FIELDS,
    UNKNOWN_TO_GITHUB,
    Composer,
    GraphClient,
    NoGraphQL,
    Told,
    TooHeavy,
)
from bot.adapters.github.immutable import Immutable
from bot.adapters.github.listing import Send, object_id
from bot.adapters.github.reader import OWNER_DEFAULT_BYTES, GitHubReader
from bot.adapters.github.transport import Transport
from bot.json_nodes import Node, Refused
from bot.model.errors import Gone, Malformed, PermissionMissing, Unavailable
from bot.model.facts import (
    About,
    Branch,
    Comparison,
    EntryKind,
    PullRequest,
    Release,
    Repository,
    TreeEntry,
    entered,
)
from bot.model.people import Role
from bot.ports import Later, RepoReader, Wanted
from bot.scale.documents import Document, Pace, Pulse, plan
from bot.selections import (
    BRANCHES,
    DEFAULT_BRANCH,
    LATEST_RELEASE,
    OPEN_PULL_REQUESTS,
    SIZES,
    TOPICS,
    Selection,
    directory,
    proposal,
)

logger = logging.getLogger(__name__)

DOCUMENTS = 8
"""Documents one after the other; what is still wanted then is read through REST, call by call."""

PULSES = 100
"""Repositories whose sizes one document asks; GitHub takes 100 ids at once."""

WANTS = 200
"""Things of all repositories that one later document asks for."""

FORESEEN = 15
"""Pull requests of which one is asked whether it conflicts, and the others with it."""

FOLDERS = 60
"""Folders of a repository that documents look into; of more one call lists all files."""

MOST_COMMITS = 100
"""Commits that a branch may have alone for documents to tell where it began: a page."""


def _tree_text(levels: int) -> str:
    """What is asked of a folder, with so many levels of what lies below it."""
    below = f" object {{ {_tree_text(levels - 1)} }}" if levels else ""
    return f"... on Tree {{ entries {{ name type mode oid size{below} }} }}"


_FOLDER, _DEEP_FOLDER = _tree_text(0), _tree_text(2)
"""The second makes few documents of a deep tree."""

_BLOB = "... on Blob { byteSize isTruncated isBinary text }"
_DIRECTORY = re.compile(r'object\(expression: "HEAD:([^"\\]*)"\) \{ \.\.\. on Tree')
_COMMUNITY = (directory(""), directory(".github"), directory("docs"))
_OWNER_REPOSITORY = ".github"


@dataclass(frozen=True, slots=True)
class _Want:
    """A field of one repository: ``text`` is asked, and ``taken`` is given what came."""

    text: str
    taken: Callable[[Any], None]


class GitHubBatch:
    """See ``bot.ports.Batch``; for one thread.

    Args:
        repositories: as last seen: their node ids, and whether they publish Pages, are believed.
        payer: installation whose limits documents count against; 0 for a token.
        pace: shared by the batches of a process.
    """

    def __init__(
        self,
        repositories: Iterable[Repository],
        send: Send,
        transport: Transport,
        memory: Immutable,
        *,
        payer: int,
        pace: Pace | None = None,
    ) -> None:
        self._pace = pace or Pace()
        self._client = GraphClient(send, transport, payer)
        self._send, self._transport, self._payer = send, transport, payer
        self._memory = memory
        self.points = 0
        self.documents = 0
        self._readers = {r.id: BatchReader(self, r, self._alone(r.id), memory) for r in repositories}
        self._communities: dict[str, _Community] = {}
        self._composer = Composer()
        self._left_out: dict[str, Refused] = {}
        self._started = False
        self._absent = False
        self.rest_allowed = True
        self.foreseen: dict[str, str] = {}
        self.declare([DEFAULT_BRANCH])

    def reader(self, repository_id: int) -> RepoReader:
        """See ``Batch``; where there is no GraphQL, a reader that reads alone."""
        if self._absent:
            return self._alone(repository_id)
        return self._readers[repository_id]

    def _alone(self, repository_id: int) -> GitHubReader:
        """A reader that reads one repository through REST."""
        return GitHubReader(repository_id, self._send, self._transport, self._memory, payer=self._payer)

    def declare(self, selections: Iterable[Selection]) -> None:
        """See ``Batch``."""
        for selection in selections:
            self._composer.add(selection)

    def foresee(self, selections: Iterable[Selection]) -> None:
        """See ``Batch``."""
        for selection in (*selections, directory("")):
            found = _DIRECTORY.match(selection.text)
            if found and (_BLOB in selection.text or found[1] not in self.foreseen):
                self.foreseen[found[1]] = selection.text

    def allow_rest(self, allowed: bool) -> None:
        """See ``Batch``."""
        self.rest_allowed = allowed

    def fetch(self) -> None:
        """See ``Batch``."""
        if not self._started:
            self._started = True
            try:
                self._first()
            except NoGraphQL as error:
                logger.warning("reading through REST alone", extra={"why": str(error)})
                self._absent = True
            return
        self._later()
        for reader in self._every():
            reader.rounds += 1
            if reader.rounds >= DOCUMENTS:
                reader.stop_wanting()

    def community(self, owner: str) -> _Community:
        """The ``.github`` repository of an owner; asked for with the next document when it is new."""
        found = self._communities.get(owner.lower())
        if found is None:
            found = self._communities[owner.lower()] = _Community(owner)
        return found

    @property
    def started(self) -> bool:
        """The first documents have been read."""
        return self._started

    @property
    def aliases(self) -> Mapping[str, str]:
        """Text of each declared selection -> where its answer lies."""
        return self._composer.aliases

    def left_out(self, alias: str) -> Refused | None:
        """Why the selection of that alias was not asked: GitHub does not know it, or refused it."""
        return self._left_out.get(alias)

    def alias(self, selection: Selection) -> str:
        """Where its answer lies in the fragment's."""
        return self._composer.aliases[selection.text]

    def _every(self) -> list[BatchReader]:
        return [*self._readers.values(), *(c.reader for c in self._communities.values() if c.reader)]

    # The first documents: pulse and fragment.

    def _first(self) -> None:
        pulses = self._pulses()
        documents = list(
            plan(
                pulses,
                self._composer.sizes,
                compares="default" in self._composer.sizes,
                largest=self._pace.largest(self._payer),
            )
        )
        while documents:
            document = documents.pop(0)
            started = time.monotonic()
            try:
                self._read(document)
                self._pace.note(self._payer, len(document.keys), time.monotonic() - started)
            except TooHeavy as error:
                self._pace.note(self._payer, len(document.keys), float("inf"))
                halves = document.halves()
                if not halves:
                    logger.warning(
                        "a document is too heavy even for one repository", extra={"why": str(error)}
                    )
                    raise
                logger.info("splitting a document", extra={"repositories": len(document.keys)})
                documents[:0] = halves

    def _pulses(self) -> list[Pulse]:
        """Sizes and default branches of all repositories; sizes only where the fragment has any."""
        names = sorted(self._composer.sizes & SIZES.keys())
        if not names and "default" not in self._composer.sizes:
            return [Pulse(key, "") for key in self._by_key()]
        keys = list(self._by_key())
        pulses: list[Pulse] = []
        for start in range(0, len(keys), PULSES):
            pulses += self._pulse(keys[start : start + PULSES], names)
        return pulses

    def _pulse(self, keys: Sequence[str], names: Sequence[str]) -> list[Pulse]:
        aliases = {name: f"n_{name}" for name in names}
        counts = " ".join(f"{aliases[name]}: {SIZES[name].pulse} {{ totalCount }}" for name in names)
        document = (
            f"query($ids: [ID!]!) {{ {BUDGET} nodes(ids: $ids) {{ ... on Repository "
            f"{{ defaultBranchRef {{ name }} {counts} }} }} }}"
        )
        try:
            answer = self._ask(document, {"ids": list(keys)}, "the pulse")
        except TooHeavy:
            if len(keys) == 1:
                return [Pulse(keys[0], "")]
            middle = len(keys) // 2
            return self._pulse(keys[:middle], names) + self._pulse(keys[middle:], names)
        lacking = set(answer.unsupported)
        for number in range(len(keys)):
            lacking |= answer.refused_below("nodes", number).keys()
        if lacking & set(aliases.values()):
            # An older GHES, or a permission that is missing: what is not counted is asked for in full.
            return self._pulse(keys, [name for name in names if aliases[name] not in lacking])
        found = []
        for key, node in zip(keys, self._nodes(answer, keys), strict=True):
            if not isinstance(node, dict):
                self._by_key()[key].answer = node
                continue
            branch = node.get("defaultBranchRef")
            found.append(
                Pulse(
                    key,
                    str(branch.get("name", "")) if isinstance(branch, dict) else "",
                    {name: total for name in names if (total := _total(node.get(aliases[name]))) is not None},
                )
            )
        return found

    def _read(self, document: Document) -> None:
        variables: dict[str, Any] = {"ids": list(document.keys), **document.sizes}
        if "default" in self._composer.sizes:
            variables["default"] = document.default_branch or "HEAD"
        while True:
            declared = self._composer.variables(self._left_out)
            text = (
                f"query($ids: [ID!]!{declared}) {{ {BUDGET} nodes(ids: $ids) {{ ...F }} }} "
                f"fragment F on Repository {{ {REPOSITORY_FIELDS} {self._composer.body(self._left_out)} }}"
            )
            answer = self._ask(text, _used(variables, text), f"{len(document.keys)} repositories")
            left_out = dict.fromkeys(answer.unsupported, UNKNOWN_TO_GITHUB)
            for number in range(len(document.keys)):
                left_out |= answer.refused_below("nodes", number)
            if not left_out.keys() - self._left_out.keys():
                break
            # A refused part may cost the whole repository its answer, so it is left out for all.
            logger.info("asking without", extra={"selections": sorted(left_out)})
            self._left_out |= left_out
        readers = self._by_key()
        for key, node in zip(document.keys, self._nodes(answer, document.keys), strict=True):
            readers[key].answer = node

    def _nodes(self, answer: Told, keys: Sequence[str]) -> list[Any]:
        nodes = answer.data.get("nodes") if isinstance(answer.data, dict) else None
        if not isinstance(nodes, list) or len(nodes) != len(keys):
            raise Malformed("GraphQL did not answer for every repository that was asked for")
        return nodes

    def _by_key(self) -> dict[str, BatchReader]:
        return {reader.key: reader for reader in self._readers.values()}

    # Later documents: what facts wanted beyond what they declare.

    def _later(self) -> None:
        wanted = [(reader.key, want) for reader in self._every() for want in reader.take_wants()]
        new = [community for community in self._communities.values() if not community.asked]
        for start in range(0, len(wanted), WANTS):
            self._ask_wants(wanted[start : start + WANTS])
        for community in new:
            self._ask_community(community)

    def _ask_wants(self, wants: Sequence[tuple[str, _Want]]) -> None:
        """Ask for fields of repositories, each under an alias; halve what is too heavy."""
        by_key: dict[str, list[tuple[str, _Want]]] = {}
        for number, (key, want) in enumerate(wants):
            by_key.setdefault(key, []).append((f"w{number}", want))
        parts = []
        for number, asked in enumerate(by_key.values()):
            fields = " ".join(f"{alias}: {want.text}" for alias, want in asked)
            parts.append(f"r{number}: node(id: $k{number}) {{ ... on Repository {{ {fields} }} }}")
        declared = ", ".join(f"$k{number}: ID!" for number in range(len(by_key)))
        document = f"query({declared}) {{ {BUDGET} {' '.join(parts)} }}"
        variables = {f"k{number}": key for number, key in enumerate(by_key)}
        try:
            answer = self._ask(document, variables, f"{len(wants)} things more")
        except TooHeavy:
            if len(wants) == 1:
                wants[0][1].taken(Refused("GitHub did not answer in time", permission=False))
                return
            middle = len(wants) // 2
            self._ask_wants(wants[:middle])
            self._ask_wants(wants[middle:])
            return
        again: list[tuple[str, _Want]] = []
        for number, (key, asked) in enumerate(by_key.items()):
            refused = answer.refused_below(f"r{number}")
            if refused:
                for alias, want in asked:
                    if alias in refused:
                        want.taken(refused[alias])
                    else:
                        again.append((key, want))
                continue
            node = answer.data.get(f"r{number}") if isinstance(answer.data, dict) else None
            for alias, want in asked:
                want.taken(node.get(alias) if isinstance(node, dict) else node)
        if again:
            self._ask_wants(again)

    def _ask_community(self, community: _Community) -> None:
        """Where an owner's defaults lie: a ``.github`` repository that others may see."""
        community.asked = True
        composer = Composer()
        for selection in (DEFAULT_BRANCH, *_COMMUNITY):
            composer.add(selection)
        document = (
            f"query($owner: String!) {{ {BUDGET} repository(owner: $owner, name: "
            f"{json.dumps(_OWNER_REPOSITORY)}) {{ {REPOSITORY_FIELDS} {composer.body()} }} }}"
        )
        answer = self._ask(document, {"owner": community.owner}, "the owner's defaults")
        node = answer.data.get("repository") if isinstance(answer.data, dict) else None
        if not isinstance(node, dict) or node.get("visibility") == "PRIVATE":
            return
        id_ = Node(node, "the owner's defaults")["databaseId"].number()
        known = Repository(id_, f"{community.owner}/{_OWNER_REPOSITORY}", "", node_id=str(node.get("id", "")))
        reader = BatchReader(self, known, self._alone(id_), self._memory, composer=composer)
        reader.answer = node
        community.reader = reader

    def _ask(self, document: str, variables: Mapping[str, Any], what: str) -> Told:
        self.documents += 1
        answer = self._client.ask(document, variables, what=what)
        self.points += answer.cost
        return answer


class _Community:
    """An owner's ``.github`` repository; ``reader`` None once asked: there is none to be seen."""

    def __init__(self, owner: str) -> None:
        self.owner = owner
        self.asked = False
        self.reader: BatchReader | None = None


class BatchReader:
    """``RepoReader`` over what documents brought; see the module's docstring."""

    local = False

    def __init__(
        self,
        batch: GitHubBatch,
        known: Repository,
        alone: GitHubReader,
        memory: Immutable,
        composer: Composer | None = None,
    ) -> None:
        self.key = known.node_id
        self.answer: Any = None
        self.rounds = 0
        self._batch = batch
        self._known = known
        self._alone = alone
        self._memory = memory
        self._composer = composer
        self._wants: dict[str, _Want] = {}
        self._came: dict[str, Any] = {}
        self._pages: dict[str, list[Node]] = {}
        self._given_up = False

    # What the batch does with it.

    def take_wants(self) -> list[_Want]:
        """What facts have wanted since the last time."""
        wants = list(self._wants.values())
        self._wants.clear()
        return wants

    def stop_wanting(self) -> None:
        """From now on, read alone what is not there."""
        self._given_up = True

    # RepoReader.

    def repository(self) -> Repository:
        """See ``RepoReader``."""
        node = self._node()
        ref = node[self._alias(DEFAULT_BRANCH)]
        found = told.repository(node, "" if ref.null else ref["name"].text())
        if found.id != self._known.id:
            raise Malformed(f"GitHub told of repository {found.id} when asked for {self._known.id}")
        # An empty repository has no branch, and REST tells the name that the first one will get.
        branch = found.default_branch or self._known.default_branch
        return replace(found, default_branch=branch, pages=self._known.pages)

    def about(self) -> About:
        """See ``RepoReader``; whether there are Pages GraphQL does not tell: as last seen."""
        return told.about(self._node(), self._selected(TOPICS), pages=self._known.pages)

    def head(self, branch: str) -> str:
        """See ``RepoReader``."""
        ref = self._node()[self._alias(DEFAULT_BRANCH)]
        for pull in self._proposals():
            if pull["baseRefName"].text() == branch and (base := pull.optional("baseRef")) is not None:
                return base["target"]["oid"].oid()
        if not ref.null and ref["name"].text() == branch:
            return ref["target"]["oid"].oid()
        text = f"ref(qualifiedName: {json.dumps('refs/heads/' + branch)}) {{ target {{ oid }} }}"
        found = self._want(text)
        if found.null:
            raise Gone(f"there is no branch {clean(branch)!r}")
        return found["target"]["oid"].oid()

    def directory(self, commit: str, path: str = "") -> tuple[TreeEntry, ...]:
        """See ``RepoReader``."""
        if commit == self._default_head():
            for selection in (directory(path, texts=True), directory(path)):
                if self._has(selection):
                    tree = self._selected(selection)
                    return () if tree.null or tree.optional("entries") is None else told.entries(tree, path)
        if path in self._batch.foreseen and self._composer is None:
            return self._foreseen(object_id(commit), path)
        if not path:
            return self._tree(object_id(commit), "")
        parent, _, _ = path.rpartition("/")
        inside = self.directory(commit, parent)
        found = next((e for e in inside if e.path == path and e.kind is EntryKind.DIRECTORY), None)
        # What an owner keeps for all repositories is read whole, and once.
        return self._tree(found.oid, path, _DEEP_FOLDER if self._composer else _FOLDER) if found else ()

    def blob(self, oid: str, *, limit: int) -> bytes:
        """See ``RepoReader``; a text that is not byte for byte the file's is read again through REST."""

        def read() -> bytes:
            node = self._text_of(object_id(oid))
            size = node["byteSize"].number()
            if size > limit:
                raise Malformed(f"the file {oid} has {size} bytes, more than the {limit} that are read")
            text = node.optional("text")
            data = text.text().encode("utf-8", "surrogatepass") if text else b""
            if node["isTruncated"].flag() or _blob_id(data, oid) != oid:
                return self._rest.blob(oid, limit=limit)
            return data

        data = self._memory.recall((self._known.id, "blob", oid), read, len)
        if len(data) > limit:
            raise Malformed(f"the file {oid} has {len(data)} bytes, more than the {limit} that are read")
        return data

    def branches(self, *, limit: int) -> tuple[tuple[Branch, ...], bool]:
        """See ``RepoReader``."""
        found, more = self._paged(BRANCHES, limit)
        return tuple(told.branch(node) for node in found), more

    def compare(self, base: str, head: str) -> Comparison:
        """See ``RepoReader``; through REST where documents can not, as for branches that nobody listed."""

        def read() -> Comparison:
            found = self._listed_comparison(base, head) or self._told_comparison(base, head)
            return found or self._rest.compare(base, head)

        return self._memory.recall((self._known.id, "compare", base, head), read, lambda _: 500)

    def committed_at(self, commit: str) -> datetime:
        """See ``RepoReader``."""

        def read() -> datetime:
            node = self._node()[self._alias(DEFAULT_BRANCH)]
            if not node.null and node["target"]["oid"].oid() == commit:
                return node["target"]["committedDate"].moment()
            text = f"object(oid: {json.dumps(object_id(commit))}) {{ ... on Commit {{ committedDate }} }}"
            found = self._want(text)
            if found.null:
                raise Gone(f"there is no commit {commit}")
            return found["committedDate"].moment()

        return self._memory.recall((self._known.id, "date", commit), read, lambda _: 200)

    def open_pull_requests(self, *, limit: int) -> tuple[tuple[PullRequest, ...], bool]:
        """See ``RepoReader``."""
        found, more = self._paged(OPEN_PULL_REQUESTS, limit)
        return tuple(told.pull_request(node) for node in found), more

    def pull_request(self, number: int) -> PullRequest:
        """See ``RepoReader``; as listed when GitHub knew whether it can be merged, else asked again."""
        if self._has(proposal(number)):
            try:
                return _told_pull_request(self._selected(proposal(number)), number)
            except (Unavailable, PermissionMissing):
                # REST says clearly whether there is none, or it may not be seen.
                return self._rest.pull_request(number)
        listed = self._selected(OPEN_PULL_REQUESTS).nodes() if self._has(OPEN_PULL_REQUESTS) else ()
        pulls = [told.pull_request(node) for node in listed]
        known = next((pull for pull in pulls if pull.number == number), None)
        if known is not None and (known.mergeable is not None or known.draft):
            return known
        if self._given_up:
            return self._rest.pull_request(number)
        # Who asks for one asks for the others next: one document brings those worked on last.
        unknown = [pull for pull in pulls if pull.mergeable is None and not pull.draft]
        unknown.sort(key=lambda pull: (pull.updated_at, pull.number), reverse=True)
        for pull in unknown[:FORESEEN]:
            text = _pull_request_text(pull.number)
            if text not in self._came:
                self._note(text, text)
        return _told_pull_request(self._want(_pull_request_text(number)), number)

    def permission(self, login: str, account_id: int) -> Role:
        """See ``RepoReader``."""
        return self._rest.permission(login, account_id)

    def owner_default(self, names: Sequence[str]) -> tuple[str, str] | None:
        """See ``RepoReader``."""
        community = self._community()
        if community is None:
            return None
        commit = community._default_head()
        for name in names if commit else ():
            parent, _, _ = name.rpartition("/")
            listed = (e for e in community.directory(commit, parent) if e.kind is EntryKind.FILE)
            entry = next((e for e in listed if e.path.lower() == name.lower()), None)
            if entry is not None:
                data = community.blob(entry.oid, limit=OWNER_DEFAULT_BYTES)
                return entry.path, data.decode("utf-8", "replace")
        return None

    def owner_default_directory(self, path: str) -> tuple[TreeEntry, ...]:
        """See ``RepoReader``."""
        community = self._community()
        commit = community._default_head() if community else ""
        return community.directory(commit, path) if community and commit else ()

    def latest_release(self) -> Release | None:
        """See ``RepoReader``."""
        found = self._selected(LATEST_RELEASE)
        return None if found.null else told.release(found)

    def all_files(self, commit: str) -> tuple[tuple[TreeEntry, ...], bool]:
        """See ``RepoReader``: folder by folder, and by one REST call where they are many."""
        files = self._walked(commit, lambda _: True)
        return self._rest.all_files(commit) if files is None else (files, False)

    def files_in(self, commit: str, enter: Callable[[str], bool]) -> tuple[TreeEntry, ...]:
        """See ``RepoReader``; folder by folder, and by one REST call where they are many."""
        files = self._walked(commit, enter)
        return entered(self._rest.all_files(commit)[0], enter) if files is None else files

    def _walked(self, commit: str, enter: Callable[[str], bool]) -> tuple[TreeEntry, ...] | None:
        """The same; None where they are too many, or documents are used up."""
        level = self.directory(commit)
        files: list[TreeEntry] = []
        left = FOLDERS
        while level:
            files += (entry for entry in level if entry.kind is not EntryKind.DIRECTORY)
            folders = [e for e in level if e.kind is EntryKind.DIRECTORY and enter(e.path)]
            left -= len(folders)
            if left < 0 or (folders and self._given_up):
                return None
            level = self._folders(folders)
        return tuple(sorted(files, key=lambda entry: entry.path))

    def _folders(self, folders: Sequence[TreeEntry]) -> tuple[TreeEntry, ...]:
        """What lies in several folders, asked for together."""
        found: list[TreeEntry] = []
        waits = False
        for folder in folders:
            try:
                found += self._tree(folder.oid, folder.path, _DEEP_FOLDER)
            except Wanted:
                waits = True
        if waits:
            raise Wanted
        return tuple(found)

    def graph(self, selections: Mapping[str, Selection], permission: str | None = None) -> Node:
        """See ``RepoReader``; what was not declared comes with the next document."""
        self._node()
        values = {key: self._raw(selection) for key, selection in selections.items()}
        return Node(values, f"repository {self._known.id}", permission)

    def rest(self, path: str, *, items: int = 0, key: str = "", permission: str | None = None) -> Node | None:
        """See ``RepoReader``."""
        return self._rest.rest(path, items=items, key=key, permission=permission)

    # What it stands on.

    @property
    def _rest(self) -> GitHubReader:
        """Reads through REST. Raises Later while that must wait."""
        if not self._batch.rest_allowed:
            raise Later
        return self._alone

    def _node(self) -> Node:
        if self.answer is None and not self._batch.started:
            raise Wanted
        if not isinstance(self.answer, dict):
            raise Gone(f"repository {self._known.id} does not exist (any more), or may not be seen")
        return Node(self.answer, f"repository {self._known.id}")

    def _default_head(self) -> str:
        ref = self._node()[self._alias(DEFAULT_BRANCH)]
        return "" if ref.null else ref["target"]["oid"].oid()

    def _alias(self, selection: Selection) -> str:
        if self._composer is not None:
            return self._composer.aliases[selection.text]
        return self._batch.alias(selection)

    def _has(self, selection: Selection) -> bool:
        """It came with the fragment, or was wanted since."""
        self._node()
        aliases = self._composer.aliases if self._composer else self._batch.aliases
        known = aliases.get(selection.text)
        return (known is not None and known in self.answer) or selection.text in self._came

    def _raw(self, selection: Selection) -> Any:
        """What came for a selection; wanted now when it was not declared."""
        aliases = self._composer.aliases if self._composer else self._batch.aliases
        alias = aliases.get(selection.text)
        if alias is not None and alias in self.answer:
            return self.answer[alias]
        if alias is not None and (refused := self._batch.left_out(alias)) is not None:
            return refused
        return self._want_raw(_sized(selection.text, self._repository_branch()), selection.text)

    def _repository_branch(self) -> str:
        ref = self._node()[self._alias(DEFAULT_BRANCH)]
        return "HEAD" if ref.null else ref["name"].text()

    def _selected(self, selection: Selection) -> Node:
        self._node()
        return Node(self._raw(selection), f"repository {self._known.id}", selection.permission)

    def _want(self, text: str) -> Node:
        return Node(self._want_raw(text, text), f"repository {self._known.id}")

    def _want_raw(self, text: str, key: str) -> Any:
        if key in self._came:
            return self._came[key]
        if self._given_up:
            return Refused("it was not told within the documents that one look may take", permission=False)

        self._note(text, key)
        raise Wanted

    def _note(self, text: str, key: str) -> None:
        """Let the next document bring it."""

        def taken(value: Any) -> None:
            self._came[key] = value

        self._wants.setdefault(key, _Want(text, taken))

    def _paged(self, selection: Selection, limit: int) -> tuple[list[Node], bool]:
        """At most ``limit`` nodes of a connection, page after page as far as the selection goes."""
        page = self._selected(selection)
        found = self._pages[selection.text] = list(page.nodes())
        for _ in range(selection.pages - 1):
            if len(found) >= limit or not page.more:
                break
            cursor = page["pageInfo"]["endCursor"].text()
            text = _sized(selection.text, self._repository_branch())
            page = self._want(text.replace("(", f"(after: {json.dumps(cursor)}, ", 1))
            found += page.nodes()
        self._pages[selection.text] = found
        return found[:limit], len(found) > limit or page.more

    def _listed(self, selection: Selection) -> Sequence[Node]:
        """What came of a connection so far: all pages that were asked for."""
        if selection.text in self._pages:
            return self._pages[selection.text]
        return self._selected(selection).nodes() if self._has(selection) else ()

    def _tree(self, oid: str, folder: str, body: str = _FOLDER) -> tuple[TreeEntry, ...]:
        def read() -> tuple[TreeEntry, ...]:
            if self._given_up:
                return self._rest._tree(oid, folder)
            commit = f"... on Commit {{ tree {{ {body.removeprefix('... on Tree { ')} }}"
            found = self._want(f"object(oid: {json.dumps(oid)}) {{ {body} {commit} }}")
            if found.null:
                raise Gone(f"there is no tree {oid}")
            return self._remember_tree(found.optional("tree") or found, oid, folder)

        return self._memory.recall((self._known.id, "tree", oid, folder), read, lambda e: 300 * len(e))

    def _remember_tree(self, tree: Node, oid: str, folder: str) -> tuple[TreeEntry, ...]:
        """The entries of a folder; those of folders that came with it are remembered."""
        for item in tree["entries"].items():
            below = item.optional("object")
            if below is not None and below.optional("entries") is not None:
                name = item["name"].text()
                self._remember_tree(below, item["oid"].oid(), f"{folder}/{name}" if folder else name)
        found = told.entries(tree, folder)
        key = (self._known.id, "tree", oid, folder)
        return self._memory.recall(key, lambda: found, lambda e: 300 * len(e))

    def _foreseen(self, commit: str, path: str) -> tuple[TreeEntry, ...]:
        """A directory at a commit; all others that were foreseen come with it.

        Raises:
            Gone: there is no such commit.
        """

        def read() -> tuple[TreeEntry, ...]:
            texts = {p: text.replace('"HEAD:', f'"{commit}:', 1) for p, text in self._batch.foreseen.items()}
            if self._given_up and texts[path] not in self._came:
                return self._rest.directory(commit, path)
            for text in texts.values():
                if text not in self._came:
                    self._note(text, text)
            if self._want(texts[""]).null:
                raise Gone(f"there is no commit {commit}")
            tree = self._want(texts[path])
            return () if tree.null or tree.optional("entries") is None else told.entries(tree, path)

        return self._memory.recall((self._known.id, "at", commit, path), read, lambda e: 300 * len(e))

    def _text_of(self, oid: str) -> Node:
        """The blob as a directory with texts told it, else wanted by its id."""
        for item in self._texts():
            if item["oid"].text() == oid and (found := item.optional("object")) is not None:
                return found
        if self._given_up:
            data = self._rest.blob(oid, limit=OWNER_DEFAULT_BYTES * 64)
            encoded = {"byteSize": len(data), "isTruncated": True, "text": None}
            return Node(encoded, f"the file {oid}")
        found = self._want(f"object(oid: {json.dumps(oid)}) {{ {_BLOB} }}")
        if found.null:
            raise Gone(f"there is no file {oid}")
        return found

    def _texts(self) -> Iterable[Node]:
        aliases = self._composer.aliases if self._composer else self._batch.aliases
        for text, alias in aliases.items():
            value = self.answer.get(alias) if _BLOB in text else None
            if isinstance(value, dict) and value.get("entries"):
                yield from Node(value["entries"], f"repository {self._known.id}").items()
        for text, value in self._came.items():
            if text.startswith("object(expression:") and _BLOB in text and isinstance(value, dict):
                yield from Node(value.get("entries") or [], f"repository {self._known.id}").items()

    def _listed_comparison(self, base: str, head: str) -> Comparison | None:
        """What the list of branches says of two commits when one of them is the default branch's head.

        Where one side has all commits of the other, the older one is their newest common commit.
        """
        if base != self._default_head():
            return None
        for node in self._listed(BRANCHES):
            if node["target"]["oid"].text() != head:
                continue
            compared = node.optional("compare")
            at = node["target"].optional("committedDate")
            if compared is None or at is None:
                return None
            # The branch is the base of GraphQL's comparison: what is ahead of it, it lacks.
            behind, ahead = compared["aheadBy"].number(), compared["behindBy"].number()
            if ahead and behind:
                # The comparison that follows then need not ask for the date of its head.
                self._memory.recall((self._known.id, "date", head), at.moment, lambda _: 200)
                return None
            default = self._node()[self._alias(DEFAULT_BRANCH)]["target"]["committedDate"].moment()
            common, common_at = (head, at.moment()) if not ahead else (base, default)
            return Comparison(base, head, ahead, behind, common, common_at, at.moment())
        return None

    def _told_comparison(self, base: str, head: str) -> Comparison | None:
        """What documents tell of two commits that branches point to; None where they can not.

        Where each lacks something of the other, their newest common commit is found among the
        parents of the commits that one of them has alone.
        """
        if self._given_up:
            return None
        names = self._heads()
        ours, theirs = names.get(base, ""), names.get(head, "")
        if not theirs or not ours or ":" in ours:
            return None
        proposed = next((p for p in self._proposals() if p["headRefOid"].oid() == head), None)
        began = self._began(proposed)
        if began and began.oid and self._batch.foreseen:
            self._begin(began.oid)
        try:
            counts, base_at, head_at = told.compared(self._want(_compared_text(ours, theirs, _COUNTS)))
        except (Malformed, PermissionMissing):
            return None
        if (counts.base, counts.head) != (base, head):
            # One of them was pushed to since it was listed.
            return None
        common = told.Common(head, head_at) if not counts.ahead else told.Common(base, base_at)
        if counts.ahead and counts.behind and proposed and began and counts.ahead == _commits(proposed):
            common = began
        elif counts.ahead and counts.behind:
            sides = [(counts.ahead, ours, theirs)]
            sides += [] if ":" in theirs else [(counts.behind, theirs, ours)]
            number, start, end = min(sides)
            if number > MOST_COMMITS:
                return None
            apart = self._want(_compared_text(start, end, _ALONE.replace("$number", str(number))))
            try:
                shared = told.common(apart["compare"]["commits"].nodes(), number)
            except (Malformed, PermissionMissing):
                return None
            if shared is None:
                return None
            common = shared
        if common.oid is None:
            head_at = None
        return Comparison(base, head, counts.ahead, counts.behind, common.oid, common.at, head_at)

    def _proposals(self) -> list[Node]:
        """Pull requests that were declared one by one, and are there."""
        told_of = [
            self.answer.get(a) for text, a in self._batch.aliases.items() if text.startswith(_PROPOSAL)
        ]
        return [Node(pull, f"repository {self._known.id}") for pull in told_of if isinstance(pull, dict)]

    def _began(self, pull: Node | None) -> told.Common | None:
        """Where a pull request began by its own list of commits, which may be older than its branches."""
        if pull is None:
            return None
        try:
            commits = [node["commit"] for node in pull["commits"].nodes()]
            return told.common(commits, _commits(pull))
        except (Malformed, PermissionMissing):
            return None

    def _begin(self, commit: str) -> None:
        """Let the next document bring the foreseen directories of a commit that is most likely asked for."""
        try:
            self._foreseen(commit, "")
        except (Wanted, Gone):
            return

    def _heads(self) -> Mapping[str, str]:
        """Commit -> the name of a branch that points to it, with its owner's where that is in a fork."""
        found: dict[str, str] = {}
        for pull in (*self._listed(OPEN_PULL_REQUESTS), *self._proposals()):
            if (base := pull.optional("baseRef")) is not None:
                found[base["target"]["oid"].oid()] = pull["baseRefName"].text()
            name, owner = pull["headRefName"].text(), pull.optional("headRepositoryOwner")
            if not pull["isCrossRepository"].flag():
                found[pull["headRefOid"].oid()] = name
            elif owner is not None and pull.optional("headRepository") is not None:
                found[pull["headRefOid"].oid()] = f"{owner['login'].text()}:{name}"
        found |= {node["target"]["oid"].oid(): node["name"].text() for node in self._listed(BRANCHES)}
        ref = self._node()[self._alias(DEFAULT_BRANCH)]
        if not ref.null:
            found[ref["target"]["oid"].oid()] = ref["name"].text()
        return found

    def _community(self) -> BatchReader | None:
        community = self._batch.community(self.repository().owner)
        if not community.asked:
            raise Wanted
        return community.reader


_PROPOSAL = "pullRequest(number:"


def _commits(pull: Node) -> int:
    """How many commits a pull request says that it has."""
    return pull["commits"].total()


def _told_pull_request(found: Node, number: int) -> PullRequest:
    if found.null:
        raise Gone(f"there is no pull request {number}")
    state = found["state"].text().lower()
    return replace(
        told.pull_request(found), state="open" if state == "open" else "closed", merged=state == "merged"
    )


_COMMIT = "oid ... on Commit { committedDate }"
_COUNTS = f"aheadBy behindBy headTarget {{ {_COMMIT} }}"
_ALONE = (
    "commits(first: $number) { nodes { oid parents(first: 4) { totalCount nodes { oid committedDate } } } }"
)


def _compared_text(base: str, head: str, fields: str) -> str:
    """A comparison of a branch, as GitHub names it, with one of the repository, which is the base."""
    name = json.dumps(f"refs/heads/{base}")
    return (
        f"ref(qualifiedName: {name}) {{ target {{ {_COMMIT} }} "
        f"compare(headRef: {json.dumps(head)}) {{ {fields} }} }}"
    )


def _pull_request_text(number: int) -> str:
    fields = OPEN_PULL_REQUESTS.text.partition("nodes {")[2].rpartition("}")[0].rpartition("}")[0]
    return f"pullRequest(number: {number}) {{ state {fields} }}"


def _sized(text: str, default: str) -> str:
    """A selection's text with its variables written in, for a document of its own."""
    for name, size in SIZES.items():
        text = text.replace(f"${name}", str(size.most))
    return text.replace("$default", json.dumps(default))


def _used(variables: Mapping[str, Any], document: str) -> dict[str, Any]:
    return {name: value for name, value in variables.items() if f"${name}:" in document}


def _total(node: Any) -> int | None:
    total = node.get("totalCount") if isinstance(node, dict) else None
    return total if isinstance(total, int) else None


def _blob_id(data: bytes, like: str) -> str:
    """The object id of a file's bytes, in the hash that the repository uses."""
    algorithm = "sha1" if len(like) == 40 else "sha256"
    return hashlib.new(algorithm, b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()
