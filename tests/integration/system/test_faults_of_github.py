"""GitHub goes wrong in every documented way: one object each, no storm, nothing false."""

from __future__ import annotations

import json
import threading
from collections import Counter
from datetime import timedelta
from functools import partial

import pytest

from bot.scale.rebirth import watch_epoch
from bot.simulator.faults import Fault, FaultKind
from bot.simulator.hooks import HookFaults
from bot.testing import authentication
from bot.testing.http import Response
from bot.testing.routes import apps
from bot.testing.state import FakeRepository
from jobs.heal_gaps import HealGaps
from jobs.reconcile import Reconcile
from jobs.scan_repository import ScanRepository
from tests.integration.system.world import HEALTHY, STRANGERS, UNPINNED, System

pytestmark = pytest.mark.fault

LOST = HookFaults(lost=1.0)
WORSE = {"LICENSE": None, ".github/workflows/t.yml": STRANGERS}


@pytest.fixture
def app(system: System) -> FakeRepository:
    """A healthy public repository whose baseline is known."""
    system.install()
    return system.create(files=HEALTHY)


def uses(count: int, action: str = "a/b") -> str:
    """A workflow with so many findings, each on a line of its own."""
    steps = "".join(f"      - uses: {action}{n}@v1\n" for n in range(count))
    return f"on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n{steps}"


def minted(system: System) -> Counter[str]:
    """How often a token for the same repositories and rights was asked for."""
    return Counter(
        f"{token.installation.id} {token.repositories} {sorted(token.permissions.items())}"
        for token in system.fake.tokens.values()
    )


@pytest.mark.parametrize("path", ["/check-runs$", "/labels$", "/issues$"])
@pytest.mark.parametrize(
    ("kind", "delay_s"),
    [
        pytest.param(FaultKind.ERROR, 0.0, id="502"),
        pytest.param(FaultKind.CUT, 0.0, id="cut"),
        pytest.param(FaultKind.DELAY, 0.9, id="timeout"),
    ],
)
def test_kd1_applied_and_then_failed(
    system: System, app: FakeRepository, path: str, kind: FaultKind, delay_s: float
) -> None:
    """The write is done and its answer lost, twice: what it made is found, and nothing doubles."""
    system.be_impatient()
    system.fault(Fault(kind, method="POST", path=path, applied=True, count=2, delay_s=delay_s))

    sha = system.push(app, WORSE)
    system.settle()

    assert system.run(app, sha).status == "completed"
    assert system.issue(app).state == "open"
    assert list(app.labels) == ["plumbline"]
    assert [rule["hit"] for rule in system.simulator.faults.rules()] == [1]


@pytest.mark.parametrize(
    ("limit", "wait_s"),
    [
        pytest.param(Fault(FaultKind.SECONDARY_LIMIT, retry_after_s=3), 3, id="403, Retry-After 3"),
        pytest.param(
            Fault(FaultKind.SECONDARY_LIMIT, retry_after_s=86_400), 86_400, id="403, Retry-After 86400"
        ),
        pytest.param(Fault(FaultKind.SECONDARY_LIMIT), 60, id="403 without a header"),
        pytest.param(Fault(FaultKind.BARE_LIMIT), 60, id="429 without a header"),
        pytest.param(Fault(FaultKind.PRIMARY_LIMIT, reset_in_s=600), 600, id="remaining 0"),
        pytest.param(Fault(FaultKind.PRIMARY_LIMIT, reset_in_s=-30), 60, id="reset in the past"),
        pytest.param(
            Fault(FaultKind.CONTENT_LIMIT, method="POST", path="/issues$", retry_after_s=120),
            120,
            id="creation of content",
        ),
    ],
)
def test_kd2_limits(system: System, limit: Fault, wait_s: int) -> None:
    """The worker is free at once, the installation waits, others go on; after the date it is done."""
    mine, theirs = system.install("acme"), system.install("umbrella")
    app = system.create("app", HEALTHY)
    other = system.create("other", HEALTHY, owner="umbrella")
    path = limit.path or "/graphql$"
    system.fault(
        Fault(
            limit.kind,
            method=limit.method,
            path=path,
            installation_id=mine,
            count=1,
            retry_after_s=limit.retry_after_s,
            reset_in_s=limit.reset_in_s,
        )
    )

    started = system.clock.now()
    sha = system.push(app, WORSE)
    system.push(other, WORSE)
    assert system.clock.now() - started < timedelta(seconds=30), "nobody slept"
    assert system.issues(app) == []
    assert system.issue(other).state == "open"
    (reason,) = system.waiting()
    assert reason.startswith("LimitReached: ")
    due = system.next_due()
    assert due is not None
    assert timedelta(seconds=wait_s - 3) < due - started < timedelta(seconds=wait_s + 30)

    since = system.mark()
    newest = system.push(app, {"a.txt": "a"})
    quiet = [
        e
        for e in system.calls(since=since)
        if e.installation_id == mine and e.method != "GET" and e.path != "/graphql"
    ]
    assert quiet == [], "nobody writes before the date"

    system.settle(within_s=100_000)
    assert system.run(app, newest).status == "completed"
    assert system.issue(app).state == "open"
    assert all(run.conclusion == "neutral" for run in system.runs(app, sha))
    assert theirs != mine
    assert system.runtime.ledger.stats().parked == 0


class TestTokens:
    """KD6."""

    def test_kd6_revoked_mid_job(self, system: System, app: FakeRepository) -> None:
        """One new token, then it goes on."""
        system.fault(Fault(FaultKind.REVOKE_TOKEN, method="POST", path="/graphql$", count=1))
        sha = system.push(app, WORSE)

        assert system.run(app, sha).status == "completed"
        assert max(minted(system).values()) == 2
        assert system.waiting() == []

    def test_kd6_revoked_before_a_write(self, system: System, app: FakeRepository) -> None:
        """401 means that nothing was done, so the write is sent again."""
        system.fault(Fault(FaultKind.REVOKE_TOKEN, method="POST", path="/check-runs$", count=1))

        sha = system.push(app, {"a.txt": "a"})

        assert system.run(app, sha).status == "completed"

    def test_kd6_expired_mid_job(self, system: System, app: FakeRepository) -> None:
        """Sooner than we were told."""

        def expire() -> None:
            for token in system.fake.tokens.values():
                token.expires_at = system.fake.now()

        system.before("POST", "/graphql$", expire)

        sha = system.push(app, {"a.txt": "a"})

        assert system.run(app, sha).status == "completed"
        assert max(minted(system).values()) == 2

    def test_kd6_our_clock_leaps_mid_job(self, system: System, app: FakeRepository) -> None:
        """The token looks expired and our JWTs come from the future: GitHub's Date is believed."""

        def leap() -> None:
            system.our_clock.skew = timedelta(hours=2)

        system.before("POST", "/graphql$", leap)

        sha = system.push(app, {"a.txt": "a"})

        assert system.run(app, sha).status == "completed"
        assert system.logged("this machine's clock is off")

    @pytest.mark.parametrize("skew_s", [-120, 300])
    def test_kd6_clock_skew(self, system: System, skew_s: int) -> None:
        system.our_clock.skew = timedelta(seconds=skew_s)
        system.install()
        app = system.create(files=HEALTHY)

        assert system.run(app, app.head or "").status == "completed"

    @pytest.mark.parametrize("status", [401, 403])
    def test_kd6_a_fresh_token_is_refused(self, system: System, status: int) -> None:
        """GitHub may not know its own token for some seconds: it is waited for, not minted anew."""
        system.fault(Fault(FaultKind.FRESH_TOKEN, status=status, within_s=1.2))
        system.install()
        app = system.create(files=HEALTHY)

        assert system.run(app, app.head or "").status == "completed"
        assert max(minted(system).values()) == 1

    def test_kd6_a_token_that_stays_refused(self, system: System) -> None:
        """No storm: a new one, then the work waits and is tried again."""
        system.fault(Fault(FaultKind.FRESH_TOKEN, within_s=3_600, count=12))
        system.install()
        app = system.create(files=HEALTHY)
        assert max(minted(system).values()) < 6

        system.settle()

        assert system.run(app, app.head or "").status == "completed"

    @pytest.mark.parametrize("stateless", [True, False])
    def test_kd6_tokens_of_both_formats(
        self, system: System, monkeypatch: pytest.MonkeyPatch, stateless: bool
    ) -> None:
        """Long ones with dots and short ones; the oracle V5 looks for either."""

        def mint(*given: object, **_: object) -> authentication.Token:
            return authentication.mint(*given, stateless=stateless)  # type: ignore[arg-type]

        monkeypatch.setattr(apps, "mint", mint)
        system.install()
        app = system.create(files=HEALTHY)

        assert system.run(app, app.head or "").status == "completed"
        assert {len(token) > 500 for token in system.fake.tokens} == {stateless}


class TestTakenAway:
    """KD7: what we may do ends in the middle of a job."""

    @pytest.mark.parametrize("path", ["/graphql$", "fragment F", "/check-runs$"])
    @pytest.mark.parametrize("how", ["suspend", "uninstall", "remove", "delete"])
    def test_kd7_rights_end_mid_job(self, system: System, how: str, path: str) -> None:
        """It stops without a storm; nothing is written any more, nothing is parked."""
        installation = system.install()
        app = system.create("app", HEALTHY)
        system.create("other", HEALTHY)
        acts = {
            "suspend": partial(system.fake.suspend, installation),
            "uninstall": partial(system.fake.uninstall, installation),
            "remove": partial(system.fake.select_repositories, installation, ["other"]),
            "delete": partial(system.fake.delete, app),
        }
        if path == "/check-runs$":
            system.before("GET", path, acts[how])
        else:
            system.before("POST", "/graphql$", acts[how], body="" if path == "/graphql$" else path)
        since = system.mark()

        sha = system.push(app, WORSE)
        system.settle()

        assert system.runs(app, sha) == []
        assert system.issues(app) == []
        mine = [e for e in system.calls(since=since) if e.repository_id == app.id]
        assert len(mine) < 20
        assert system.runtime.ledger.stats().parked == 0
        assert (system.runtime.store.repository(app.id) is None) == (how in ("remove", "delete"))
        system.runtime.store.purge(system.clock.now() + timedelta(days=31))
        assert (system.runtime.store.repository(app.id) is None) == (how != "suspend")

    def test_kd7_what_ended_by_suspension_comes_back(self, system: System) -> None:
        installation = system.install()
        app = system.create("app", HEALTHY)
        system.before("POST", "/graphql$", lambda: system.fake.suspend(installation))
        sha = system.push(app, WORSE)
        assert system.runs(app, sha) == []

        system.fake.unsuspend(installation)
        system.pump()

        assert system.run(app, sha).conclusion == "neutral"
        assert system.issue(app).state == "open"

    def test_kd7_permission_to_write_ends_mid_job(self, system: System) -> None:
        """No check run, no retries, nothing parked; when it is granted again, all is as it should be."""
        installation = system.install()
        app = system.create("app", HEALTHY)
        full = dict(system.fake.installations[installation].permissions)
        reduced = {name: level for name, level in full.items() if name != "checks"}
        system.before("POST", "/graphql$", lambda: system.fake.set_permissions(installation, reduced))
        since = system.mark()

        sha = system.push(app, WORSE)
        system.settle()

        assert system.runs(app, sha) == []
        assert len(system.calls("POST", "/check-runs$", since=since)) < 10
        assert system.runtime.ledger.stats().parked == 0

        system.fake.set_permissions(installation, full)
        system.pump()
        assert system.run(app, sha).conclusion == "neutral"

    def test_kd7_permission_to_read_ends_mid_job(self, system: System) -> None:
        """V12: what can not be read any more is never called healthy."""
        installation = system.install()
        app = system.create("app", {".github/workflows/t.yml": STRANGERS}, private=True)
        full = dict(system.fake.installations[installation].permissions)
        reduced = {name: level for name, level in full.items() if name != "contents"}
        system.before("POST", "/graphql$", lambda: system.fake.set_permissions(installation, reduced))

        sha = system.push(app, {"a.txt": "a"})
        system.settle()

        assert all(run.conclusion == "neutral" for run in system.runs(app, sha))
        assert system.issue(app).state == "open"


class TestAnnotations:
    """KD9."""

    def test_kd9_five_hundred_findings(self, system: System, app: FakeRepository) -> None:
        """Ten requests of fifty; what is beyond is counted."""
        sha = system.push(app, {".github/workflows/w.yml": uses(510)})

        run = system.run(app, sha)
        assert len(run.annotations) == 500
        assert "10 places could not be marked in the files" in (run.summary or "")

    def test_kd9_one_bad_annotation_does_not_hide_the_others(
        self, system: System, app: FakeRepository
    ) -> None:
        refusal = Response(
            422, {"Content-Type": "application/json"}, json.dumps({"message": "Invalid request."}).encode()
        )
        system.answer("POST|PATCH", "/check-runs", refusal, body='"path": ?"[^"]*bad.yml"')
        sha = system.push(
            app,
            {
                ".github/workflows/a.yml": uses(40),
                ".github/workflows/bad.yml": uses(1, "c/d"),
                ".github/workflows/c.yml": uses(40),
            },
        )

        run = system.run(app, sha)
        assert len(run.annotations) == 80
        assert "1 annotation could not be shown." in (run.summary or "")
        assert run.status == "completed"


def test_kd12_own_events_come_back(system: System, app: FakeRepository) -> None:
    """Our check run, label and issue cause events of their own; none of them is work."""
    before = system.works()

    system.push(app, WORSE)

    echoes = {(d.event, d.action) for d in system.fake.deliveries}
    assert {("check_run", "completed"), ("issues", "opened"), ("label", "created")} <= echoes
    assert system.works() == before + 1

    system.fake.change_issue(app, system.issue(app).number, title="x")
    system.push(app, {"SECURITY.md": None})
    assert system.works() == before + 2, "our restoring of the issue came back and was no work"


class TestMissedDeliveries:
    """KA10."""

    @pytest.mark.parametrize("healers", [1, 2])
    def test_ka10_missed_deliveries(self, system: System, app: FakeRepository, healers: int) -> None:
        """All that never arrived is made good, once, also by two healers at the same moment."""
        _, asked = system.propose(app, {"b.txt": "b"}, branch="other")
        button = system.run(app, asked).id
        system.simulator.hooks.configure(faults=LOST)
        sha = system.push(app, WORSE)
        _, head = system.propose(app, {"SECURITY.md": None})
        system.fake.press_button(button, "recheck")
        system.pump()
        assert system.runs(app, sha) == system.runs(app, head) == []
        system.simulator.hooks.configure(faults=HookFaults())

        gate = threading.Barrier(healers)
        system.before("GET", "/app/hook/deliveries$", partial(gate.wait, 10), times=healers)
        threads = [threading.Thread(target=system.run_job, args=(HealGaps(),)) for _ in range(healers)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        system.pump()

        assert system.run(app, sha).conclusion == "neutral"
        assert system.run(app, head).title == "1 new finding"
        assert len(system.runs(app, asked)) == 2, "the wish was redelivered"
        assert system.issue(app).state == "open"
        assert system.heads_without_result() == []

        since, works = system.mark(), system.works()
        system.submit(HealGaps())
        assert system.works() == works + 1, "there is nothing left to heal"
        assert [e.path for e in system.calls(since=since)] == ["/app/hook/deliveries"]

    def test_ka10_an_installation_that_was_missed(self, system: System) -> None:
        system.fake.create_organisation("acme")
        app = system.fake.create_repository("acme", "app", files=HEALTHY)
        system.simulator.hooks.configure(faults=LOST)
        system.fake.install("acme")
        system.pump()
        system.simulator.hooks.configure(faults=HookFaults())

        system.submit(HealGaps())

        assert system.run(app, app.head or "").status == "completed"

    def test_ka10_what_was_never_logged_is_found_by_the_daily_look(
        self, system: System, app: FakeRepository
    ) -> None:
        system.simulator.hooks.configure(faults=HookFaults(unrecorded=1.0))
        sha = system.push(app, WORSE)
        system.simulator.hooks.configure(faults=HookFaults())

        system.submit(HealGaps())
        assert system.runs(app, sha) == []

        system.submit(Reconcile())
        assert system.run(app, sha).conclusion == "neutral"


class TestOrder:
    """KB16."""

    def test_kb16_a_late_push_is_judged_at_the_newest_commit(
        self, system: System, app: FakeRepository
    ) -> None:
        """Push B arrives before push A: the final report is of B."""
        system.simulator.hooks.configure(faults=LOST)
        first = system.push(app, {"LICENSE": None})
        system.simulator.hooks.configure(faults=HookFaults())
        second = system.push(app, HEALTHY)
        late = next(d for d in system.fake.deliveries if d.event == "push" and d.payload["after"] == first)

        system.fake.redeliver(late.id)
        system.pump()

        assert system.runs(app, first) == []
        assert system.run(app, second).conclusion == "success"
        assert system.issues(app) == []

    def test_kb16_a_late_result_is_not_published(self, system: System, app: FakeRepository) -> None:
        """A worker reads A, B is pushed, judged and shown, then the first one has its result."""
        first = system.fake.push(app, "main", {"LICENSE": None})
        shas: list[str] = []
        system.before("POST", "/graphql$", lambda: shas.append(system.push(app, HEALTHY)))

        system.run_job(
            ScanRepository(installation_id=next(iter(system.fake.installations)), repository_id=app.id)
        )

        assert system.runs(app, first) == []
        assert system.run(app, shas[0]).conclusion == "success"
        assert system.issues(app) == []
        assert system.metrics.counts["stale_results_total",] == 1

    def test_kb16_a_worker_that_lost_its_lease_writes_nothing(
        self, system: System, app: FakeRepository
    ) -> None:
        """It hangs before its first write for longer than its lease; another one does the work."""
        shas: list[str] = []

        def hang() -> None:
            shas.append(system.fake.push(app, "main", HEALTHY))
            system.later(61)

        system.before("GET", "/check-runs$", hang)

        first = system.push(app, {"LICENSE": None})

        assert system.runs(app, first) == []
        assert system.run(app, shas[0]).conclusion == "success"
        assert system.issues(app) == []

    def test_kb16_an_edit_that_arrives_before_its_opening(self, system: System, app: FakeRepository) -> None:
        """The pull request gets another base; the news of its opening comes last and changes nothing."""
        system.push(app, {"x.txt": "x"}, branch="next")
        head = system.fake.push(app, "topic", {"LICENSE": None})
        system.pump()
        system.simulator.hooks.configure(faults=LOST)
        number = system.fake.open_pull_request(app, "topic")
        system.simulator.hooks.flush(5)
        system.simulator.hooks.configure(faults=HookFaults())
        system.fake.retarget_pull_request(app, number, "next")
        system.pump()
        after_the_edit = system.run(app, head)

        opened = next(d for d in system.fake.deliveries if d.action == "opened")
        system.fake.redeliver(opened.id)
        system.pump()

        assert after_the_edit.status == "completed"
        assert system.run(app, head).id == after_the_edit.id

    def test_kb16_a_close_that_arrives_before_its_opening(self, system: System, app: FakeRepository) -> None:
        """The pull request is closed by then, so nobody judges it."""
        head = system.fake.push(app, "topic", {"LICENSE": None})
        system.pump()
        system.simulator.hooks.configure(faults=LOST)
        number = system.fake.open_pull_request(app, "topic")
        system.simulator.hooks.flush(5)
        system.simulator.hooks.configure(faults=HookFaults())
        system.fake.close_pull_request(app, number)
        system.pump()

        opened = next(d for d in system.fake.deliveries if d.action == "opened")
        system.fake.redeliver(opened.id)
        system.pump()

        assert system.runs(app, head) == []


class TestWipedRedis:
    """KC7."""

    @pytest.mark.parametrize(
        ("method", "path"),
        [
            ("POST", "/graphql$"),
            ("GET", "/check-runs$"),
            ("POST", "/check-runs$"),
            ("POST", "/labels$"),
            ("POST", "/issues$"),
        ],
    )
    def test_kc7_wiped_redis(self, system: System, app: FakeRepository, method: str, path: str) -> None:
        """Everything in Redis is lost in the middle of the work: it is rebuilt, and nothing doubles."""
        watch_epoch(system.runtime, ())
        system.before(method, path, system.flush_redis)

        sha = system.push(app, WORSE)
        assert all(run.conclusion != "success" for run in system.runs(app, sha))
        assert watch_epoch(system.runtime, (Reconcile(), HealGaps()))
        system.settle()

        assert system.run(app, sha).conclusion == "neutral"
        assert system.issue(app).state == "open"
        assert system.heads_without_result() == []
        assert not watch_epoch(system.runtime, (Reconcile(), HealGaps()))

    def test_kc7_deliveries_that_were_accepted_and_lost(self, system: System, app: FakeRepository) -> None:
        """They were answered 202 and stood nowhere but in Redis."""
        watch_epoch(system.runtime, ())
        system.push(app, WORSE)
        sha = system.fake.push(app, "main", {".github/workflows/w.yml": UNPINNED})
        head = system.fake.push(app, "topic", {"SECURITY.md": None})
        system.fake.open_pull_request(app, "topic")
        system.simulator.hooks.flush(10)
        system.flush_redis()

        assert watch_epoch(system.runtime, (Reconcile(), HealGaps()))
        system.settle()

        assert system.run(app, sha).conclusion == "neutral"
        assert system.run(app, head).title == "1 new finding"
        assert len(system.issues(app)) == 1
