"""The whole of Plumbline in one process before a simulated GitHub, with time that tests move.

Nothing here sleeps: deliveries go over HTTP from the simulator to the Flask application, ``pump``
routes and works until nothing is due, and ``later`` moves the clocks of GitHub, of our process and
of Redis' scripts together. What happened is asked of the simulator; what must always hold is judged
by ``broken_promises`` at the end of every test.
"""

from __future__ import annotations

import functools
import hashlib
import io
import json
import re
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from identify.vendor.licenses import LICENSES
from redis import Redis
from werkzeug.serving import make_server

from bot.adapters import github, log
from bot.adapters.github import Bounds, tokens
from bot.adapters.ledger import RedisLedger, scripts
from bot.adapters.ledger import redis as ledger_module
from bot.adapters.licences import Licences
from bot.adapters.queue import RqQueue
from bot.adapters.store import open_store
from bot.adapters.zizmor import Zizmor
from bot.config.settings import Settings
from bot.engine.context import Context, Runtime
from bot.engine.dispatch import Dispatcher
from bot.engine.sweeper import sweep_once
from bot.model.events import Lane
from bot.model.work import Claim, State
from bot.registry import Registry
from bot.report.health_issue import is_ours
from bot.simulator import faults, hooks, journal, oracles, server
from bot.simulator.faults import Fault
from bot.simulator.schemas import Validator
from bot.simulator.server import Simulator
from bot.spec import Payload, Submission
from bot.testing.authentication import private_key_pem
from bot.testing.deliveries import MemoryMetrics
from bot.testing.fake import FakeGitHub
from bot.testing.git import Content
from bot.testing.http import Request, Response
from bot.testing.state import CheckRun, FakeRepository, Issue
from bot.web.app import create_app
from bot.web.hinter import Hinter
from bot.web.readiness import Readiness
from bot.web.receiver import Receiver
from jobs.scan_repository import ScanRepository

SECRET = "a-webhook-secret-of-32-characters"
SECRET_KEY = "0123456789abcdef-canary-of-the-sealing-key"
HEALTH = "plumbline/health"
CONFIG = "plumbline/config"
POLICY = ".github/plumbline.yml"
UNPINNED = (
    "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: actions/checkout@v4\n"
)
HEALTHY: Mapping[str, str] = {
    "LICENSE": dict(LICENSES)["MIT"],
    "SECURITY.md": "Write to security@acme.example; we answer within 5 days and disclose after 90 days.\n",
}
"""Files with which a repository passes every check."""
STRANGERS = (
    "on: pull_request_target\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n"
    "      - run: echo ${{ github.event.pull_request.title }}\n"
)
load_key_once = functools.cache(tokens._load)
"""Checking an RSA key takes a tenth of a second, and all simulated GitHubs of a process have the same."""

_JWT = re.compile(rb"\beyJ[A-Za-z0-9_-]{20,}\.[A-Za-z0-9_-]{20,}")


class MovedClock:
    """The real time, moved forward by tests. Shared by everything but what is skewed on purpose."""

    def __init__(self) -> None:
        self.offset = timedelta(0)

    def now(self) -> datetime:
        """The present of the test's world."""
        return datetime.now(UTC) + self.offset

    def timestamp(self) -> float:
        """The same in epoch seconds, for modules that call ``time.time``."""
        return time.time() + self.offset.total_seconds()

    def advance(self, seconds: float) -> None:
        """Move forward."""
        self.offset += timedelta(seconds=seconds)


class OurClock:
    """The clock of our machine, which may be off."""

    def __init__(self, world: MovedClock) -> None:
        self._world = world
        self.skew = timedelta(0)

    def now(self) -> datetime:
        """The present as our machine has it."""
        return self._world.now() + self.skew


class MovedLedger(RedisLedger):
    """The ledger whose Redis tells the world's time."""

    def __init__(self, client: Redis, clock: MovedClock, **options: Any) -> None:
        super().__init__(client, **options)
        self._clock = clock

    def now(self) -> datetime:
        """See ``Ledger``."""
        return super().now() + self._clock.offset


@dataclass(frozen=True, slots=True)
class MovedScript:
    """A script of the ledger for which Redis' clock stands at the world's time."""

    script: scripts.Script
    clock: MovedClock

    @property
    def sha(self) -> str:
        """Names what Redis is sent now."""
        return self._moved().sha

    def __call__(self, client: Redis, *args: str | int | float | bytes) -> Any:
        return self._moved()(client, *args)

    def _moved(self) -> scripts.Script:
        seconds = int(self.clock.offset.total_seconds())
        if not seconds:
            return self.script
        moved = f"(function() local t = redis.call('TIME') return {{t[1] + {seconds}, t[2]}} end)()"
        text = self.script.text.replace("redis.call('TIME')", moved)
        return scripts.Script(text, hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest())


class AllowAll:
    """A guard that holds nobody back, as for a worker that does not know that its lease ended."""

    def check(self) -> None:
        """Always."""


@dataclass(slots=True)
class Trap:
    """Something that happens right before GitHub carries out a request; it may answer instead."""

    method: str
    path: re.Pattern[str]
    body: re.Pattern[str]
    act: Callable[[Request], Response | None]
    left: int

    def springs(self, request: Request) -> bool:
        """This is a request that it waits for; counts them."""
        wanted = re.fullmatch(self.method, request.method) and self.path.search(request.path)
        if self.left <= 0 or not wanted:
            return False
        if not self.body.search(request.body.decode("utf-8", "replace")):
            return False
        self.left -= 1
        return True


@dataclass
class System:
    """See the module; the fixture ``system`` builds one for each test.

    Attributes:
        simulator: GitHub; ``fake`` is what people act on.
        undelivered: GUIDs whose fate the ledger can not know any more, because it was emptied.
        canaries: more secrets that must not be seen anywhere, by name.
    """

    root: Path
    simulator: Simulator
    clock: MovedClock
    our_clock: OurClock
    redis: Redis
    runtime: Runtime
    dispatcher: Dispatcher
    metrics: MemoryMetrics
    log_stream: io.StringIO
    client: Any
    written: Callable[[], bytes]
    traps: list[Trap] = field(default_factory=list)
    undelivered: set[str] = field(default_factory=set)
    open_at_end: bool = False
    canaries: dict[str, str] = field(default_factory=dict)

    # GitHub and its people

    @property
    def fake(self) -> FakeGitHub:
        """The state of GitHub."""
        return self.simulator.fake

    def install(self, account: str = "acme", **options: Any) -> int:
        """An organisation with the App, what follows from it done."""
        if account.lower() not in self.fake.accounts:
            self.fake.create_organisation(account)
        installation = self.fake.install(account, **options)
        self.pump()
        return installation

    def create(
        self,
        name: str = "app",
        files: Mapping[str, Content] | None = None,
        owner: str = "acme",
        **options: Any,
    ) -> FakeRepository:
        """A repository, what follows from it done."""
        repository = self.fake.create_repository(
            owner, name, files=files or {"README.md": "# app\n"}, **options
        )
        self.pump()
        return repository

    def push(
        self, repository: FakeRepository, files: Mapping[str, Content], branch: str = "main", **options: Any
    ) -> str:
        """A pushed commit, what follows from it done."""
        sha = self.fake.push(repository, branch, files, **options)
        self.pump()
        return sha

    def propose(
        self, repository: FakeRepository, files: Mapping[str, Content], branch: str = "topic", **options: Any
    ) -> tuple[int, str]:
        """A pull request from a new branch; returns its number and head."""
        sha = self.fake.push(repository, branch, files)
        number = self.fake.open_pull_request(repository, branch, **options)
        self.pump()
        return number, sha

    def fault(self, *rules: Fault) -> None:
        """Let GitHub go wrong."""
        self.simulator.faults.add(*rules)

    def before(
        self,
        method: str,
        path: str,
        act: Callable[..., Any],
        *,
        body: str = "",
        times: int = 1,
    ) -> None:
        """Do something right before GitHub carries out the next such request."""

        def done(_request: Request) -> None:
            act()

        self.traps.append(Trap(method, re.compile(path), re.compile(body), done, times))

    def answer(
        self, method: str, path: str, response: Response, *, body: str = "", times: int = 1_000
    ) -> None:
        """Answer such requests by this instead of carrying them out."""
        self.traps.append(Trap(method, re.compile(path), re.compile(body), lambda _: response, times))

    def handle(self, request: Request) -> Response:
        """What stands before the fake's own ``handle``."""
        for trap in tuple(self.traps):
            if trap.springs(request):
                answer = trap.act(request)
                if answer is not None:
                    return answer
        response = type(self.fake).handle(self.fake, request)
        date = format_datetime(self.clock.now(), usegmt=True)
        return replace(response, headers={**response.headers, "Date": date})

    def be_impatient(self) -> None:
        """Give GitHub half a second for an answer."""
        self.runtime.github._transport.bounds = Bounds(read_s=0.5)  # type: ignore[attr-defined]

    def works(self) -> float:
        """How many works were done so far, whatever came of them."""
        return sum(count for key, count in self.metrics.counts.items() if key[0] == "work_total")

    # What people see

    def runs(self, repository: FakeRepository, sha: str, name: str = HEALTH) -> list[CheckRun]:
        """Our check runs on a commit, oldest first."""
        found = repository.check_runs.values()
        return [
            r for r in found if r.suite.app is self.fake.app and (r.suite.head_sha, r.name) == (sha, name)
        ]

    def run(self, repository: FakeRepository, sha: str, name: str = HEALTH) -> CheckRun:
        """The only check run of that name on a commit."""
        (run,) = self.runs(repository, sha, name)
        return run

    def issues(self, repository: FakeRepository) -> list[Issue]:
        """All our health issues of any state."""
        return [i for i in repository.issues.values() if i.body and is_ours(i.body) and not i.deleted]

    def issue(self, repository: FakeRepository) -> Issue:
        """The only health issue."""
        (issue,) = self.issues(repository)
        return issue

    def pages(self) -> list[str]:
        """All Markdown that we ever sent: bodies, summaries and texts."""
        found: list[str] = []
        for entry in self.simulator.journal.entries(kind="request"):
            body = entry.body if isinstance(entry.body, Mapping) else {}
            output = body.get("output")
            shown = output if isinstance(output, Mapping) else {}
            found += [text for text in (body.get("body"), shown.get("summary"), shown.get("text")) if text]
        return found

    def calls(self, method: str = "", path: str = "", *, since: int = 0) -> list[journal.Entry]:
        """Requests that arrived at GitHub since an entry of the journal."""
        entries = self.simulator.journal.entries(since=since, kind="request")
        return [e for e in entries if method in ("", e.method) and re.search(path, e.path)]

    def mark(self) -> int:
        """Where the journal stands, for ``calls(since=...)``."""
        return len(self.simulator.journal.entries())

    def heads_without_result(self) -> list[oracles.Violation]:
        """V3: heads that nobody has judged."""
        return oracles.heads_without_result(self.simulator.journal.entries(), HEALTH)

    # Time and work

    def pump(self) -> None:
        """Deliver, route and work until nothing is due now."""
        for _ in range(50):
            self.simulator.hooks.flush(10)
            routed = self.dispatcher.drain()
            begun = self.dispatcher.run_work(Lane.INTERACTIVE, "")
            waiting = 0 if self.paused else self.simulator.hooks.pending
            if not routed and not begun and not waiting and not self.runtime.ledger.due_deliveries():
                return
        raise AssertionError("the world does not come to rest: something asks for itself again and again")

    @property
    def paused(self) -> bool:
        """The simulator holds its deliveries back."""
        return self.simulator.hooks._paused

    def later(self, seconds: float) -> None:
        """Time passes, then everything that became due is done."""
        self.clock.advance(seconds)
        sweep_once(self.runtime)
        self.pump()

    def settle(self, *, within_s: float = 7_200) -> None:
        """Let time pass from date to date until no work waits for one."""
        ends = self.clock.now() + timedelta(seconds=within_s)
        self.later(0)
        while (due := self.next_due()) is not None:
            assert due < ends, f"work waits until {due.isoformat()}"
            self.later(max(0.0, (due - self.clock.now()).total_seconds()) + 1)

    def next_due(self) -> datetime | None:
        """When the next record that waits for a date is due, or a lease ends; None when nothing waits."""
        keys = ("pl:later", "pl:leases:w", "pl:leases:d")
        firsts = [first for key in keys for _, first in self.redis.zrange(key, 0, 0, withscores=True)]
        return datetime.fromtimestamp(min(firsts) / 1000, UTC) if firsts else None

    def waiting(self) -> list[str]:
        """The reasons for which work was put back."""
        ids = [
            id_.decode() for lane in Lane for id_ in self.redis.zrange(f"pl:open:w:{lane.value[0]}", 0, -1)
        ]
        records = [self.runtime.ledger.record(id_) for id_ in ids]
        return [record.error for record in records if record is not None]

    def submit(self, *items: Payload | Submission) -> None:
        """Submit work by hand and do it."""
        self.runtime.submit(items)
        self.pump()

    def submit_scan(self, repository: FakeRepository) -> None:
        """Scan a repository as the daily look does."""
        covering = self.fake.covering(repository)
        assert covering is not None
        self.submit(ScanRepository(installation_id=covering.id, repository_id=repository.id))

    def run_job(self, payload: Payload, *, attempt: int = 1) -> None:
        """Run a job beside the ledger, as a worker does that has lost its lease and does not know."""
        spec = next(s for s in self.runtime.registry.jobs.values() if s.payload is type(payload))
        claim = Claim("work", "by-hand", 1, attempt)
        spec.function(payload, Context(self.runtime, claim, AllowAll()))

    def flush_redis(self) -> None:
        """Lose everything that lies in Redis."""
        self.simulator.hooks.flush(10)
        self.undelivered = {
            str(entry.detail["guid"]) for entry in self.simulator.journal.entries(kind="delivery")
        }
        self.redis.flushall()

    # What must hold

    def log_text(self) -> str:
        """All that was logged."""
        return self.log_stream.getvalue()

    def logged(self, text: str) -> list[dict[str, Any]]:
        """The log lines whose event is this text."""
        lines = [json.loads(line) for line in self.log_text().splitlines()]
        return [line for line in lines if line["event"] == text]

    def secrets(self) -> dict[str, str]:
        """Every secret there is, by name."""
        pem = [line for line in private_key_pem().splitlines() if "-----" not in line]
        found = {"webhook secret": SECRET, "sealing key": SECRET_KEY, **self.canaries}
        found |= {f"line {n} of the private key": line for n, line in enumerate(pem) if len(line) > 20}
        for number, token in enumerate(self.fake.tokens):
            found[f"token {number}"] = token
            found[f"end of token {number}"] = token[-30:]
        return found

    def broken_promises(self) -> list[str]:
        """What the oracles find; nothing, if all is well."""
        entries = self.simulator.journal.entries()
        found = [*oracles.all_violations(entries), *oracles.published_secrets(entries, self.secrets())]
        told = [f"{violation.oracle}: {violation.text}" for violation in found]
        told += [f"V11: the key {key} has no lifetime" for key in self.keys_without_lifetime()]
        told += [f"V5: {text}" for text in self.leaks()]
        told += self.unfinished()
        return told

    def keys_without_lifetime(self) -> list[str]:
        """Keys of Redis that would stay for ever."""
        return [key.decode() for key in self.redis.scan_iter(count=1000) if self.redis.ttl(key) == -1]

    def leaks(self) -> list[str]:
        """Secrets in logs, in anything written to Redis, and in the database."""
        places = {"the log": self.log_text().encode(), "Redis": self.written()}
        places["a hint"] = b"".join(self._hints())
        for path in (self.root / "home").rglob("*"):
            if path.is_file():
                places[path.name] = path.read_bytes()
        secrets = {name: secret.encode() for name, secret in self.secrets().items()}
        told = [
            f"{name} in {place}" for place, text in places.items() for name, s in secrets.items() if s in text
        ]
        return told + [f"a JWT in {place}" for place, text in places.items() if _JWT.search(text)]

    def _hints(self) -> Iterator[bytes]:
        for key in self.redis.scan_iter("rq:job:*"):
            data = self.redis.hget(key, "data")
            if data:
                yield zlib.decompress(data)

    def unfinished(self) -> list[str]:
        """V1: deliveries that were accepted and are neither done nor parked nor wait for a date."""
        ledger, told = self.runtime.ledger, []
        stats = ledger.stats()
        if stats.leased_work or stats.leased_deliveries:
            told.append(f"V1: {stats.leased_work} works, {stats.leased_deliveries} deliveries still leased")
        if not self.open_at_end and not self.next_due() and sum(stats.open_work.values()):
            told.append(f"V1: open work that nothing will make due: {self.waiting()}")
        hook = self.simulator.hooks.hook.id
        for entry in self.simulator.journal.entries(kind="delivery"):
            guid = str(entry.detail["guid"])
            if entry.detail["outcome"] != "sent" or guid in self.undelivered or self.open_at_end:
                continue
            record = ledger.record(f"{hook}:{guid}")
            if record is None or record.state not in (State.DONE, State.PARKED):
                told.append(f"V1: delivery {guid} ({entry.detail['event']}) was accepted and is {record}")
        return told


@contextmanager
def running(
    root: Path,
    client: Redis,
    written: Callable[[], bytes],
    registry: Registry,
    validator: Validator | None,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[System]:
    """Build a system over ``root``, whose ``home`` has a database, and stop all that runs in it."""
    clock = MovedClock()
    our_clock = OurClock(clock)
    told = SimpleNamespace(time=clock.timestamp, monotonic=time.monotonic, sleep=time.sleep)
    for module in (server, journal, hooks):
        monkeypatch.setattr(module, "time", told)
    monkeypatch.setitem(faults.answer.__kwdefaults__, "now", clock.timestamp)
    monkeypatch.setattr(ledger_module, "load", lambda *a: MovedScript(scripts.load(*a), clock))
    monkeypatch.setattr(tokens, "_load", load_key_once)
    with ExitStack() as stack:
        repositories = root / "github" / "repositories"
        repositories.mkdir(parents=True)
        fake = FakeGitHub(repositories, clock=clock)
        simulator = stack.enter_context(
            Simulator(root / "github", webhook_secret=SECRET, validator=validator, fake=fake)
        )
        settings = Settings(
            home=root / "home",
            github_url=f"{simulator.base_url}/api/v3",
            app_id=fake.app.id,
            private_key=fake.app_private_key_pem,
            webhook_secrets=(SECRET,),
            secret_keys=(SECRET_KEY,),
        )
        stream = io.StringIO()
        log.configure(stream=stream, process="system", secrets=(SECRET, SECRET_KEY, fake.app_private_key_pem))
        metrics = MemoryMetrics()
        ledger, queue = MovedLedger(client, clock, jitter=lambda: 0.0), RqQueue(client)
        store = open_store(settings, clock=our_clock)
        runtime = Runtime(
            registry=registry,
            settings=settings,
            ledger=ledger,
            queue=queue,
            store=store,
            github=github.build(
                settings,
                ledger=ledger,
                clock=our_clock,
                metrics=metrics,
                cache=github.RedisCache(client),
                sleep=clock.advance,
            ),
            auditor=Zizmor(store),
            licences=Licences(),
            clock=our_clock,
            metrics=metrics,
        )
        dispatcher = Dispatcher(runtime, slice_s=120)
        stack.callback(dispatcher.close, 5.0)
        hinter = Hinter(ledger, queue, metrics)
        stack.callback(hinter.stop)
        receiver = Receiver(
            ledger=ledger,
            hint=hinter.notify,
            metrics=metrics,
            lanes=registry.lanes,
            secrets=settings.webhook_secrets,
            app_id=settings.app_id,
        )
        app = create_app(receiver, Readiness(ledger.ping))
        web = make_server("127.0.0.1", 0, app, threaded=True)
        thread = threading.Thread(target=web.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        stack.callback(thread.join)
        stack.callback(web.server_close)
        stack.callback(web.shutdown)
        simulator.hooks.configure(url=f"http://127.0.0.1:{web.server_port}/webhook")
        system = System(
            root,
            simulator,
            clock,
            our_clock,
            client,
            runtime,
            dispatcher,
            metrics,
            stream,
            app.test_client(),
            written,
        )
        monkeypatch.setattr(fake, "handle", system.handle, raising=False)
        yield system
