"""Selections read through the adapter, answered by the fake's GraphQL as github.com and as GHES serve it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bot.adapters.github import Bounds, GitHubApp, build
from bot.adapters.github.graph import TooHeavy
from bot.config.settings import Settings
from bot.model.errors import LimitReached, PermissionMissing, Unavailable
from bot.selections import (
    BRANCHES,
    DEFAULT_BRANCH,
    LATEST_RELEASE,
    OPEN_PULL_REQUESTS,
    TOPICS,
    Selection,
    directory,
)
from bot.simulator.faults import Fault, FaultKind
from bot.simulator.journal import traffic
from bot.simulator.oracles import foreign_tokens
from bot.simulator.server import Simulator
from bot.testing.clocks import ManualClock
from bot.testing.fake import FakeGitHub
from bot.testing.graphql.overload import Sign
from bot.testing.state import FakeRepository
from tests.contract.github.scripted import Counts, Pauses

PATIENT = Bounds(read_s=30, call_s=60, backoff_s=0.001)
"""The first request may wait for GitHub's published description to be read."""

FILES = {"README.md": "# Rocket\n", ".github/workflows/ci.yml": "on: push\n"}


@dataclass
class Scene:
    """A simulator with one organisation and one private repository, and the App on it."""

    simulator: Simulator
    app: GitHubApp
    repository: FakeRepository
    installation: int

    @property
    def fake(self) -> FakeGitHub:
        return self.simulator.fake

    @property
    def reader(self) -> Any:
        return self.app.reader(self.installation, self.repository.id).__enter__()

    def problems(self) -> list[str]:
        return [problem for entry in self.simulator.journal.entries() for problem in entry.problems]


@pytest.fixture(params=["", "/api/v3"], ids=["github.com", "GHES"])
def scene(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Scene]:
    clock = ManualClock()
    repositories = tmp_path / "repositories"
    repositories.mkdir()
    fake = FakeGitHub(repositories, clock=clock)
    fake.create_organisation("acme")
    repository = fake.create_repository("acme", "rocket", private=True, files=FILES)
    installation = fake.install("acme")
    with Simulator(tmp_path / "simulator", fake=fake) as simulator:
        settings = Settings(
            home=tmp_path,
            github_url=simulator.base_url + request.param,
            app_id=fake.app.id,
            private_key=fake.app_private_key_pem,
            webhook_secrets=("w",),
        )
        app = build(
            settings,
            ledger=Pauses(clock),
            clock=clock,
            metrics=Counts(),
            bounds=PATIENT,
            sleep=lambda _: None,
        )
        yield Scene(simulator, app, repository, installation)


def test_standard_selections(scene: Scene) -> None:
    """One document, held to GitHub's schema where it is at hand; one call of REST names the repository."""
    fake, repository = scene.fake, scene.repository
    fake.describe(repository, topics=["space"])
    fake.push(repository, "feature", {"b.py": "1"}, message="Add b", actor="octocat")
    fake.push(repository, "main", {"c.py": "1"}, message="Add c", actor="octocat")
    number = fake.open_pull_request(repository, "feature", "main", title="Add b")
    fake.publish_release(repository, "v1", notes="It flies")

    told = scene.reader.graph(
        {
            "default": DEFAULT_BRANCH,
            "topics": TOPICS,
            "branches": BRANCHES,
            "pulls": OPEN_PULL_REQUESTS,
            "release": LATEST_RELEASE,
            "root": directory(""),
            "docs": directory("docs"),
            "workflows": directory(".github/workflows", texts=True),
        }
    )

    assert told["default"]["target"]["oid"].oid() == repository.head
    assert [node["topic"]["name"].text() for node in told["topics"].nodes()] == ["space"]
    counts = {
        node["name"].text(): (node["compare"]["aheadBy"].number(), node["compare"]["behindBy"].number())
        for node in told["branches"].nodes()
    }
    assert counts == {"main": (0, 0), "feature": (1, 1)}
    assert not told["branches"].more
    (pull,) = told["pulls"].nodes()
    assert (pull["number"].number(), pull["mergeable"].text()) == (number, "UNKNOWN")
    assert told["release"]["tagName"].text() == "v1"
    assert {entry["name"].text() for entry in told["root"]["entries"].items()} >= {"README.md", ".github"}
    assert told["docs"].null
    (workflow,) = told["workflows"]["entries"].items()
    assert workflow["object"]["text"].text() == "on: push\n"
    seen = traffic(scene.simulator.journal.entries())
    assert (seen.graphql, seen.points) == (1, 1)
    rest = [e.path for e in scene.simulator.journal.entries() if e.path.startswith("/repositories/")]
    assert rest == [f"/repositories/{repository.id}"]
    # Topics, branches and pull requests are connections of one page each.
    assert seen.per_repository == {repository.id: pytest.approx(0.03)}
    assert scene.problems() == []


def test_what_the_token_may_not_read(scene: Scene) -> None:
    """A missing permission is told as one, and takes nothing else along."""
    scene.fake.set_permissions(scene.installation, {"metadata": "read"})

    told = scene.reader.graph({"root": directory(""), "topics": TOPICS}, "contents: read")

    assert told["topics"].nodes() == ()
    with pytest.raises(PermissionMissing):
        told["root"].optional("entries")


@pytest.mark.off_schema
def test_a_field_that_this_github_does_not_know(scene: Scene) -> None:
    """Its selection is left out, the others are told: an older GHES."""
    unknown = Selection("somethingNew { totalCount }")
    scene.simulator.validator = None

    told = scene.reader.graph({"new": unknown, "topics": TOPICS})

    assert told["topics"].nodes() == ()
    with pytest.raises(Unavailable):
        told["new"].optional("totalCount")
    assert traffic(scene.simulator.journal.entries()).graphql == 2


def test_an_empty_budget(scene: Scene) -> None:
    """A date to come back at, not an error of the repository."""
    scene.fake.limits.graphql = 1
    scene.reader.graph({"topics": TOPICS})

    with pytest.raises(LimitReached) as refused:
        scene.reader.graph({"topics": TOPICS})

    assert refused.value.resource == "graphql"
    assert refused.value.until > scene.fake.now()


@pytest.mark.parametrize("sign", Sign)
def test_a_document_that_is_too_heavy(scene: Scene, sign: Sign) -> None:
    """Every sign of it asks for less at a time."""
    scene.fake.overload.above, scene.fake.overload.sign = 1, sign

    with pytest.raises(TooHeavy):
        scene.reader.graph({"branches": BRANCHES, "topics": TOPICS})

    assert scene.reader.graph({"topics": TOPICS})["topics"].nodes() == ()


@pytest.mark.parametrize(
    "kind",
    [
        FaultKind.GRAPHQL_TIMEOUT,
        FaultKind.GRAPHQL_WRONG,
        FaultKind.GRAPHQL_NODES,
        FaultKind.GRAPHQL_PARTIAL,
    ],
)
def test_faults_of_the_simulator(scene: Scene, kind: FaultKind) -> None:
    """The same by rule, for documents above a weight only."""
    scene.simulator.faults.add(Fault(kind, above=1))

    with pytest.raises(TooHeavy):
        scene.reader.graph({"branches": BRANCHES, "topics": TOPICS})

    assert scene.reader.graph({"topics": TOPICS})["topics"].nodes() == ()


def test_the_journal_tells_whose_repositories_were_asked_for(scene: Scene) -> None:
    """So that another tenant's are noticed."""
    scene.reader.graph({"topics": TOPICS})

    (entry,) = (e for e in scene.simulator.journal.entries() if e.path == "/graphql")
    assert (entry.repository_id, entry.owner_installation_id) == (scene.repository.id, scene.installation)
    assert entry.detail["owners"] == [scene.installation]
    assert foreign_tokens(scene.simulator.journal.entries()) == []
