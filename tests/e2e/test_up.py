"""``plumbline up`` on a laptop with nothing but Python and git, against a GitHub elsewhere."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import requests

from bot.simulator.client import Client, SimulatorProcess
from bot.simulator.journal import check_runs
from tests.e2e.conftest import processes_of
from tests.e2e.world import PLUMBLINE, SECRET, Program, end, eventually, free_port

AT_ONCE_S = 10
"""Far below the time that running work is given to end."""


@pytest.fixture(scope="module")
def port() -> int:
    """Where deliveries shall go."""
    return free_port()


@pytest.fixture(scope="module")
def github(tmp_path_factory: pytest.TempPathFactory, port: int) -> Iterator[Client]:
    """A simulator that delivers there."""
    options = ("--webhook-url", f"http://127.0.0.1:{port}/webhook", "--webhook-secret", SECRET)
    with SimulatorProcess(tmp_path_factory.mktemp("github"), *options) as client:
        yield client


@pytest.fixture
def environment(tmp_path: Path, github: Client, port: int) -> dict[str, str]:
    """Credentials and ports: no Redis, no database."""
    information = github.information()
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    return {
        **{k: v for k, v in os.environ.items() if k in ("PATH", "LANG") or k.startswith("COVERAGE_")},
        "HOME": str(tmp_path),
        "TMPDIR": str(temporary),
        "PLUMBLINE_GITHUB_URL": information["base_url"],
        "PLUMBLINE_APP_ID": str(information["app_id"]),
        "PLUMBLINE_PRIVATE_KEY_FILE": information["key_path"],
        "PLUMBLINE_WEBHOOK_SECRET": SECRET,
        "PORT": str(port),
        "PLUMBLINE_METRICS_PORT": str(free_port()),
    }


@pytest.mark.parametrize("registered", [True, False], ids=["registered", "set-up"])
@pytest.mark.parametrize("after_s", [0.5, 1.0, 1.5, 2.0])
def test_ctrl_c_while_it_starts_stops_it_at_once(
    tmp_path: Path, environment: dict[str, str], registered: bool, after_s: float
) -> None:
    """Whatever of it runs already. Nobody has begun anything that would have to be finished."""
    env = environment if registered else _unregistered(environment)
    with (tmp_path / "log").open("wb") as log:
        up = subprocess.Popen([PLUMBLINE, "up"], env=env, stdout=log, stderr=log, start_new_session=True)
    time.sleep(after_s)
    children = psutil.Process(up.pid).children(recursive=True)
    try:
        os.killpg(up.pid, signal.SIGINT)

        # Before its first lines of code ran, Python itself ends by the signal and shows where it was.
        assert up.wait(AT_ONCE_S) in (0, 130, -signal.SIGINT)
        told = (tmp_path / "log").read_text()
        assert "starting" not in told or "Traceback" not in told
        _, alive = psutil.wait_procs(children, timeout=2)
        assert alive == []
    finally:
        end([Program("up", [], {}, tmp_path / "log", up)], grace_s=0)


@pytest.mark.parametrize(
    ("registered", "said"),
    [
        pytest.param(True, "up; Ctrl-C stops it", id="registered"),
        pytest.param(False, "/setup\n", id="set-up"),
    ],
)
def test_an_address_is_printed_when_it_answers(
    tmp_path: Path, environment: dict[str, str], port: int, registered: bool, said: str
) -> None:
    """Who opens it at that moment sees a page."""
    env = environment if registered else _unregistered(environment)
    with (tmp_path / "log").open("wb") as log:
        up = subprocess.Popen([PLUMBLINE, "up"], env=env, stdout=log, stderr=log, start_new_session=True)
    try:
        eventually(lambda: said in (tmp_path / "log").read_text(), within_s=90, what="the address is printed")

        assert requests.get(f"http://127.0.0.1:{port}/healthz", timeout=5).status_code == 200
        assert f"http://127.0.0.1:{port}/" in (tmp_path / "log").read_text()
    finally:
        os.killpg(up.pid, signal.SIGINT)
        up.wait(40)


def _unregistered(environment: dict[str, str]) -> dict[str, str]:
    credentials = ("PLUMBLINE_APP_ID", "PLUMBLINE_PRIVATE_KEY_FILE", "PLUMBLINE_WEBHOOK_SECRET")
    return {name: value for name, value in environment.items() if name not in credentials}


def test_up_answers_a_push_and_leaves_no_process(
    tmp_path: Path, github: Client, environment: dict[str, str], port: int
) -> None:
    with (tmp_path / "log").open("wb") as log:
        up = subprocess.Popen(
            [PLUMBLINE, "up"], env=environment, stdout=log, stderr=log, start_new_session=True
        )

    def healthy() -> bool:
        assert up.poll() is None, (tmp_path / "log").read_text()
        try:
            return requests.get(f"http://127.0.0.1:{port}/healthz", timeout=5).status_code == 200
        except requests.ConnectionError:
            return False

    try:
        eventually(healthy, within_s=90, what="`plumbline up` answers")
        github.act("create_organisation", login="acme")
        github.act("install", account="acme")
        made = github.act("create_repository", owner="acme", name="app", files={"README.md": "x"})
        sha = github.act("push", which=made["id"], branch="main", files={"a": "b"}, message="x")
        eventually(
            lambda: any(run.head_sha == sha and run.conclusion for run in check_runs(github.journal())),
            within_s=45,
            what="a check run on the pushed commit",
        )
        github.quiet(idle_s=1, timeout_s=20)
        assert github.violations() == []
        children = psutil.Process(up.pid).children(recursive=True)
        assert len(children) >= 5

        # The terminal sends Ctrl-C to the whole group.
        os.killpg(up.pid, signal.SIGINT)

        assert up.wait(40) == 0
    finally:
        if up.poll() is None:
            os.killpg(up.pid, signal.SIGKILL)
            up.wait()
    told = (tmp_path / "log").read_text()
    assert "no process is left" in told
    assert "Traceback" not in told
    _, alive = psutil.wait_procs(children, timeout=2)
    assert alive == []
    eventually(
        lambda: not [p for p in processes_of(tmp_path / "tmp") if p.pid != os.getpid()],
        within_s=5,
        what="nobody of ours is left",
    )
    assert list((tmp_path / "tmp").iterdir()) == []
