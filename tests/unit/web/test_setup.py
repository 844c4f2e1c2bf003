"""The set-up pages, by Flask's own client: what a browser is shown, and what is refused."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from bot.adapters.credentials import Credentials
from bot.adapters.github.conversion import Converted
from bot.config.github_host import GitHubHost
from bot.config.manifest import read_manifest
from bot.config.settings import PagesFor
from bot.model.errors import Ambiguous, Gone, Malformed, Rejected, SettingsError, Unavailable
from bot.web.app import create_app
from bot.web.readiness import Readiness
from bot.web.setup import SetUp, Site, code_digest, create_setup, new_code

CODE = "ABCD-EFGH-JKMN"
HOST = "localhost:8000"
MADE = Converted(7, "acme-plumb", "acme", "Iv1", {"checks": "write"}, "PEM", "hook-secret", "client-secret")
GOOD = {
    "host": "github.com",
    "account": "organisation",
    "owner": "acme",
    "name": "Acme Plumb",
    "public_url": "https://plumb.example.org",
}


@dataclass
class World:
    """The pages with a GitHub and a disk that do what a test says."""

    client: FlaskClient = field(init=False)
    setup: SetUp = field(init=False)
    time: float = 1000.0
    asked: list[tuple[str, str]] = field(default_factory=list)
    kept: list[Credentials] = field(default_factory=list)
    stored: Credentials | None = None
    refuses: Exception | None = None
    disk: Exception | None = None

    def convert(self, api: str, code: str) -> Converted:
        self.asked.append((api, code))
        if self.refuses:
            raise self.refuses
        return MADE

    def keep(self, made: Credentials) -> None:
        if self.disk:
            raise self.disk
        self.stored = made
        self.kept.append(made)

    def get(self, path: str, **options: Any) -> TestResponse:
        return self.client.get(path, base_url=f"http://{HOST}", **_options(options))

    def post(self, path: str, form: dict[str, str], **options: Any) -> TestResponse:
        return self.client.post(path, data=form, base_url=f"http://{HOST}", **_options(options))

    def enter(self) -> None:
        assert self.post("/setup", {"code": CODE}).status_code == 303

    def review(self, **changes: str) -> TestResponse:
        return self.post("/setup/review", GOOD | {"token": self.setup.token} | changes)

    def begin(self, **changes: str) -> str:
        """The state that GitHub would be sent."""
        action = re.search(r'action="([^"]+)"', self.review(**changes).text)
        assert action is not None
        return parse_qs(urlsplit(unescape(action[1])).query)["state"][0]

    def back(self, state: str, code: str = "c0de") -> TestResponse:
        return self.get("/setup/callback", query_string={"state": state, "code": code})


def _options(options: dict[str, Any]) -> dict[str, Any]:
    plain = {"REMOTE_ADDR": "127.0.0.1", "SERVER_PROTOCOL": "HTTP/1.1"}
    return options | {"environ_overrides": plain | options.get("environ_overrides", {})}


@pytest.fixture
def make(make_world: Callable[..., Any]) -> Callable[..., World]:
    """Builds the pages; keywords are those of ``Site``."""

    def build(**site: Any) -> World:
        world = World()
        world.setup = SetUp(
            code_digest(CODE),
            convert=world.convert,
            keep=world.keep,
            done=lambda: world.stored,
            monotonic=lambda: world.time,
        )
        receiver = make_world().receiver
        pages = create_setup(Site(world.setup, read_manifest(), **site))
        world.client = create_app(receiver, Readiness(lambda: None), [pages]).test_client()
        return world

    return build


@pytest.fixture
def world(make: Callable[..., World]) -> World:
    return make()


def manifest_of(page: TestResponse) -> dict[str, Any]:
    found = re.search(r'name="manifest" value="([^"]+)"', page.text)
    assert found is not None
    made: dict[str, Any] = json.loads(unescape(found[1]))
    return made


# The code


def test_codes_are_long_and_plain() -> None:
    """58 bits, nothing that looks like something else, and no two alike."""
    codes = {new_code() for _ in range(100)}

    assert len(codes) == 100
    assert all(re.fullmatch(r"([2-9A-HJKMNP-TV-Z]{4}-){2}[2-9A-HJKMNP-TV-Z]{4}", code) for code in codes)


@pytest.mark.parametrize("typed", [CODE, "abcdefghjkmn", " abcd efgh jkmn "])
def test_the_code_opens_the_set_up_however_it_is_typed(world: World, typed: str) -> None:
    answer = world.post("/setup", {"code": typed})

    assert (answer.status_code, answer.headers["Location"]) == (303, "/setup")
    cookie = answer.headers["Set-Cookie"]
    assert all(part in cookie for part in ("HttpOnly", "SameSite=Lax", "Path=/setup"))
    assert "Where shall Plumbline work?" in world.get("/setup").text


def test_a_wrong_code_opens_nothing(world: World) -> None:
    answer = world.post("/setup", {"code": "ABCD-EFGH-JKMM"})

    assert answer.status_code == 403
    assert "That is not the code" in answer.text
    assert "Set-Cookie" not in answer.headers
    assert world.review().status_code == 303


def test_the_code_works_once(world: World) -> None:
    world.enter()
    world.client.delete_cookie("plumbline_setup", path="/setup", domain="localhost")

    answer = world.post("/setup", {"code": CODE})

    assert answer.status_code == 403
    assert "used already" in answer.text


def test_guessing_is_slowed_down(world: World) -> None:
    """Five at once, then one in twelve seconds; even the right one waits."""
    assert [world.post("/setup", {"code": "x"}).status_code for _ in range(6)] == [403] * 5 + [429]
    answer = world.post("/setup", {"code": CODE})
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "12")
    world.time += 11
    assert world.post("/setup", {"code": CODE}).status_code == 429
    world.time += 1.01
    assert world.post("/setup", {"code": CODE}).status_code == 303


# Who may see it


@pytest.mark.parametrize(
    ("change", "said"),
    [
        pytest.param(
            {"environ_overrides": {"REMOTE_ADDR": "192.0.2.1"}}, "machine itself", id="from outside"
        ),
        pytest.param({"headers": {"Host": "evil.example"}}, "localhost", id="a name made to lead here"),
        pytest.param({"headers": {"X-Forwarded-For": "192.0.2.1"}}, "proxy", id="through a proxy"),
    ],
)
@pytest.mark.parametrize("path", ["/setup", "/setup/done", "/setup/callback", "/setup/setup.css"])
def test_loopback_only(world: World, path: str, change: dict[str, Any], said: str) -> None:
    answer = world.get(path, **change)

    assert answer.status_code == 403
    assert said in answer.text


def test_from_anywhere_when_the_operator_says_so(make: Callable[..., World]) -> None:
    world = make(pages=PagesFor.ANYBODY, public_url="https://plumb.example.org")
    far = {"environ_overrides": {"REMOTE_ADDR": "192.0.2.1"}, "headers": {"Host": "plumb.example.org"}}

    answer = world.post("/setup", {"code": CODE}, **far)

    assert answer.status_code == 303
    assert "Secure" in answer.headers["Set-Cookie"]


def test_nobody_when_pages_are_off(make: Callable[..., World]) -> None:
    assert make(pages=PagesFor.NOBODY).get("/setup").status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"Origin": "https://evil.example"}, id="another origin"),
        pytest.param({"Origin": "null"}, id="an origin that is hidden"),
        pytest.param({"Sec-Fetch-Site": "cross-site"}, id="the browser says so"),
    ],
)
def test_forms_of_other_sites_do_nothing(world: World, headers: dict[str, str]) -> None:
    assert world.post("/setup", {"code": CODE}, headers=headers).status_code == 403
    world.enter()
    form = GOOD | {"token": world.setup.token}
    assert world.post("/setup/review", form, headers=headers).status_code == 403


def test_forms_carry_a_token(world: World) -> None:
    world.enter()

    answer = world.review(token="guessed")

    assert answer.status_code == 403
    assert "out of date" in answer.text


@pytest.mark.parametrize("path", ["/setup", "/setup/done", "/setup/callback"])
def test_pages_carry_their_policies(world: World, path: str) -> None:
    """Nothing inline, nothing from elsewhere, no frame, nothing kept."""
    world.enter()
    answer = world.get(path)

    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "form-action 'self';" in policy
    assert "script" not in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["Cache-Control"] == "no-store"
    assert not re.search(r"<script|<style|style=|\son\w+=", answer.text)
    assert not re.search(r'(src|href)="https?:', answer.text)


# Choosing


def test_sends_the_manifest_to_the_organisation(world: World) -> None:
    world.enter()
    page = world.review()

    action = re.search(r'<form method="post" action="([^"]+)"', page.text)
    assert action is not None
    assert action[1].startswith("https://github.com/organizations/acme/settings/apps/new?state=")
    assert "form-action 'self' https://github.com;" in page.headers["Content-Security-Policy"]
    made, asked = manifest_of(page), read_manifest()
    assert made["name"] == "Acme Plumb"
    assert made["hook_attributes"] == {"url": "https://plumb.example.org/webhook", "active": True}
    assert made["redirect_url"] == f"http://{HOST}/setup/callback"
    assert made["default_permissions"] == dict(asked.permissions)
    assert tuple(made["default_events"]) == asked.events
    assert made["public"] is False


def test_a_personal_account_and_no_address(world: World) -> None:
    world.enter()
    page = world.review(account="personal", owner="", name="", public_url="")

    assert 'action="https://github.com/settings/apps/new?state=' in page.text
    made = manifest_of(page)
    assert made["name"] == "plumbline"
    assert made["hook_attributes"] == {"url": "https://example.com/webhook", "active": False}
    assert "Without a webhook" in page.text


def test_maintenance_adds_two_rights_and_no_more(world: World) -> None:
    world.enter()

    made = manifest_of(world.review(maintenance="yes"))

    before = read_manifest().permissions
    assert made["default_permissions"] == {**before, "contents": "write", "pull_requests": "write"}


def test_an_enterprise_server(world: World) -> None:
    world.enter()
    page = world.review(host="other", host_name="https://github.corp.example/", public_url="https://10.0.0.7")

    assert 'action="https://github.corp.example/organizations/acme/' in page.text
    assert "form-action 'self' https://github.corp.example;" in page.headers["Content-Security-Policy"]


def test_the_operators_github_is_not_for_choice(make: Callable[..., World]) -> None:
    world = make(github=GitHubHost("https://ghes.example", "https://ghes.example/api/v3"))
    world.enter()

    assert 'name="host"' not in world.get("/setup").text
    assert 'action="https://ghes.example/' in world.review(host="github.com").text


@pytest.mark.parametrize(
    ("change", "said"),
    [
        pytest.param({"owner": ""}, "type the organisation", id="no organisation"),
        pytest.param({"owner": "acme/app"}, "not the name of an organisation", id="a repository"),
        pytest.param({"name": "x" * 35}, "at most 34", id="a long name"),
        pytest.param({"name": "GitHub plumb"}, "begins with its own", id="a name that GitHub refuses"),
        pytest.param(
            {"public_url": "http://localhost:8000"}, "GitHub refuses localhost:8000", id="localhost"
        ),
        pytest.param({"public_url": "http://127.0.0.1"}, "its own machine", id="loopback"),
        pytest.param({"public_url": "https://10.1.2.3"}, "not reachable from the internet", id="private"),
        pytest.param({"public_url": "http://plumb.example.org"}, "begins with https", id="not encrypted"),
        pytest.param({"public_url": "plumb"}, "not an address", id="no address"),
        pytest.param({"host": "other", "host_name": ""}, "type the host", id="no host"),
        pytest.param({"host_name": "ghes.example"}, "which is it", id="a host, and github.com"),
        pytest.param({"account": "personal"}, "which is it", id="an organisation, and oneself"),
        pytest.param({"host": "other", "host_name": "a b"}, "is not a host", id="nothing like a host"),
    ],
)
def test_mistakes_are_said_and_what_was_typed_is_kept(
    world: World, change: dict[str, str], said: str
) -> None:
    world.enter()
    page = world.review(**change)

    assert page.status_code == 422
    assert said in unescape(page.text)
    assert 'value="Acme Plumb"' in page.text or "name" in change


def test_what_was_typed_is_shown_as_text(world: World) -> None:
    world.enter()

    page = world.review(owner='"><script>alert(1)</script>')

    assert "<script" not in page.text


# Coming back


def test_stores_what_github_gave(world: World) -> None:
    world.enter()
    state = world.begin()

    answer = world.back(state)

    assert (answer.status_code, answer.headers["Location"]) == (303, "/setup/done")
    assert world.asked == [("https://api.github.com", "c0de")]
    (kept,) = world.kept
    assert (kept.app_id, kept.slug, kept.private_key, kept.webhook_secret) == (
        7,
        "acme-plumb",
        "PEM",
        "hook-secret",
    )
    assert (kept.github_url, kept.public_url) == ("https://api.github.com", "https://plumb.example.org")
    done = world.get("/setup/done").text
    assert "https://github.com/apps/acme-plumb/installations/new" in done
    assert not any(secret in done for secret in ("PEM", "hook-secret", "client-secret"))


def test_afterwards_there_is_nothing_to_do(world: World) -> None:
    """Neither for who did it nor for anybody else."""
    world.enter()
    state, other = world.begin(), world.begin()
    world.back(state)

    for answer in (world.back(other), world.get("/setup"), world.review(), world.post("/setup/again", {})):
        assert answer.status_code in (303, 403)
    assert len(world.kept) == 1
    world.client.delete_cookie("plumbline_setup", path="/setup", domain="localhost")
    for path in ("/setup", "/setup/done"):
        page = world.get(path)
        assert page.status_code == 200
        assert "Plumbline is set up" in page.text
        assert "acme" not in page.text


def test_a_state_is_good_once(world: World) -> None:
    world.enter()
    world.refuses = Gone("404")
    state = world.begin()
    assert world.back(state).status_code == 404

    answer = world.back(state)

    assert answer.status_code == 409
    assert "used already" in answer.text
    assert len(world.asked) == 1


@pytest.mark.parametrize("state", ["", "guessed"])
def test_a_strange_state_is_not_used(world: World, state: str) -> None:
    world.enter()
    world.begin()

    answer = world.back(state)

    assert answer.status_code == 403
    assert "does not belong to your set-up" in answer.text
    assert world.asked == []


def test_a_stolen_state_is_of_no_use_elsewhere(world: World) -> None:
    """Without the session's cookie nothing is fetched, and its owner can go on."""
    world.enter()
    state = world.begin()
    cookie = world.client.get_cookie("plumbline_setup", path="/setup", domain="localhost")
    assert cookie is not None
    world.client.delete_cookie("plumbline_setup", path="/setup", domain="localhost")

    answer = world.back(state)

    assert answer.status_code == 403
    assert "did not begin" in answer.text
    assert world.asked == []
    world.client.set_cookie("plumbline_setup", cookie.value, path="/setup", domain="localhost")
    assert world.back(state).status_code == 303


@pytest.mark.parametrize(("seconds", "status"), [(3599, 303), (3600, 410)])
def test_a_state_is_good_for_an_hour(world: World, seconds: float, status: int) -> None:
    world.enter()
    state = world.begin()
    world.time += seconds

    assert world.back(state).status_code == status


@pytest.mark.parametrize("code", ["", "../../user", "a b", "x" * 201])
def test_only_codes_are_sent_to_github(world: World, code: str) -> None:
    world.enter()

    assert world.back(world.begin(), code).status_code == 400
    assert world.asked == []


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        pytest.param(Gone("404 Not Found"), 404, "good once and for one hour", id="expired"),
        pytest.param(Rejected("422 no", status=422), 422, "GitHub says: 422 no.", id="refused"),
        pytest.param(Malformed("HTML"), 502, "did not answer like a GitHub", id="not GitHub"),
    ],
)
def test_what_can_not_be_mended_says_what_to_do(
    world: World, error: Exception, status: int, said: str
) -> None:
    world.enter()
    world.refuses = error

    answer = world.back(world.begin())

    assert (answer.status_code, said in answer.text) == (status, True)
    assert "Try again" not in answer.text
    assert "Start over" in answer.text


@pytest.mark.parametrize(
    ("error", "said"),
    [
        pytest.param(Unavailable("no route"), "can not be reached from here", id="unreachable"),
        pytest.param(Ambiguous("cut"), "No answer came", id="no answer"),
    ],
)
def test_what_passes_is_tried_again(world: World, error: Exception, said: str) -> None:
    """With the same code, which the browser is not sent again."""
    world.enter()
    world.refuses = error
    answer = world.back(world.begin())
    assert (answer.status_code, said in answer.text) == (502, True)
    assert "c0de" not in answer.text
    world.refuses = None

    again = world.post("/setup/again", {"token": world.setup.token})

    assert again.status_code == 303
    assert world.asked == [("https://api.github.com", "c0de")] * 2
    assert len(world.kept) == 1


def test_a_full_disk_loses_no_key(world: World) -> None:
    """GitHub hands the keys out once, so they are kept until they are stored."""
    world.enter()
    world.disk = SettingsError("credentials.json can not be written: No space left on device")
    answer = world.back(world.begin())
    assert answer.status_code == 500
    assert "No space left" in answer.text
    world.disk = None

    assert world.post("/setup/again", {"token": world.setup.token}).status_code == 303
    assert len(world.asked) == len(world.kept) == 1


def test_nothing_to_try_again(world: World) -> None:
    world.enter()

    assert world.post("/setup/again", {"token": world.setup.token}).status_code == 403


def test_many_reviews_leave_a_bounded_number_of_states(world: World) -> None:
    """The oldest go first."""
    world.enter()
    first = world.begin()
    for _ in range(100):
        state = world.begin()

    assert world.back(first).status_code == 403
    assert world.back(state).status_code == 303
