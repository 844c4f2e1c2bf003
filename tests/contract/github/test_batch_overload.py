"""What is too heavy for GitHub is asked for in parts, and what came half is not believed."""

from __future__ import annotations

import pytest

from bot.model.errors import Gone, LimitReached, Unavailable
from bot.model.verdicts import Unknown
from bot.testing import Overload, Sign
from bot.testing.state import FakeRepository
from tests.contract.github.test_batch import Scene, rocket, scene

__all__ = ["scene"]

ASKED = ("branches", "open_pull_requests", "rulesets", "classic_rules", "recent_commits", "head_checks")
NAMES = ("branches", "open_pull_requests", "community_files", "recent_commits", "rulesets")


def made(scene: Scene, number: int) -> list[FakeRepository]:
    return [
        scene.fake.create_repository("acme", f"r{n}", files={"README.md": f"# {n}\n"}) for n in range(number)
    ]


@pytest.mark.fault
@pytest.mark.parametrize("sign", list(Sign))
def test_too_heavy_for_many_is_asked_for_fewer(scene: Scene, sign: Sign) -> None:
    """502, an error in 200, or half an answer: the same facts come with more documents."""
    repositories = made(scene, 8)
    calm = scene.together(repositories, NAMES)
    calm_documents = scene.kinds()["graphql"]
    scene.fake.overload = Overload(above=24, sign=sign)

    found = scene.together(repositories, NAMES)

    assert found == calm
    assert scene.kinds()["graphql"] > calm_documents


@pytest.mark.fault
def test_a_repository_that_is_too_heavy_alone_is_a_passing_fault(scene: Scene) -> None:
    """Nothing is made up about it: the work is tried again later."""
    repository = rocket(scene)
    scene.fake.overload = Overload(above=0)

    with pytest.raises(Unavailable):
        scene.together([repository], NAMES)


@pytest.mark.fault
def test_no_document_is_larger_than_github_allows(scene: Scene) -> None:
    """Its limit on nodes is never reached with a whole organisation of small repositories."""
    repositories = made(scene, 30)
    scene.fake.overload = Overload(node_limit=60_000)

    found = scene.together(repositories)

    assert not [told for told in found.values() if isinstance(told, Gone)]


@pytest.mark.fault
def test_points_that_are_used_up_are_a_date(scene: Scene) -> None:
    """The work is put back until then."""
    repositories = made(scene, 3)
    scene.fake.limits.graphql = 1

    def spend() -> None:
        for _ in range(3):
            scene.together(repositories, NAMES)

    with pytest.raises(LimitReached) as raised:
        spend()

    assert raised.value.resource == "graphql"
    assert raised.value.until > scene.clock.now()


@pytest.mark.fault
@pytest.mark.parametrize("lost", ["pull_requests", "administration"])
def test_a_permission_that_is_refused_costs_only_what_needs_it(scene: Scene, lost: str) -> None:
    """GitHub empties the whole repository for a refused part that may not be null; it is asked without."""
    repository = rocket(scene)
    repository.private = True
    known = scene.known(repository)
    everything = scene.app.installation(scene.installation).permissions
    scene.fake.set_permissions(scene.installation, {k: v for k, v in everything.items() if k != lost})

    scene.believed = everything
    facts = scene.together([repository], ASKED)[known.id]

    assert not isinstance(facts, Gone)
    unknown = {name for name, value in facts.items() if isinstance(value, Unknown)}
    assert unknown
    assert not isinstance(facts["rulesets"], Unknown)
