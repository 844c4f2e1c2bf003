"""Documents and clones tell the same of histories as people make them."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.adapters.git import open_clone
from bot.adapters.licences import Licences
from bot.config.policy import DEFAULT
from bot.engine.evaluate import Facts, collect, needed_facts
from bot.model.facts import Branches, Repository, SideBranches
from bot.model.verdicts import Unknown
from bot.registry import load
from bot.testing.fake import FakeGitHub
from bot.testing.state import FakeRepository
from tests.integration.truth.scene import World, everything, open_world
from tests.truth.generate import plan_organisation
from tests.truth.histories import history

REGISTRY = load(("bot.checks", "bot.facts"), plugins=False)
FROM_FILES = tuple(
    name
    for name in sorted(needed_facts(REGISTRY, DEFAULT, file_fed_only=True))
    if name in REGISTRY.facts and "owner" not in REGISTRY.facts[name].needs and REGISTRY.facts[name].file_fed
)
NAMES = (*FROM_FILES, "default_head", "branches", "side_branches", "drifts", "branch_pairs")
HISTORIES = 24


def imported(fake: FakeGitHub, seed: int) -> FakeRepository:
    """A repository of the fake with a history that git itself has written."""
    repository = fake.create_repository("acme", f"history-{seed}")
    command = ["git", "-C", str(repository.git.path), "fast-import", "--quiet", "--done"]
    subprocess.run(command, input=history(seed), check=True, capture_output=True)
    repository.refs |= repository.git.refs()
    return repository


def cloned(world: World, repository: FakeRepository, folder: Path) -> Facts:
    """Facts from a mirror of it."""
    command = ["git", "clone", "-q", "--mirror", str(repository.git.path), str(folder)]
    subprocess.run(command, check=True, capture_output=True)
    with open_clone(folder) as reader:
        return collect(
            REGISTRY,
            NAMES,
            reader=reader,
            auditor=world.auditor,
            licences=Licences(),
            commit=reader.head("main"),
            branch="main",
            now=world.clock.now(),
            tolerate=False,
        )


def comparable(value: Any) -> Any:
    """Without what a clone can not know, and in one order."""
    match value:
        case Branches():
            return sorted((branch.name, branch.head) for branch in value.listed), value.more
        case SideBranches():
            return replace(value, pull_requests=False, measured=tuple(sorted(value.measured, key=str)))
        case Repository():
            return value.default_branch
    return value


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> Mapping[int, tuple[Facts, Facts]]:
    """Facts of each history as documents tell them, and as its clone does."""
    root = tmp_path_factory.mktemp("histories")
    world = open_world(root, replace(plan_organisation(1, 1), repositories=()), everything(REGISTRY))
    made = {seed: imported(world.fake, seed) for seed in range(HISTORIES)}
    together = world.read(REGISTRY, NAMES)
    found = {
        seed: (together[repository.name], cloned(world, repository, root / f"clone-{seed}.git"))
        for seed, repository in made.items()
    }
    world.close()
    return found


@pytest.mark.parametrize("seed", range(HISTORIES))
def test_a_history_is_told_alike_by_documents_and_by_a_clone(
    read: Mapping[int, tuple[Facts, Facts]], seed: int
) -> None:
    """Fact by fact: files, dates, and how branches stand to each other."""
    documents, clone = read[seed]
    told = [name for name in NAMES if not isinstance(clone[name], Unknown)]

    for name in told:
        assert comparable(documents[name]) == comparable(clone[name]), name
    assert {"default_head", "branches", "side_branches", "drifts", "binaries", "manifests"} <= set(told)
