"""KB13: a machine whose clock is ten minutes off works beside the others and harms nothing.

The clock is moved by a library that is loaded before libc; it needs a C compiler and Linux.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.acme import Acme
from tests.e2e.world import eventually

pytestmark = [
    pytest.mark.fault,
    pytest.mark.skipif(not shutil.which("cc"), reason="no C compiler to build the shifted clock with"),
    pytest.mark.skipif(sys.platform != "linux", reason="LD_PRELOAD is Linux's"),
]

SHIFTED = r"""
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static long shift(void) { const char *text = getenv("CLOCK_SHIFT_S"); return text ? atol(text) : 0; }

int clock_gettime(clockid_t id, struct timespec *at) {
    long failed = syscall(SYS_clock_gettime, id, at);
    if (!failed && id == CLOCK_REALTIME) at->tv_sec += shift();
    return (int)failed;
}

int gettimeofday(struct timeval *restrict at, void *restrict zone) {
    struct timespec now;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &now);
    at->tv_sec = now.tv_sec;
    at->tv_usec = now.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *at) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (at) *at = now.tv_sec;
    return now.tv_sec;
}
"""

SCHEDULE_S = 300
"""How often the gap healer runs."""


@pytest.fixture(scope="module")
def library(root: Path) -> Path:
    """The shifted clock."""
    source, built = root / "shifted.c", root / "shifted.so"
    source.write_text(SHIFTED)
    subprocess.run(["cc", "-shared", "-fPIC", "-o", str(built), str(source)], check=True)
    return built


@pytest.fixture(scope="module")
def options() -> dict[str, Any]:
    """A healthy worker, one with a wrong clock, and two clocks."""
    return {"workers": 2, "clocks": 2}


@pytest.mark.parametrize("shift_s", [600, -600])
def test_kb13_a_wrong_clock_steals_nothing_and_schedules_nothing(
    acme: Acme, library: Path, shift_s: int
) -> None:
    """While a healthy worker holds a work, the wrong one sweeps, schedules and waits for hints."""
    world = acme.world
    which, other = acme.repository(), acme.repository()
    world.settle()
    wrong = ("worker1", "clock0")
    for name in wrong:
        world.programs[name].env |= {"LD_PRELOAD": str(library), "CLOCK_SHIFT_S": str(shift_s)}
        world.programs[name].held = True
        world.kill(name)
    looks = [e for e in world.journal() if e.path == "/app/hook/deliveries"]
    began = time.time()
    hold = acme.hold(which, applied=True, delay_s=6)
    sha = acme.push(which)
    acme.held(hold)
    for name in wrong:
        log = world.programs[name].log
        before = log.read_text().count(" started")
        world.programs[name].held = False
        eventually(
            lambda log=log, before=before: log.read_text().count(" started") > before,
            within_s=20,
            what=f"{name} runs with a wrong clock",
        )
        told = datetime.fromisoformat(json.loads(log.read_text().splitlines()[-1])["timestamp"])
        assert abs(told.timestamp() - time.time() - shift_s) < 60, "its clock was not moved"

    acme.reported(which, sha)
    world.settle()
    assert len([e for e in acme.requests(which) if e.body["head_sha"] == sha]) == 1
    # All by itself it does what it can, with tokens that its clock does not judge.
    world.programs["worker0"].held = True
    world.kill("worker0")
    try:
        acme.reported(other, acme.push(other))
    finally:
        world.programs["worker0"].held = False
    fresh = [e for e in world.journal() if e.path == "/app/hook/deliveries"][len(looks) :]
    ticks = int(time.time()) // SCHEDULE_S - int(began) // SCHEDULE_S
    assert len({e.seq for e in fresh if "cursor" not in e.query}) <= ticks
