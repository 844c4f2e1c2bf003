"""Releases and tags as GraphQL tells them, and what came after the last."""

from datetime import UTC, datetime

import pytest

from bot.facts.releases import releases, unreleased
from bot.json_nodes import Node, Refused
from bot.model.errors import PermissionMissing
from bot.model.facts import Comparison, DefaultHead
from bot.model.releases import PublishedRelease, Releases, Unreleased, Version, VersionTag

DAY = "2026-01-02T03:04:05Z"
AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
OID, HEAD = "a" * 40, "b" * 40


def release(tag: str = "v1", assets: tuple[str, ...] = (), **changes: object) -> dict[str, object]:
    return {
        "tagName": tag,
        "isDraft": False,
        "isPrerelease": False,
        "publishedAt": DAY,
        "tagCommit": {"oid": OID},
        "releaseAssets": {"totalCount": len(assets), "nodes": [{"name": name} for name in assets]},
        **changes,
    }


def commit(**changes: object) -> dict[str, object]:
    return {"__typename": "Commit", "oid": OID, "committedDate": DAY, **changes}


def tagged(name: str, target: object) -> dict[str, object]:
    return {"name": name, "target": target}


def found(*told: object, tags: tuple[object, ...] = (), total: int | None = None) -> Releases:
    answer = {
        "releases": {"totalCount": len(told) if total is None else total, "nodes": list(told)},
        "tags": {"totalCount": len(tags), "nodes": list(tags)},
    }
    return releases(Node(answer, "repository 1", "contents: read"))


def test_tells_releases_without_drafts():
    """A draft is nobody's release yet."""
    told = found(
        release("draft", isDraft=True, publishedAt=None),
        release("v2", ("tool.zip", "tool.zip.asc"), isPrerelease=True),
        release("v1", tagCommit=None, releaseAssets={"totalCount": 200, "nodes": []}),
        total=9,
    )

    assert told == Releases(
        (
            PublishedRelease("v2", AT, OID, prerelease=True, assets=("tool.zip", "tool.zip.asc")),
            PublishedRelease("v1", AT, "", more_assets=True),
        ),
        more=True,
    )


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        pytest.param(commit(), VersionTag("v1", AT, OID), id="a commit"),
        pytest.param(
            {
                "__typename": "Tag",
                "oid": HEAD,
                "tagger": {"date": "2026-02-02T03:04:05Z"},
                "target": commit(),
            },
            VersionTag("v1", datetime(2026, 2, 2, 3, 4, 5, tzinfo=UTC), OID),
            id="a tag that says when",
        ),
        pytest.param(
            {"__typename": "Tag", "oid": HEAD, "tagger": None, "target": commit()},
            VersionTag("v1", AT, OID),
            id="a tag that does not",
        ),
        pytest.param({"__typename": "Tree", "oid": HEAD}, VersionTag("v1", None), id="no commit"),
    ],
)
def test_tells_the_newest_tag(target, expected):
    """Light or annotated; whatever else it may point to."""
    assert found(tags=(tagged("v1", target),)).tag == expected


def test_what_moves_along_is_no_version():
    """Nor is a name without a digit."""
    names = ("nightly-2026-01-02", "stable", "latest1", "v1.2")

    assert found(tags=tuple(tagged(name, commit()) for name in names)).tag == VersionTag("v1.2", AT, OID)
    assert found(tags=(tagged("stable", commit()),)).tag is None


LATER, LATEST = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        pytest.param(Releases(), None, id="nothing"),
        pytest.param(Releases(tag=VersionTag("v1", AT, OID)), "v1", id="a tag alone"),
        pytest.param(Releases((PublishedRelease("v1", AT),)), "v1", id="a release alone"),
        pytest.param(
            Releases((PublishedRelease("v1", AT),), VersionTag("v2", LATER)), "v2", id="a tag after it"
        ),
        pytest.param(
            Releases((PublishedRelease("v2", LATER),), VersionTag("v1", AT)), "v2", id="a tag before it"
        ),
        pytest.param(
            Releases((PublishedRelease("v2", AT),), VersionTag("v2", LATER)), "v2", id="its own tag, moved"
        ),
        pytest.param(Releases((PublishedRelease("v1", None),), VersionTag("v2", LATER)), "v1", id="no date"),
    ],
)
def test_tells_what_was_released_last(told, expected):
    """A release, unless there is a newer tag that is no release."""
    newest = told.newest()

    assert (newest.name if newest else None) == expected


def test_pre_releases_count_where_they_shall():
    """The newest one that counts is taken."""
    told = Releases((PublishedRelease("v2-rc1", LATEST, prerelease=True), PublishedRelease("v1", AT)))

    assert told.newest().name == "v2-rc1"
    assert told.newest(prereleases=False).name == "v1"


def test_counts_what_came_after(reader):
    """One comparison, and none where nothing can have come."""
    told, head = Releases((PublishedRelease("v1", AT, OID),)), DefaultHead("main", HEAD, AT)
    reader.comparisons = {HEAD: Comparison(OID, HEAD, 7, 1, "c" * 40)}

    assert unreleased(reader, told, head) == Unreleased(Version("v1", AT, OID), 7)
    assert reader.compared == [HEAD]
    assert unreleased(reader, told, DefaultHead("main", OID, AT)).commits == 0
    assert unreleased(reader, Releases(), head) is None
    assert unreleased(reader, told, None) is None
    assert reader.compared == [HEAD]


def test_what_can_not_be_compared_is_not_counted(reader):
    """A tag that is gone, and histories that have nothing in common."""
    head = DefaultHead("main", HEAD, AT)
    told = Releases((PublishedRelease("v1", AT, OID),))

    assert unreleased(reader, told, head).commits is None
    reader.comparisons = {HEAD: Comparison(OID, HEAD, 700, 3, None)}
    assert unreleased(reader, told, head).commits is None
    assert unreleased(reader, Releases((PublishedRelease("v1", AT),)), head).commits is None


def test_what_is_refused_is_unknown():
    """No list is not an empty one."""
    refused = Node(
        {"releases": Refused("no", permission=True), "tags": None}, "repository 1", "contents: read"
    )

    with pytest.raises(PermissionMissing):
        releases(refused)
