"""Which teams own a repository, as CODEOWNERS names them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import pytest

from bot.engine.scanning import MOST_OWNERS, keep_owners
from bot.model.attributes import Described
from bot.model.facts import CodeOwner, Codeowners, Repository
from bot.model.verdicts import Reason, Unknown
from bot.ports import Store

REPOSITORY = Repository(1, "Acme/tool", "main")


class Descriptions:
    """The part of a store that keeps them."""

    def __init__(self, kept: Described | None = None) -> None:
        self.kept = kept
        self.saved = 0

    def description(self, repository_id: int) -> Described | None:
        return self.kept

    def save_described(self, described: Mapping[int, Described]) -> None:
        self.kept = described[REPOSITORY.id]
        self.saved += 1


def kept(fact: object, before: Described | None = None) -> Descriptions:
    store = Descriptions(before)
    keep_owners(cast("Store", store), REPOSITORY, {"codeowners": fact} if fact is not ... else {})
    return store


def file(*names: str) -> Codeowners:
    return Codeowners("CODEOWNERS", "a" * 40, owners=tuple(CodeOwner(name, 1) for name in names))


@pytest.mark.parametrize(
    ("names", "owners"),
    [
        pytest.param(("@acme/core",), ("core",), id="a team"),
        pytest.param(("@ACME/Core", "@acme/core"), ("core",), id="letters of either case"),
        pytest.param(("@acme/b", "@acme/a"), ("a", "b"), id="several, by name"),
        pytest.param(("@hubot", "docs@example.org"), None, id="people own as persons"),
        pytest.param(("@others/core",), None, id="a team of others"),
        pytest.param((), None, id="nobody"),
    ],
)
def test_teams_of_the_owner_are_kept(names: tuple[str, ...], owners: Any) -> None:
    """What else is known stays."""
    store = kept(file(*names), Described(topics=("x",)))

    assert store.kept == Described(topics=("x",), owners=owners)


def test_a_file_that_went_away_owns_nothing() -> None:
    """The team is forgotten."""
    store = kept(None, Described(owners=("core",)))

    assert store.kept == Described(owners=())


@pytest.mark.parametrize("fact", [Unknown(Reason.FAULT, "x"), ...])
def test_what_was_not_read_changes_nothing(fact: object) -> None:
    """Neither a fault nor a disabled check."""
    assert kept(fact, Described(owners=("core",))).saved == 0


def test_nothing_new_is_not_written() -> None:
    """A push costs no write."""
    assert kept(file("@acme/core"), Described(owners=("core",))).saved == 0
    assert kept(file()).saved == 0


def test_strangers_can_not_fill_the_database() -> None:
    """However many teams a file names."""
    store = kept(file(*(f"@acme/t{n}" for n in range(1000))))

    assert store.kept is not None
    assert len(store.kept.owners or ()) == MOST_OWNERS
