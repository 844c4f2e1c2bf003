"""JWTs, tokens, permissions and visibility: each refusal with GitHub's status and text."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from bot.testing import FakeGitHub, FakeRepository, ManualClock

EXPIRED = "'Expiration time' claim ('exp') must be a numeric value representing the future time"
NOT_GRANTED = "The permissions requested are not granted to this installation."
NO_REPOSITORY = "There is at least one repository that does not exist or is not accessible"


def test_the_app_reads_itself(api: Any, fake: FakeGitHub) -> None:
    """By its id or by its client id."""
    assert api.get("/app", token=api.app_jwt()).json["slug"] == "plumbline"
    assert api.get("/app", token=api.app_jwt(iss=fake.app.client_id)).status == 200
    assert fake.app_private_key_pem.startswith("-----BEGIN RSA PRIVATE KEY-----")


@pytest.mark.parametrize(
    ("claims", "text"),
    [
        pytest.param({"exp": -1}, EXPIRED, id="expired"),
        pytest.param({"exp": 0}, EXPIRED, id="expires this moment"),
        pytest.param({"exp": 601}, "is too far in the future", id="one second past ten minutes"),
        pytest.param({"iat": 61}, "'Issued at' claim ('iat')", id="from a clock that is too fast"),
    ],
)
def test_times_of_a_jwt(api: Any, clock: ManualClock, claims: dict[str, int], text: str) -> None:
    """Times are measured on the fake's clock."""
    now = int(clock.now().timestamp())
    token = api.app_jwt(**{name: now + offset for name, offset in claims.items()})
    reply = api.get("/app", token=token)
    assert reply.status == 401
    assert text in reply.message


def test_the_limits_themselves_are_allowed(api: Any, clock: ManualClock) -> None:
    """Ten minutes ahead, and a minute of skew."""
    now = int(clock.now().timestamp())
    assert api.get("/app", token=api.app_jwt(exp=now + 600, iat=now + 60)).status == 200


@pytest.mark.parametrize("claims", [{"exp": "soon"}, {"exp": None}, {"iat": "now"}, {"iss": "1"}])
def test_claims_that_are_wrong(api: Any, claims: dict[str, object]) -> None:
    """Nothing but numbers for times, nobody but the App as issuer."""
    try:
        token = api.app_jwt(**claims)
    except TypeError:
        pytest.skip("the library refuses to sign it")
    assert api.get("/app", token=token).status == 401


def test_a_jwt_of_another_key(api: Any) -> None:
    """The signature is checked."""
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    reply = api.get("/app", token=api.app_jwt(key=other.decode()))
    assert (reply.status, reply.message) == (401, "A JSON web token could not be decoded")


def test_who_may_call_what(api: Any, installation: int) -> None:
    """A token is no JWT, a JWT is no token, and nobody is neither."""
    assert api.get("/app").message == "A JSON web token could not be decoded"
    reply = api.get("/repos/acme/rocket/issues", token=api.app_jwt())
    assert (reply.status, reply.message) == (403, "Resource not accessible by integration")
    reply = api.get("/installation/repositories", token=api.app_jwt())
    assert reply.status == 403
    assert api.get("/installation/repositories", token="").status == 401
    assert api.get("/repos/acme/rocket", token="").status == 200
    assert api.get("/repos/acme/secret", token="").status == 404
    assert api.post("/repos/acme/rocket/issues", {"title": "x"}, token="").status == 401
    for header in ("Basic abc", "Bearer", "Bearer ghp_personal", "token a.b.c"):
        reply = api.get("/app", token="", headers={"authorization": header})
        assert (reply.status, reply.message) == (401, "Bad credentials")


def test_a_token(api: Any, installation: int, clock: ManualClock) -> None:
    """The long format by default, the old one on request, an hour of life."""
    jwt = api.app_jwt()
    path = f"/app/installations/{installation}/access_tokens"
    reply = api.post(path, {"permissions": {}}, token=jwt)
    assert reply.status == 201
    assert reply.json["expires_at"] == "2026-01-01T13:00:00Z"
    assert reply.json["permissions"]["contents"] == "write"
    assert reply.json["repository_selection"] == "all"
    assert reply.json["token"].startswith("ghs_4711_")
    assert 500 < len(reply.json["token"]) < 540
    old = api.post(path, {}, token=jwt, headers={"x-github-stateless-s2s-token": "disabled"}).json["token"]
    assert len(old) == 40
    assert api.get("/installation/repositories", token=old).json["total_count"] == 2


def test_a_token_ends(api: Any, clock: ManualClock) -> None:
    """After an hour, to the second, or when it is revoked: 401 `Bad credentials`."""
    clock.advance(3599)
    assert api.get("/repos/acme/secret").status == 200
    clock.advance(1)
    reply = api.get("/repos/acme/secret")
    assert (reply.status, reply.message) == (401, "Bad credentials")
    clock.advance(-60)
    assert api.delete("/installation/token").status == 204
    assert api.get("/repos/acme/secret").status == 401
    assert api.get("/repos/acme/rocket").status == 401
    assert api.get("/repos/acme/rocket", token="ghs_unknown").message == "Bad credentials"


def test_suspended_and_uninstalled(api: Any, fake: FakeGitHub, installation: int) -> None:
    """403 with the text while suspended, 404 when gone; the App can still look at it."""
    path = f"/app/installations/{installation}"
    fake.suspend(installation)
    for reply in (api.get("/repos/acme/rocket"), api.post(f"{path}/access_tokens", {}, token=api.app_jwt())):
        assert (reply.status, reply.message) == (403, "This installation has been suspended")
    shown = api.get(path, token=api.app_jwt()).json
    assert (shown["suspended_at"], shown["suspended_by"]["login"]) == ("2026-01-01T12:00:00Z", "octocat")
    fake.unsuspend(installation)
    assert api.get("/repos/acme/secret").status == 200
    fake.uninstall(installation)
    assert api.post(f"{path}/access_tokens", {}, token=api.app_jwt()).status == 404
    assert api.get("/repos/acme/secret").status == 401


def test_narrowed_to_repositories(
    api: Any, fake: FakeGitHub, installation: int, rocket: FakeRepository, secret: FakeRepository
) -> None:
    """Outside its repositories a token sees public ones and writes none."""
    for body in ({"repositories": ["rocket"]}, {"repository_ids": [rocket.id]}):
        token = api.mint(installation, **body)
        assert api.get("/repos/acme/secret", token=token).status == 404
        listed = api.get("/installation/repositories", token=token).json
        assert [r["name"] for r in listed["repositories"]] == ["rocket"]
    token = api.mint(installation, repositories=["secret"])
    assert api.get("/repos/acme/rocket", token=token).status == 200
    reply = api.post("/repos/acme/rocket/issues", {"title": "x"}, token=token)
    assert (reply.status, reply.message) == (403, "Resource not accessible by integration")


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"repositories": ["rocket", "other"]}, NO_REPOSITORY),
        ({"repository_ids": [1]}, NO_REPOSITORY),
        ({"repository_ids": list(range(501))}, "No more than 500 repositories"),
        ({"permissions": {"administration": "read"}}, NOT_GRANTED),
        ({"permissions": {"contents": "admin"}}, NOT_GRANTED),
        ({"permissions": {"contents": "everything"}}, NOT_GRANTED),
    ],
)
def test_more_than_the_installation_has(
    api: Any, installation: int, body: dict[str, object], text: str
) -> None:
    """422 with the text that says which."""
    reply = api.post(f"/app/installations/{installation}/access_tokens", body, token=api.app_jwt())
    assert reply.status == 422
    assert reply.message.startswith(text)


def test_narrowed_permissions(api: Any, fake: FakeGitHub, installation: int) -> None:
    """A missing permission is 403 and named in a header; granted less later, it goes too."""
    token = api.mint(installation, permissions={"issues": "read", "contents": "read"})
    reply = api.post("/repos/acme/rocket/issues", {"title": "x"}, token=token)
    assert (reply.status, reply.message) == (403, "Resource not accessible by integration")
    assert reply.headers["X-Accepted-GitHub-Permissions"] == "issues=write"
    assert api.get("/repos/acme/secret/issues", token=token).status == 200
    reply = api.get("/repos/acme/secret/commits/main/check-runs", token=token)
    assert reply.headers["X-Accepted-GitHub-Permissions"] == "checks=read"
    assert api.get("/repos/acme/rocket/commits/main/check-runs", token=token).status == 200
    fake.set_permissions(installation, {"contents": "read"})
    assert api.get("/repos/acme/secret/issues", token=token).status == 403
    assert api.get("/repos/acme/secret/issues").status == 403


def test_either_of_two_permissions(api: Any, installation: int) -> None:
    """Labels and comments work with issues or pull requests."""
    token = api.mint(installation, permissions={"pull_requests": "write"})
    assert api.post("/repos/acme/rocket/labels", {"name": "a"}, token=token).status == 201
    assert api.post("/repos/acme/rocket/issues", {"title": "x"}, token=token).status == 403


def test_installations_are_found(api: Any, fake: FakeGitHub, installation: int) -> None:
    """By list, id, repository, organisation and user."""
    jwt = api.app_jwt()
    fake.create_user("alice")
    fake.create_repository("alice", "own", private=True)
    assert api.get("/repos/alice/own/installation", token=jwt).status == 404
    mine = fake.install("alice", repositories=["own"])
    assert [i["id"] for i in api.get("/app/installations", token=jwt).json] == [installation, mine]
    for path, expected in (
        ("/repos/acme/secret/installation", installation),
        ("/orgs/ACME/installation", installation),
        ("/users/alice/installation", mine),
        (f"/app/installations/{mine}", mine),
    ):
        assert api.get(path, token=jwt).json["id"] == expected
    assert api.get("/orgs/nobody/installation", token=jwt).status == 404
    assert api.get("/app/installations/1", token=jwt).status == 404
    assert api.get("/app/installations/one", token=jwt).status == 404
    selection = api.post(f"/app/installations/{mine}/access_tokens", {}, token=jwt).json
    assert selection["repository_selection"] == "selected"
    assert api.delete(f"/app/installations/{mine}", token=jwt).status == 204
    assert api.get("/users/alice/installation", token=jwt).status == 404
    assert api.get("/users/alice").json["login"] == "alice"
    assert api.get("/users/ghost").status == 404
