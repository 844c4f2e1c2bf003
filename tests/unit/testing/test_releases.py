"""Releases, and what a repository's page says: as people made them."""

from __future__ import annotations

from typing import Any

from bot.testing import Emission, FakeGitHub, FakeRepository

ROCKET = "/repos/acme/rocket"


def test_releases(api: Any, fake: FakeGitHub, rocket: FakeRepository) -> None:
    """Newest first; a pre-release is never the latest; the tag stands on the default branch."""
    assert api.get(f"{ROCKET}/releases/latest").status == 404
    fake.publish_release(rocket, "v1", notes="It flies")
    fake.publish_release(rocket, "v2-rc1", prerelease=True)

    assert [r["tag_name"] for r in api.get(f"{ROCKET}/releases").json] == ["v2-rc1", "v1"]
    latest = api.get(f"{ROCKET}/releases/latest").json
    assert (latest["tag_name"], latest["body"], latest["draft"]) == ("v1", "It flies", False)
    assert rocket.refs["refs/tags/v1"] == rocket.head


def test_releases_of_a_private_repository_need_contents(api: Any, installation: int) -> None:
    """As GitHub documents."""
    issues_only = api.mint(installation, permissions={"issues": "read"})

    assert api.get("/repos/acme/secret/releases/latest", token=issues_only).status == 403
    assert api.get("/repos/acme/secret/releases/latest").status == 404


def test_a_page_is_described(
    api: Any, fake: FakeGitHub, rocket: FakeRepository, events: list[Emission]
) -> None:
    """The repository tells it, and an event says that it was edited."""
    fake.describe(rocket, description="Flies", homepage="https://a.example", topics=["space"], pages=True)

    body = api.get(ROCKET).json
    told = (body["description"], body["homepage"], body["topics"], body["has_pages"])
    assert told == ("Flies", "https://a.example", ["space"], True)
    assert [(e.event, e.action) for e in events] == [("repository", "edited")]
