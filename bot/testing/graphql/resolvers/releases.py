"""Releases and what is attached to them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from bot.testing.authentication import token_covers
from bot.testing.graphql.declaring import Asked, connection, field
from bot.testing.graphql.sources import Commit, Published, Ref, commit_behind
from bot.testing.routing import level_of
from bot.testing.state import Account, Asset, FakeRepository


def _visible(repository: FakeRepository, asked: Asked) -> list[Published]:
    """Drafts are for who can write contents."""
    writes = token_covers(asked.world, asked.token, repository) and level_of(asked.token, "contents") >= 2
    return [Published(repository, r) for r in repository.releases if writes or not r.draft]


@connection("Repository", "releases", needs="contents=read")
def releases(
    repository: FakeRepository, asked: Asked, *, order_by: dict[str, Any] | None = None
) -> Sequence[Published]:
    """Releases, the newest first unless told otherwise."""
    order = order_by or {"field": "CREATED_AT", "direction": "DESC"}
    keys: dict[str, Any] = {
        "CREATED_AT": lambda s: (s.record.created_at, s.record.id),
        "NAME": lambda s: (s.record.name or s.record.tag, s.record.id),
    }
    found = _visible(repository, asked)
    return sorted(found, key=keys[order["field"]], reverse=order["direction"] == "DESC")


@field("Repository", "release", needs="contents=read")
def release(repository: FakeRepository, asked: Asked, *, tag_name: str) -> Published | None:
    """That of a tag."""
    return next((r for r in _visible(repository, asked) if r.record.tag == tag_name), None)


@field("Repository", "latestRelease", needs="contents=read")
def latest_release(repository: FakeRepository, _asked: Asked) -> Published | None:
    """The newest that is neither a draft nor a pre-release."""
    found = (r for r in reversed(repository.releases) if not (r.draft or r.prerelease))
    latest = next(found, None)
    return Published(repository, latest) if latest is not None else None


@field("Release", "id")
def release_id(source: Published, _asked: Asked) -> str:
    """The global id."""
    return f"RE_{source.record.id:08d}"


@field("Release", "databaseId")
def release_database_id(source: Published, _asked: Asked) -> int:
    """REST's id."""
    return source.record.id


@field("Release", "tagName")
def tag_name(source: Published, _asked: Asked) -> str:
    """The tag, which a draft may not have yet."""
    return source.record.tag


@field("Release", "description")
def description(source: Published, _asked: Asked) -> str | None:
    """The notes."""
    return source.record.body


@field("Release", "isDraft")
def is_draft(source: Published, _asked: Asked) -> bool:
    """Not published."""
    return source.record.draft


@field("Release", "isPrerelease")
def is_prerelease(source: Published, _asked: Asked) -> bool:
    """Not for everybody."""
    return source.record.prerelease


@field("Release", "isLatest")
def is_latest(source: Published, asked: Asked) -> bool:
    """It is the repository's latest."""
    return bool(latest_release(source.repository, asked) == source)


@field("Release", "updatedAt")
def updated_at(source: Published, _asked: Asked) -> datetime:
    """As in REST."""
    return source.record.created_at


@field("Release", "url")
def url(source: Published, asked: Asked) -> str:
    """The page for people."""
    return f"{asked.world.render.repository_page(source.repository)}/releases/tag/{source.record.tag}"


@field("Release", "author")
def author(source: Published, _asked: Asked) -> Account | None:
    """Who published it; the field has people only."""
    return source.record.author if source.record.author.type == "User" else None


@field("Release", "tag")
def tag(source: Published, _asked: Asked) -> Ref | None:
    """The tag itself."""
    name = f"refs/tags/{source.record.tag}"
    oid = source.repository.refs.get(name)
    return Ref(source.repository, name, oid) if oid is not None else None


@field("Release", "tagCommit")
def tag_commit(source: Published, asked: Asked) -> Commit | None:
    """What the tag stands for."""
    found = tag(source, asked)
    oid = commit_behind(source.repository, found.oid) if found is not None else None
    return Commit(source.repository, oid) if oid is not None else None


@connection("Release", "releaseAssets")
def release_assets(source: Published, _asked: Asked, *, name: str | None = None) -> Sequence[Asset]:
    """The files attached to it."""
    return [asset for asset in source.record.assets if name in (None, asset.name)]


@field("ReleaseAsset", "id")
def asset_id(source: Asset, _asked: Asked) -> str:
    """The global id."""
    return f"RA_{source.id:08d}"


@field("ReleaseAsset", "downloadCount")
def download_count(_source: Asset, _asked: Asked) -> int:
    """Nobody has."""
    return 0


@field("ReleaseAsset", "updatedAt")
def asset_updated_at(source: Asset, _asked: Asked) -> datetime:
    """It does not change."""
    return source.created_at
