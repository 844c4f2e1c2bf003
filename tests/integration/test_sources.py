"""What one query tells costs no call: held over a planned organisation, and by what facts declare."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from bot.engine.permissions import facts_of
from bot.model.verdicts import Scope
from bot.registry import Registry, load
from bot.spec import Source
from tests.integration.truth.scene import World, everything, open_world
from tests.truth.generate import plan_organisation
from tests.truth.plans import OrganisationPlan

pytestmark = pytest.mark.timeout(300)

REGISTRY = load(("bot.checks", "bot.facts"), plugins=False)
CALLS = (Source.ORGANISATION, Source.REPOSITORY)

NEED_CALLS = frozenset(
    {
        *("binaries-large", "admins", "default-workflow-token", "dormant-workflows", "secret-scanning"),
        *("code-scanning", "webhook-hygiene", "unreleased-work", "codeowners-departed"),
    }
)
"""Checks that the catalogue gives calls to: of the repository, or one of the organisation."""


def without_calls() -> Registry:
    """All checks of repositories but those."""
    kept = {
        name: spec
        for name, spec in REGISTRY.checks.items()
        if name not in NEED_CALLS and spec.scope is Scope.REPOSITORY
    }
    return replace(REGISTRY, checks=kept)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Sixty repositories with something of everything."""
    plan = plan_organisation(1, 60)
    opened = open_world(tmp_path_factory.mktemp("world"), plan, everything(REGISTRY))
    yield opened
    opened.close()


def test_only_checks_that_need_calls_build_on_them() -> None:
    """By what facts declare."""
    asking = {
        check.name
        for check in REGISTRY.checks.values()
        if check.scope is Scope.REPOSITORY and any(f.source in CALLS for f in facts_of(REGISTRY, check))
    }

    assert asking == NEED_CALLS | {"unanswered-issues"}, "that one asks the organisation with documents"


def unnamed(plan: OrganisationPlan) -> int:
    """Branches that a document can not name: in forks that the App may not see, and one called like a ref."""
    hidden = sum(pull.fork for one in plan.repositories if one.private for pull in one.pulls)
    return hidden + sum(b.name.startswith("refs/") for one in plan.repositories for b in one.branches)


def test_all_other_checks_cost_no_call(world: World) -> None:
    """No request goes elsewhere than to GraphQL; tokens aside, and heads that it can not name."""
    scan = world.scan(without_calls())

    print(scan.cost())
    assert len(without_calls().checks) > 50
    assert sum(scan.rest.values()) == scan.rest["/repositories/{n}/compare/{n}"] <= unnamed(world.plan) < 10
    assert scan.median_points <= 1.0
