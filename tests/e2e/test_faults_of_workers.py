"""Workers that are killed, stopped or asked to end at every step of their work.

The deaths all happen in one scene, so that their leases (60 s, as in production) end together.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import psutil
import pytest

from tests.e2e.acme import Acme
from tests.e2e.proxy import Proxy, script
from tests.e2e.world import World, eventually

pytestmark = pytest.mark.fault

WORKERS = 4
RECOVERY_S = 120
"""KB3: from the death of a machine to the end of its work on an idle fleet."""
LEASE_S = 60


@pytest.fixture(scope="module")
def options() -> dict[str, Any]:
    """Each worker dies another death."""
    return {"workers": WORKERS}


@contextlib.contextmanager
def alone(world: World, number: int) -> Iterator[psutil.Process]:
    """Start this worker while no other runs; gives its working process. None is started afterwards."""
    program = world.programs[f"worker{number}"]
    before = program.log.read_text().count("worker process started")

    def ready() -> psutil.Process | None:
        told = program.log.read_text().count("worker process started")
        family = program.family()
        return family[1] if len(family) == 2 and told > before else None

    program.held = False
    try:
        yield eventually(ready, within_s=30, what=f"worker{number} waits for hints")
    finally:
        program.held = True


@dataclass
class Scene:
    """What was under way when its worker died.

    Args:
        deaths: how it died -> repository and commit.
    """

    deaths: dict[str, tuple[int, str]] = field(default_factory=dict)
    orphan_lived_s: float = 0.0
    forced_end_s: float = 0.0
    over_at: float = 0.0


@pytest.fixture(scope="module")
def scene(world: World, _acme: Acme) -> Iterator[Scene]:
    """All deaths, one after the other; afterwards one worker lives, idle."""
    acme, scene = _acme, Scene()
    places = iter(acme.repositories(8))
    for number in range(WORKERS):
        world.programs[f"worker{number}"].held = True
        world.kill(f"worker{number}")
    proxies = [Proxy(world.redis_socket.with_name(f"w{n}.sock"), world.redis_socket) for n in range(3)]
    for number, proxy in enumerate(proxies):
        world.programs[f"worker{number}"].env["REDIS_URL"] = proxy.url

    def push(death: str, *, applied: bool | None = None) -> None:
        """A commit whose check run is held before or after it is made, or which is not held."""
        which = next(places)
        name = "" if applied is None else acme.hold(which, applied=applied)
        scene.deaths[death] = (which, acme.push(which))
        if name:
            acme.held(name)

    try:
        with alone(world, 0):
            push("killed before the write", applied=False)
            push("killed after the write", applied=True)
            proxies[0].stop_before(script("complete_work"))
            push("killed before completing")
            assert proxies[0].stopped.wait(20)
            world.programs["worker0"].held = True
            world.kill("worker0", whole=False, pick=1)
            world.kill("worker0")
        with alone(world, 1) as child:
            push("its parent killed", applied=True)
            proxies[1].stop_after(script("claim_work"))
            push("killed after claiming")
            assert proxies[1].stopped.wait(20)
            world.programs["worker1"].held = True
            killed = time.monotonic()
            world.kill("worker1", whole=False, pick=0)
            psutil.wait_procs([child], timeout=20)
            scene.orphan_lived_s = time.monotonic() - killed
        with alone(world, 2):
            push("its machine gone", applied=False)
            proxies[2].stop_after(b"BLPOP")
            push("killed with a hint in its hand")
            assert proxies[2].stopped.wait(20)
            world.programs["worker2"].held = True
            world.kill("worker2")
        with alone(world, 3) as child:
            push("told twice to end", applied=True)
            asked = time.monotonic()
            for _ in range(2):
                for process in world.programs["worker3"].family():
                    with contextlib.suppress(psutil.NoSuchProcess):
                        process.terminate()
                # RQ takes two signals within a second for one.
                time.sleep(1.1)
            psutil.wait_procs([child], timeout=20)
            scene.forced_end_s = time.monotonic() - asked
        scene.over_at = time.monotonic()
        world.programs["worker3"].held = False
        yield scene
    finally:
        for number, proxy in enumerate(proxies):
            world.programs[f"worker{number}"].env["REDIS_URL"] = world.redis_url
            proxy.close()
        for number in range(WORKERS):
            world.programs[f"worker{number}"].held = False


def ends_once(acme: Acme, scene: Scene, death: str) -> float:
    """The commit gets its one check run after all; seconds since the last death."""
    which, sha = scene.deaths[death]
    acme.reported(which, sha, within_s=max(1.0, scene.over_at + RECOVERY_S - time.monotonic()))
    return time.monotonic() - scene.over_at


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "death",
    [
        "killed with a hint in its hand",
        "killed after claiming",
        "killed before the write",
        "killed after the write",
        "killed before completing",
    ],
)
def test_kb1_a_worker_killed_at_any_step_finishes_once(acme: Acme, scene: Scene, death: str) -> None:
    assert ends_once(acme, scene, death) < LEASE_S + 30


@pytest.mark.timeout(300)
def test_kb3_an_idle_fleet_takes_over_from_a_machine_that_vanished(acme: Acme, scene: Scene) -> None:
    assert ends_once(acme, scene, "its machine gone") < RECOVERY_S


@pytest.mark.timeout(300)
def test_kb4_a_worker_ends_with_its_parent(acme: Acme, scene: Scene) -> None:
    assert scene.orphan_lived_s < 5
    ends_once(acme, scene, "its parent killed")


@pytest.mark.timeout(300)
def test_kb7_a_worker_that_is_told_twice_ends_and_its_work_resumes_once(acme: Acme, scene: Scene) -> None:
    assert scene.forced_end_s < 5
    ends_once(acme, scene, "told twice to end")


def test_kb7_a_worker_that_is_told_once_finishes_what_it_began(acme: Acme, scene: Scene) -> None:
    """The whole group is told, as systemd does."""
    world = acme.world
    which = acme.repository()
    world.settle(within_s=120)
    for number in range(WORKERS - 1):
        world.programs[f"worker{number}"].held = True
        world.kill(f"worker{number}")
    name = acme.hold(which, applied=True, delay_s=3)
    sha = acme.push(which)
    acme.held(name)
    family = world.programs["worker3"].family()
    for process in family:
        process.terminate()
    _, alive = psutil.wait_procs(family, timeout=20)

    assert alive == []
    acme.reported(which, sha)
    world.settle()
    assert len([e for e in acme.requests(which) if e.body["head_sha"] == sha]) == 1
