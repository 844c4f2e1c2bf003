"""Releases, version tags, and what came after the last of them."""

from __future__ import annotations

import re

from bot.json_nodes import Node
from bot.model.errors import Gone
from bot.model.facts import DefaultHead
from bot.model.releases import PublishedRelease, Releases, Unreleased, Version, VersionTag
from bot.ports import RepoReader
from bot.selections import Selection
from bot.spec import fact

RELEASES = Selection(
    "releases(first: $releases, orderBy: {field: CREATED_AT, direction: DESC}) "
    "{ totalCount nodes { tagName isDraft isPrerelease publishedAt tagCommit { oid } "
    "releaseAssets(first: 100) { totalCount nodes { name } } } }"
)
NEWEST_TAGS = Selection(
    'refs(refPrefix: "refs/tags/", first: 10, orderBy: {field: TAG_COMMIT_DATE, direction: DESC}) '
    "{ totalCount nodes { name target { __typename oid ... on Commit { committedDate } "
    "... on Tag { tagger { date } target { __typename oid ... on Commit { committedDate } } } } } }"
)

_NO_VERSION = re.compile(r"nightly|latest|snapshot|canary|\bedge\b|\btip\b", re.IGNORECASE)


@fact(
    "releases",
    permission="contents: read",
    cost="two connections of the scan, and one for each of the newest 5 releases",
    graph={"releases": RELEASES, "tags": NEWEST_TAGS},
)
def releases(answer: Node) -> Releases:
    """The newest 5 releases without drafts, and the newest tag that looks like a version.

    A version has a digit, and is not moved along with the branch as ``nightly`` is.
    """
    told = answer["releases"]
    published = [_release(node) for node in told.nodes() if not node["isDraft"].flag()]
    tags = (_tag(node) for node in answer["tags"].nodes() if _is_version(node["name"].text()))
    return Releases(tuple(published), next(tags, None), told.more)


@fact(
    "unreleased",
    permission="contents: read",
    cost="one comparison, where anything was released and the default branch went on since",
    rest=True,
)
def unreleased(reader: RepoReader, releases: Releases, default_head: DefaultHead | None) -> Unreleased | None:
    """How many commits came after what was released last; None where nothing was ever released."""
    since = releases.newest()
    if since is None or default_head is None:
        return None
    return Unreleased(since, _commits_since(reader, since, default_head.commit))


def _commits_since(reader: RepoReader, since: Version, head: str) -> int | None:
    if since.commit == head:
        return 0
    if not since.commit:
        return None
    try:
        compared = reader.compare(since.commit, head)
    except Gone:
        # The tag was deleted or moved, and its commit with it.
        return None
    return compared.ahead if compared.merge_base else None


def _release(node: Node) -> PublishedRelease:
    published, commit, assets = (
        node.optional("publishedAt"),
        node.optional("tagCommit"),
        node["releaseAssets"],
    )
    return PublishedRelease(
        tag=node["tagName"].text(),
        published_at=published.moment() if published else None,
        commit=commit["oid"].oid() if commit else "",
        prerelease=node["isPrerelease"].flag(),
        assets=tuple(asset["name"].text() for asset in assets.nodes()),
        more_assets=assets.more,
    )


def _tag(node: Node) -> VersionTag:
    """A tag may point to a commit, or to an object that tells who made it, and when."""
    target, name = node["target"], node["name"].text()
    at = None
    if target["__typename"].text() == "Tag":
        tagger = target.optional("tagger")
        date = tagger.optional("date") if tagger else None
        at = date.moment() if date else None
        target = target["target"]
    if target["__typename"].text() != "Commit":
        return VersionTag(name, at)
    return VersionTag(name, at or target["committedDate"].moment(), target["oid"].oid())


def _is_version(name: str) -> bool:
    return any(c.isdigit() for c in name) and _NO_VERSION.search(name) is None
