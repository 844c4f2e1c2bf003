"""Turns GraphQL's answers about a repository into our values."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from bot.json_nodes import Node
from bot.model.errors import Malformed
from bot.model.facts import (
    About,
    Branch,
    EntryKind,
    PullRequest,
    Release,
    Repository,
    TreeEntry,
    Visibility,
)

_SYMLINK = 0o120000
_MERGEABLE = {"MERGEABLE": True, "CONFLICTING": False}


def repository(node: Node, default_branch: str) -> Repository:
    """The scalar fields that are asked of every repository."""
    return Repository(
        id=node["databaseId"].number(),
        full_name=node["nameWithOwner"].text(),
        default_branch=default_branch,
        visibility=node["visibility"].choice(Visibility),
        archived=node["isArchived"].flag(),
        disabled=node["isDisabled"].flag(),
        fork=node["isFork"].flag(),
        empty=node["isEmpty"].flag(),
        has_issues=node["hasIssuesEnabled"].flag(),
        node_id=node["id"].text(),
        html_url=node["url"].text(),
        pushed_at=pushed.moment() if (pushed := node.optional("pushedAt")) else None,
    )


def about(node: Node, topics: Node, *, pages: bool) -> About:
    """Description, homepage and topics."""

    def line(key: str) -> str:
        found = node.optional(key)
        return found.text().strip() if found else ""

    names = tuple(n["topic"]["name"].text() for n in topics.nodes())
    language = node.optional("primaryLanguage")
    return About(
        line("description"),
        line("homepageUrl"),
        names,
        pages=pages,
        language=language["name"].text() if language else "",
    )


def entries(tree: Node, folder: str) -> tuple[TreeEntry, ...]:
    """The entries of a directory, sorted by path."""
    found = (_entry(item, folder) for item in tree["entries"].items())
    return tuple(sorted(found, key=lambda entry: entry.path))


def _entry(item: Node, folder: str) -> TreeEntry:
    name = item["name"].text()
    if not name or "/" in name:
        raise Malformed("an entry's name is empty or a path")
    kind = _kind(item["type"].text(), item["mode"].number())
    size = item.optional("size")
    return TreeEntry(
        f"{folder}/{name}" if folder else name,
        kind,
        item["oid"].oid(),
        # A directory and a submodule are told to have 0 bytes, which REST does not tell.
        size.number() if size and kind in (EntryKind.FILE, EntryKind.SYMLINK) else None,
    )


def _kind(kind: str, mode: int) -> EntryKind:
    if kind == "tree":
        return EntryKind.DIRECTORY
    if kind == "commit":
        return EntryKind.SUBMODULE
    # The mode is told as the number whose octal digits git shows.
    return EntryKind.SYMLINK if mode == _SYMLINK else EntryKind.FILE


def branch(node: Node) -> Branch:
    """One branch of ``BRANCHES``."""
    target = node["target"]
    at = target.optional("committedDate")
    compared = node.optional("compare")
    return Branch(
        name=node["name"].text(),
        head=target["oid"].oid(),
        protected=node.optional("refUpdateRule") is not None,
        committed_at=at.moment() if at else None,
        merged=compared["behindBy"].number() == 0 if compared else None,
    )


def pull_request(node: Node) -> PullRequest:
    """One pull request of ``OPEN_PULL_REQUESTS``."""
    author, source = node.optional("author"), node.optional("headRepository")
    number = source.optional("databaseId") if source else None
    return PullRequest(
        number=node["number"].number(),
        state="open",
        draft=node["isDraft"].flag(),
        title=node["title"].text(),
        base_branch=node["baseRefName"].text(),
        base_sha=node["baseRefOid"].oid(),
        head_branch=node["headRefName"].text(),
        head_sha=node["headRefOid"].oid(),
        head_repository_id=number.number() if number else None,
        author=login(author) if author else "ghost",
        created_at=node["createdAt"].moment(),
        updated_at=node["updatedAt"].moment(),
        mergeable=_MERGEABLE.get(node["mergeable"].text()),
        cross_repository=node["isCrossRepository"].flag(),
        maintainer_can_modify=node["maintainerCanModify"].flag(),
        review_decision=decision.text() if (decision := node.optional("reviewDecision")) else "",
        bot=author is not None and author["__typename"].text() == "Bot",
    )


def compared(ref: Node) -> tuple[Compared, datetime | None, datetime | None]:
    """How a head stands to a branch, with both dates. Raises Malformed where GitHub could not compare."""
    found = ref["compare"]
    base, head = ref["target"], found["headTarget"]
    counts = Compared(
        base["oid"].oid(), head["oid"].oid(), found["aheadBy"].number(), found["behindBy"].number()
    )
    base_at, head_at = base.optional("committedDate"), head.optional("committedDate")
    return counts, base_at.moment() if base_at else None, head_at.moment() if head_at else None


@dataclass(frozen=True, slots=True)
class Compared:
    """Two commits, and how many commits each lacks of the other."""

    base: str
    head: str
    ahead: int
    behind: int


@dataclass(frozen=True, slots=True)
class Common:
    """The newest common commit of two; both None where they have none in common."""

    oid: str | None = None
    at: datetime | None = None


def common(commits: Iterable[Node], count: int) -> Common | None:
    """The newest common commit, from all the commits that one side has alone.

    Every common commit is one of their parents, or older than one that is. None where that is not
    told: not all commits came, or two parents are as new.

    Args:
        count: how many there are.
    """
    alone: set[str] = set()
    parents: dict[str, datetime] = {}
    for commit in commits:
        alone.add(commit["oid"].oid())
        above = commit["parents"]
        if above.more:
            return None
        parents |= {parent["oid"].oid(): parent["committedDate"].moment() for parent in above.nodes()}
    if len(alone) != count:
        return None
    shared = {oid: at for oid, at in parents.items() if oid not in alone}
    if not shared:
        return Common()
    newest = max(shared.values())
    oids = [oid for oid, at in shared.items() if at == newest]
    return Common(oids[0], newest) if len(oids) == 1 else None


def login(author: Node) -> str:
    """An actor's name as REST tells it: bots carry ``[bot]`` there."""
    name = author["login"].text()
    bot = author.optional("__typename")
    return f"{name}[bot]" if bot and bot.text() == "Bot" and not name.endswith("[bot]") else name


def release(node: Node) -> Release:
    """A release of ``LATEST_RELEASE``."""
    name, notes, published = (node.optional(k) for k in ("name", "description", "publishedAt"))
    return Release(
        tag=node["tagName"].text(),
        name=name.text() if name else "",
        notes=notes.text() if notes else "",
        published_at=published.moment() if published else None,
    )
