"""A planned organisation is what its plan says, by git's own word, and is there quickly."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import pytest

from bot.testing.clocks import ManualClock
from bot.testing.fake import FakeGitHub
from tests.truth.build import build
from tests.truth.generate import plan_organisation


def test_equal_seeds_give_equal_plans() -> None:
    """Another seed gives another organisation."""
    assert plan_organisation(3, 50) == plan_organisation(3, 50)
    assert plan_organisation(3, 50) != plan_organisation(4, 50)


@pytest.mark.parametrize("seed", [1, 2])
def test_git_agrees_with_the_plan(tmp_path: Path, seed: int) -> None:
    """References, counts of commits and objects, in small, large and hostile repositories."""
    plan = plan_organisation(seed, 12)
    fake = FakeGitHub(tmp_path, clock=ManualClock())
    built = build(fake, plan)

    for planned in plan.repositories:
        repository = built[planned.name]
        on_disk = repository.git.refs()
        assert {n: oid for n, oid in on_disk.items() if not n.startswith("refs/pull/")} == repository.refs
        for branch in planned.branches:
            expected = planned.lacks("main", branch.name), planned.lacks(branch.name, "main")
            found = repository.git.ahead_behind(repository.head or "", repository.branches[branch.name])
            assert found == expected, (planned.name, branch.name)
    checked = next(built[planned.name] for planned in plan.repositories if not planned.empty)
    command = ["git", "-C", str(checked.git.path), "fsck", "--full", "--strict", "--no-dangling"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    fake.close()


@pytest.mark.slow
def test_three_hundred_repositories_are_built_in_seconds(tmp_path: Path) -> None:
    """Well under a minute, on a machine that does other things, too."""
    fake = FakeGitHub(tmp_path, clock=ManualClock())
    start = time.perf_counter()

    built = build(fake, plan_organisation(1, 300))

    seconds = time.perf_counter() - start
    print(f"300 repositories built in {seconds:.1f} s")
    assert len(built) == 300
    assert seconds < 45
    fake.close()
