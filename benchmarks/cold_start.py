"""How long commands and processes take to be of use.

    python -m benchmarks.cold_start [--rounds 5]

Medians of several starts. Files are in the page cache and ``.pyc`` files are written, as on any
machine that has started it once. CPU is what a command and its children used of the processor, the
least of all rounds: on a machine that others use it says better how long a command takes alone.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.e2e.acme import DANGEROUS, MIT, Acme
from tests.e2e.world import PLUMBLINE, World, eventually


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    print(f"load of the machine before: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores\n")
    print(f"{'what':<58} {'median s':>9} {'max s':>7} {'CPU s':>6}")
    with tempfile.TemporaryDirectory(prefix="plumbline-bench-") as place:
        clone = make_clone(Path(place) / "clone")
        row("python -c pass (the floor)", rounds, command([sys.executable, "-c", "pass"]))
        row("plumbline --help", rounds, command([PLUMBLINE, "--help"]))
        row("plumbline check, a clone of 3 files", rounds, command([PLUMBLINE, "check", str(clone)]))
    with (
        tempfile.TemporaryDirectory(prefix="plumbline-bench-") as root,
        World(Path(root), workers=1) as world,
    ):
        acme = Acme(world)
        which = acme.repository()
        row("plumbline web, until /readyz is 200", rounds, lambda: web(world))
        row("plumbline worker, until a waiting push has its check run", rounds, lambda: worker(acme, which))


def make_clone(place: Path) -> Path:
    """A repository of one commit."""
    place.mkdir()
    for name, text in {"README.md": "# x\n", "LICENSE": MIT, ".github/workflows/w.yml": DANGEROUS}.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text(text)
    person = ["-c", "user.name=x", "-c", "user.email=x@example.test"]
    for arguments in (["init", "-q", "-b", "main"], ["add", "."], [*person, "commit", "-q", "-m", "x"]):
        subprocess.run(["git", *arguments], cwd=place, check=True)
    return place


def command(arguments: Sequence[str]) -> Callable[[], float]:
    """Seconds of a command from start to end."""

    def run() -> float:
        began = time.perf_counter()
        subprocess.run(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
        return time.perf_counter() - began

    return run


def web(world: World) -> float:
    """Seconds until a receiver that was killed is ready again."""
    world.programs["web"].held = True
    world.kill("web")
    eventually(lambda: world.status("/healthz") == 0, within_s=10, what="the receiver is gone")
    began = time.perf_counter()
    world.programs["web"].held = False
    while not world.ready():
        time.sleep(0.01)
    return time.perf_counter() - began


def worker(acme: Acme, which: int) -> float:
    """Seconds from the start of a worker to the check run of a commit that waits for it."""
    acme.world.settle()
    program = acme.world.programs["worker0"]
    program.held = True
    acme.world.kill("worker0")
    sha = acme.push(which)
    acme.world.github.quiet(idle_s=0.5)
    began = time.time()
    program.held = False
    run = acme.reported(which, sha)
    (entry,) = [e for e in acme.world.journal() if e.seq == run.seq]
    return entry.applied_at - began


def row(what: str, rounds: int, act: Callable[[], float]) -> None:
    """Print one line; the first round is not counted."""
    act()
    took, used = [], []
    for _ in range(rounds):
        before = children_cpu()
        took.append(act())
        used.append(children_cpu() - before)
    # Processes that go on running are not counted before their end.
    cpu = f"{min(used):.2f}" if what.startswith(("plumbline --help", "plumbline check", "python")) else "-"
    print(f"{what:<58} {statistics.median(took):>9.2f} {max(took):>7.2f} {cpu:>6}", flush=True)


def children_cpu() -> float:
    """Seconds of the processor that children used which have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
