"""What holds for every route: headers, pages, ETags, redirects, limits, bad requests."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from bot.testing import Emission, FakeGitHub, FakeRepository, ManualClock, Request, Secondary
from bot.testing.routing import parse_needs


def test_every_answer_has_its_headers(api: Any) -> None:
    """Rate limit, media type, request id, and URLs of the configured host."""
    reply = api.get("/repos/acme/rocket")
    assert reply.headers["X-RateLimit-Resource"] == "core"
    assert reply.headers["Content-Type"] == "application/json; charset=utf-8"
    assert reply.headers["X-GitHub-Request-Id"]
    api.fake.base_url = "http://127.0.0.1:8080/api/v3/"
    api.fake.html_url = "http://127.0.0.1:8080/"
    body = api.get("/repos/acme/rocket").json
    assert body["url"] == "http://127.0.0.1:8080/api/v3/repos/acme/rocket"
    assert body["clone_url"] == "http://127.0.0.1:8080/acme/rocket.git"
    assert api.fake.base_url == "http://127.0.0.1:8080/api/v3"
    assert api.fake.html_url == "http://127.0.0.1:8080"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/nothing"),
        ("GET", "/repos/acme/rocket/"),
        ("GET", "/repos/acme/rocket/issues/"),
        ("GET", "/repos/acme/rocket/issues/one"),
        ("GET", "/repos/acme/rocket/issues/99"),
        ("GET", "/repos/acme/absent"),
        ("GET", "/repositories/1"),
        ("GET", "/repos/acme/rocket/unknown"),
        ("PUT", "/repos/acme/rocket/issues"),
    ],
)
def test_not_found(api: Any, method: str, path: str) -> None:
    """404 in GitHub's form, also for a slash too many."""
    reply = api.send(method, path)
    assert reply.status == 404
    assert reply.json["message"] == "Not Found"
    assert reply.json["status"] == "404"
    assert "documentation_url" in reply.json


def test_requests_that_are_refused_before_they_are_read(api: Any) -> None:
    """No User-Agent, a version that does not exist, a body that is no JSON object."""
    reply = api.get("/app", headers={"user-agent": ""})
    assert reply.status == 403
    assert b"User-Agent" in reply.raw
    assert api.get("/repos/acme/rocket", headers={"x-github-api-version": "2020-01-01"}).status == 400
    assert api.get("/repos/acme/rocket", headers={"x-github-api-version": "2022-11-28"}).status == 200
    reply = api.post("/repos/acme/rocket/issues", b"{")
    assert (reply.status, reply.message) == (400, "Problems parsing JSON")
    reply = api.post("/repos/acme/rocket/issues", b"[]")
    assert (reply.status, reply.message) == (400, "Body should be a JSON object")


def test_pages(api: Any, fake: FakeGitHub, rocket: FakeRepository) -> None:
    """30 by default, 100 at most; every further page is named by the repository's id."""
    for number in range(101):
        fake.open_issue(rocket, f"Issue {number}")
    first = api.get("/repos/acme/rocket/issues", state="all")
    assert len(first.json) == 30
    start = f"https://api.github.com/repositories/{rocket.id}/issues?state=all&page="
    assert first.headers["Link"] == f'<{start}2>; rel="next", <{start}4>; rel="last"'
    last = api.get(f"/repositories/{rocket.id}/issues", state="all", page=4)
    assert len(last.json) == 11
    assert last.headers["Link"] == f'<{start}3>; rel="prev", <{start}1>; rel="first"'
    assert len(api.get("/repos/acme/rocket/issues", per_page=500).json) == 100
    assert "Link" not in api.get("/repos/acme/rocket/issues", per_page=100, creator="nobody").headers
    assert len(api.get("/repos/acme/rocket/issues", per_page="x", page="-1").json) == 30
    assert api.get("/repos/acme/rocket/issues", page=9).json == []


def test_pages_of_a_list_with_a_total(api: Any, rocket: FakeRepository) -> None:
    """Lists in an object have the total beside the page."""
    for name in ("one", "two", "three"):
        api.post("/repos/acme/rocket/check-runs", {"name": name, "head_sha": rocket.head})
    reply = api.get("/repos/acme/rocket/commits/main/check-runs", per_page=2)
    assert reply.json["total_count"] == 3
    assert len(reply.json["check_runs"]) == 2
    assert "page=2" in reply.headers["Link"]


def test_etags(api: Any, installation: int) -> None:
    """A known ETag gives 304 and costs nothing; it is good for one token only."""
    first = api.get("/repos/acme/rocket")
    tag = first.headers["ETag"]
    again = api.get("/repos/acme/rocket", headers={"if-none-match": tag})
    assert (again.status, again.raw) == (304, b"")
    assert again.headers["X-RateLimit-Remaining"] == first.headers["X-RateLimit-Remaining"]
    other = api.mint(installation)
    assert api.get("/repos/acme/rocket", token=other, headers={"if-none-match": tag}).status == 200
    api.fake.privatize("acme/rocket")
    assert api.get("/repos/acme/rocket", headers={"if-none-match": tag}).status == 200
    head = api.send("HEAD", "/repos/acme/rocket")
    assert (head.status, head.raw) == (200, b"")


def test_redirects_after_a_rename(api: Any, fake: FakeGitHub, rocket: FakeRepository) -> None:
    """GET 301 and everything else 307, both to the id; a new repository takes the name over."""
    fake.rename(rocket, "shuttle")
    place = f"https://api.github.com/repositories/{rocket.id}/issues"
    reply = api.get("/repos/acme/rocket/issues", state="all")
    assert (reply.status, reply.headers["Location"]) == (301, f"{place}?state=all")
    reply = api.post("/repos/acme/rocket/issues", {"title": "x"})
    assert (reply.status, reply.headers["Location"]) == (307, place)
    assert reply.json["url"] == place
    assert rocket.issues == {}
    assert api.get("/repos/ACME/Shuttle").status == 200
    assert api.get(f"/repositories/{rocket.id}").json["name"] == "shuttle"
    fake.rename(rocket, "orbiter")
    assert api.get("/repos/acme/rocket").status == 301
    fake.create_repository("acme", "rocket")
    assert api.get("/repos/acme/rocket").status == 200


def test_redirects_after_a_transfer(api: Any, fake: FakeGitHub, secret: FakeRepository) -> None:
    """What left the account is out of reach, and its old name says nothing."""
    fake.create_user("alice")
    fake.transfer(secret, "alice")
    assert api.get("/repos/acme/secret").status == 404
    fake.publicize(secret)
    assert api.get("/repos/acme/secret").status == 301


def test_archived_and_deleted(api: Any, fake: FakeGitHub, rocket: FakeRepository) -> None:
    """An archived repository can be read; a deleted one is gone under every name."""
    fake.archive(rocket)
    assert api.get("/repos/acme/rocket").json["archived"] is True
    reply = api.post("/repos/acme/rocket/issues", {"title": "x"})
    assert (reply.status, reply.message) == (403, "Repository was archived so is read-only.")
    fake.delete(rocket)
    assert api.get("/repos/acme/rocket").status == 404
    assert api.get(f"/repositories/{rocket.id}").status == 404


def test_the_primary_limit(api: Any, fake: FakeGitHub, clock: ManualClock, installation: int) -> None:
    """Counts down for the installation, whatever the token; refused with the text; renewed in an hour."""
    used = int(api.get("/repos/acme/rocket").headers["X-RateLimit-Used"])
    api.get("/repos/acme/rocket", token=api.mint(installation))
    reply = api.get("/rate_limit")
    assert reply.json["resources"]["core"]["used"] == used + 1
    fake.limits.core = used + 2
    assert api.get("/repos/acme/rocket").headers["X-RateLimit-Remaining"] == "0"
    reply = api.get("/repos/acme/rocket")
    assert reply.status == 403
    assert reply.message.startswith(f"API rate limit exceeded for installation ID {installation}")
    assert reply.headers["X-RateLimit-Remaining"] == "0"
    reset = int(reply.headers["X-RateLimit-Reset"])
    assert reset == int(clock.now().timestamp()) + 3600
    assert api.get("/rate_limit").status == 200
    clock.advance(3600)
    fresh = api.mint(installation)
    assert api.get("/repos/acme/rocket", token=fresh).status == 200
    assert fake.limits.hourly(20) == used + 2


@pytest.mark.parametrize(("repositories", "limit"), [(0, 5000), (20, 5000), (21, 5050), (500, 12500)])
def test_the_limit_grows_with_the_installation(fake: FakeGitHub, repositories: int, limit: int) -> None:
    """50 more for each repository over 20, up to 12,500."""
    assert fake.limits.hourly(repositories) == limit


def test_secondary_limit_on_content(api: Any, fake: FakeGitHub, clock: ManualClock) -> None:
    """Off by default; the 81st issue of a minute, and the 501st of an hour, is refused."""
    for _ in range(81):
        assert api.post("/repos/acme/rocket/issues", {"title": "x"}).status == 201
    fake.limits.secondary = Secondary(content_per_minute=2, content_per_hour=3)
    statuses = [api.post("/repos/acme/rocket/issues", {"title": "x"}).status for _ in range(3)]
    assert statuses == [201, 201, 403]
    reply = api.post("/repos/acme/rocket/issues", {"title": "x"})
    assert "temporarily blocked from content creation" in reply.message
    assert reply.headers["Retry-After"] == "60"
    assert int(reply.headers["X-RateLimit-Remaining"]) > 0
    clock.advance(60)
    assert api.post("/repos/acme/rocket/issues", {"title": "x"}).status == 201
    clock.advance(61)
    assert api.post("/repos/acme/rocket/issues", {"title": "x"}).status == 403
    clock.advance(3480)
    assert api.get("/repos/acme/rocket", token=api.mint(next(iter(fake.installations)))).status == 200


def test_secondary_limit_on_points(api: Any, fake: FakeGitHub) -> None:
    """A read is one point, a write five, for each endpoint and minute."""
    fake.limits.secondary = Secondary(points_per_minute=10)
    assert api.post("/repos/acme/rocket/labels", {"name": "a"}).status == 201
    assert api.post("/repos/acme/rocket/labels", {"name": "b"}).status == 201
    reply = api.post("/repos/acme/rocket/labels", {"name": "c"})
    assert reply.status == 403
    assert reply.message.startswith("You have exceeded a secondary rate limit.")
    assert api.get("/repos/acme/rocket/labels").status == 200


def test_secondary_limit_on_concurrency(api: Any, fake: FakeGitHub, rocket: FakeRepository) -> None:
    """Requests are counted from when they come to when they are answered."""
    fake.limits.secondary = Secondary(concurrent=1)
    inside, let_go = threading.Event(), threading.Event()

    def listen(_: Emission) -> None:
        inside.set()
        assert let_go.wait(10)

    fake.listeners.append(listen)
    slow = threading.Thread(target=lambda: api.post("/repos/acme/rocket/issues", {"title": "x"}))
    slow.start()
    try:
        assert inside.wait(10)
        refused = fake.handle(Request("GET", "/repos/acme/rocket", headers={"user-agent": "t"}))
    finally:
        let_go.set()
        slow.join(10)
    assert refused.status == 403
    assert b"secondary rate limit" in refused.body


def test_anonymous_callers_have_sixty(api: Any) -> None:
    """The limit without credentials."""
    assert api.get("/repos/acme/rocket", token="").headers["X-RateLimit-Limit"] == "60"


def test_needs_are_read_in_githubs_notation() -> None:
    """A semicolon is either, a comma is both."""
    assert parse_needs("issues=write; pull_requests=write,contents=read") == (
        (("issues", "write"),),
        (("pull_requests", "write"), ("contents", "read")),
    )
    assert parse_needs("") == ()
