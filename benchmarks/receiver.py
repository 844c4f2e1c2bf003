"""Compares ways to receive deliveries: per second and core, CPU, latency, memory.

    python -m benchmarks.receiver [--rounds 3] [--seconds 5] [--peers DIRECTORY] [--only TEXT]

Each receiver runs alone on CPU 0; a redis-server of our own (append-only file, every second) and
the load run on CPU 1. All rows of a run share that Redis. ``--peers`` names a directory in which
``npm i probot bullmq ioredis`` was run, to have Probot in the same run. Rows whose server is not installed
say so.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from redis import Redis

from bot.adapters.redis_server import find_redis_server
from bot.testing.deliveries import SECRET

HERE = Path(__file__).resolve().parent
RATE = 500

PROBOT = """
import { run } from "probot";
import { Queue } from "bullmq";
import { Redis } from "ioredis";
const connection = new Redis({ port: Number(process.env.REDIS_PORT), maxRetriesPerRequest: null });
const queue = new Queue("hooks", { connection });
run((app) => {
  app.on(["push", "pull_request.opened"], (context) =>
    queue.add(context.name, { id: context.id, payload: context.payload }, { removeOnComplete: true }));
});
"""


@dataclass(frozen=True)
class Way:
    """A receiver: its name and command, or why it can not be run."""

    name: str
    command: list[str]
    path: str = "/webhook"
    missing: str = ""


def application():
    """Our Flask application, for any WSGI server."""
    from bot.entry.web import create_app

    return create_app()


def bare():
    """The receiver as a WSGI callable without Flask: what Flask costs."""
    from bot.config.settings import from_environment
    from bot.entry.web import parts
    from bot.web.receiver import Answer

    receiver, _ = parts(from_environment(os.environ))

    def respond(environ, start):
        def values(name: str):
            key = name.upper().replace("-", "_")
            value = environ.get(key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}")
            return () if value is None else (value,)

        head = receiver.admit(values)
        if isinstance(head, Answer):
            answer = head
        else:
            answer = receiver.receive(head, environ["wsgi.input"].read(head.length))
        start(f"{answer.status} x", list(answer.headers))
        return [answer.body]

    return respond


def ways(port: int, peers: Path | None) -> Iterator[Way]:
    """All rows."""
    granian = [sys.executable, "-m", "granian", "--host", "127.0.0.1", "--port", str(port), "--no-ws"]
    granian += ["--log-level", "error", "--interface", "wsgi", "--blocking-threads", "8", "--factory"]
    here = str(HERE.parent)
    yield Way("ours as shipped: granian RSGI, buffered", [sys.executable, "-P", "-m", "bot.entry.cli", "web"])
    yield Way(
        "ours, Flask on granian WSGI", [*granian, "--working-dir", here, "benchmarks.receiver:application"]
    )
    yield Way("ours, bare WSGI on granian", [*granian, "--working-dir", here, "benchmarks.receiver:bare"])
    gunicorn = [
        sys.executable,
        "-m",
        "gunicorn",
        "-b",
        f"127.0.0.1:{port}",
        "-k",
        "gthread",
        "--threads",
        "8",
    ]
    yield Way(
        "ours, Flask on gunicorn gthread",
        [*gunicorn, "--keep-alive", "75", "--chdir", here, "benchmarks.receiver:application()"],
        missing="" if importlib.util.find_spec("gunicorn") else "pip install gunicorn",
    )
    node = shutil.which("node")
    script = (peers or HERE) / "plumbline-probot.mjs"
    if peers and node:
        script.write_text(PROBOT)
    yield Way(
        "Probot with a BullMQ enqueue",
        [node or "node", str(script)],
        path="/api/github/webhooks",
        missing="" if peers and node else "--peers and node",
    )


def free_port() -> int:
    """A port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def pinned(command: list[str], cpu: int, **options) -> subprocess.Popen:
    """Start a command on one CPU."""
    return subprocess.Popen(command, preexec_fn=lambda: os.sched_setaffinity(0, {cpu}), **options)


@contextmanager
def redis_server(directory: Path) -> Iterator[int]:
    """A private redis-server on a port; yields the port."""
    port = free_port()
    command = [find_redis_server(), "--port", str(port), "--dir", str(directory), "--save", ""]
    command += ["--appendonly", "yes", "--appendfsync", "everysec", "--bind", "127.0.0.1"]
    server = pinned(command, 1, stdout=subprocess.DEVNULL)
    try:
        wait_for(port, server)
        yield port
    finally:
        server.terminate()
        server.wait()


def wait_for(port: int, process: subprocess.Popen, within_s: float = 40) -> None:
    """Wait until somebody listens."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise SystemExit(f"{process.args} does not listen on port {port}")


def tree(process: subprocess.Popen) -> list[psutil.Process]:
    """A process and its children."""
    parent = psutil.Process(process.pid)
    return [parent, *parent.children(recursive=True)]


def cpu_s(process: subprocess.Popen) -> float:
    """Seconds of processor time used so far."""
    return sum(times.user + times.system for times in (p.cpu_times() for p in tree(process)))


def memory(process: subprocess.Popen) -> float:
    """MiB, shared pages divided among those who share them."""
    return sum(p.memory_full_info().pss for p in tree(process)) / 2**20


def load(kind: str, port: int, path: str, seconds: float, amount: int) -> dict[str, float]:
    """Run the load on CPU 1."""
    command = [sys.executable, "-m", "benchmarks.load", kind, str(port), path, str(seconds), str(amount)]
    sender = pinned(command, 1, cwd=HERE.parent, stdout=subprocess.PIPE, text=True)
    out, _ = sender.communicate(timeout=seconds + 60)
    return json.loads(out)


def environment(port: int, redis_port: int, home: Path, pem: str) -> dict[str, str]:
    """For ours and for Probot."""
    return os.environ | {
        "PLUMBLINE_HOME": str(home),
        "PLUMBLINE_APP_ID": "42",
        "PLUMBLINE_WEBHOOK_SECRET": SECRET,
        "PLUMBLINE_METRICS_PORT": "0",
        "PLUMBLINE_LEDGER_BYTES": str(2**40),
        "REDIS_URL": f"redis://127.0.0.1:{redis_port}/0",
        "REDIS_PORT": str(redis_port),
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "APP_ID": "42",
        "PRIVATE_KEY": pem,
        "WEBHOOK_SECRET": SECRET,
        "NODE_ENV": "production",
        "LOG_LEVEL": "warn",
    }


def measure(way: Way, port: int, env: dict[str, str], seconds: float, flush: Callable[[], object]):
    """One round of one receiver."""
    with tempfile.TemporaryFile() as sink:
        process = pinned(way.command, 0, env=env, stdout=sink, stderr=sink, process_group=0)
        try:
            wait_for(port, process)
            load("closed", port, way.path, 1, 16)
            flush()
            idle = memory(process)
            before = cpu_s(process)
            result = load("closed", port, way.path, seconds, 16)
            used = cpu_s(process) - before
            flush()
            steady = load("open", port, way.path, seconds, RATE)
            flush()
            return {
                "per_s": result["per_s"],
                "cpu": used / result["count"] * 1000,
                "p50": result["p50_ms"],
                "p99": result["p99_ms"],
                "open50": steady["p50_ms"],
                "open99": steady["p99_ms"],
                "idle": idle,
                "after": memory(process),
                "errors": result["errors"] + steady["errors"],
            }
        finally:
            for member in tree(process) if process.poll() is None else []:
                member.terminate()
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--peers", type=Path)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    if (os.cpu_count() or 1) < 2:
        raise SystemExit("two CPUs are needed: one for the receiver, one for Redis and the load")
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    rows: dict[str, list[dict[str, float]]] = {}
    with tempfile.TemporaryDirectory() as home, redis_server(Path(home)) as redis_port:
        client = Redis(port=redis_port)
        for _ in range(options.rounds):
            for way in ways(free_port(), options.peers):
                if options.only not in way.name:
                    continue
                if way.missing:
                    print(f"skipped: {way.name} (needs {way.missing})", file=sys.stderr)
                    continue
                port = free_port()
                way = next(w for w in ways(port, options.peers) if w.name == way.name)
                env = environment(port, redis_port, Path(home), pem)
                measured = measure(way, port, env, options.seconds, client.flushall)
                rows.setdefault(way.name, []).append(measured)
                print(f"{way.name}: {measured['per_s']:,.0f}/s", file=sys.stderr)
    print(table(rows))


def table(rows: dict[str, list[dict[str, float]]]) -> str:
    """Markdown, medians of all rounds."""
    lines = [
        "| receiver | per second | CPU s per 1,000 | p50 / p99 ms, 16 connections "
        f"| p50 / p99 ms, {RATE}/s | MiB idle / after | errors |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for name, rounds in rows.items():
        m = {key: statistics.median(r[key] for r in rounds) for key in rounds[0]}
        cells = [
            name,
            f"{m['per_s']:,.0f}",
            f"{m['cpu']:.2f}",
            f"{m['p50']:.1f} / {m['p99']:.1f}",
            f"{m['open50']:.1f} / {m['open99']:.1f}",
            f"{m['idle']:.0f} / {m['after']:.0f}",
            f"{m['errors']:.0f}",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
