"""From a push that was accepted to its check run: seconds, API calls, CPU, memory.

    python -m benchmarks.end_to_end [--pushes 50] [--latency-ms 0 50] [--every-s 0.4]

Runs the Procfile's processes (web, two workers with 8 threads, clock, a redis-server of our own)
against the simulator, which answers each call after the given latency. Pushes go to ten
repositories in turn, one every ``--every-s`` seconds; then as many pull requests are opened at once.
Time counts from the moment at which the receiver had answered 202 to that at which GitHub took the
completed check run, both by the simulator's journal. Points are those of GitHub's secondary limit: 1
for a read, 5 for a write. PSS counts a page that processes share once.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import psutil

from bot.simulator.faults import Fault, FaultKind
from bot.simulator.journal import GRAPHQL, Entry
from tests.e2e.acme import DANGEROUS, Acme
from tests.e2e.world import World, eventually

REPOSITORIES = 10
TARGET_S = 2.0


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--pushes", type=int, default=50)
    parser.add_argument("--latency-ms", type=int, nargs="*", default=[0, 50])
    parser.add_argument("--every-s", type=float, default=0.4)
    options = parser.parse_args()
    print(f"load of the machine before: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores\n")
    header = f"{'latency':>8} {'what':<26} {'p50 s':>6} {'p95 s':>6} {'max s':>6}"
    print(f"{header} {'calls':>6} {'writes':>6} {'points':>6} {'CPU ms':>7}")
    memory: list[str] = []
    for latency_ms in options.latency_ms:
        with tempfile.TemporaryDirectory(prefix="plumbline-bench-") as root:
            memory = measure(Path(root), latency_ms, options.pushes, options.every_s)
    print(f"\n{'process':<26} {'idle: RSS':>10} {'PSS MiB':>8} {'after: RSS':>11} {'PSS MiB':>8}")
    print("\n".join(memory))


def measure(root: Path, latency_ms: int, pushes: int, every_s: float) -> list[str]:
    """Print the rows of one latency; returns those about memory."""
    with World(root, settings={"PLUMBLINE_LOG_LEVEL": "WARNING"}) as world:
        acme = Acme(world)
        places = acme.repositories(REPOSITORIES)
        idle = memory(world)
        if latency_ms:
            every_call = Fault(FaultKind.DELAY, path="^/(?!_sim)", delay_s=latency_ms / 1000)
            world.github.add_faults(every_call)

        def one_by_one() -> list[str]:
            heads = []
            for number in range(pushes):
                due = time.monotonic() + every_s
                heads.append(acme.push(places[number % REPOSITORIES]))
                time.sleep(max(0.0, due - time.monotonic()))
            return heads

        def at_once() -> list[str]:
            heads = []
            for number in range(pushes):
                files = {f".github/workflows/w{number}.yml": DANGEROUS}
                heads.append(acme.propose(places[number % REPOSITORIES], files, f"topic-{number}")[1])
            return heads

        for what, act in ((f"push, every {every_s:g} s", one_by_one), ("pull request, at once", at_once)):
            row(world, f"{latency_ms} ms", what, act)
        after = memory(world)
    return [
        f"{name:<26} {idle[name][0]:>10.0f} {idle[name][1]:>8.0f} {rss:>11.0f} {pss:>8.0f}"
        for name, (rss, pss) in after.items()
        if name in idle
    ]


def row(world: World, latency: str, what: str, act) -> None:
    """Do something, wait for its end, print what it took."""
    seen, spent = len(world.journal()), cpu(world)
    heads = act()
    eventually(lambda: set(heads) <= reported(world.journal()), within_s=120, what="all check runs")
    world.settle(within_s=120)
    spent = cpu(world) - spent
    entries = world.journal()[seen:]
    took = latencies(entries, heads)
    calls = Counter(reads(e) for e in entries if e.kind == "request" and e.auth == "installation")
    count, writes = len(heads), calls[False]
    numbers = [sum(calls.values()) / count, writes / count, (calls[True] + 5 * writes) / count]
    times = [statistics.median(took), percentile(took, 0.95), max(took)]
    print(
        f"{latency:>8} {what:<26} " + " ".join(f"{t:6.2f}" for t in times),
        " ".join(f"{n:6.1f}" for n in numbers),
        f"{spent / count * 1000:7.0f}",
        "" if times[1] <= TARGET_S else f" (target: p95 <= {TARGET_S:g} s)",
        flush=True,
    )


def reads(entry: Entry) -> bool:
    """A call that changes nothing; our documents of GraphQL are queries."""
    return entry.method == "GET" or entry.path == GRAPHQL


def reported(entries: Iterable[Entry]) -> set[str]:
    """Commits whose check run is completed."""
    return {
        str(e.body["head_sha"])
        for e in entries
        if e.wrote and e.path.endswith("/check-runs") and e.body.get("conclusion")
    }


def latencies(entries: Sequence[Entry], heads: Sequence[str]) -> list[float]:
    """Seconds from the answer to the delivery that named a commit to its check run."""
    named: dict[str, str] = {}
    for e in entries:
        head = e.detail.get("after") or e.detail.get("head_sha")
        if e.kind == "event" and head in heads and e.detail["event"] in ("push", "pull_request"):
            # The pull request's own event counts, not the push of its branch.
            named[str(head)] = str(e.detail["guid"])
    answered = {e.detail["guid"]: e.at + e.duration_s for e in entries if e.kind == "delivery"}
    written = {
        str(e.body["head_sha"]): e.applied_at
        for e in reversed(entries)
        if e.wrote and e.path.endswith("/check-runs")
    }
    return [max(0.0, written[head] - answered[named[head]]) for head in heads]


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which this share of the values lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def processes(world: World) -> dict[str, psutil.Process]:
    """Our processes by name; the simulator is none of them."""
    found = {}
    for name, program in world.programs.items():
        for number, process in enumerate(program.family()):
            found[f"{name}{' (child)' if number else ''}"] = process
    return found


def cpu(world: World) -> float:
    """Seconds of processor time that they and their ended children have used."""
    times = [process.cpu_times() for process in processes(world).values()]
    return sum(t.user + t.system + t.children_user + t.children_system for t in times)


def memory(world: World) -> dict[str, tuple[float, float]]:
    """Name -> RSS and PSS in MiB, and the sum of all."""
    found = {}
    for name, process in processes(world).items():
        full = process.memory_full_info()
        found[name] = (full.rss / 2**20, full.pss / 2**20)
    found["all"] = (sum(r for r, _ in found.values()), sum(p for _, p in found.values()))
    return found


if __name__ == "__main__":
    main()
