"""What the checks say of a planned organisation is what a second calculation says of its plan.

The organisation is scanned as a sweep scans it (documents for many repositories at once, through the
adapter, from a fake GitHub behind a socket) and judged under the default policy; ``tests.truth.oracle``
says from the plan alone what must come out. Then each check is turned round in turn, which the
comparison must notice: so it is no comparison of nothing with nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import wraps
from pathlib import Path
from typing import Any

import pytest

from bot.config.policy import DEFAULT
from bot.engine.evaluate import judge
from bot.model.verdicts import Judgement, Outcome, Scope, Verdict, passed
from bot.registry import Registry, load
from tests.integration.truth.scene import Scan, World, everything, open_world
from tests.truth.generate import plan_organisation
from tests.truth.oracle import OF_ORGANISATIONS, OF_REPOSITORIES, expected
from tests.truth.plans import HookPlan, OrganisationPlan

REGISTRY = load(("bot.checks", "bot.facts"), plugins=False)
EVERYTHING = everything(REGISTRY)
SEED = 2
"""Of the large organisation: with it every covered check both passes and fails somewhere."""

POINTS = 1.0
"""Points of GraphQL that the median repository may cost with all checks on, the pulse included."""

pytestmark = pytest.mark.timeout(300)


Wanted = Mapping[str, Mapping[str, Outcome]]
"""Repository -> check -> what must come out."""


@dataclass(frozen=True)
class Scanned:
    """A plan with what was read of it, and what must be said of it."""

    plan: OrganisationPlan
    world: World
    scan: Scan
    wanted: Wanted


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scanned]:
    """Three hundred repositories, read once for all tests of this file."""
    plan = plan_organisation(SEED, 300)
    world = open_world(tmp_path_factory.mktemp("large"), plan, EVERYTHING)
    yield Scanned(plan, world, world.scan(REGISTRY), calculated(plan))
    world.close()


def calculated(plan: OrganisationPlan, granted: Mapping[str, str] | None = None) -> Wanted:
    """The second calculation, for all repositories."""
    return {one.name: expected(one, plan, granted or ()) for one in plan.repositories}


def differences(
    plan: OrganisationPlan, wanted: Wanted, judged: Mapping[str, Mapping[str, Judgement]]
) -> list[str]:
    """Where judgements are not as expected, each as a sentence with all that helps to see why."""
    found = []
    for one in plan.repositories:
        for check, outcome in wanted[one.name].items():
            said = judged[one.name].get(check)
            if said is not None and said.outcome is not outcome:
                evidence = "; ".join(item.text for item in said.verdict.evidence[:5])
                found.append(
                    f"{one.name}: {check} must be {outcome.value}, but is {said.outcome.value}: "
                    f"{said.verdict.summary} [{evidence}]; private={one.private} archived={one.archived} "
                    f"fork={one.fork} branches={len(one.branches)} pulls={len(one.pulls)} "
                    f"{dict(one.features)}"
                )
    return found


def differences_of_owner(plan: OrganisationPlan, judged: Mapping[str, Judgement]) -> list[str]:
    """The same for what is said of the organisation itself."""
    return [
        f"{plan.login}: {check} must be {outcome(plan).value}, but is {judged[check].outcome.value}: "
        f"{judged[check].verdict.summary}"
        for check, outcome in OF_ORGANISATIONS.items()
        if judged[check].outcome is not outcome(plan)
    ]


def told(found: list[str]) -> str:
    """The first of them, for people."""
    return f"{len(found)} verdicts are not as planned:\n" + "\n".join(found[:20])


# The comparison


@pytest.mark.slow
def test_three_hundred_repositories_are_judged_as_planned(large: Scanned) -> None:
    """Sixty-six checks of each, and six of the organisation."""
    judged = large.world.judge(REGISTRY, large.scan)

    found = differences(large.plan, large.wanted, judged) + differences_of_owner(large.plan, judged[""])

    compared = sum(map(len, large.wanted.values()))
    print(f"built in {large.world.built_in:.1f} s; {compared} verdicts compared; {large.scan.cost()}")
    assert not found, told(found)
    crashed = {name for one in judged.values() for name, j in one.items() if j.outcome is Outcome.ERROR}
    assert not crashed


@pytest.mark.parametrize("seed", range(10, 13))
def test_small_organisations_are_judged_as_planned(tmp_path: Path, seed: int) -> None:
    """Forty repositories each; the owners keep different defaults for them."""
    plan = plan_organisation(seed, 40)
    world = open_world(tmp_path, plan, EVERYTHING)

    found = differences(plan, calculated(plan), world.judge(REGISTRY, world.scan(REGISTRY)))

    world.close()
    assert not found, told(found)


def test_what_may_not_be_read_is_unknown(tmp_path: Path) -> None:
    """An App with the permissions of the manifest alone: nothing that it can not see passes or fails."""
    names = ("metadata", "checks", "contents", "issues", "pull_requests", "merge_queues")
    granted = dict.fromkeys(names, "read")
    plan = plan_organisation(21, 40)
    world = open_world(tmp_path, plan, granted)

    found = differences(plan, calculated(plan, granted), world.judge(REGISTRY, world.scan(REGISTRY)))

    world.close()
    assert not found, told(found)


def organisations() -> Iterator[OrganisationPlan]:
    """Organisations that differ in how they are set, and some with a repository that has code owners."""
    plan = replace(plan_organisation(1, 1), hooks=(), two_factor=True, base_permission="none")
    plan = replace(plan, repositories=(), teams={})
    good = replace(plan, allowed_actions="selected", token=("read", False))
    yield good
    yield replace(good, two_factor=False, base_permission="read", token=("write", False))
    yield replace(good, base_permission="write", hooks=(HookPlan(),), token=("read", True))
    yield replace(good, base_permission="admin", hooks=(HookPlan(secret=False),), allowed_actions="all")
    yield replace(good, hooks=(HookPlan(verified=False),), members={"alice": "member"})
    yield replace(good, hooks=(HookPlan("http://x.example.org", active=False),))
    yield replace(good, members=dict.fromkeys((f"owner{n}" for n in range(9)), "admin"))
    yield replace(good, members=dict.fromkeys((f"owner{n}" for n in range(10)), "admin"))
    several = plan_organisation(11, 40)
    for kind in ("departed", "person"):
        owned = [r for r in several.repositories if r.features.get("owners") == kind and not r.fork]
        yield replace(several, repositories=(owned[0],))


@pytest.fixture(scope="module")
def owners(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[OrganisationPlan, Scan, World]]:
    """What was read of organisations."""
    found = []
    for plan in organisations():
        world = open_world(tmp_path_factory.mktemp("owner"), plan, EVERYTHING)
        found.append((plan, world.scan(REGISTRY), world))
        world.close()
    return found


def test_organisations_are_judged_as_planned(owners: list[tuple[OrganisationPlan, Scan, World]]) -> None:
    """Second factor, base permission, owners, webhooks, what workflows may do, and who owns code."""
    for plan, scan, world in owners:
        found = differences_of_owner(plan, world.judge(REGISTRY, scan)[""])
        assert not found, told(found)


# The comparison sees what it must see

SWAPPED = {Outcome.PASS: Outcome.FAIL, Outcome.FAIL: Outcome.PASS}


def turned_round(function: Callable[..., Verdict]) -> Callable[..., Verdict]:
    """Passes where it failed, and the other way round."""

    @wraps(function)
    def judged(**facts: Any) -> Verdict:
        verdict = function(**facts)
        return replace(verdict, outcome=SWAPPED.get(verdict.outcome, verdict.outcome))

    return judged


def always_passing(function: Callable[..., Verdict]) -> Callable[..., Verdict]:
    """Is content with everything."""

    @wraps(function)
    def judged(**_facts: Any) -> Verdict:
        return passed("all is well")

    return judged


def with_mutant(check: str, mutate: Callable[[Callable[..., Verdict]], Callable[..., Verdict]]) -> Registry:
    """A registry of one check, which is not itself."""
    spec = REGISTRY.checks[check]
    return replace(REGISTRY, checks={check: replace(spec, function=mutate(spec.function))})


@pytest.mark.slow
@pytest.mark.parametrize("mutate", [turned_round, always_passing])
@pytest.mark.parametrize("check", sorted(OF_REPOSITORIES))
def test_a_wrong_check_of_repositories_is_seen(
    large: Scanned, check: str, mutate: Callable[[Callable[..., Verdict]], Callable[..., Verdict]]
) -> None:
    """From the facts that are there already; no other check tells of it."""
    registry, now = with_mutant(check, mutate), large.world.clock.now()
    judged = {
        name: {one.check: one for one in judge(registry, DEFAULT, facts, now)}
        for name, facts in large.scan.facts.items()
    }

    found = differences(large.plan, large.wanted, judged)

    assert found
    assert all(f": {check} must be" in line for line in found)


@pytest.mark.parametrize("mutate", [turned_round, always_passing])
@pytest.mark.parametrize("check", sorted(OF_ORGANISATIONS))
def test_a_wrong_check_of_organisations_is_seen(
    owners: list[tuple[OrganisationPlan, Scan, World]],
    check: str,
    mutate: Callable[[Callable[..., Verdict]], Callable[..., Verdict]],
) -> None:
    """In one of the organisations at least."""
    registry = with_mutant(check, mutate)
    outcomes = [
        judge(registry, DEFAULT, scan.owner, world.clock.now(), scope=Scope.ORGANISATION)[0].outcome
        for _, scan, world in owners
    ]

    assert outcomes != [OF_ORGANISATIONS[check](plan) for plan, _, _ in owners]


@pytest.mark.slow
def test_every_covered_check_passes_somewhere_and_fails_somewhere(large: Scanned) -> None:
    """In the large organisation, so that neither answer is only guessed right."""
    seen: Counter[tuple[str, Outcome]] = Counter(
        pair for one in large.wanted.values() for pair in one.items()
    )

    assert not [c for c in OF_REPOSITORIES if not (seen[c, Outcome.PASS] and seen[c, Outcome.FAIL])]
    assert len(OF_REPOSITORIES) >= 60


def test_what_is_covered_is_there() -> None:
    """No check that was renamed is still expected by its old name."""
    assert {*OF_REPOSITORIES, *OF_ORGANISATIONS} <= REGISTRY.checks.keys()


# What it costs

FROM_ONE_QUERY = frozenset(
    {
        *("readme", "licence", "contributing", "code-of-conduct", "security-policy", "templates"),
        *("changelog", "metadata", "codeowners-present", "codeowners-valid", "codeowners-coverage"),
        *("outside-access", "default-protected", "force-push-delete", "reviews", "status-checks"),
        *("ghost-required-checks", "merge-group-wiring", "bypass", "release-branches", "signed-commits"),
        *("baseline-drift", "default-green", "red-age", "tests-run", "token-permissions"),
        *("dangerous-trigger", "pinned-actions", "self-hosted-public", "open-alerts", "bot-pr-backlog"),
        *("deploy-keys", "repo-inactive", "stale-branches", "merged-branches", "stale-prs"),
        *("conflict-now", "orphan-base", "recent-release", "signed-artifacts"),
    }
)
"""Checks that documents alone decide. These do not, though one query tells most of what they need:
the date of a common ancestor is REST's (behind, update-blocked, long-lived-divergence, stack-broken),
manifests in folders need the whole tree (update-tool, update-coverage), members are listed by REST
(codeowners-departed, unanswered-issues), and what the owner keeps may lie too deep for the documents
that one look may take (standard-file-drift)."""


@pytest.mark.slow
def test_a_repository_costs_a_point_at_most(large: Scanned) -> None:
    """The median, with every check on and the pulse counted in."""
    print(large.scan.cost())
    for path, calls in large.scan.rest.most_common():
        print(f"{calls:5} {path}")

    assert large.scan.median_points <= POINTS


def test_what_one_query_tells_costs_no_other_call(tmp_path: Path) -> None:
    """Not one request goes elsewhere; tokens aside."""
    plan = plan_organisation(1, 60)
    world = open_world(tmp_path, plan, EVERYTHING)
    checks = {name: REGISTRY.checks[name] for name in FROM_ONE_QUERY}

    scan = world.scan(replace(REGISTRY, checks=checks))

    print(scan.cost())
    world.close()
    assert not scan.rest
    assert scan.median_points <= POINTS
