"""The receiver as it runs: granian, several processes, a real Redis."""

from __future__ import annotations

import concurrent.futures
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest
import requests

from bot.adapters.ledger import RedisLedger
from bot.adapters.redis_server import EmbeddedRedis
from bot.model.work import State
from bot.testing.deliveries import BODY, SECRET, headers, sign


def test_answers_on_its_port_with_security_headers(server: EmbeddedRedis, start_web) -> None:
    web = start_web(server.url)

    assert web.deliver().status_code == 202
    for path, status in (("/healthz", 200), ("/readyz", 200), ("/metrics", 404), ("/nothing", 404)):
        answer = web.get(path)
        assert answer.status_code == status, path
        assert answer.headers["x-content-type-options"] == "nosniff"
    assert web.stop() == 0


@pytest.mark.fault
def test_ka1_fifty_at_once_over_four_processes_make_one_record(
    server: EmbeddedRedis, ledger: RedisLedger, start_web
) -> None:
    web = start_web(server.url, processes=4)
    barrier = threading.Barrier(50)

    def deliver() -> int:
        barrier.wait()
        return requests.post(
            f"{web.url}/webhook", data=BODY, headers=headers(x_github_delivery="same"), timeout=30
        ).status_code

    with concurrent.futures.ThreadPoolExecutor(50) as pool:
        statuses = {future.result() for future in [pool.submit(deliver) for _ in range(50)]}

    assert statuses == {202}
    assert ledger.stats().open_deliveries == 1


@pytest.mark.fault
def test_ka3_bad_signatures_are_refused_on_the_wire(
    server: EmbeddedRedis, ledger: RedisLedger, start_web
) -> None:
    """Bytes that no HTTP library would send: a non-ASCII header, and the header twice."""
    web = start_web(server.url)
    good = sign(BODY)
    for lines in (
        [f"X-Hub-Signature-256: {good}", f"X-Hub-Signature-256: {good}"],
        [f"X-Hub-Signature-256: sha256={'é' * 64}"],
        [f"X-Hub-Signature: sha1={'0' * 40}"],
        [f"X-Hub-Signature-256: {sign(BODY, 'other')}"],
    ):
        assert raw(web.port, BODY, lines) == 401
    assert raw(web.port, BODY, [f"X-Hub-Signature-256: {good}"]) == 202
    assert ledger.stats().open_deliveries == 1


@pytest.mark.fault
@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"[" * 200_000, id="depth of 200,000"),
        pytest.param(b'{"id":' + b"9" * 5000 + b"}", id="5000 digits"),
        pytest.param(b'{"x":NaN}', id="NaN"),
        pytest.param(b'{"x":"\\ud800"}', id="lone surrogate"),
        pytest.param(b'{"a":1,"a":2}', id="duplicate keys"),
        pytest.param(b'{"repository":null,"installation":[]}', id="wrong types"),
        pytest.param(b"\xff\xfe\x00", id="no text"),
        pytest.param(b"", id="empty"),
    ],
)
def test_ka5_hostile_bodies_are_accepted_unparsed(body: bytes, flask_like) -> None:
    """The receiver does not parse; what is no payload is parked by the drain."""
    web, ledger = flask_like
    guid = f"ka5-{len(body)}"

    assert web.deliver(body, x_github_delivery=guid).status_code == 202
    assert web.alive()
    record = ledger.record(f"99:{guid}")
    assert record is not None
    assert record.state is State.OPEN


@pytest.fixture
def flask_like(server: EmbeddedRedis, ledger: RedisLedger, start_web):
    return start_web(server.url), ledger


@pytest.mark.fault
def test_ka6_large_bodies(server: EmbeddedRedis, ledger: RedisLedger, start_web) -> None:
    """Eight of 25 MB at once are taken; more than GitHub sends is refused; memory stays bounded."""
    web = start_web(server.url)
    body = b'{"x":"' + b"a" * (25_000_000 - 8) + b'"}'
    signature = sign(body)
    peak = Peak(web.process.pid)

    def deliver(number: int) -> int:
        given = headers(b"", x_hub_signature_256=signature, x_github_delivery=f"large-{number}")
        return requests.post(f"{web.url}/webhook", data=body, headers=given, timeout=60).status_code

    with peak, concurrent.futures.ThreadPoolExecutor(8) as pool:
        statuses = set(pool.map(deliver, range(8)))

    assert statuses == {202}
    assert peak.bytes < 900 * 2**20
    assert ledger.stats().bytes_held == 0, "above 256 kB only the reference is kept"
    assert raw(web.port, b"", [f"X-Hub-Signature-256: {signature}"], length=28 * 2**20) == 413
    assert chunked(web.port, 30_000_000) == 413
    assert raw(web.port, BODY, [f"X-Hub-Signature-256: {sign(BODY)}", "Content-Encoding: gzip"]) == 415
    assert web.deliver().status_code == 202


@pytest.mark.fault
def test_ka7_slow_senders_do_not_keep_good_ones_waiting(server: EmbeddedRedis, start_web) -> None:
    """200 connections trickle header or body, some go silent; each good delivery takes under 2 s."""
    web = start_web(server.url)
    slow = [socket.create_connection(("127.0.0.1", web.port)) for _ in range(200)]
    head = head_of(web.port, 10_000, [f"X-Hub-Signature-256: {sign(BODY)}"])
    for number, connection in enumerate(slow):
        connection.sendall(head[:40] if number % 2 else head + b"{")
    times = []
    for number in range(30):
        for connection in slow[number % 4 :: 4]:
            connection.sendall(b"x")
        started = time.monotonic()
        assert requests.post(f"{web.url}/webhook", data=BODY, headers=headers(), timeout=5).status_code == 202
        times.append(time.monotonic() - started)

    assert max(times) < 2
    started = time.monotonic()
    assert web.get("/healthz").status_code == 200
    assert time.monotonic() - started < 1
    for connection in slow:
        connection.close()


@pytest.mark.fault
def test_ka7_a_body_that_never_ends_is_given_up(server: EmbeddedRedis, start_web) -> None:
    """A silent sender is answered 408 after the deadline and holds nothing more."""
    web = start_web(server.url)
    with socket.create_connection(("127.0.0.1", web.port)) as connection:
        connection.settimeout(20)
        connection.sendall(head_of(web.port, 10_000, [f"X-Hub-Signature-256: {sign(BODY)}"]) + b"{")

        assert connection.recv(4096).startswith(b"HTTP/1.1 408")


KILLED_AFTER_WRITING = """
import os, signal, sys
from bot.adapters.ledger import RedisLedger

accept = RedisLedger.accept_many

def accept_and_die(self, deliveries):
    accepted = accept(self, deliveries)
    if any(delivery.guid == "ka8" for delivery in deliveries):
        try:
            os.open(os.environ["PLUMBLINE_HOME"] + "/died", os.O_CREAT | os.O_EXCL)
        except FileExistsError:
            return accepted
        os.kill(os.getpid(), signal.SIGKILL)
    return accepted

RedisLedger.accept_many = accept_and_die
from bot.entry.cli import main
main(["web"])
"""


@pytest.mark.fault
def test_ka8_killed_between_record_and_answer_then_delivered_again(
    server: EmbeddedRedis, ledger: RedisLedger, start_web, tmp_path: Path
) -> None:
    """The sender saw no answer, the record is there, the redelivery makes no second one."""
    script = tmp_path / "web.py"
    script.write_text(KILLED_AFTER_WRITING)
    web = start_web(server.url, target=(str(script),))

    with pytest.raises(requests.ConnectionError):
        web.deliver(x_github_delivery="ka8")
    assert (tmp_path / "died").exists()
    assert ledger.stats().open_deliveries == 1

    deadline = time.monotonic() + 60
    while not web.alive():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert web.deliver(x_github_delivery="ka8").status_code == 202
    assert ledger.stats().open_deliveries == 1


@pytest.mark.fault
@pytest.mark.parametrize("fault", ["hung", "away"])
def test_ka9_redis_hung_or_away(server: EmbeddedRedis, ledger: RedisLedger, start_web, fault: str) -> None:
    """503 within 2 s, ready red, alive green; the same delivery is taken when Redis is back."""
    web = start_web(server.url)
    assert web.deliver(x_github_delivery="before").status_code == 202
    pid = server.pid
    if fault == "hung":
        os.kill(pid, signal.SIGSTOP)
    else:
        server.stop()
    try:
        with concurrent.futures.ThreadPoolExecutor(20) as pool:
            waits = list(pool.map(lambda n: timed(web, f"during-{n}"), range(20)))
        assert {status for status, _ in waits} == {503}
        assert max(took for _, took in waits) < 2.3
        started = time.monotonic()
        assert web.get("/readyz").status_code == 503
        assert time.monotonic() - started < 2.3
        started = time.monotonic()
        assert web.get("/healthz").status_code == 200
        assert time.monotonic() - started < 1
    finally:
        if fault == "hung":
            os.kill(pid, signal.SIGCONT)
        else:
            server.start()
    deadline = time.monotonic() + 60
    while web.get("/readyz").status_code != 200:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert web.deliver(x_github_delivery="during-0").status_code == 202
    assert ledger.record("99:during-0") is not None
    assert ledger.record("99:before") is not None


def timed(web, guid: str) -> tuple[int, float]:
    started = time.monotonic()
    answer = requests.post(
        f"{web.url}/webhook", data=BODY, headers=headers(x_github_delivery=guid), timeout=10
    )
    return answer.status_code, time.monotonic() - started


@pytest.mark.fault
def test_ka11_a_storm_is_taken_whole(server: EmbeddedRedis, ledger: RedisLedger, start_web) -> None:
    """3000 deliveries as fast as eight senders can, 90 % of one organisation: none lost, p99 < 2 s.

    The small organisations are routed in the first batches, not behind the large one.
    """
    web = start_web(server.url, processes=2)
    times: list[float] = []

    def sender(number: int) -> int:
        good = 0
        with requests.Session() as session:
            for count in range(375):
                owner = 1 if (count + number) % 10 else 2 + count % 3
                body = b'{"ref":"refs/heads/main","installation":{"id":%d}}' % owner
                given = headers(body, x_github_delivery=f"{number}-{count}")
                started = time.monotonic()
                good += (
                    session.post(f"{web.url}/webhook", data=body, headers=given, timeout=30).status_code
                    == 202
                )
                times.append(time.monotonic() - started)
        return good

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(sender, range(8))) == 3000
    assert ledger.stats().open_deliveries == 3000
    assert sorted(times)[int(len(times) * 0.99)] < 2
    first = ledger.claim_deliveries(40)
    owners = [claimed.body.partition(b'"id":')[2][:1] for claimed in first]
    assert {owner: owners.count(owner) for owner in set(owners)} == {b"1": 10, b"2": 10, b"3": 10, b"4": 10}


def test_refuses_to_start_without_a_secret(server: EmbeddedRedis, tmp_path: Path) -> None:
    told = cli("web", tmp_path, REDIS_URL=server.url, PLUMBLINE_WEBHOOK_SECRET="")

    assert told.returncode == 2
    assert told.stderr.count("\n") == 1
    assert "PLUMBLINE_WEBHOOK_SECRET is not set" in told.stderr


def test_refuses_to_start_without_redis(tmp_path: Path) -> None:
    told = cli("web", tmp_path, PLUMBLINE_WEBHOOK_SECRET=SECRET)

    assert told.returncode == 2
    assert "set REDIS_URL" in told.stderr


@pytest.mark.fault
def test_kc6_refuses_a_redis_that_evicts(tmp_path: Path) -> None:
    redis = EmbeddedRedis(tmp_path, ("--maxmemory-policy", "allkeys-lru"))
    redis.start()
    try:
        told = cli("web", tmp_path, REDIS_URL=redis.url, PLUMBLINE_WEBHOOK_SECRET=SECRET)
    finally:
        redis.stop()

    assert told.returncode == 2
    assert "noeviction" in told.stderr


def cli(command: str, home: Path, **env: str) -> subprocess.CompletedProcess[str]:
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("PLUMBLINE_", "REDIS_", "DATABASE_"))}
    return subprocess.run(
        [sys.executable, "-m", "bot.entry.cli", command],
        env=clean | {"PLUMBLINE_HOME": str(home), "PLUMBLINE_METRICS_PORT": "0", "PORT": "0"} | env,
        capture_output=True,
        text=True,
        timeout=30,
    )


def test_children_end_with_their_parent(server: EmbeddedRedis, start_web) -> None:
    """Granian's main process killed: no receiver stays behind on the port."""
    web = start_web(server.url, processes=2)
    children = psutil.Process(web.process.pid).children(recursive=True)
    assert len(children) >= 2
    web.process.kill()

    _, alive = psutil.wait_procs(children, timeout=15)
    assert alive == []


def test_goes_on_although_its_processes_are_killed_again_and_again(server: EmbeddedRedis, start_web) -> None:
    web = start_web(server.url)
    for _ in range(3):
        for child in psutil.Process(web.process.pid).children():
            child.kill()
            child.wait(10)
        deadline = time.monotonic() + 60
        while not web.alive():
            assert time.monotonic() < deadline
            time.sleep(0.05)

    assert web.deliver().status_code == 202


def test_metrics_are_those_of_all_processes(server: EmbeddedRedis, start_web) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    web = start_web(server.url, processes=2, PLUMBLINE_METRICS_PORT=str(port))
    for _ in range(20):
        requests.post(f"{web.url}/webhook", data=BODY, headers=headers(), timeout=5)

    text = requests.get(f"http://127.0.0.1:{port}/metrics", timeout=5).text

    counted = [line for line in text.splitlines() if line.startswith("plumbline_deliveries_total{")]
    assert sum(float(line.rpartition(" ")[2]) for line in counted) == 20


class Peak:
    """The largest resident memory of a process and its children meanwhile, in bytes."""

    def __init__(self, pid: int) -> None:
        self._process = psutil.Process(pid)
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self.bytes = 0

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._end.wait(0.02):
            processes = [self._process, *self._process.children(recursive=True)]
            self.bytes = max(self.bytes, sum(p.memory_info().rss for p in processes))


def head_of(port: int, length: int | None, lines: list[str]) -> bytes:
    given = {k: v for k, v in headers().items() if k != "x-hub-signature-256"}
    body = [f"content-length: {length}"] if length is not None else ["transfer-encoding: chunked"]
    named = [f"{name}: {value}" for name, value in given.items()]
    return "\r\n".join(
        ["POST /webhook HTTP/1.1", f"host: 127.0.0.1:{port}", *named, *lines, *body, "", ""]
    ).encode()


def raw(port: int, body: bytes, lines: list[str], length: int | None = None) -> int:
    """The status of a request written by hand; a larger ``length`` than the body is only claimed."""
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.settimeout(10)
        connection.sendall(head_of(port, len(body) if length is None else length, lines) + body)
        return int(connection.recv(4096)[9:12])


def chunked(port: int, size: int) -> int:
    piece = b"10000\r\n" + b"a" * 0x10000 + b"\r\n"
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.settimeout(10)
        connection.sendall(head_of(port, None, [f"X-Hub-Signature-256: {sign(BODY)}"]))
        try:
            for _ in range(size // 0x10000):
                connection.sendall(piece)
            connection.sendall(b"0\r\n\r\n")
        except OSError:
            pass  # Answered and closed before all was sent.
        return int(connection.recv(4096)[9:12])
