"""Load and kills for many minutes, then a count: what was lost, what was doubled.

``python -m tests.soak --minutes 20`` kills web, Redis and workers at least fifty times each (as many
as the minutes allow below twenty), doubles and disorders 5 % of the deliveries, answers 502 after
writes were done, and prints the seed that repeats the run. The simulator's journal is the witness.
"""

from __future__ import annotations

import argparse
import collections
import json
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.simulator.faults import Fault, FaultKind
from bot.simulator.hooks import HookFaults
from tests.e2e.world import World, eventually

KILLS_PER_MINUTE = 3
"""Of each kind: sixty in twenty minutes."""

ACTS_PER_SECOND = 2.0

WORKFLOW = """on: pull_request_target
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v{number}
"""


@dataclass
class Load:
    """People at work in an organisation, by a seeded draw."""

    world: World
    random: random.Random
    repositories: list[dict[str, Any]] = field(default_factory=list)
    pulls: list[tuple[int, int, str]] = field(default_factory=list)
    acts: collections.Counter[str] = field(default_factory=collections.Counter)
    number: int = 0

    def populate(self, count: int) -> None:
        """An organisation of private and public repositories, installed."""
        act = self.world.github.act
        act("create_organisation", login="acme")
        for n in range(count):
            files = {"README.md": f"# {n}\n", "LICENSE": "unclear\n"}
            self.repositories.append(
                act("create_repository", owner="acme", name=f"r{n}", private=bool(n % 3), files=files)
            )
        act("install", account="acme")

    def step(self) -> None:
        """One act of one person."""
        self.number += 1
        repository = self.random.choice(self.repositories)
        which = repository["id"]
        kind = self.random.choices(["push", "open", "update", "rerequest"], [5, 2, 3, 1])[0]
        act = self.world.github.act
        if kind == "push":
            files = {f"f{self.number % 7}.txt": f"{self.number}\n"}
            if self.random.random() < 0.3:
                files[".github/workflows/w.yml"] = WORKFLOW.format(number=self.number)
            act("push", which=which, branch="main", files=files, message=f"change {self.number}")
        elif kind == "open" or not self.pulls:
            kind = "open"
            branch = f"topic-{self.number}"
            files = {".github/workflows/p.yml": WORKFLOW.format(number=self.number)}
            act("push", which=which, branch=branch, files=files, message="propose")
            number = act("open_pull_request", which=which, head=branch, base="main", title="propose")
            self.pulls.append((which, number, branch))
        elif kind == "update":
            which, _, branch = self.random.choice(self.pulls)
            act("push", which=which, branch=branch, files={"x.txt": str(self.number)}, message="more")
        else:
            runs, _ = self.world.effects()
            heads = set(self.heads())
            current = [r for r in runs if (r.repository_id, r.head_sha) in heads]
            if current:
                act("rerequest_check_run", check_run_id=self.random.choice(current).id)
        self.acts[kind] += 1

    def heads(self) -> list[tuple[int, str]]:
        """(repository id, commit) of every default branch and open pull request now."""
        wanted: dict[int, set[str]] = collections.defaultdict(lambda: {"main"})
        for which, _, branch in self.pulls:
            wanted[which].add(branch)
        found = []
        for repository in self.repositories:
            listing = ["git", "--git-dir", repository["git_dir"], "for-each-ref", "refs/heads"]
            listing.append("--format=%(refname:lstrip=2) %(objectname)")
            lines = subprocess.run(listing, capture_output=True, text=True, check=True).stdout.splitlines()
            heads = dict(line.split() for line in lines)
            found += [(repository["id"], heads[branch]) for branch in sorted(wanted[repository["id"]])]
        return found


def chaos(world: World, draw: random.Random, until: float, stop: threading.Event) -> None:
    """Kill web, Redis and a worker by turns, at moments that are drawn."""
    turn = 0
    gap = 60.0 / (3 * KILLS_PER_MINUTE)
    while not stop.wait(draw.uniform(0.5 * gap, 1.2 * gap)) and time.monotonic() < until:
        name = ("web", "redis", f"worker{draw.randrange(world.workers)}")[turn % 3]
        # Half of the time the parent lives and sees its child die, half of the time all go at once.
        world.kill(name, whole=draw.random() < 0.5, pick=draw.randrange(1, 4))
        turn += 1


def lost_heads(load: Load) -> list[tuple[int, str]]:
    """Heads that have no completed check run."""
    runs, _ = load.world.effects()
    seen = {(r.repository_id, r.head_sha) for r in runs if r.name == "plumbline/health" and r.conclusion}
    return [head for head in load.heads() if head not in seen]


def soak(minutes: float, seed: int, root: Path, *, repositories: int = 12) -> dict[str, Any]:
    """Run it; returns the figures."""
    draw = random.Random(seed)
    # A plain installation's 5,000 calls an hour are spent in ten minutes; then all work rightly waits.
    with World(
        root,
        seed=seed,
        simulator_options=("--core-limit", "1000000"),
        settings={"PLUMBLINE_PUBLISH": "issues", "PLUMBLINE_LOG_LEVEL": "WARNING"},
    ) as world:
        load = Load(world, draw)
        load.populate(repositories)
        world.settle(within_s=60)
        world.github.set_hooks(faults=HookFaults(doubled=0.05, disordered=0.05))
        writes = {"method": "POST|PATCH", "path": r"/(check-runs|issues)", "share": 0.05}
        world.github.add_faults(Fault(FaultKind.ERROR, applied=True, status=502, **writes))
        until = time.monotonic() + minutes * 60
        stop = threading.Event()
        killer = threading.Thread(target=chaos, args=(world, random.Random(seed + 1), until, stop))
        killer.start()
        started, said = time.monotonic(), 0.0
        try:
            while time.monotonic() < until:
                load.step()
                time.sleep(draw.expovariate(ACTS_PER_SECOND))
                if time.monotonic() - said > 15 and sys.stderr.isatty():
                    said = time.monotonic()
                    share = (said - started) / (minutes * 60)
                    print(
                        f"\r{share:4.0%} {sum(load.acts.values())} acts, kills {dict(world.kills)}",
                        end="",
                        file=sys.stderr,
                    )
        finally:
            stop.set()
            killer.join()
        world.github.clear_faults()
        world.github.set_hooks(faults=HookFaults())
        quiet_from = time.monotonic()
        eventually(world.ready, within_s=30, what="the receiver is ready again")
        world.run("job", "heal-gaps")
        # V3: everything has ended 120 s after the last fault.
        world.settle(within_s=120)
        recovered_s = time.monotonic() - quiet_from
        lost = lost_heads(load)
        violations = world.github.violations()
        parked = json.loads(world.run("parked", "list", "--json").stdout)
        deliveries = [e for e in world.journal() if e.kind == "delivery"]
        kills = collections.Counter[str]()
        for name, count in world.kills.items():
            kills[name.rstrip("0123456789")] += count
        return {
            "seed": seed,
            "minutes": minutes,
            "acts": dict(load.acts),
            "kills": dict(kills),
            "deliveries": len(deliveries),
            "accepted": sum(e.status is not None and e.status < 300 for e in deliveries),
            "heads": len(load.heads()),
            "lost": len(lost),
            "doubled": sum(v["oracle"] == "V1" for v in violations),
            "violations": violations[:20],
            "problems": world.github.problems()[:20],
            "parked": [record["name"] for record in parked],
            "recovered_s": round(recovered_s, 1),
            "logs": str(world.logs),
        }


def main() -> int:
    """Print the figures; 1 when something was lost, doubled, or any oracle was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--seed", type=int, default=None, help="repeats a run")
    options = parser.parse_args()
    seed = options.seed if options.seed is not None else random.SystemRandom().randrange(10**6)
    print(f"soak: seed {seed}, {options.minutes:g} minutes", flush=True)
    root = Path(tempfile.mkdtemp(prefix="plumbline-soak-"))
    figures = soak(options.minutes, seed, root)
    print(json.dumps(figures, indent=2))
    good = not (figures["lost"] or figures["doubled"] or figures["violations"] or figures["problems"])
    if good:
        shutil.rmtree(root, ignore_errors=True)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
