"""Refs, commits, trees, blobs, and how branches stand to each other."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from bot.testing.git import HEX
from bot.testing.graphql.declaring import Asked, Problem, connection, field, represent
from bot.testing.graphql.sources import (
    Blob,
    Commit,
    Comparison,
    GitObject,
    Pull,
    Ref,
    Tag,
    Tree,
    TreeEntry,
    commit_behind,
    object_of,
    pulls_of,
    tag_headers,
)
from bot.testing.render import from_epoch
from bot.testing.state import Account, FakeRepository

TEXT_LIMIT = 512 * 1024
"""Bytes of a blob's text that are told."""

_BINARY_LOOK = 8_000
"""Bytes in which git looks for a NUL."""

_OBJECTS = ("Blob", "Tree", "Commit", "Tag")
_MOST_HISTORY = 10_000

for _kind in (Blob, Tree, Commit, Tag):
    represent(_kind, _kind.__name__)


# Repository


@field("Repository", "defaultBranchRef", needs="contents=read")
def default_branch_ref(repository: FakeRepository, _asked: Asked) -> Ref | None:
    """The default branch, null when it has no commit."""
    return _ref(repository, f"refs/heads/{repository.default_branch}")


@field("Repository", "ref", needs="contents=read")
def ref(repository: FakeRepository, _asked: Asked, *, qualified_name: str) -> Ref | None:
    """A ref by its full name, or by that of a branch or tag."""
    for prefix in ("", "refs/heads/", "refs/tags/"):
        found = _ref(repository, prefix + qualified_name)
        if found is not None:
            return found
    return None


@connection("Repository", "refs", needs="contents=read")
def refs(
    repository: FakeRepository,
    _asked: Asked,
    *,
    ref_prefix: str,
    query: str | None = None,
    direction: str | None = None,
    order_by: dict[str, Any] | None = None,
) -> Sequence[Ref]:
    """The refs below a prefix, by name unless told otherwise."""
    if not ref_prefix.endswith("/"):
        raise Problem("UNPROCESSABLE", "refPrefix must end with a slash, such as `refs/heads/`.")
    found = [
        Ref(repository, name, repository.refs[name])
        for name in sorted(repository.refs)
        if name.startswith(ref_prefix) and (query or "").lower() in name[len(ref_prefix) :].lower()
    ]
    order = order_by or {"field": "ALPHABETICAL", "direction": direction or "ASC"}
    if order["field"] == "TAG_COMMIT_DATE":
        found.sort(key=lambda r: _moment_of(repository, r.oid))
    if order["direction"] == "DESC":
        found.reverse()
    return found


@field("Repository", "object", needs="contents=read")
def git_object(
    repository: FakeRepository, _asked: Asked, *, expression: str | None = None, oid: str | None = None
) -> GitObject | None:
    """An object by its id, or by git's ``revision:path``."""
    if oid is not None:
        return object_of(repository, oid)
    revision, colon, path = (expression or "").partition(":")
    start = _resolve(repository, revision)
    if start is None or not colon:
        return object_of(repository, start) if start else None
    commit = commit_behind(repository, start)
    if commit is None:
        return None
    path = path.strip("/")
    entry = repository.git.entry(repository.git.commit(commit).tree, path)
    return object_of(repository, entry.oid, path) if entry is not None else None


def _ref(repository: FakeRepository, name: str) -> Ref | None:
    oid = repository.refs.get(name)
    return Ref(repository, name, oid) if oid is not None else None


def _resolve(repository: FakeRepository, revision: str) -> str | None:
    if revision == "HEAD":
        return repository.head
    for prefix in ("", "refs/", "refs/tags/", "refs/heads/"):
        found = repository.refs.get(prefix + revision)
        if found is not None:
            return found
    if HEX.fullmatch(revision):
        return revision
    return repository.git.abbreviated(revision) if re.fullmatch(r"[0-9a-f]{4,39}", revision) else None


def _resolve_in_network(repository: FakeRepository, revision: str, asked: Asked) -> str | None:
    owner, colon, branch = revision.partition(":")
    if not colon:
        return _resolve(repository, revision)
    root = repository.parent or repository
    for other in asked.world.repositories.values():
        same = other is root or other.parent is root
        if same and not other.deleted and other.owner.login.lower() == owner.lower():
            return other.refs.get(f"refs/heads/{branch}")
    return None


def _moment_of(repository: FakeRepository, oid: str) -> int:
    commit = commit_behind(repository, oid)
    return repository.git.commit(commit).committer[2] if commit else 0


# Refs


@field("Ref", "id")
def ref_id(source: Ref, _asked: Asked) -> str:
    """The same as REST's ``node_id``."""
    return f"REF_{source.repository.id}_{source.full_name}"


@field("Ref", "name")
def ref_name(source: Ref, _asked: Asked) -> str:
    """Without the prefix."""
    return source.full_name.split("/", 2)[2]


@field("Ref", "prefix")
def ref_prefix_of(source: Ref, _asked: Asked) -> str:
    """``refs/heads/`` or the like."""
    return source.full_name[: -len(ref_name(source, _asked))]


@field("Ref", "target")
def ref_target(source: Ref, _asked: Asked) -> GitObject | None:
    """What it points to."""
    return object_of(source.repository, source.oid)


@field("Ref", "compare")
def compare(source: Ref, asked: Asked, *, head_ref: str) -> Comparison | None:
    """How another ref stands to this one, which is the base; of a fork it is ``owner:branch``."""
    repository = source.repository
    start = _resolve_in_network(repository, head_ref, asked)
    head = commit_behind(repository, start) if start else None
    base = commit_behind(repository, source.oid)
    if head is None or base is None:
        return None
    return Comparison(repository, base, head)


@connection("Ref", "associatedPullRequests", needs="pull_requests=read")
def pulls_of_ref(source: Ref, _asked: Asked, *, states: Sequence[str] | None = None) -> Sequence[Pull]:
    """Pull requests from this branch."""
    pulls = pulls_of(source.repository, states)
    return [
        pull
        for pull in pulls
        if pull.details.head_repository is source.repository
        and f"refs/heads/{pull.details.head_ref}" == source.full_name
    ]


# Comparisons


def _counts(source: Comparison) -> tuple[int, int]:
    return source.repository.git.ahead_behind(source.base, source.head)


@field("Comparison", "id")
def comparison_id(source: Comparison, _asked: Asked) -> str:
    """Names both commits."""
    return f"CMP_{source.repository.id}_{source.base}_{source.head}"


@field("Comparison", "aheadBy")
def ahead_by(source: Comparison, _asked: Asked) -> int:
    """Commits of the head that the base lacks."""
    return _counts(source)[0]


@field("Comparison", "behindBy")
def behind_by(source: Comparison, _asked: Asked) -> int:
    """Commits of the base that the head lacks."""
    return _counts(source)[1]


@field("Comparison", "status")
def status(source: Comparison, _asked: Asked) -> str:
    """In one word."""
    ahead, behind = _counts(source)
    if ahead and behind:
        return "DIVERGED"
    return "AHEAD" if ahead else "BEHIND" if behind else "IDENTICAL"


@field("Comparison", "baseTarget")
def base_target(source: Comparison, _asked: Asked) -> Commit:
    """The base."""
    return Commit(source.repository, source.base)


@field("Comparison", "headTarget")
def head_target(source: Comparison, _asked: Asked) -> Commit:
    """The head."""
    return Commit(source.repository, source.head)


@connection("Comparison", "commits")
def commits_of_comparison(source: Comparison, _asked: Asked) -> Sequence[Commit]:
    """Commits of the head that the base lacks, oldest first."""
    found = source.repository.git.log([source.head], [source.base])
    return [Commit(source.repository, oid) for oid in reversed(found)]


# What all objects have


def _object_id(source: GitObject, _asked: Asked) -> str:
    return f"{type(source).__name__[0]}_{source.repository.id}_{source.oid}"


def _abbreviated(source: GitObject, _asked: Asked) -> str:
    return source.oid[:7]


def _commit_url(source: GitObject, asked: Asked) -> str:
    return f"{asked.world.render.repository_page(source.repository)}/commit/{source.oid}"


for _name in _OBJECTS:
    field(_name, "id")(_object_id)
    field(_name, "abbreviatedOid")(_abbreviated)
    field(_name, "commitUrl")(_commit_url)


# Blobs and trees


def is_binary(data: bytes) -> bool:
    """git's own rule: a NUL near the beginning."""
    return b"\0" in data[:_BINARY_LOOK]


@field("Blob", "byteSize")
def byte_size(source: Blob, _asked: Asked) -> int:
    """Of the whole content."""
    return source.repository.git.header(source.oid)[1]


@field("Blob", "isBinary")
def blob_is_binary(source: Blob, _asked: Asked) -> bool:
    """No text."""
    return is_binary(source.repository.git.read(source.oid)[1])


@field("Blob", "isTruncated")
def is_truncated(source: Blob, _asked: Asked) -> bool:
    """The text is only its beginning."""
    return source.repository.git.header(source.oid)[1] > TEXT_LIMIT


@field("Blob", "text")
def blob_text(source: Blob, _asked: Asked) -> str | None:
    """The text, or its beginning; null for a binary file."""
    data = source.repository.git.read(source.oid)[1]
    return None if is_binary(data) else data[:TEXT_LIMIT].decode(errors="replace")


@field("Tree", "entries")
def entries(source: Tree, _asked: Asked) -> list[TreeEntry]:
    """All of them; a tree has no pages."""
    prefix = f"{source.path}/" if source.path else ""
    repository = source.repository
    return [TreeEntry(repository, e, prefix + e.path) for e in repository.git.entries(source.oid)]


@field("TreeEntry", "name")
def entry_name(source: TreeEntry, _asked: Asked) -> str:
    """Without its directory."""
    return source.entry.path


@field("TreeEntry", "nameRaw")
def entry_name_raw(source: TreeEntry, _asked: Asked) -> str:
    """The name's bytes."""
    return base64.b64encode(source.entry.path.encode()).decode()


@field("TreeEntry", "mode")
def entry_mode(source: TreeEntry, _asked: Asked) -> int:
    """As a number: 33188 for an ordinary file."""
    return int(source.entry.mode, 8)


@field("TreeEntry", "oid")
def entry_oid(source: TreeEntry, _asked: Asked) -> str:
    """Of the object."""
    return source.entry.oid


@field("TreeEntry", "type")
def entry_type(source: TreeEntry, _asked: Asked) -> str:
    """blob, tree or commit."""
    return source.entry.type


@field("TreeEntry", "size")
def entry_size(source: TreeEntry, _asked: Asked) -> int:
    """Bytes of a blob; 0 for others."""
    return source.entry.size or 0


@field("TreeEntry", "extension")
def entry_extension(source: TreeEntry, _asked: Asked) -> str:
    """With its dot."""
    name, dot, extension = source.entry.path.rpartition(".")
    return dot + extension if name or dot else ""


@field("TreeEntry", "isGenerated")
def entry_is_generated(_source: TreeEntry, _asked: Asked) -> bool:
    """The fake does not judge that."""
    return False


@field("TreeEntry", "object")
def entry_object(source: TreeEntry, _asked: Asked) -> GitObject | None:
    """What it names; null for a submodule, whose commit lies elsewhere."""
    if source.entry.type == "commit":
        return None
    return object_of(source.repository, source.entry.oid, source.path)


# Tags


@field("Tag", "name")
def tag_name(source: Tag, _asked: Asked) -> str:
    """As it stands in the tag."""
    return tag_headers(source)["tag"]


@field("Tag", "message")
def tag_message(source: Tag, _asked: Asked) -> str:
    """The text."""
    return tag_headers(source)[""]


@field("Tag", "target")
def tag_target(source: Tag, _asked: Asked) -> GitObject | None:
    """What it was put on."""
    return object_of(source.repository, tag_headers(source)["object"])


@field("Tag", "tagger")
def tagger(source: Tag, asked: Asked) -> dict[str, Any] | None:
    """Who made it."""
    match = re.fullmatch(r"(.*?) ?<(.*)> (\d+) [+-]\d{4}", tag_headers(source).get("tagger", ""))
    return _person((match[1], match[2], int(match[3])), asked) if match else None


# Commits


@field("Commit", "message")
def message(source: Commit, _asked: Asked) -> str:
    """The whole text."""
    return source.content.message


@field("Commit", "messageHeadline")
def message_headline(source: Commit, _asked: Asked) -> str:
    """Its first line."""
    return source.content.message.partition("\n")[0]


@field("Commit", "messageBody")
def message_body(source: Commit, _asked: Asked) -> str:
    """What is below."""
    return source.content.message.partition("\n")[2].strip("\n")


@field("Commit", "committedDate")
def committed_date(source: Commit, _asked: Asked) -> datetime:
    """When it was made."""
    return datetime.fromtimestamp(source.content.committer[2], UTC)


@field("Commit", "authoredDate")
def authored_date(source: Commit, _asked: Asked) -> datetime:
    """When it was first written."""
    return datetime.fromtimestamp(source.content.author[2], UTC)


@field("Commit", "author")
def author(source: Commit, asked: Asked) -> dict[str, Any]:
    """Who wrote it."""
    return _person(source.content.author, asked)


@field("Commit", "committer")
def committer(source: Commit, asked: Asked) -> dict[str, Any]:
    """Who made it."""
    return _person(source.content.committer, asked)


def _person(told: tuple[str, str, int], asked: Asked) -> dict[str, Any]:
    name, email, seconds = told
    return {"name": name, "email": email, "date": from_epoch(seconds), "user": _account(email, asked)}


def _account(email: str, asked: Asked) -> Account | None:
    """The person whose no-reply address it is."""
    match = re.fullmatch(r"([0-9]+)\+(.+)@users\.noreply\.github\.com", email)
    found = asked.world.accounts.get(match[2].lower()) if match else None
    return found if found is not None and found.type == "User" else None


@field("Commit", "tree")
def commit_tree(source: Commit, _asked: Asked) -> Tree:
    """All files."""
    return Tree(source.repository, source.content.tree)


@field("Commit", "url")
def commit_page(source: Commit, asked: Asked) -> str:
    """The page for people."""
    return _commit_url(source, asked)


@connection("Commit", "parents")
def parents(source: Commit, _asked: Asked) -> Sequence[Commit]:
    """What it was made on."""
    return [Commit(source.repository, oid) for oid in source.content.parents]


@connection("Commit", "history")
def history(
    source: Commit,
    _asked: Asked,
    *,
    path: str | None = None,
    since: str | None = None,
    until: str | None = None,
) -> Sequence[Commit]:
    """The commit and all before it, newest first."""
    found = source.repository.git.log([source.oid], path=path, since=since, until=until, limit=_MOST_HISTORY)
    return [Commit(source.repository, oid) for oid in found]


@field("Commit", "signature")
def signature(source: Commit, _asked: Asked) -> dict[str, Any] | None:
    """The signature that a test has put on it, null when there is none."""
    valid = source.repository.signatures.get(source.oid)
    if valid is None:
        return None
    return {
        "__typename": "GpgSignature",
        "isValid": valid,
        "state": "VALID" if valid else "UNKNOWN_KEY",
        "wasSignedByGitHub": False,
        "email": source.content.committer[1],
    }


@connection("Commit", "associatedPullRequests", needs="pull_requests=read")
def pulls_of_commit(source: Commit, _asked: Asked) -> Sequence[Pull]:
    """Pull requests that it came with: as their head, or as their merge."""
    return [
        pull
        for pull in pulls_of(source.repository)
        if source.oid in (pull.details.head_sha, pull.details.merge_commit_sha)
    ]
