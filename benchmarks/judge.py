"""How long judging a repository takes when its facts are in hand, and which checks take most of it.

Run: ``python -m benchmarks.judge [CLONE...]``. The facts are those that ``plumbline check OWNER/NAME`` reads
of the repositories of a simulated organisation, all permissions granted; and of each CLONE given, what
a clone tells: name one with hundreds of branches or findings to see what is the most. Times are of CPU,
the auditor's findings among the facts. The floor is 3 ms at the median for all checks of a simulated
repository.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from unittest import mock

from bot.config.manifest import read_manifest
from bot.config.policy import Policy
from bot.engine import evaluate
from bot.engine.scanning import exempt
from bot.entry.examine import examine_clone, examine_remote
from bot.model.verdicts import Judgement
from bot.registry import Registry
from bot.simulator.population import populate
from bot.simulator.server import Simulator
from bot.testing.authentication import mint
from bot.testing.fake import FakeGitHub

FLOOR_MS = 3.0
REPOSITORIES = 20
ROUNDS = 50
SLOWEST = 8


@dataclass(frozen=True, slots=True)
class Case:
    """What ``judge`` was called with for one repository."""

    name: str
    registry: Registry
    policy: Policy
    facts: Mapping[str, object]
    now: datetime

    def judge(self) -> tuple[Judgement, ...]:
        """What is timed."""
        return evaluate.judge(self.registry, self.policy, self.facts, self.now)

    def judge_and_exempt(self) -> object:
        """Exemptions are applied to everything that is judged."""
        return exempt(self.judge(), self.policy, self.now)


@contextmanager
def overheard(cases: list[Case], name: str) -> Iterator[None]:
    """Keep what ``judge`` is called with inside."""
    judge = evaluate.judge

    def listen(
        registry: Registry, policy: Policy, facts: Mapping[str, object], now: datetime, **more: Any
    ) -> Any:
        cases.append(Case(name, registry, policy, facts, now))
        return judge(registry, policy, facts, now, **more)

    with mock.patch.object(evaluate, "judge", listen):
        yield


def simulated(repositories: int) -> list[Case]:
    """The cases of a simulated organisation; what has no commit is left out."""
    cases: list[Case] = []
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "fake").mkdir()
        fake = FakeGitHub(root / "fake", permissions=dict(read_manifest().permissions))
        number = populate(fake, "acme", repositories)
        with Simulator(root / "github", fake=fake, validator=None) as running:
            env = {
                "PLUMBLINE_GITHUB_URL": f"{running.base_url}/api/v3",
                "PLUMBLINE_HOME": str(root / "home"),
                "GITHUB_TOKEN": mint(fake, fake.installations[number], {}).value,
                "PATH": os.environ["PATH"],
            }
            for repository in list(fake.repositories.values()):
                with overheard(cases, repository.full_name):
                    examine_remote(repository.full_name, env)
    return cases


def measure(work: Callable[[], object], rounds: int = ROUNDS) -> list[float]:
    """Milliseconds of CPU of each run."""
    work()
    times = []
    for _ in range(rounds):
        start = time.process_time()
        work()
        times.append((time.process_time() - start) * 1000)
    return times


def slowest(cases: list[Case]) -> list[tuple[str, float, float]]:
    """Check, milliseconds at the median over the repositories, and at most."""
    by_check: dict[str, list[float]] = {}
    for case in cases:
        for spec in case.registry.checks.values():
            one = Registry({spec.name: spec}, case.registry.facts, (), {})
            alone = statistics.median(
                measure(lambda r=one, c=case: evaluate.judge(r, c.policy, c.facts, c.now), 5)
            )
            by_check.setdefault(spec.name, []).append(alone)
    found = [(name, statistics.median(times), max(times)) for name, times in by_check.items()]
    return sorted(found, key=lambda row: -row[2])[:SLOWEST]


def main() -> int:
    """Print the tables; the exit code says whether the floor is kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("clones", nargs="*", type=Path, metavar="CLONE")
    parser.add_argument(
        "--repositories", type=int, default=REPOSITORIES, help="of the simulated organisation"
    )
    options = parser.parse_args()
    cases = simulated(options.repositories)
    groups = [(f"{len(cases)} simulated repositories", cases)]
    for clone in options.clones:
        own: list[Case] = []
        with overheard(own, clone.name):
            examine_clone(clone)
        label = clone.parent.name if clone.name in ("repo", ".git") else clone.name
        groups.append((label.replace("+", "/"), own))
    kept = True
    print("| facts of | checks | of these answer | p50 ms | p99 ms | with exemptions, p50 |")
    print("|---|---:|---:|---:|---:|---:|")
    for name, group in groups:
        times = sorted(t for case in group for t in measure(case.judge))
        exempted = statistics.median(t for case in group for t in measure(case.judge_and_exempt))
        outcomes = Counter(j.outcome.value for case in group for j in case.judge())
        judged = sum(outcomes.values()) / len(group)
        answered = (outcomes["pass"] + outcomes["fail"]) / len(group)
        median = statistics.median(times)
        kept = kept and (median <= FLOOR_MS or group is not cases)
        last = times[int(len(times) * 0.99)]
        print(
            f"| {name} | {judged:.0f} | {answered:.0f} | {median:.2f} | {last:.2f} | {exempted:.2f} |",
            flush=True,
        )
    print("\n| slowest checks | p50 ms | max ms |\n|---|---:|---:|")
    for check, median, most in slowest([case for _, group in groups for case in group]):
        print(f"| {check} | {median:.3f} | {most:.3f} |")
    print(f"\nFloor of {FLOOR_MS} ms at the median: {'kept' if kept else 'missed'}.")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
