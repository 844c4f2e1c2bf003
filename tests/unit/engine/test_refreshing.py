"""Whom a change of the organisation's policy concerns, and what selectors make us ask."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from bot.config.organisation import NOTHING_SAID, OrganisationPolicy, in_ring
from bot.config.organisation_file import read_organisation
from bot.config.policy_file import read_policy_file
from bot.engine.governing import lay, own_layers
from bot.engine.refreshing import _properties, _teams, concerned_by
from bot.json_nodes import Node
from bot.model.attributes import Described
from bot.model.errors import PermissionMissing
from bot.model.facts import Repository, Visibility
from bot.registry import load
from bot.selections import Selection

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


@dataclass
class Account:
    """An ``OwnerReader`` over plain JSON."""

    answers: dict[str, Any] = field(default_factory=dict)
    organisation: bool = True
    login: str = "acme"
    asked: list[str] = field(default_factory=list)

    def graph(self, selections: Mapping[str, Selection], permission: str | None = None) -> Node:
        raise AssertionError("nothing is asked of GraphQL")

    def rest(self, path: str, *, items: int = 0, key: str = "", permission: str | None = None) -> Node | None:
        self.asked.append(path)
        found = self.answers.get(path)
        if isinstance(found, Exception):
            raise found
        return None if found is None else Node({"items": found[:items], "more": len(found) > items}, path)


REFUSED = PermissionMissing("no", permission="members: read")


def test_asks_for_the_repositories_of_the_teams_that_are_named() -> None:
    """One call for each; a team that is not there has none."""
    account = Account({"/teams/core/repos": [{"id": 1}, {"id": 2}], "/teams/web/repos": [{"id": 2}]})

    assert _teams(account, ("core", "gone", "web", "..")) == {1: ("core",), 2: ("core", "web")}
    assert account.asked == [
        "/teams/core/repos",
        "/teams/gone/repos",
        "/teams/web/repos",
        "/teams/--/repos",
    ]


def test_asks_for_properties_once() -> None:
    """Nothing, a text, or several."""
    values = [
        {"property_name": "tier", "value": "1"},
        {"property_name": "stack", "value": ["go", "k8s"]},
        {"property_name": "owner", "value": None},
    ]
    account = Account({"/properties/values": [{"repository_id": 1, "properties": values}]})

    assert _properties(account) == {1: {"tier": ("1",), "stack": ("go", "k8s"), "owner": ()}}
    assert _properties(Account()) is None, "a GitHub that knows no properties"


@pytest.mark.parametrize("read", [lambda a: _teams(a, ("core",)), _properties])
def test_what_is_refused_is_not_known_and_a_person_has_none(read: Any) -> None:
    """Not the same: the one leaves things as they were."""
    refused = Account({"/teams/core/repos": REFUSED, "/properties/values": REFUSED})

    assert read(refused) is None
    strange = Account({"/teams/core/repos": [{"id": "1"}], "/properties/values": [{"properties": 5}]})
    assert read(strange) is None
    assert read(Account(organisation=False)) == {}


def test_too_many_to_be_sure_is_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """A part would look like the whole."""
    monkeypatch.setattr("bot.engine.refreshing.MOST_REPOSITORIES", 1)
    account = Account(
        {
            "/teams/core/repos": [{"id": 1}, {"id": 2}],
            "/properties/values": [{"repository_id": n, "properties": []} for n in (1, 2)],
        }
    )

    assert _teams(account, ("core",)) is None
    assert _properties(account) is None
