"""A planned organisation behind a loopback socket, scanned through the adapter as a sweep does it."""

from __future__ import annotations

import re
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bot.adapters.github import Bounds, GitHubApp, build
from bot.adapters.github.batch import GitHubBatch
from bot.adapters.licences import Licences
from bot.adapters.zizmor import Zizmor
from bot.config.policy import DEFAULT
from bot.config.settings import Settings
from bot.engine.evaluate import Collection, Facts, declared_selections, judge, needed_facts
from bot.engine.judging_owner import named_in
from bot.engine.reading import facts_of, settle_all
from bot.engine.scanning import SHARD
from bot.model.errors import Gone
from bot.model.facts import Repository
from bot.model.verdicts import Judgement, Scope
from bot.ports import Batch
from bot.registry import Registry
from bot.testing.clocks import ManualClock
from bot.testing.fake import FakeGitHub
from tests.contract.github.loopback import Loopback
from tests.contract.github.scripted import Counts, Pauses
from tests.truth.build import build as build_organisation
from tests.truth.plans import OrganisationPlan


def everything(registry: Registry) -> Mapping[str, str]:
    """All permissions that any fact asks for."""
    parts = {part for fact in registry.facts.values() for part in fact.permission.split(", ") if part}
    return dict.fromkeys(sorted(part.partition(":")[0] for part in parts), "read")


BATCH = SHARD
"""Repositories that are read together, as in a sweep's shard."""


@dataclass(frozen=True)
class Scan:
    """What a scan of an organisation told.

    Args:
        facts: by name of the repository; an empty one has them, too.
        points: of GraphQL, by name of the repository: those of its batch shared equally.
        documents: sent for all.
        rest: REST calls by their paths, with numbers made ``{n}``; mints of tokens left out.
    """

    facts: Mapping[str, Facts]
    owner: Facts
    points: Mapping[str, float]
    documents: int
    rest: Counter[str]
    seconds: float

    @property
    def median_points(self) -> float:
        """Of the repositories."""
        return statistics.median(self.points.values())

    def cost(self) -> str:
        """The figures in a line."""
        number = len(self.facts)
        return (
            f"{number} repositories: {self.median_points:.3f} points at the median "
            f"({sum(self.points.values()) / number:.3f} on average), {self.documents / number:.2f} documents "
            f"and {sum(self.rest.values()) / number:.2f} REST calls per repository, {self.seconds:.1f} s"
        )


@dataclass
class World:
    """A built organisation with the App installed on it."""

    plan: OrganisationPlan
    fake: FakeGitHub
    server: Loopback
    clock: ManualClock
    app: GitHubApp
    installation: int
    granted: Mapping[str, str]
    auditor: Zizmor = field(default_factory=Zizmor)
    built_in: float = 0.0
    _listed: Sequence[Repository] | None = None

    def close(self) -> None:
        """Stop serving."""
        self.server.close()
        self.fake.close()

    def scan(self, registry: Registry) -> Scan:
        """Read what the checks of a registry need, batch by batch; the listing before is not counted."""
        self.listed()
        self.server.journal.clear()
        start = time.perf_counter()
        costs: dict[str, float] = {}
        documents: list[int] = []
        facts = self.read(registry, needed_facts(registry, DEFAULT), costs, documents)
        of_owner = Collection(
            registry,
            needed_facts(registry, DEFAULT, scope=Scope.ORGANISATION),
            {
                "owner": self.app.owner(self.installation, self.plan.login),
                "now": self.clock.now(),
                "named_owners": named_in((one, facts[one.name].get("codeowners")) for one in self.listed()),
            },
            tolerate=True,
            granted=self.granted,
        )
        assert of_owner.step()
        seconds = time.perf_counter() - start
        rest = Counter(
            re.sub(r"(?<=/)(\d+|[0-9a-f]{40}(\.{3}[0-9a-f]{40})?)(?=/|$)", "{n}", request.path)
            for request in self.server.journal
            if not request.path.endswith(("/graphql", "/access_tokens"))
        )
        return Scan(facts, of_owner.facts, costs, sum(documents), rest, seconds)

    def listed(self) -> Sequence[Repository]:
        """All repositories, but for the one that keeps the owner's defaults; the listing is kept."""
        if self._listed is None:
            every = self.app.installation_repositories(self.installation)
            self._listed = [known for known in every if known.name != ".github"]
        return self._listed

    def read(
        self,
        registry: Registry,
        wanted: Iterable[str],
        costs: dict[str, float] | None = None,
        documents: list[int] | None = None,
    ) -> dict[str, Facts]:
        """Facts of the listed repositories by name.

        Args:
            costs: gets the points of each repository: those of its batch in equal parts.
            documents: gets how many were sent for each batch.
        """
        names, listed = frozenset(wanted), self.listed()
        facts: dict[str, Facts] = {}
        for first in range(0, len(listed), BATCH):
            together = listed[first : first + BATCH]
            batch = self.app.batch(self.installation, together)
            batch.declare(declared_selections(registry, names, self.granted))
            told = settle_all(batch, [self._asking(registry, batch, known, names) for known in together])
            for known, found in zip(together, told, strict=True):
                assert not isinstance(found, Gone), known.full_name
                facts[known.name] = found
                if costs is not None:
                    costs[known.name] = batch.points / len(together)
            if documents is not None and isinstance(batch, GitHubBatch):
                documents.append(batch.documents)
        return facts

    def _asking(
        self, registry: Registry, batch: Batch, known: Repository, names: frozenset[str]
    ) -> Callable[[], Facts]:
        reader = batch.reader(known.id)
        kept: list[Collection] = []

        def ask() -> Facts:
            if not kept:
                repository = reader.repository()
                inputs = {
                    "reader": reader,
                    "owner": self.app.owner(self.installation, repository.owner),
                    "auditor": self.auditor,
                    "licences": Licences(),
                    "commit": "" if repository.empty else reader.head(repository.default_branch),
                    "branch": "" if repository.empty else repository.default_branch,
                    "now": self.clock.now(),
                    "policy_paths": (),
                }
                kept.append(Collection(registry, names, inputs, tolerate=True, granted=self.granted))
            return facts_of(kept[0])

        return ask

    def judge(self, registry: Registry, scan: Scan) -> Mapping[str, Mapping[str, Judgement]]:
        """Repository -> check -> judgement; the organisation's own are under ""."""
        now = self.clock.now()
        judged = {name: judge(registry, DEFAULT, facts, now) for name, facts in scan.facts.items()}
        judged[""] = judge(registry, DEFAULT, scan.owner, now, scope=Scope.ORGANISATION)
        return {name: {one.check: one for one in found} for name, found in judged.items()}


def open_world(root: Path, plan: OrganisationPlan, granted: Mapping[str, str]) -> World:
    """Build an organisation, install the App with these permissions, and serve it."""
    clock = ManualClock()
    fake = FakeGitHub(root, clock=clock, permissions=dict(granted))
    start = time.perf_counter()
    build_organisation(fake, plan)
    built_in = time.perf_counter() - start
    installation = fake.install(plan.login)
    server = Loopback(fake)
    settings = Settings(
        home=root,
        github_url=server.url,
        app_id=fake.app.id,
        private_key=fake.app_private_key_pem,
        webhook_secrets=("w",),
    )
    app = build(
        settings,
        ledger=Pauses(clock),
        clock=clock,
        metrics=Counts(),
        bounds=Bounds(read_s=60, call_s=120, backoff_s=0.001),
        sleep=lambda _s: None,
        permissions=dict(granted),
    )
    return World(plan, fake, server, clock, app, installation, granted, built_in=built_in)
