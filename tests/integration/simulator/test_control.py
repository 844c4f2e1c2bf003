"""The control plane, in this process and in another one."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import requests

from bot.simulator.__main__ import main
from bot.simulator.client import Client, ControlFailed, SimulatorProcess
from bot.simulator.faults import Fault, FaultKind
from bot.simulator.hooks import HookFaults
from bot.simulator.server import Simulator

if TYPE_CHECKING:
    from tests.integration.simulator.conftest import Receiver


@pytest.fixture
def client(simulator: Simulator) -> Iterator[Client]:
    """Steers the simulator by HTTP."""
    return Client(simulator.base_url)


def test_tells_where_everything_is(client: Client, simulator: Simulator, receiver: Receiver) -> None:
    """What a test needs to configure the App."""
    told = client.information()
    assert told["app_id"] == simulator.fake.app.id
    assert Path(told["key_path"]).read_text().startswith("-----BEGIN RSA PRIVATE KEY-----")
    assert Path(told["key_path"]).stat().st_mode & 0o077 == 0
    assert told["webhook"]["url"] == receiver.url


def test_people_act(client: Client, simulator: Simulator, receiver: Receiver) -> None:
    """Each act causes its events and stands in the journal."""
    sha = client.act("push", which="acme/rocket", branch="topic", files={"a": "b", "l": {"symlink": "a"}})
    number = client.act("open_pull_request", which="acme/rocket", head="topic", title="A topic")
    client.act("comment", which="acme/rocket", number=number, body="/plumbline recheck")
    made = client.act("create_repository", owner="acme", name="second", files={"x": {"base64": "AAE="}})

    assert simulator.fake.repository("acme/rocket").branches["topic"] == sha
    assert made["full_name"] == "acme/second"
    assert client.quiet(idle_s=0.05)
    events = [got.headers["x-github-event"] for got in receiver.all()]
    assert {"push", "pull_request", "issue_comment", "repository"} <= set(events)
    acts = [entry.detail["name"] for entry in client.journal() if entry.kind == "act"]
    assert acts == ["push", "open_pull_request", "comment", "create_repository"]
    assert {"install", "press_button", "rename"} <= client.call("GET", "/acts").keys()
    assert [r["full_name"] for r in client.call("GET", "/repositories")] == ["acme/rocket", "acme/second"]


def test_faults_and_deliveries_are_steered(client: Client, simulator: Simulator, receiver: Receiver) -> None:
    """Rules come and go, deliveries are held back, redelivered, and signed anew."""
    client.add_faults(Fault(FaultKind.HTML, path="^/app$"))
    page = requests.get(simulator.base_url + "/app", headers={"User-Agent": "t"}, timeout=10)
    assert page.text.startswith("<!DOCTYPE html>")
    assert client.call("GET", "/faults")[0]["hit"] == 1
    client.clear_faults()
    assert client.call("GET", "/faults") == []

    client.set_hooks(paused=True, faults=HookFaults(doubled=1), secret="next", timeout_s=3)
    client.act("push", which="acme/rocket", branch="main", files={"a": "b"})
    assert not client.quiet(idle_s=0.05, timeout_s=0.2)
    client.set_hooks(paused=False)
    assert client.quiet(idle_s=0.05)
    assert len(receiver.all()) == 4
    logged = client.deliveries()[-1]
    client.call("POST", "/redeliver", {"id": logged["id"]})
    assert receiver.next().guid == logged["guid"]


def test_tells_problems_and_violations(client: Client) -> None:
    """None so far."""
    assert client.problems() == []
    assert client.violations() == []


@pytest.mark.parametrize(
    ("method", "path", "body", "message"),
    [
        ("POST", "/acts/explode", {}, "no act 'explode'"),
        ("POST", "/acts/_lock", {}, "no act '_lock'"),
        ("POST", "/acts/push", [], "JSON object"),
        ("POST", "/acts/push", {"which": "acme/rocket"}, "missing a required argument"),
        ("POST", "/acts/archive", {"which": "acme/none"}, "no repository 'acme/none'"),
        ("POST", "/acts/push", {"which": "acme/rocket", "branch": "x", "files": {"a": 1}}, "a file is text"),
        ("GET", "/acts/push", None, "POST an act"),
        ("POST", "/faults", {"kind": "explode"}, "must be one of"),
        ("POST", "/hooks", {"colour": 1}, "unknown key 'colour'"),
        ("GET", "/nothing", None, "no such call"),
        ("GET", "/journal?since=x", None, "invalid literal"),
    ],
)
def test_wrong_calls_are_refused(client: Client, method: str, path: str, body: object, message: str) -> None:
    """The message says what is wrong."""
    with pytest.raises(ControlFailed, match=message):
        client.call(method, path, body)


def test_no_web_page_may_steer(simulator: Simulator) -> None:
    """A browser sends Origin with every cross-site write."""
    answer = requests.post(
        simulator.base_url + "/_sim/faults", json=[], headers={"Origin": "http://evil.example"}, timeout=10
    )
    assert answer.status_code == 403


def test_a_process_serves_a_populated_organisation(tmp_path: Path, receiver: Receiver) -> None:
    """One line tells the address; the journal outlives the process."""
    root = tmp_path / "root"
    process = SimulatorProcess(
        root, "--organisation", "acme", "--repositories", "3", "--webhook-url", receiver.url
    )
    with process as client:
        repositories = client.call("GET", "/repositories")
        assert len(repositories) == 3
        client.act("push", which=repositories[0]["id"], branch="main", files={"a": "b"})
        assert client.quiet(idle_s=0.05)
    assert (root / "journal.jsonl").read_text().count('"kind":"delivery"') > 0


def test_a_process_that_does_not_start_says_why(tmp_path: Path) -> None:
    """Its output is in the error."""
    with pytest.raises(RuntimeError, match="invalid int value"), SimulatorProcess(tmp_path, "--port", "x"):
        pass


def test_the_command_serves_until_told_to_stop(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The same as a function, with the varied organisation."""
    stop = threading.Event()
    stop.set()
    kept = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)]
    try:
        assert (
            main(["--root", str(tmp_path), "--organisation", "acme", "--repositories", "20"], stop=stop) == 0
        )
    finally:
        for number, handler in zip((signal.SIGTERM, signal.SIGINT), kept, strict=True):
            signal.signal(number, handler)
    word, url, *_ = capsys.readouterr().out.split()
    assert (word, url[:17]) == ("simulator", "http://127.0.0.1:")
