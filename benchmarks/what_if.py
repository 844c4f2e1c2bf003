"""Seconds to foretell what a policy would bring to 300 and to 10,000 repositories, from a database.

    python -m benchmarks.what_if [--repositories 300 10000]

The facts and verdicts are those of a clone (this one, unless ``--clone`` names another), kept once for
each repository. Targets: 5 s for 300 repositories, 60 s for 10,000.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from bot.adapters.git import open_clone
from bot.adapters.licences import Licences
from bot.adapters.store import SqlStore, open_store
from bot.adapters.zizmor import Zizmor
from bot.config.organisation_file import read_organisation
from bot.config.policy import DEFAULT
from bot.config.settings import Settings
from bot.engine.delta import to_store
from bot.engine.evaluate import Facts, collect, freeze, judge, needed_facts
from bot.engine.what_if import Side, what_if
from bot.model.facts import Repository, Visibility
from bot.registry import Registry, load
from bot.report.what_if import render_what_if

NOW = datetime(2026, 6, 21, tzinfo=UTC)
TARGETS = {300: 5.0, 10_000: 60.0}

POLICIES = {
    "a lock": "lock: [checks.licence.enabled]\n",
    "a weight": "defaults: {checks: {licence: {severity: critical}}}\n",
    "one option": "defaults: {checks: {behind: {max_behind: 3}}}\n",
    "all of one group": "groups: [{name: a, when: {names: '*1'}, checks: {licence: {enabled: false}}}]\n",
    "enrolment of all": "",
}
"""What changes -> the proposed policy; the last one is compared with a policy that enrols nobody."""


def main() -> int:
    """Print the table; 1 when a target was missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repositories", type=int, nargs="*", default=[300, 10_000])
    parser.add_argument("--clone", type=Path, default=Path())
    arguments = parser.parse_args()
    registry = load(("bot.checks", "bot.facts"), plugins=False)
    facts = _facts(registry, arguments.clone)
    missed = False
    print(f"{len(registry.checks)} checks, {len(facts)} facts of a clone")
    print(f"{'repositories':>12}  {'what changes':<18}{'s':>8}{'ms each':>9}{'MiB':>7}  run")
    for count in arguments.repositories:
        with tempfile.TemporaryDirectory() as home:
            store = open_store(Settings(home=Path(home)))
            store.migrate()
            _fill(store, registry, facts, count)
            for what, text in POLICIES.items():
                missed |= _measured(store, registry, what, text, count) > TARGETS.get(count, 1e9)
            store.close()
    return int(missed)


def _measured(store: SqlStore, registry: Registry, what: str, text: str, count: int) -> float:
    before = "enrol: [{names: nobody}]\n" if what == "enrolment of all" else ""
    sides = [Side(registry, read_organisation(t.encode(), registry.checks)) for t in (before, text)]
    start = time.perf_counter()
    found = what_if(store, 1, *sides, NOW)
    run = render_what_if(found, "c" * 40, policies=("a", "b"), at=NOW)
    took = time.perf_counter() - start
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{count:>12}  {what:<18}{took:>8.2f}{took / count * 1000:>9.2f}{memory:>7.0f}  {run.title}")
    return took


def _facts(registry: Registry, clone: Path) -> Facts:
    with open_clone(clone) as reader:
        repository = reader.repository()
        commit = reader.checkout().commit
        return collect(
            registry,
            needed_facts(registry, DEFAULT),
            reader=reader,
            auditor=Zizmor(),
            licences=Licences(),
            commit=commit,
            branch=repository.default_branch,
            now=NOW,
            tolerate=True,
        )


def _fill(store: SqlStore, registry: Registry, facts: Facts, count: int) -> None:
    kept = freeze(facts)
    verdicts = to_store({}, judge(registry, DEFAULT, facts, NOW), "c" * 40, NOW)
    numbers = range(1, count + 1)
    private = Visibility.PRIVATE
    store.save_repositories(1, [Repository(n, f"acme/r{n}", "main", private) for n in numbers])
    for number in numbers:
        store.save_facts(number, "c" * 40, kept, NOW)
        store.save_verdicts(number, verdicts, "commit")


if __name__ == "__main__":
    raise SystemExit(main())
