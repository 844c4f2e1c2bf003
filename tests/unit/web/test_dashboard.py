"""Plumbline's own page: what it shows, to whom, and that it can not be made to do anything."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from bot.assets import CONTENT_POLICY
from bot.config.settings import PagesFor
from bot.model.errors import LedgerUnavailable, Unavailable
from bot.model.events import Lane
from bot.model.work import LedgerStats, Record, State
from bot.ports import RecentEffect, Standing, Stop
from bot.testing.deliveries import BODY, headers
from bot.web.app import create_app
from bot.web.dashboard import Watcher, about, age, create_dashboard, web_root
from bot.web.readiness import Readiness

NOW = datetime.now(UTC)
ROOT = "https://github.example/acme/rocket"
HOSTILE = '"><script>alert(1)</script>{{ 7 * 7 }}'


def record(kind: str = "delivery", state: State = State.DONE, **other: Any) -> Record:
    values = {"name": "push", "lane": Lane.EVENT, "installation_id": "7", "attempts": 1, "error": ""}
    values |= {"accepted_at": NOW - timedelta(seconds=30)}
    return Record(kind=kind, id="9:a", state=state, **values | other)


def effect(kind: str, key: str = "health", **note: Any) -> RecentEffect:
    return RecentEffect("acme/rocket", ROOT, kind, key, 99, note, NOW)


@dataclass
class FakeLedger:
    """What the page asks of a ledger."""

    deliveries: list[Record] = field(default_factory=list)
    works: list[Record] = field(default_factory=list)
    parked: int = 0
    away: bool = False
    looks: int = 0

    def stats(self) -> LedgerStats:
        self.looks += 1
        if self.away:
            raise LedgerUnavailable("Redis: gone")
        waiting = {Lane.INTERACTIVE: 1, Lane.EVENT: 0, Lane.SWEEP: 4}
        return LedgerStats(2, 1, waiting, 3, self.parked, 0.0, 0)

    def recent(self, kind: str, limit: int = 50) -> list[Record]:
        return (self.deliveries if kind == "delivery" else self.works)[:limit]


@dataclass
class FakeStore:
    """What the page asks of a store."""

    effects: list[RecentEffect] = field(default_factory=list)
    repositories: list[Standing] = field(default_factory=list)
    away: bool = False
    stopped: list[Stop] = field(default_factory=list)

    def recent_effects(self, kinds: tuple[str, ...], limit: int = 50) -> list[RecentEffect]:
        if self.away:
            raise Unavailable("the database was never migrated")
        return [e for e in self.effects if e.kind in kinds][:limit]

    def standings(self, limit: int = 1000) -> list[Standing]:
        return self.repositories

    def stops(self) -> list[Stop]:
        return self.stopped

    def names(self, repository_ids: Any) -> dict[int, tuple[str, str]]:
        return {42: ("acme/rocket", ROOT)} if 42 in set(repository_ids) else {}


@dataclass
class Page:
    """The page over fakes; ``client`` asks for it as a browser on this machine."""

    client: FlaskClient
    ledger: FakeLedger
    store: FakeStore

    def text(self) -> str:
        answer = self.client.get("/")
        assert answer.status_code == 200
        return answer.text


@pytest.fixture
def make_page(world: Any) -> Any:
    def make(pages: PagesFor = PagesFor.LOOPBACK, github: str = "https://api.github.com") -> Page:
        ledger, store = FakeLedger(), FakeStore()
        made: Any = (ledger, lambda: store)
        ticks = iter(range(1000))
        watcher = Watcher(*made, monotonic=lambda: next(ticks))
        blueprint = create_dashboard(watcher, pages=pages, github_url=github)
        app = create_app(world.receiver, Readiness(world.ledger.ping, fresh_s=0), [blueprint])
        return Page(app.test_client(), ledger, store)

    return make


@pytest.fixture
def page(make_page: Any) -> Page:
    made: Page = make_page()
    return made


def test_an_empty_plumbline_says_what_will_be_there(page: Page) -> None:
    text = page.text()
    for words in ("Nothing yet.", "Nothing to do.", "Nothing published yet.", "install the App"):
        assert words in text


def test_shows_what_arrived_is_done_and_was_answered(page: Page) -> None:
    page.ledger.deliveries = [
        record(name="pull_request", action="review_requested", repository_id=42, works=("w1",)),
        record(state=State.PARKED, error="the payload is not JSON"),
    ]
    page.ledger.works = [
        record("work", State.LEASED, name="scan-repository", key="scan:42", attempts=2),
        record("work", State.OPEN, name="check-pull-request", payload='{"repository_id": 42}'),
    ]
    page.ledger.parked = 1
    page.store.effects = [
        effect("check_run", "pull:7", title="1 new finding", conclusion="neutral"),
        effect("check_run", title="All 5 checks pass", conclusion="success"),
        effect("issue", closed_by_us=True),
        effect("issue"),
        effect("config"),
        effect("command", "12", issue=5, answers={"1": "a", "2": "b"}),
        effect("command", "13", answers={"1": "kept before issues were"}),
        effect("memory"),
    ]
    text = page.text()
    for words in (
        "review requested",
        "→ 1 to do",
        "the payload is not JSON",
        "is being done, attempt 2",
        "check pull request",
        "1 interactive",
        "4 sweep",
        "check run on #7 · acme/rocket",
        "Closed, all is well",
        "Kept up to date",
        "Said what is wrong with the policy",
        "Answered 2 commands",
        'tile tile-bad"><dt>parked</dt><dd>1',
    ):
        assert words in text
    assert text.count(f'href="{ROOT}/runs/99"') == 3
    assert text.count(f'href="{ROOT}/issues/99"') == 2
    assert text.count(f'href="{ROOT}/issues/5#issuecomment-99"') == 1
    assert text.count("Answered 1 command<") == 1
    assert text.count(f'href="{ROOT}">acme/rocket') == 3
    assert "memory" not in text


def test_shows_repositories_the_worst_first(page: Page) -> None:
    well = Standing(1, "acme/a", ROOT, False, False, {}, 0, NOW)
    page.store.repositories = [
        well,
        replace(well, full_name="acme/b", findings={3: 1}),
        replace(well, full_name="acme/c", findings={4: 1, 1: 2}, unknown=3),
        replace(well, full_name="acme/d", judged_at=None),
        replace(well, full_name="acme/e", judged_at=None, archived=True),
        replace(well, full_name="acme/f", judged_at=None, empty=True),
        replace(well, full_name="acme/g", findings={3: 2}),
    ]
    text = page.text()
    assert re.findall(r">acme/(\w)</a>", text) == ["c", "g", "b", "a", "d", "e", "f"]
    for words in (
        "1 critical",
        "2 low",
        "3 not judged",
        "all is well",
        "not judged yet",
        "archived",
        "empty",
    ):
        assert words in text
    assert "<dt>with findings</dt><dd>3" in text


@pytest.mark.parametrize(("part", "said"), [("ledger", "Redis: gone"), ("store", "never migrated")])
def test_says_what_is_away_and_shows_the_rest(page: Page, part: str, said: str) -> None:
    page.ledger.deliveries = [record(name="push")]
    page.store.repositories = [Standing(1, "acme/a", ROOT, False, False, {}, 0, NOW)]
    getattr(page, part).away = True
    text = page.text()

    assert said in text
    assert ("acme/a" in text) is (part == "ledger")
    assert ("<strong>push</strong>" in text) is (part == "store")


@pytest.mark.fault
def test_kg6_hostile_names_are_text(page: Page) -> None:
    """Events, actions, errors, titles and repository names come from strangers."""
    page.ledger.deliveries = [record(name=HOSTILE, action=HOSTILE, error=HOSTILE)]
    page.ledger.works = [record("work", name=HOSTILE, key=HOSTILE, error=HOSTILE)]
    page.store.effects = [
        replace(effect("check_run", title=HOSTILE), full_name=HOSTILE, html_url=f"javascript:{HOSTILE}"),
        replace(effect("issue"), html_url="javascript:alert(1)"),
        effect("command", "12", issue=HOSTILE, answers={}),
    ]
    page.store.repositories = [Standing(1, HOSTILE, ROOT, False, False, {}, 0, NOW)]
    text = page.text()

    assert "<script>" not in text
    assert "{{ 7 * 7 }}" in text
    assert "javascript:" not in text


@pytest.mark.fault
def test_kg6_nothing_can_be_done_by_the_page(page: Page) -> None:
    """Read-only: no form, and every other method is refused."""
    text = page.text()
    assert "<form" not in text
    assert not re.search(r"\son\w+=|style=|<script(?! src=\"/-/)", text)
    for method in ("post", "put", "patch", "delete"):
        assert getattr(page.client, method)("/").status_code == 405


@pytest.mark.parametrize(
    ("given", "status"),
    [
        pytest.param({}, 200, id="this machine"),
        pytest.param(
            {"environ_base": {"REMOTE_ADDR": "::1"}, "headers": {"Host": "[::1]:8000"}}, 200, id="IPv6"
        ),
        pytest.param({"environ_base": {"REMOTE_ADDR": "10.0.0.7"}}, 403, id="another machine"),
        pytest.param({"headers": {"Host": "rebound.example"}}, 403, id="a name made to lead here"),
        pytest.param({"headers": {"Host": "127.0.0.1.evil.example"}}, 403, id="a name that begins well"),
        pytest.param({"headers": {"X-Forwarded-For": "10.0.0.7"}}, 403, id="a proxy"),
        pytest.param({"headers": {"Forwarded": "for=10.0.0.7"}}, 403, id="a standard proxy"),
        pytest.param({"environ_overrides": {"SERVER_PROTOCOL": "HTTP/1.0"}}, 403, id="a proxy of few words"),
        pytest.param({"environ_overrides": {"SERVER_PROTOCOL": "HTTP/1"}}, 403, id="the same on granian"),
    ],
)
@pytest.mark.fault
def test_kg6_shown_on_this_machine_only(page: Page, given: dict[str, Any], status: int) -> None:
    answer = page.client.get("/", **given)
    assert answer.status_code == status
    assert answer.headers["Content-Security-Policy"] == CONTENT_POLICY
    if status == 403:
        assert "PLUMBLINE_PAGES" in answer.text
        assert answer.mimetype == "text/plain"
        assert page.client.get("/-/site.css", **given).status_code == 403


def test_the_operator_decides(make_page: Any) -> None:
    elsewhere = {"environ_base": {"REMOTE_ADDR": "10.0.0.7"}}
    assert make_page(PagesFor.ANYBODY).client.get("/", **elsewhere).status_code == 200
    assert make_page(PagesFor.NOBODY).client.get("/").status_code == 404


def test_the_receiver_stays_as_it_was(page: Page) -> None:
    """A proxy may forward deliveries; pages have no say in it."""
    given = headers() | {"Host": "bot.example", "X-Forwarded-For": "140.82.112.1"}
    assert page.client.post("/webhook", data=BODY, headers=given).status_code == 202
    health = page.client.get("/healthz", headers={"Host": "bot.example"})
    assert health.status_code == 200
    assert health.headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"


def test_assets(page: Page) -> None:
    for name, kind in (
        ("site.css", "text/css"),
        ("refresh.js", "text/javascript"),
        ("icon.svg", "image/svg+xml"),
    ):
        answer = page.client.get(f"/-/{name}")
        assert (answer.status_code, answer.mimetype) == (200, kind)
        assert "immutable" in answer.headers["Cache-Control"]
    assert page.client.get("/-/nothing").status_code == 404


def test_one_look_serves_many(world: Any) -> None:
    ledger = FakeLedger()
    moments = iter([0.0, 0.1, 0.4, 1.0, 1.0])
    given: Any = (ledger, FakeStore)
    watcher = Watcher(*given, monotonic=lambda: next(moments))
    looks = []
    for _ in range(4):
        watcher.look()
        looks.append(ledger.looks)

    assert looks == [1, 1, 1, 2]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param({"repository_id": 42}, 42, id="a routed delivery"),
        pytest.param({"kind": "work", "payload": '{"repository_id": 42}'}, 42, id="a payload"),
        pytest.param({"kind": "work", "payload": '{"repository_id": "x"}'}, 0, id="a strange payload"),
        pytest.param({"kind": "work", "payload": "[]"}, 0, id="no object"),
        pytest.param({"kind": "work", "key": "pull:42:7"}, 42, id="a key with two numbers"),
        pytest.param({"kind": "work", "key": "heal-gaps"}, 0, id="a key without a number"),
    ],
)
def test_which_repository_a_record_is_about(given: dict[str, Any], expected: int) -> None:
    assert about(record(**given)) == expected


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(0, "now"), (5, "5 s ago"), (150, "2 min ago"), (7300, "2 h ago"), (172_800, "2 d ago")],
)
def test_ages(seconds: int, expected: str) -> None:
    assert age(NOW - timedelta(seconds=seconds), NOW) == expected


def test_where_people_look() -> None:
    assert web_root("https://api.github.com") == "https://github.com"
    assert web_root("https://ghes.example/api/v3") == "https://ghes.example"
    assert web_root("http://127.0.0.1:8400") == "http://127.0.0.1:8400"


def test_says_that_everything_is_stopped(page: Page) -> None:
    """Where, since when, and how it ends."""
    assert "by itself" not in page.text()
    page.store.stopped = [Stop(0, "operator", NOW), Stop(7, "42", NOW)]

    text = page.text()
    assert "Nothing is written by itself anywhere since" in text
    assert "Nothing is written by itself for installation 7 since" in text
