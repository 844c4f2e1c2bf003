"""Deliveries that meet a receiver or a Redis that is away, and come to their effect once all the same."""

from __future__ import annotations

import signal
import threading
import time
import uuid
from typing import Any

import pytest
import requests

from bot.adapters.ledger import RedisLedger
from bot.adapters.redis_client import connect
from bot.simulator.hooks import Hook, delivery_headers, payload_bytes
from bot.simulator.journal import Entry
from bot.testing.http import Emission
from tests.e2e.acme import Acme
from tests.e2e.proxy import Proxy
from tests.e2e.world import SECRET, World, eventually

pytestmark = pytest.mark.fault


@pytest.fixture(scope="module")
def options() -> dict[str, Any]:
    """One worker is enough."""
    return {"workers": 1}


def deliveries(world: World, sha: str) -> list[Entry]:
    """Attempts to deliver the push of a commit."""
    entries = world.journal()
    guids = {e.detail["guid"] for e in entries if e.kind == "event" and e.detail.get("after") == sha}
    return [e for e in entries if e.kind == "delivery" and e.detail.get("guid") in guids]


def delivered(world: World, sha: str) -> Entry:
    """The first attempt to deliver a push, once it has ended."""
    found: list[Entry] = eventually(
        lambda: deliveries(world, sha), within_s=15, what="an attempt to deliver the push"
    )
    return found[0]


def post(world: World, event: str = "ping") -> tuple[int, float]:
    """Deliver something signed; status and seconds."""
    hook = Hook(world.webhook_url, SECRET, 1, world.github.information()["app_id"])
    emission = Emission(str(uuid.uuid4()), event, "", None, None, {"zen": "x"})
    body = payload_bytes(emission.payload)
    began = time.monotonic()
    answer = requests.post(hook.url, body, headers=delivery_headers(hook, emission, body), timeout=10)
    return answer.status_code, time.monotonic() - began


def redeliver(world: World, guid: str) -> None:
    """A person presses ``Redeliver``."""
    logged = [d for d in world.github.deliveries() if d["guid"] == guid]
    world.github.call("POST", "/redeliver", {"id": logged[0]["id"]})


def test_ka8_killed_between_record_and_answer_then_delivered_again(acme: Acme) -> None:
    """GitHub sees a failure although the record is written: the second time changes nothing."""
    world = acme.world
    which = acme.repository()
    world.settle()
    proxy = Proxy(world.redis_socket.with_name("web.sock"), world.redis_socket)
    web = world.programs["web"]
    try:
        web.env["REDIS_URL"] = proxy.url
        world.kill("web")
        eventually(world.ready, within_s=20, what="the receiver is ready behind the proxy")
        proxy.stop_after(b'"ref":"refs/heads/main"')
        sha = acme.push(which)
        assert proxy.stopped.wait(10)
        world.kill("web")
        attempt = delivered(world, sha)
        assert attempt.status is None, "an answer came although the receiver was killed before it"
    finally:
        web.env["REDIS_URL"] = world.redis_url
        world.kill("web")
        proxy.close()
    eventually(world.ready, within_s=20, what="the receiver is ready again")

    acme.reported(which, sha)
    redeliver(world, attempt.detail["guid"])
    eventually(lambda: len(deliveries(world, sha)) == 2, within_s=10, what="the redelivery")
    world.settle()

    assert deliveries(world, sha)[1].status == 202
    acme.reported(which, sha)
    assert len(acme.requests(which)) == 2, "one check run for each of two commits"


def test_ka9_redis_hung_is_503_within_two_seconds_and_healed(acme: Acme) -> None:
    world = acme.world
    which = acme.repository()
    world.settle()
    world.kill("redis", number=signal.SIGSTOP)
    try:
        status, took = post(world)
        assert (status, took < 2.2) == (503, True)
        assert world.status("/readyz") == 503
        assert world.status("/healthz") == 200
        sha = acme.push(which)
        assert delivered(world, sha).status == 503
    finally:
        world.kill("redis", number=signal.SIGCONT)
    eventually(world.ready, within_s=10, what="the receiver is ready again")

    world.run("job", "heal-gaps")
    acme.reported(which, sha)
    world.settle()
    assert len(acme.requests(which)) == 2


def test_ka9_redis_away_is_503_and_healed(acme: Acme) -> None:
    world = acme.world
    which = acme.repository()
    world.settle()
    with world.without("redis"):
        sha = acme.push(which)
        attempt = delivered(world, sha)
        assert attempt.status == 503
        assert attempt.duration_s < 2.2
        assert world.status("/readyz") == 503
    eventually(world.ready, within_s=10, what="the receiver is ready again")
    assert acme.runs(which, sha) == [], "nobody has told us of this commit yet"

    world.run("job", "heal-gaps")
    acme.reported(which, sha)


def test_ka10_what_a_dead_receiver_missed_is_found_once_by_two_healers(acme: Acme) -> None:
    """Pushes are found by looking, wishes of people by delivering them again."""
    world = acme.world
    which = acme.repository()
    number, head = acme.propose(which, {"x.txt": "x"})
    first = acme.reported(which, head)
    world.settle()
    with world.without("web"):
        sha = acme.push(which)
        newer = acme.push(which, {"x.txt": "y"}, "topic")
        acme.act("rerequest_check_run", check_run_id=first.id)
        fresh = acme.act("create_repository", owner="acme", name="fresh", files={"README.md": "x"})
        group = acme.act("add_to_merge_queue", which=which, number=number)
        assert world.github.quiet(idle_s=0.5, timeout_s=10)
        assert delivered(world, sha).status is None
    eventually(world.ready, within_s=20, what="the receiver is ready again")

    healers = [threading.Thread(target=world.run, args=("job", "heal-gaps")) for _ in range(2)]
    for healer in healers:
        healer.start()
    for healer in healers:
        healer.join()

    for commit in (sha, newer, group):
        acme.reported(which, commit)
    acme.reported(fresh["id"], fresh["head"])
    world.settle()
    # The wish was for a commit that is no head any more, so nothing is judged again for it.
    acme.reported(which, head)
    told = [e for e in world.journal() if e.kind == "delivery" and e.detail["redelivery"]]
    assert len({e.detail["guid"] for e in told if e.status == 202}) >= 2, "the wish and the queue"


def test_an_accepted_delivery_is_in_the_ledger(acme: Acme) -> None:
    """V2: no 2xx unless the record is there, which the ledger itself can tell."""
    world = acme.world
    sha = acme.push(acme.repository())
    attempt = delivered(world, sha)
    assert attempt.status == 202
    hook = world.github.information()["webhook"]["hook_id"]
    client = connect(world.redis_url)
    try:
        record = RedisLedger(client).record(f"{hook}:{attempt.detail['guid']}")
    finally:
        client.close()
    assert record is not None
