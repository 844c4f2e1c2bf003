"""All checks, by their defaults, over the organisation of the demo: quiet where all is well."""

from __future__ import annotations

import pytest

from bot import registry as registry_module
from bot.model.verdicts import Outcome
from bot.registry import Registry
from bot.simulator.showcase import ORGANISATION, build
from jobs.scan_shard import shards
from tests.integration.system.world import System


@pytest.fixture(scope="module")
def registry() -> Registry:
    """All plug-ins, as they are delivered."""
    return registry_module.load(plugins=False)


def effects(system: System) -> list[str]:
    """All that was written to GitHub so far."""
    return [f"{e.method} {e.path}" for e in system.calls() if e.method != "GET" and e.path != "/graphql"]


def failing(system: System, name: str) -> set[str]:
    """Checks that fail in a repository."""
    repository = system.fake.repository(f"{ORGANISATION}/{name}")
    kept = system.runtime.store.verdicts(repository.id)
    return {check for check, verdict in kept.items() if verdict.outcome == Outcome.FAIL.value}


def test_says_of_each_repository_what_it_lacks_and_of_a_good_one_nothing(system: System) -> None:
    """Looking once more, it has nothing to add, although its own issues are there now."""
    build(system.fake)
    installation = system.fake.install(ORGANISATION)
    system.pump()
    written = effects(system)
    known = [repository.id for repository in system.runtime.store.repositories(installation)]
    system.runtime.submit(shards(installation, known))
    system.pump()

    assert effects(system) == written

    for quiet in ("website", "parser"):
        assert failing(system, quiet) == set(), quiet
    assert "dangerous-trigger" in failing(system, "rocket")
    assert failing(system, "billing") == {
        "default-protected",
        "deploy-keys",
        "force-push-delete",
        "open-alerts",
        "reviews",
        "status-checks",
    }
    assert {"default-green", "contributing"} <= failing(system, "data-pipeline")
    assert failing(system, "mobile-app") == {"behind", "force-push-delete", "release-branches", "stale-prs"}
    assert failing(system, "infra") == {"deploy-keys", "webhook-hygiene"}
    assert "bypass" in failing(system, "firmware")
    assert len(failing(system, "quirks")) > 20
