"""Redis dies and stays away; what was accepted is not lost.

What waits for a long time has a module of its own, so that other tests run meanwhile.
"""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import pytest

from bot.simulator.journal import Entry
from tests.e2e.acme import BACK_S, Acme
from tests.e2e.conftest import shortened
from tests.e2e.world import World, eventually

pytestmark = pytest.mark.fault


@pytest.fixture(scope="module")
def options(root: Path) -> dict[str, Any]:
    """Leases outlast a request to GitHub, and not much more."""
    return {"settings": shortened(root / "settings", lease_s=20)}


def accepted(world: World, pushes: dict[str, int]) -> set[str]:
    """Commits whose push was answered with 2xx."""
    entries = world.journal()
    guid = {e.detail["guid"]: e.detail["after"] for e in entries if e.detail.get("after") in pushes}

    def good(e: Entry) -> bool:
        return e.kind == "delivery" and e.detail.get("guid") in guid and 200 <= (e.status or 0) < 300

    return {guid[e.detail["guid"]] for e in entries if good(e)}


def test_kc1_what_was_accepted_survives_five_kills_under_load(acme: Acme) -> None:
    """Nothing is healed here: the ledger alone must know what it said yes to."""
    world = acme.world
    places = acme.repositories(4)
    pushes: dict[str, int] = {}
    last: dict[int, str] = {}
    stop = threading.Event()

    def load() -> None:
        while not stop.is_set():
            for which in places:
                sha = acme.push(which)
                pushes[sha], last[which] = which, sha
            stop.wait(0.1)

    person = threading.Thread(target=load)
    person.start()
    try:
        for _ in range(5):
            world.kill("redis")
            assert not stop.wait(1.2)
    finally:
        stop.set()
        person.join()
    eventually(world.ready, within_s=BACK_S, what="the receiver is ready again")
    world.github.quiet(idle_s=0.5, timeout_s=5)

    taken = accepted(world, pushes)
    assert len(pushes) > 20
    assert len(taken) < len(pushes), "Redis was never away"
    heads = {sha: which for which, sha in last.items() if sha in taken}
    for sha, which in heads.items():
        acme.reported(which, sha, within_s=90)
    world.settle(within_s=90)
    # What was refused is no loss either, once somebody asks GitHub.
    world.run("job", "heal-gaps")
    for which, sha in last.items():
        acme.reported(which, sha, within_s=60)


@pytest.mark.parametrize("away_s", [1, 6])
def test_kc2_all_come_back_by_themselves_when_redis_does(acme: Acme, away_s: int) -> None:
    which = acme.repository()
    acme.world.settle()
    with acme.world.without("redis"):
        # Time itself is the fault here.
        time.sleep(away_s)
    acme.works_again(which)
