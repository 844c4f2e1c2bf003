"""Whom a change of the organisation's policy concerns, and what selectors make us ask."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from bot.config.organisation import NOTHING_SAID, OrganisationPolicy, in_ring
from bot.config.organisation_file import read_organisation
from bot.config.policy_file import read_policy_file
from bot.engine.governing import lay, own_layers
from bot.engine.refreshing import concerned_by
from bot.model.attributes import Described
from bot.model.facts import Repository, Visibility
from bot.registry import load

REGISTRY = load(plugins=False)
REPOSITORIES = [
    Repository(1, "acme/app", "main"),
    Repository(2, "acme/tool", "main", Visibility.PUBLIC),
    Repository(3, "acme/old", "main", archived=True),
]


def policy(text: str) -> OrganisationPolicy:
    """A policy that lies in acme/.github."""
    return read_organisation(text.encode(), REGISTRY.checks, where="acme/.github", commit="c")


def concerned(
    before: str,
    after: str,
    described: Mapping[int, Described] | None = None,
    described_after: Mapping[int, Described] | None = None,
) -> tuple[int, ...]:
    said = described or {}
    later = said if described_after is None else described_after
    return concerned_by(REGISTRY, (policy(before), said), (policy(after), later), REPOSITORIES)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        pytest.param("", "# a comment\n", (), id="nothing"),
        pytest.param("defaults: {block: [licence]}", "\n\ndefaults: {block: [licence]}", (), id="lines move"),
        pytest.param("", "defaults: {block: [licence]}", (1, 2, 3), id="defaults"),
        pytest.param(
            "", "groups: [{name: a, when: {visibility: public}}]", (), id="a group that says nothing"
        ),
        pytest.param(
            "", "groups: [{name: a, when: {visibility: public}, block: [licence]}]", (2,), id="a group"
        ),
        pytest.param("", "lock: [publish]", (1, 2, 3), id="a lock"),
        pytest.param("enrol: all", "enrol: {exclude: [{archived: true}]}", (3,), id="enrolment"),
        pytest.param("", "exempt: {high: admin}\nroll_up: health", (), id="what no judgement depends on"),
    ],
)
def test_whom_a_change_concerns(before: str, after: str, expected: tuple[int, ...]) -> None:
    """Those for whom policy, locks or enrolment differ."""
    assert concerned(before, after) == expected


def test_a_ring_concerns_those_between_it_and_the_last_one() -> None:
    """The others had it already, or have it not yet."""
    many = [Repository(n, f"acme/r{n}", "main") for n in range(1, 200)]
    sides = [policy(f"defaults: {{publish: {{issues: all}}}}\nrings: {share}") for share in (5, 25)]

    found = concerned_by(REGISTRY, (sides[0], {}), (sides[1], {}), many)

    assert found == tuple(n for n in range(1, 200) if in_ring(n, 25) and not in_ring(n, 5))
    assert found


def test_a_property_concerns_those_that_got_it() -> None:
    """The file is the same."""
    text = "groups: [{name: a, when: {properties: {tier: '1'}}, block: [licence]}]"
    now = {2: Described(properties={"tier": ("1",)})}

    assert concerned(text, text, {}, now) == (2,)
    assert concerned_by(REGISTRY, (NOTHING_SAID, {}), (NOTHING_SAID, {}), REPOSITORIES) == ()


def test_a_property_concerns_those_that_are_judged_by_it() -> None:
    """Also where no group asks for it."""
    text = """
defaults:
  custom_checks:
    tiered:
      title: Every repository has a tier.
      why: Nobody knows otherwise how much it matters.
      fix: Set the property.
      severity: low
      property: {name: tier, set: true}
"""
    now = {2: Described(properties={"tier": ("1",)})}

    assert concerned(text, text, {}, now) == (2,)
    assert concerned("enrol: all", "enrol: all", {}, now) == ()


def test_what_is_laid_together_knows_its_places() -> None:
    """The organisation's, the group's and the repository's own."""
    organisation = policy(
        "defaults: {block: [licence]}\ngroups: [{name: a, when: {names: app}, lock: [publish]}]"
    )
    own = read_policy_file(b"publish: observe\nfail_closed: true\n", REGISTRY.checks, oid="o")

    found = lay(REGISTRY, organisation, REPOSITORIES[0], None, own_layers(own, "d"), oid="o")

    assert (found.policy.block, found.policy.publish, found.policy.fail_closed) == ({"licence"}, None, True)
    assert [o.place for o in found.effective.origins("block")] == ["acme/.github:plumbline.org.yml:1@c"]
    assert [o.place for o in found.effective.origins("fail_closed")] == [".github/plumbline.yml:2@d"]
    assert [r.key for r in found.effective.refused] == ["publish"]
    assert found.enrolled
