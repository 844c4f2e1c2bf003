"""All checks, by their defaults, over the organisation of the demo: quiet where all is well."""

from __future__ import annotations

import pytest

from bot import registry as registry_module
from bot.model.verdicts import Outcome
from bot.registry import Registry
from bot.report.roll_up import is_roll_up
from bot.report.what_if import NAME_OF_RUN
from bot.simulator.showcase import ORGANISATION, ORGANISATION_POLICY, POLICY, build
from jobs.publish_roll_up import PublishRollUp
from jobs.scan_shard import shards
from tests.integration.system.world import System

LENIENT = "enrol: {exclude: [{names: quirks}]}\n"


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


def test_sums_up_the_organisation_and_tells_what_another_policy_would_mean(system: System) -> None:
    """Its policy is good, names where the page goes, and can be tried in a pull request."""
    build(system.fake)
    system.fake.install(ORGANISATION)
    system.pump()
    system.submit(PublishRollUp())
    policies = system.fake.repository(f"{ORGANISATION}/{POLICY}")

    (page,) = [i.body for i in policies.issues.values() if i.body and is_roll_up(i.body)]
    assert "13 repositories judged" in page
    assert all(f"| `{group}` |" in page for group in ("services", "apps", "tools"))

    _, head = system.propose(policies, {"plumbline.org.yml": f"{ORGANISATION_POLICY}{LENIENT}"})
    run = system.run(policies, head, NAME_OF_RUN)
    assert run.conclusion == "neutral"
    assert "acme/quirks" in (run.text or "")
