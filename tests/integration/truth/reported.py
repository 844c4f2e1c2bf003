"""A planned organisation that was read, judged and reported by the engine, into a fake GitHub."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, cast

import pytest

from bot.adapters.ledger.memory import MemoryLedger, NoQueue
from bot.adapters.licences import Licences
from bot.adapters.store import SqlStore, open_store
from bot.config.organisation import ORGANISATION_PATH
from bot.config.settings import Settings
from bot.engine import publish, scanning
from bot.engine.context import Context, Runtime
from bot.engine.once import Came, context_of, look_once
from bot.engine.rolling_up import roll_up
from bot.engine.scanning import judge_together
from bot.model.facts import Repository
from bot.model.reports import Report
from bot.ports import Ledger, Queue
from bot.registry import Registry
from bot.testing.state import CheckRun, FakeRepository, Issue
from tests.contract.github.scripted import Counts
from tests.integration.truth.scene import World, everything, open_world
from tests.truth.plans import OrganisationPlan
from tests.truth.policy import PolicyPlan

HEALTH = "health"
"""The private repository that gets the organisation's report; nothing else is in it."""


@dataclass
class Reported:
    """An organisation with everything that was said of it.

    Args:
        reports: by name of the repository, the newest that was published.
        lacking: permissions that the App was not granted.
    """

    world: World
    runtime: Runtime
    lacking: frozenset[str]
    listed: Mapping[str, Repository]
    reports: dict[str, Report] = field(default_factory=dict)
    came: Came = field(default_factory=Came)

    @property
    def context(self) -> Context:
        """Of a process that works alone."""
        return context_of(self.runtime)

    def repository(self, name: str) -> FakeRepository:
        """As the fake GitHub has it."""
        return self.world.fake.repository(f"{self.world.plan.login}/{name}")

    def issues(self, name: str) -> list[Issue]:
        """Those that we wrote."""
        return [i for i in self.repository(name).issues.values() if i.user.login == "plumbline[bot]"]

    def runs(self, name: str) -> list[CheckRun]:
        """Check runs about the repository's health that we made, the newest last."""
        runs = self.repository(name).check_runs.values()
        return [r for r in runs if r.name == "plumbline/health" and r.external_id]

    @property
    def page(self) -> str:
        """The organisation's report as it was published."""
        (issue,) = self.issues(HEALTH)
        return issue.body or ""

    def look_again(self, names: Sequence[str]) -> None:
        """Judge some of the repositories anew, and sum everything up."""
        judge_together(self.context, self.world.installation, [self.listed[name] for name in names])
        roll_up(self.context, self.world.installation)


@contextmanager
def reported(
    root: Path, plan: OrganisationPlan, policy: PolicyPlan, registry: Registry, lacking: frozenset[str]
) -> Iterator[Reported]:
    """Build an organisation under a policy, and have it read, judged and reported once.

    Args:
        lacking: permissions that the App is not granted.
    """
    granted = {name: "read" for name in everything(registry) if name not in lacking}
    granted |= {"issues": "write", "checks": "write", "members": "read"}
    defaults = {**plan.defaults, ORGANISATION_PATH: policy.text()}
    world = open_world(root, replace(plan, defaults=defaults), granted)
    world.fake.create_repository(plan.login, HEALTH, private=True)
    store: SqlStore = open_store(Settings(home=root), clock=world.clock)
    store.migrate()
    runtime = Runtime(
        registry=registry,
        settings=Settings(home=root),
        ledger=cast("Ledger", MemoryLedger(world.clock)),
        queue=cast("Queue", NoQueue()),
        store=store,
        github=world.app,
        auditor=world.auditor,
        licences=Licences(),
        clock=world.clock,
        metrics=Counts(),
    )
    every = list(world.app.installation_repositories(world.installation))
    found = Reported(world, runtime, lacking, {known.name: known for known in every})
    with pytest.MonkeyPatch.context() as patch:
        # Sixty issues an hour may be opened; how that is kept is not the question here.
        patch.setattr(publish, "CREATIONS_PER_HOUR", len(every) + 1)
        patch.setattr(scanning, "publish_health_issue", _noting(found.reports))
        found.came = look_once(found.context, world.app.account_installation(plan.login), every)
        yield found
    store.close()
    world.close()


def _noting(reports: dict[str, Report]) -> Any:
    """Publishes as always, and keeps what was published."""
    genuine = publish.publish_health_issue

    def noted(
        context: Context, writer: Any, report: Report, policy: Any, first_seen: dict[str, datetime]
    ) -> int | None:
        reports[report.repository.name] = report
        return genuine(context, writer, report, policy, first_seen)

    return noted
