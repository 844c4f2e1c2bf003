"""KB8: deliveries and works that kill whoever touches them.

The killer is a plug-in as anybody could install it: a package with an entry point. Each of its
victims leaves a lease to run out, so leases are short here.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.acme import Acme
from tests.e2e.conftest import shortened
from tests.e2e.world import eventually

pytestmark = pytest.mark.fault

PLUGIN = '''
"""Kills its process for issues of a certain title, while a certain file exists."""

import os
import signal
from pathlib import Path

from bot.spec import Payload, job, on

ARMED = Path(__file__).with_name("armed")


def die():
    if ARMED.exists():
        os.kill(os.getpid(), signal.SIGKILL)


class KillJob(Payload):
    number: int

    @property
    def key(self):
        return f"kill:{self.number}"


@job("kill-job", payload=KillJob)
def kill_job(payload, context):
    die()


@on("issues", actions=("opened",))
def poisoned(event):
    title = event.payload["issue"]["title"]
    if title == "kill the handler":
        die()
    if title == "kill the job":
        return [KillJob(installation_id=event.installation_id, number=event.payload["issue"]["number"])]
    return []
'''


@pytest.fixture(scope="module")
def armed(root: Path) -> Path:
    """Install the plug-in; while this file exists it kills."""
    place = root / "plugins"
    information = place / "plumbline_poison-1.dist-info"
    information.mkdir(parents=True)
    (place / "plumbline_poison.py").write_text(PLUGIN)
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: plumbline-poison\nVersion: 1\n")
    (information / "entry_points.txt").write_text("[plumbline.plugins]\npoison = plumbline_poison\n")
    (place / "armed").touch()
    return place / "armed"


@pytest.fixture(scope="module")
def options(armed: Path) -> dict[str, Any]:
    """The plug-in is on the path of every process."""
    return {"settings": shortened(armed.parent, lease_s=4, backoff_s=0.2)}


def parked(acme: Acme) -> list[dict[str, Any]]:
    """What is set aside, as an operator sees it."""
    listed: list[dict[str, Any]] = json.loads(acme.world.run("parked", "list", "--json").stdout)
    return listed


def until_parked(acme: Acme, condition: Callable[[list[dict[str, Any]]], bool]) -> list[dict[str, Any]]:
    """The list once it meets the condition."""
    found: list[dict[str, Any]] = eventually(
        lambda: condition(listed := parked(acme)) and listed, within_s=150, what="records are parked"
    )
    return found


@pytest.mark.timeout(240)
def test_kb8_poison_is_parked_after_its_attempts_and_hurts_nobody_else(acme: Acme, armed: Path) -> None:
    """Five deaths each; what others push meanwhile is answered as ever."""
    which = acme.repository()
    for title in ("kill the handler", "kill the job", "harmless"):
        acme.act("open_issue", which=which, title=title)
    for _ in range(3):
        acme.reported(which, acme.push(which), within_s=60)

    listed = until_parked(acme, lambda records: len(records) == 2)

    by_kind = {record["kind"]: record for record in listed}
    assert set(by_kind) == {"delivery", "work"}
    assert (by_kind["delivery"]["name"], by_kind["work"]["name"]) == ("issues", "kill-job")
    assert {record["attempts"] for record in listed} == {5}
    starts = sum(acme.world.programs[f"worker{n}"].log.read_text().count("a process ended") for n in range(2))
    assert starts >= 10, "each attempt cost a process"


def test_kb8_parked_records_can_be_looked_at_replayed_and_dropped(acme: Acme, armed: Path) -> None:
    world = acme.world
    records = {record["kind"]: record["id"] for record in parked(acme)}
    shown = json.loads(world.run("parked", "show", records["delivery"], "--json").stdout)
    assert json.loads(shown["payload"])["issue"]["title"] == "kill the handler"
    assert "lease" in shown["error"] or "worker" in shown["error"], shown["error"]
    assert records["work"] in world.run("parked", "list").stdout

    assert "given up" in world.run("parked", "drop", records["work"]).stdout
    refused = world.run("parked", "replay", records["work"], check=False)
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)

    armed.unlink()
    assert "open again" in world.run("parked", "replay", records["delivery"]).stdout
    world.settle()
    assert parked(acme) == []
    assert world.run("parked", "list").stdout == "nothing is parked\n"
    state = json.loads(world.run("parked", "show", records["delivery"], "--json").stdout)["state"]
    assert state == "done"
