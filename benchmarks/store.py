"""Milliseconds to keep one judged repository: facts, verdicts, and what changed.

    python benchmarks/store.py [--repositories 300] [--database-url URL]

SQLite in a temporary directory unless a URL is given (its tables are created, and left there).
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from bot.adapters.store import SqlStore, open_store
from bot.config.settings import Settings
from bot.model.facts import Repository
from bot.ports import StoredVerdict

NOW = datetime(2026, 6, 21, tzinfo=UTC)
FILES = 300
CHECKS = (5, 60)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repositories", type=int, default=300)
    parser.add_argument("--database-url", default="")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        store = open_store(Settings(home=Path(home), database_url=arguments.database_url))
        store.migrate()
        numbers = range(1, arguments.repositories + 1)
        store.save_repositories(1, [Repository(n, f"acme/r{n}", "main") for n in numbers])
        print(f"{'what':<44}{'median ms':>10}{'p95 ms':>10}")
        facts = _facts()
        _row("save_facts, 27 kB of JSON", numbers, lambda n: store.save_facts(n, "c" * 40, facts, NOW))
        _row("facts", numbers, store.facts)
        for checks in CHECKS:
            for outcome, what in (("fail", "all changed"), ("fail", "none changed"), ("pass", "all changed")):
                verdicts = [_verdict(f"check-{checks}-{n}", outcome) for n in range(checks)]
                _row(f"save_verdicts, {checks} checks, {what}", numbers, _saver(store, verdicts))
        _row("audit", numbers, lambda n: store.audit(1, "plumbline", "issue.update", {"repository": n}))
        store.remove_repositories(numbers)
        store.close()


def _saver(store: SqlStore, verdicts: list[StoredVerdict]) -> Callable[[int], object]:
    return lambda n: store.save_verdicts(n, verdicts, "commit")


def _row(what: str, numbers: range, call: Callable[[int], object]) -> None:
    times = []
    for number in numbers:
        start = time.perf_counter()
        call(number)
        times.append((time.perf_counter() - start) * 1000)
    p95 = statistics.quantiles(times, n=20)[-1]
    print(f"{what:<44}{statistics.median(times):>10.2f}{p95:>10.2f}")


def _facts() -> dict[str, object]:
    source = random.Random(1)
    tree = [
        {"path": f"src/{n}.py", "oid": f"{source.getrandbits(160):040x}", "size": n} for n in range(FILES)
    ]
    return {"tree": tree}


def _verdict(check: str, outcome: str) -> StoredVerdict:
    seen = tuple(f"evidence-{n}" for n in range(5))
    return StoredVerdict(
        check, outcome, 2, "One sentence of fifty characters.", seen, 1, "c" * 40, NOW, NOW, outcome
    )


if __name__ == "__main__":
    main()
