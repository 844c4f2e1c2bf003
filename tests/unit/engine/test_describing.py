"""What selectors make us ask of an owner, and whose answer counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from bot.engine.describing import _properties, _teams, describe
from bot.json_nodes import Node
from bot.model.attributes import Described
from bot.model.errors import PermissionMissing
from bot.model.facts import Repository
from bot.ports import Store
from bot.selections import Selection


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
    monkeypatch.setattr("bot.engine.describing.MOST_REPOSITORIES", 1)
    account = Account(
        {
            "/teams/core/repos": [{"id": 1}, {"id": 2}],
            "/properties/values": [{"repository_id": n, "properties": []} for n in (1, 2)],
        }
    )

    assert _teams(account, ("core",)) is None
    assert _properties(account) is None


@dataclass
class Kept:
    """The store, as far as it is needed; another worker writes to it while a listing is read."""

    before: dict[int, Described]
    meanwhile: dict[int, Described]
    reads: int = 0

    def described(self, _: int) -> dict[int, Described]:
        self.reads += 1
        return dict(self.before if self.reads == 1 else self.meanwhile)

    def repositories(self, _: int) -> list[Repository]:
        return [Repository(n, f"acme/r{n}", "main") for n in (1, 2, 3)]


def test_what_was_told_while_a_listing_was_read_is_newer_than_it() -> None:
    """An event may overtake a listing of thousands."""
    first, second = {"tier": ("1",)}, {"tier": ("2",)}
    values = [{"repository_id": n, "properties": [{"property_name": "tier", "value": "1"}]} for n in (1, 2)]
    account = Account({"/properties/values": values, "/teams/core/repos": [{"id": 2}]})
    store = Kept({2: Described(topics=("a",))}, {2: Described(topics=("b",), properties=second)})

    before, after = describe(cast("Store", store), 7, account, teams=("core",), properties=True)

    assert before == {2: Described(topics=("a",))}
    assert after == {
        1: Described(teams=(), properties=first),
        2: Described(topics=("b",), teams=("core",), properties=second),
        3: Described(teams=()),
    }


def test_nothing_is_asked_that_no_selector_asks_for() -> None:
    """Most policies ask for neither."""
    account, store = Account(), Kept({}, {})

    assert describe(cast("Store", store), 7, account, teams=(), properties=False) == ({}, {})
    assert account.asked == []
