"""Tokens: minting, sharing, replacing; the App's JWT; what is never written down."""

from __future__ import annotations

import logging
import threading
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import jwt
import pytest

from bot.adapters.github import REPORT_PERMISSIONS
from bot.model.errors import (
    Gone,
    InstallationGone,
    LimitReached,
    Malformed,
    PermissionMissing,
    SettingsError,
    Unavailable,
)
from tests.contract.github.scripted import (
    APP,
    APP_ANSWER,
    INSTALLATION,
    REPOSITORY,
    SHA,
    Cache,
    Desk,
    Reply,
    Seen,
    ref,
    token,
)

MINT = f"/app/installations/{INSTALLATION}/access_tokens"
LONG = "ghs_4711_" + "eyJhbGciOiJSUzI1NiJ9." + "aB-_" * 115 + "." + "cD9-" * 8
FORBIDDEN = {"message": "Resource not accessible by integration"}
INSTALLATION_ANSWER = {
    "id": INSTALLATION,
    "account": {"id": 5, "login": "acme", "type": "Organization"},
    "target_type": "Organization",
    "permissions": {"metadata": "read", "contents": "write", "checks": "read"},
    "suspended_at": None,
    "repository_selection": "selected",
}


def head(desk: Desk, app: object = None) -> str:
    return str(desk.reader(app).head("main"))  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def _main_exists(desk: Desk) -> None:
    desk.server.on_repository("GET", "/git/ref/heads/main", ref("main"))


def test_one_token_serves_an_installation_for_its_hour(desk: Desk) -> None:
    """A token per call would run into GitHub's limit on minting."""
    for _ in range(3):
        head(desk)
    assert len(desk.server.mints) == 1
    assert desk.server.mints[0].body == {"permissions": dict(REPORT_PERMISSIONS)}
    assert [name for name, level in REPORT_PERMISSIONS.items() if level == "write"] == ["checks", "issues"]

    desk.clock.advance(54 * 60)
    head(desk)
    assert len(desk.server.mints) == 1

    desk.clock.advance(2 * 60)
    head(desk)
    assert len(desk.server.mints) == 2


def test_many_threads_mint_once(desk: Desk) -> None:
    """One minter at a time for each installation; the others wait for its token."""
    gate = threading.Barrier(6)

    def work() -> None:
        gate.wait(5)
        head(desk)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)

    assert len(desk.server.mints) == 1
    assert len(desk.server.sent("GET")) == 6


def test_processes_share_a_sealed_token(desk: Desk) -> None:
    """What lies in the shared cache opens with the key alone, current or previous."""
    cache = Cache()
    head(desk, desk.another(cache=cache))
    head(desk, desk.another(cache=cache))
    rotated = desk.another(cache=cache, secret_keys=("new key", "current key"))
    head(desk, rotated)
    assert len(desk.server.mints) == 1
    [sealed] = cache.kept.values()
    assert b"ghs_" not in sealed

    head(desk, desk.another(cache=cache, secret_keys=("another key",)))
    assert len(desk.server.mints) == 2


def test_a_sealed_token_does_not_open_in_another_place(desk: Desk) -> None:
    """Installation and permissions are bound in: a moved value is a miss, not a leak (V4)."""
    cache = Cache()
    head(desk, desk.another(cache=cache))
    [(key, sealed)] = cache.kept.items()
    cache.kept[key.replace(":77:", ":78:")] = sealed

    desk.another(cache=cache).reader(78, REPOSITORY).__enter__().head("main")

    assert [r.path for r in desk.server.mints] == [MINT, MINT.replace("77", "78")]


@pytest.mark.parametrize("damage", [b"", b"\x01", b"\x02" + b"x" * 40, b"\x01" + b"x" * 40])
def test_a_damaged_cache_entry_is_a_miss(desk: Desk, damage: bytes) -> None:
    """Whatever lies there, the worst is one mint more."""
    cache = Cache()
    head(desk, desk.another(cache=cache))
    cache.kept = dict.fromkeys(cache.kept, damage)

    assert head(desk, desk.another(cache=cache)) == SHA


def test_without_keys_tokens_are_not_shared(desk: Desk) -> None:
    """No secret to seal with, nothing written."""
    cache = Cache()
    head(desk, desk.another(cache=cache, secret_keys=()))

    assert cache.kept == {}


def test_the_long_token_format_is_taken_as_it_is(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    """About 520 characters with dots and dashes; sent whole and never logged."""
    assert len(LONG) > 500
    cache = Cache()
    desk.server.on("POST", MINT, Reply(201, token(LONG, desk.clock.now(), {"contents": "read"})))
    with caplog.at_level(logging.DEBUG):
        head(desk, desk.another(cache=cache))
        head(desk, desk.another(cache=cache))

    assert [r.secret for r in desk.server.sent("GET")] == [LONG, LONG]
    assert LONG[:60] not in caplog.text
    assert "eyJ" not in caplog.text


@pytest.mark.fault
def test_kd6_a_refused_token_is_replaced_and_the_write_repeated(desk: Desk) -> None:
    """401 means that nothing was executed, so the write may go again: once."""
    desk.grow_old()
    created = Reply(201, {"number": 3, "title": "t", "labels": [], "state": "open"})
    desk.server.on_repository("POST", "/issues", Reply(401, {"message": "Bad credentials"}), created)

    assert desk.writer().create_issue("t", "b", []) == 3

    first, second = desk.server.sent("POST", "/issues")
    assert first.secret != second.secret
    assert desk.guard.asked == 2


@pytest.mark.fault
def test_kd6_a_token_refused_for_ever_ends(desk: Desk) -> None:
    """One new token, a few short waits, then the fault is told."""
    desk.grow_old()
    desk.server.on_repository("GET", "/git/ref/heads/main", Reply(401, {"message": "Bad credentials"}))

    with pytest.raises(Unavailable, match="refused our credentials"):
        head(desk)

    assert len(desk.server.mints) == 1
    assert len(desk.server.sent("GET")) == 5
    assert sum(desk.slept) < 4


@pytest.mark.fault
def test_kd6_another_process_already_has_the_new_token(desk: Desk) -> None:
    """The one who comes second finds it in the shared cache and mints nothing."""
    cache = Cache()
    one, two = desk.another(cache=cache), desk.another(cache=cache)
    head(desk, one)
    head(desk, two)
    desk.clock.advance(60)
    old = desk.server.sent("GET")[0].secret

    def answer(seen: Seen) -> Reply:
        return Reply(401, {"message": "Bad credentials"}) if seen.secret == old else ref("main")

    desk.server.on_repository("GET", "/git/ref/heads/main", answer)
    head(desk, one)
    head(desk, two)

    assert len(desk.server.mints) == 2


@pytest.mark.parametrize(
    "refusal",
    [
        pytest.param(Reply(401, {"message": "Bad credentials"}), id="not replicated yet"),
        pytest.param(Reply(403, FORBIDDEN), id="permissions not replicated yet"),
    ],
)
def test_a_fresh_token_is_given_some_seconds(desk: Desk, refusal: Reply) -> None:
    """GitHub's machines learn of a token one after the other."""
    desk.server.on_repository("GET", "/git/ref/heads/main", refusal, ref("main"))

    assert head(desk) == SHA
    assert len(desk.server.mints) == 1
    assert desk.slept == [0.5]


def test_an_old_token_without_permission_is_believed_at_once(desk: Desk) -> None:
    """GitHub names what was missing in a header."""
    desk.grow_old()
    accepted = {"X-Accepted-GitHub-Permissions": "administration=read; contents=read,metadata=read"}
    desk.server.on_repository("GET", "/git/ref/heads/main", Reply(403, FORBIDDEN, accepted))

    with pytest.raises(PermissionMissing) as caught:
        head(desk)

    assert caught.value.permission == "administration: read or contents: read and metadata: read"
    assert len(desk.server.sent("GET")) == 1
    assert desk.slept == []


def test_a_permission_missing_on_the_last_call_of_the_hour_is_no_limit(desk: Desk) -> None:
    """The message decides, not the count that happens to be zero."""
    desk.grow_old()
    reset = str(int((desk.clock.now() + timedelta(minutes=5)).timestamp()))
    headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": reset}
    desk.server.on_repository("GET", "/git/ref/heads/main", Reply(403, FORBIDDEN, headers))

    with pytest.raises(PermissionMissing):
        head(desk)


def test_permissions_are_narrowed_to_what_was_granted(desk: Desk) -> None:
    """422 for too much: ask what was granted, then ask for that much and no more."""
    refused = {"message": "The permissions requested are not granted to this installation."}

    def mint(seen: Seen) -> Reply:
        wanted = seen.body["permissions"]
        if "issues" in wanted:
            return Reply(422, refused)
        return Reply(201, token("ghs_" + "n" * 36, desk.clock.now(), wanted))

    desk.server.on("POST", MINT, mint)
    desk.server.on("GET", f"/app/installations/{INSTALLATION}", Reply(200, INSTALLATION_ANSWER))

    assert head(desk) == SHA
    assert desk.server.mints[-1].body["permissions"] == {
        "checks": "read",
        "contents": "read",
        "metadata": "read",
    }


def test_nothing_granted_never_asks_for_everything(desk: Desk) -> None:
    """GitHub takes an empty list of permissions for all of them."""
    desk.server.on("POST", MINT, Reply(422, {"message": "The permissions requested are not granted ..."}))
    bare = {**INSTALLATION_ANSWER, "permissions": {"packages": "read"}}
    desk.server.on("GET", f"/app/installations/{INSTALLATION}", Reply(200, bare))

    with pytest.raises(PermissionMissing):
        head(desk)
    assert len(desk.server.mints) == 1


@pytest.mark.fault
@pytest.mark.parametrize(
    ("reply", "suspended"),
    [
        pytest.param(Reply(403, {"message": "This installation has been suspended"}), True, id="suspended"),
        pytest.param(Reply(404, {"message": "Integration not found"}), False, id="uninstalled"),
    ],
)
def test_kd7_no_token_for_an_installation_that_is_gone(desk: Desk, reply: Reply, suspended: bool) -> None:
    """Told apart, since one may come back."""
    desk.server.on("POST", MINT, reply)

    with pytest.raises(InstallationGone) as caught:
        head(desk)

    assert caught.value.suspended is suspended
    assert len(desk.server.mints) == 1


@pytest.mark.fault
def test_kd7_suspended_in_the_middle_of_a_job(desk: Desk) -> None:
    """The token in hand is refused; it is forgotten and nothing is repeated."""
    head(desk)
    suspended = {"message": "This installation has been suspended"}
    desk.server.on_repository("GET", "/git/ref/heads/main", Reply(403, suspended), ref("main"))

    with pytest.raises(InstallationGone):
        head(desk)
    assert head(desk) == SHA
    assert len(desk.server.mints) == 2


@pytest.mark.fault
def test_kd7_uninstalled_in_the_middle_of_a_job(desk: Desk) -> None:
    """401 for the token, 404 for a new one."""
    desk.grow_old()
    desk.server.on_repository("GET", "/git/ref/heads/main", Reply(401, {"message": "Bad credentials"}))
    desk.server.on("POST", MINT, Reply(404, {"message": "Not Found"}))

    with pytest.raises(InstallationGone):
        head(desk)


def test_a_mint_may_be_repeated(desk: Desk) -> None:
    """A token more does no harm: the only POST that is sent again after a 502."""
    good = Reply(201, token("ghs_" + "g" * 36, desk.clock.now(), {}))
    desk.server.on("POST", MINT, Reply(502, {}), good)

    assert head(desk) == SHA


def test_a_limit_on_minting_is_the_apps(desk: Desk) -> None:
    """It pauses the App's own calls, under installation 0."""
    desk.server.on("POST", MINT, Reply(403, {"message": "You have exceeded a secondary rate limit."}))

    with pytest.raises(LimitReached):
        head(desk)
    assert (0, "secondary") in desk.pauses.kept
    with pytest.raises(LimitReached):
        desk.app.app()


@pytest.mark.parametrize(
    "data",
    [
        pytest.param({}, id="empty"),
        pytest.param({"token": None, "expires_at": "2026-01-01T00:00:00Z", "permissions": {}}, id="null"),
        pytest.param({"token": "ghs_x", "expires_at": "soon", "permissions": {}}, id="no time"),
    ],
)
def test_a_mint_without_its_keys_is_malformed(desk: Desk, data: object) -> None:
    """P6 holds for tokens too."""
    desk.server.on("POST", MINT, Reply(201, data))

    with pytest.raises(Malformed):
        head(desk)


def test_the_jwt_says_who_and_how_long(desk: Desk) -> None:
    """RS256, a minute back for clock skew, less than ten minutes ahead."""
    desk.server.on("GET", "/app", Reply(200, APP_ANSWER))
    desk.app.app()
    desk.app.app()
    first, second = desk.server.requests
    claims = jwt.decode(first.secret, options={"verify_signature": False})

    assert jwt.get_unverified_header(first.secret)["alg"] == "RS256"
    now = int(desk.clock.now().timestamp())
    assert claims == {"iat": now - 60, "exp": now + 480, "iss": str(APP)}
    assert first.secret == second.secret

    desk.clock.advance(5 * 60)
    desk.app.app()
    assert desk.server.requests[-1].secret != first.secret


@pytest.mark.fault
@pytest.mark.parametrize("off_s", [-900, 900])
def test_kd6_a_clock_that_is_off_is_corrected_by_github(desk: Desk, off_s: int) -> None:
    """A refused JWT is made again by the time that GitHub tells."""
    theirs = desk.clock.now() + timedelta(seconds=off_s)

    def answer(seen: Seen) -> Reply:
        claims = jwt.decode(seen.secret, options={"verify_signature": False, "verify_exp": False})
        good = claims["iat"] <= theirs.timestamp() < claims["exp"] <= theirs.timestamp() + 600
        date = {"Date": format_datetime(theirs.astimezone(UTC), usegmt=True)}
        return Reply(200, APP_ANSWER, date) if good else Reply(401, {"message": "'exp' is wrong"}, date)

    desk.server.on("GET", "/app", answer)

    assert desk.app.app().slug == "plumbline"
    assert desk.app.app().slug == "plumbline"
    assert len(desk.server.requests) == 3


def test_the_life_of_a_token_is_counted_by_githubs_clock(desk: Desk) -> None:
    """A clock that runs ahead would else find every token expired and mint without end."""
    theirs = desk.clock.now() - timedelta(minutes=70)
    date = {"Date": format_datetime(theirs.astimezone(UTC), usegmt=True)}
    desk.server.on("POST", MINT, Reply(201, token("ghs_" + "t" * 36, theirs, {}), date))

    head(desk)
    head(desk)

    assert len(desk.server.mints) == 1


def test_a_refused_jwt_with_a_good_clock_is_told(desk: Desk) -> None:
    """A wrong key or App id is the operator's to mend."""
    date = {"Date": format_datetime(desk.clock.now().astimezone(UTC), usegmt=True)}
    bad = {"message": "A JSON web token could not be decoded"}
    desk.server.on("GET", "/app", Reply(401, bad, date))

    with pytest.raises(Unavailable, match="check App id, key and clock"):
        desk.app.app()
    assert len(desk.server.requests) == 1


def test_nothing_is_sent_without_an_app(desk: Desk) -> None:
    """Not registered yet: says which settings are missing."""
    app = desk.another(app_id=0, private_key="")

    with pytest.raises(SettingsError, match="PLUMBLINE_APP_ID"):
        app.app()
    assert desk.server.requests == []


@pytest.mark.parametrize(
    "pem",
    [
        "-----BEGIN PRIVATE KEY-----\nnot base64 s3cret\n-----END PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ+DYvh6SEqVTm50DFtMDoQikTmiCqirVv9mWG9qfSnF\n"
        "-----END PRIVATE KEY-----",
    ],
    ids=["garbage", "Ed25519"],
)
def test_a_key_that_is_no_rsa_key_is_refused_at_start(desk: Desk, pem: str) -> None:
    """And the message does not repeat the key."""
    with pytest.raises(SettingsError, match="PLUMBLINE_PRIVATE_KEY") as caught:
        desk.another(private_key=pem)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("status", "message"),
    [
        pytest.param(404, "Not Found", id="deleted or no access"),
        pytest.param(451, "Repository unavailable due to DMCA takedown.", id="taken down"),
        pytest.param(403, "Repository access blocked", id="blocked"),
    ],
)
@pytest.mark.fault
def test_kd7_a_repository_that_is_gone(desk: Desk, status: int, message: str) -> None:
    """404 for deleted, renamed away and no access alike."""
    desk.server.on_repository("GET", "", Reply(status, {"message": message}))

    with pytest.raises(Gone):
        desk.reader().repository()


def test_secrets_are_not_in_the_text_of_errors(desk: Desk) -> None:
    """KG4: an error message that quotes a token loses it."""
    desk.grow_old()
    text = {"message": f"who is {LONG}\r\nERROR forged\x1b[31m"}
    desk.server.on_repository("GET", "", Reply(404, text))

    with pytest.raises(Gone) as caught:
        desk.reader().repository()

    assert "ghs_" not in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "\x1b" not in str(caught.value)


def test_the_token_is_not_in_its_repr() -> None:
    """Tracebacks and logs show reprs."""
    from bot.adapters.github.tokens import Token

    now = datetime(2026, 1, 1, tzinfo=UTC)
    assert "ghs_" not in repr(Token("ghs_secret", now, now, {}))
