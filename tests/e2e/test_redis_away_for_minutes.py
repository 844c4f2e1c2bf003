"""Redis stays away for longer than anything waits between two attempts to reach it."""

from __future__ import annotations

import time

import pytest

from tests.e2e.acme import Acme

AWAY_S = 120


@pytest.mark.fault
@pytest.mark.timeout(300)
def test_kc2_all_come_back_by_themselves_when_redis_does(acme: Acme) -> None:
    which = acme.repository()
    acme.world.settle()
    with acme.world.without("redis"):
        # Time itself is the fault here.
        time.sleep(AWAY_S)
    acme.works_again(which)
