"""Redis dies at the worst moment and stays away; what was done is not done a second time."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.acme import Acme
from tests.e2e.conftest import shortened


@pytest.fixture(scope="module")
def options(root: Path) -> dict[str, Any]:
    """Leases outlast a request to GitHub, and not much more."""
    return {"settings": shortened(root / "settings", lease_s=20)}


@pytest.mark.fault
@pytest.mark.timeout(240)
def test_kc2_kc3_redis_dies_at_the_moment_of_the_effect_and_stays_away(acme: Acme) -> None:
    """Thirty seconds, in which the job ends and can not say so: it is done again, and seen once."""
    world = acme.world
    which, other = acme.repositories(2)
    starts = {name: program.starts for name, program in world.programs.items() if name != "redis"}
    hold = acme.hold(which, applied=True, delay_s=2)
    sha = acme.push(which)
    acme.held(hold)
    with world.without("redis"):
        time.sleep(30)
        assert world.status("/readyz") == 503
    acme.works_again(other)
    assert starts == {name: world.programs[name].starts for name in starts}, "one of them had died"

    world.settle(within_s=120)
    acme.reported(which, sha)
    assert len([e for e in acme.requests(which) if e.body["head_sha"] == sha]) == 1
    looks = [
        e for e in world.journal() if e.method == "GET" and e.path.endswith(f"/commits/{sha}/check-runs")
    ]
    assert len(looks) >= 2, "the work was done again, and looked before it wrote"
