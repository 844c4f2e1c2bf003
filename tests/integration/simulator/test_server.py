"""The API over HTTP: keep-alive, both roots, journal, faults, delivery log."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests

from bot.simulator import oracles
from bot.simulator.faults import Fault, FaultKind
from bot.simulator.hooks import HookFaults
from bot.simulator.journal import digest, effects, read_journal
from bot.simulator.server import PROBLEMS_VARIABLE, Simulator
from bot.testing.http import Emission, Request, Response

if TYPE_CHECKING:
    from tests.integration.simulator.conftest import Caller, Receiver

Open = Callable[..., "Caller"]
ISSUE = {"title": "Health", "body": "<!-- plumbline:health -->", "labels": []}


def check_run(simulator: Simulator) -> dict[str, Any]:
    head = simulator.fake.repository("acme/rocket").head
    output = {"title": "t", "summary": "s"}
    return {
        "name": "plumbline/health",
        "head_sha": head,
        "external_id": "e1",
        "status": "completed",
        "conclusion": "success",
        "output": output,
    }


def test_takes_another_port_when_somebody_was_quicker(tmp_path: Path) -> None:
    """Two demos that start together find the same port free."""
    with socket.create_server(("127.0.0.1", 0)) as first, socket.create_server(("127.0.0.1", 0)) as free:
        taken, spare = first.getsockname()[1], free.getsockname()[1]
        with pytest.raises(OSError, match="in use"):
            Simulator(tmp_path / "alone", validator=None, port=taken)
        free.close()
        with Simulator(
            tmp_path / "other", validator=None, port=taken, spare_ports=[taken, spare]
        ) as simulator:
            assert simulator.base_url == f"http://127.0.0.1:{spare}"
            assert requests.get(f"{simulator.base_url}/orgs/acme", timeout=5).status_code == 404


@pytest.mark.parametrize("root", ["", "/api/v3"])
def test_answers_at_both_roots(simulator: Simulator, call: Open, root: str) -> None:
    """github.com and GHES differ in the root only; one connection serves many requests."""
    with call() as session:
        for _ in range(3):
            answer = session.get(f"{root}/repos/acme/rocket")
            assert answer.json()["full_name"] == "acme/rocket"
        assert answer.json()["clone_url"] == f"{simulator.base_url}/acme/rocket.git"
        assert session.head(f"{root}/repos/acme/rocket").content == b""
    paths = [entry.path for entry in simulator.journal.entries(kind="request")]
    assert paths[-4:] == ["/repos/acme/rocket"] * 4


@pytest.mark.parametrize("root", ["", "/api/v3"])
def test_pages_lead_to_pages_below_the_same_root(simulator: Simulator, call: Open, root: str) -> None:
    """As on GHES: whoever follows a link stays at the API."""
    with call() as session:
        session.post(f"{root}/repos/acme/rocket/issues", json=ISSUE)
        session.post(f"{root}/repos/acme/rocket/issues", json=ISSUE)
        answer = session.get(f"{root}/repos/acme/rocket/issues?per_page=1")

    assert answer.links["next"]["url"].startswith(f"{simulator.base_url}{root}/repositories/")


def test_the_journal_tells_who_did_what_and_no_secret(simulator: Simulator, call: Open) -> None:
    """Token, body, result and repository are in the file at once; tokens as digests only."""
    repository = simulator.fake.repository("acme/rocket")
    session = call(permissions={"issues": "write"}, repository_ids=[repository.id])
    session.post("/repos/acme/rocket/issues", json=ISSUE)

    requests_ = [e for e in read_journal(simulator.root / "journal.jsonl") if e.kind == "request"]
    minted, made = requests_[-2:]

    token = session.headers["Authorization"].split()[1]
    assert (minted.auth, made.auth) == ("app", "installation")
    assert made.token == digest(token)
    assert made.permissions == {"metadata": "read", "issues": "write"}
    assert made.token_repository_ids == (repository.id,)
    assert (made.repository_id, made.owner_installation_id) == (repository.id, made.installation_id)
    assert made.body == ISSUE
    assert (made.applied, made.status, made.result["number"]) == (201, 201, 1)
    assert token not in (simulator.root / "journal.jsonl").read_text()


def test_writes_become_signed_events(simulator: Simulator, call: Open, receiver: Receiver) -> None:
    """Our own write comes back as a delivery, which the App finds in its delivery log."""
    call().post("/repos/acme/rocket/check-runs", json=check_run(simulator))

    got = [receiver.next() for _ in range(2)]

    assert {delivery.headers["x-github-event"] for delivery in got} <= {"check_run", "check_suite"}
    assert simulator.hooks.flush()
    logged = call(app=True).get("/app/hook/deliveries").json()
    assert {entry["guid"] for entry in logged} >= {delivery.guid for delivery in got}
    assert {entry["status_code"] for entry in logged} == {202}


def test_a_lost_delivery_is_redelivered_on_request(
    simulator: Simulator, call: Open, receiver: Receiver
) -> None:
    """It stands in the log as failed; its attempt carries the same GUID and payload."""
    simulator.hooks.configure(faults=HookFaults(lost=1))
    simulator.fake.push("acme/rocket", "main", {"a": "b"})
    assert simulator.hooks.flush()
    assert receiver.all() == []
    app = call(app=True)
    failed = app.get("/app/hook/deliveries", params={"status": "failure"}).json()
    pushed = next(entry for entry in failed if entry["event"] == "push")

    assert app.post(f"/app/hook/deliveries/{pushed['id']}/attempts").status_code == 202

    got = receiver.next()
    assert got.guid == pushed["guid"]
    assert json.loads(got.body)["ref"] == "refs/heads/main"
    assert simulator.hooks.flush()
    newest = app.get("/app/hook/deliveries").json()[0]
    assert (newest["guid"], newest["redelivery"], newest["status_code"]) == (pushed["guid"], True, 202)


def test_an_unrecorded_delivery_leaves_no_trace(simulator: Simulator, call: Open) -> None:
    """Only a sweep can find it."""
    before = len(simulator.fake.deliveries)
    simulator.hooks.configure(faults=HookFaults(unrecorded=1))
    simulator.fake.push("acme/rocket", "main", {"a": "b"})
    assert simulator.hooks.flush()
    assert len(simulator.fake.deliveries) == before
    outcomes = {entry.detail["outcome"] for entry in simulator.journal.entries(kind="delivery")[-2:]}
    assert outcomes == {"unrecorded"}


def test_an_error_after_the_write_leaves_the_write_done(simulator: Simulator, call: Open) -> None:
    """The client sees 502, the oracle sees two issues when it repeats blindly."""
    simulator.faults.add(Fault(FaultKind.ERROR, method="POST", path="/issues$", applied=True, count=1))
    session = call()

    assert session.post("/repos/acme/rocket/issues", json=ISSUE).status_code == 502
    entry = simulator.journal.entries(kind="request")[-1]
    assert (entry.applied, entry.status, entry.fault) == (201, 502, "error")
    assert len(effects(simulator.journal.entries())[1]) == 1
    assert oracles.all_violations(simulator.journal.entries()) == []

    assert session.post("/repos/acme/rocket/issues", json=ISSUE).status_code == 201
    assert [violation.oracle for violation in oracles.all_violations(simulator.journal.entries())] == ["V1"]


@pytest.mark.parametrize("applied", [True, False])
def test_a_cut_connection_answers_nothing(simulator: Simulator, call: Open, applied: bool) -> None:
    """The write was done or not; the client can not tell."""
    simulator.faults.add(Fault(FaultKind.CUT, method="POST", path="/issues$", applied=applied))
    with pytest.raises(requests.ConnectionError):
        call().post("/repos/acme/rocket/issues", json=ISSUE)
    assert len(simulator.fake.repository("acme/rocket").issues) == int(applied)
    assert simulator.journal.entries(kind="request")[-1].status is None


def test_limits_are_seen_by_the_oracle(simulator: Simulator, call: Open) -> None:
    """Going on after a limit answer is a violation."""
    session = call()
    simulator.faults.add(Fault(FaultKind.SECONDARY_LIMIT, path="/rocket$", retry_after_s=30, count=1))
    assert session.get("/repos/acme/rocket").headers["Retry-After"] == "30"
    entries = simulator.journal.entries()
    assert entries[-1].limit is not None
    assert oracles.calls_despite_limit(entries) == []

    session.get("/repos/acme/rocket")
    found = oracles.calls_despite_limit(simulator.journal.entries(), grace_s=0)
    assert [violation.oracle for violation in found] == ["V10"]


def test_tokens_are_fresh_revoked_and_unknown(simulator: Simulator, call: Open) -> None:
    """Age counts from minting; a revoked token stays dead; a foreign one is told."""
    session, app = call(), call(app=True)
    simulator.faults.add(Fault(FaultKind.FRESH_TOKEN, within_s=60, count=1))
    assert app.get("/app").status_code == 200
    assert session.get("/repos/acme/rocket").status_code == 401
    simulator.faults.add(Fault(FaultKind.REVOKE_TOKEN, count=1))
    statuses = [session.get("/repos/acme/rocket").status_code for _ in range(3)]
    assert statuses == [401, 401, 401]
    assert call().get("/repos/acme/rocket").status_code == 200
    session.headers["Authorization"] = "Bearer ghs_neverminted"
    assert session.get("/repos/acme/rocket").status_code == 401
    assert [v.oracle for v in oracles.foreign_tokens(simulator.journal.entries())] == ["V4"]


def test_another_tenants_repository_is_told(simulator: Simulator, call: Open) -> None:
    """Reading a public repository of an account that another installation has."""
    simulator.fake.create_organisation("other")
    simulator.fake.create_repository("other", "secret", files={"a": "b"})
    call().get("/repos/other/secret")
    (violation,) = oracles.foreign_tokens(simulator.journal.entries())
    assert "/repos/other/secret" in violation.text


def test_a_hundred_connections_at_once(simulator: Simulator, call: Open) -> None:
    """All are answered, none waits for another's keep-alive."""
    authorization = call().headers["Authorization"]
    headers = {"Authorization": authorization, "User-Agent": "tests"}

    def read(_: int) -> int:
        with requests.Session() as session:
            url = f"{simulator.base_url}/repos/acme/rocket"
            return [session.get(url, headers=headers, timeout=30).status_code for _ in range(2)][-1]

    with ThreadPoolExecutor(100) as pool:
        assert set(pool.map(read, range(100))) == {200}


def test_a_chunked_body_is_read(simulator: Simulator, call: Open) -> None:
    """As git sends large packs."""
    portions = iter([b'{"title": ', b'"chunked"}'])
    answer = call().post("/repos/acme/rocket/issues", data=portions)
    assert answer.json()["title"] == "chunked"


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"Content-Length: 999999999999", b"413"),
        (b"Content-Length: many", b"400"),
        (b"Transfer-Encoding: chunked\r\n\r\nzz", b"400"),
    ],
)
def test_a_broken_request_is_refused(simulator: Simulator, head: bytes, status: bytes) -> None:
    """The connection is closed after the answer; the server lives."""
    address = ("127.0.0.1", int(simulator.base_url.rsplit(":", 1)[1]))
    with socket.create_connection(address, timeout=10) as client:
        client.sendall(b"POST /x HTTP/1.1\r\nHost: x\r\n" + head + b"\r\n\r\n")
        answer = client.makefile("rb").read()
    assert answer.startswith(b"HTTP/1.1 " + status)
    assert requests.get(simulator.base_url + "/_sim/", timeout=10).status_code == 200


def test_what_does_not_fit_the_schemas_is_told(
    simulator: Simulator, call: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Problems stand in the journal, and in the file that the test's process names."""

    class Grumbling:
        def check_request(self, request: Request) -> list[str]:
            return ["odd request"]

        def check_response(self, request: Request, response: Response) -> list[str]:
            return ["odd answer"]

        def check_event(self, emission: Emission) -> list[str]:
            return ["odd event"]

    told = tmp_path / "problems"
    monkeypatch.setenv(PROBLEMS_VARIABLE, str(told))
    session = call()
    simulator.validator = Grumbling()
    session.get("/repos/acme/rocket")

    assert simulator.journal.entries()[-1].problems == ("odd request", "odd answer")
    simulator.fake.push("acme/rocket", "main", {"a": "b"})
    assert simulator.journal.entries(kind="event")[-1].problems == ("odd event",)
    assert told.read_text().startswith("odd request\nodd answer\nodd event\n")


def test_quiet_means_that_nothing_happens(simulator: Simulator, receiver: Receiver) -> None:
    """A delivery under way is noise."""
    assert simulator.quiet(idle_s=0.05, timeout_s=5)
    receiver.gate.clear()
    simulator.fake.push("acme/rocket", "main", {"a": "b"})
    assert not simulator.quiet(idle_s=0.05, timeout_s=0.3)
    receiver.gate.set()
    assert simulator.quiet(idle_s=0.05, timeout_s=5)


def test_a_get_is_cheap(simulator: Simulator, call: Open) -> None:
    """The simulator must not be what a benchmark measures: under 10 ms even on a busy machine."""
    session = call()
    session.get("/repos/acme/rocket")
    began = time.thread_time()
    request = Request(
        "GET", "/repos/acme/rocket", {}, {k.lower(): str(v) for k, v in session.headers.items()}
    )
    for _ in range(50):
        simulator.exchange(request, url=simulator.base_url)
    assert (time.thread_time() - began) / 50 < 0.010
