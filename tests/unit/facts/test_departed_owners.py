"""Who is named as code owner and belongs to the organisation no more."""

import pytest

from bot.facts.departed_owners import MEMBERS, departed_owners
from bot.model.code_owners import DepartedOwner, DepartedOwners, NamedOwners
from bot.model.errors import PermissionMissing, Scarce
from tests.unit.facts.conftest import MemoryOwner

NAMED = NamedOwners(
    {
        "acme/api": ("@ann", "@Bob", "@acme/core", "dan@example.org"),
        "acme/web": ("@bob", "@carl", "@acme/Gone", "@rival/team", "@bob"),
    },
    unread=1,
)


def logins(*names):
    return [{"login": name} for name in names]


def owner(**rests):
    told = {"members": logins("Ann"), "outside_collaborators": logins("carl"), "teams": [{"slug": "core"}]}
    return MemoryOwner(rests={f"/{path}": said for path, said in (told | rests).items()})


def test_those_who_are_neither_members_nor_collaborators_have_left():
    """Whatever the case of the letters; mail and other organisations' teams are not looked for."""
    assert departed_owners(owner(), NAMED) == DepartedOwners(
        departed=(
            DepartedOwner("@bob", ("acme/api", "acme/web")),
            DepartedOwner("@acme/gone", ("acme/web",)),
        ),
        named=5,
        repositories=2,
        unread=1,
    )


def test_only_those_listings_are_read_that_can_tell():
    """Nobody named, nothing asked; collaborators only when a member is missing, teams when one is named."""
    silent, members = MemoryOwner(), MemoryOwner(rests={"/members": logins("ann")})

    assert departed_owners(silent, NamedOwners({"acme/api": ("dan@example.org",)})) == DepartedOwners()
    assert departed_owners(members, NamedOwners({"acme/api": ("@ann",)})).departed == ()


@pytest.mark.parametrize("path", ["members", "outside_collaborators", "teams"])
def test_who_belongs_to_it_must_be_told(path):
    """A listing that is not there is not one without entries."""
    with pytest.raises(PermissionMissing) as error:
        departed_owners(owner(**{path: None}), NAMED)
    assert error.value.permission == MEMBERS


def test_a_part_of_the_members_is_not_all_of_them(monkeypatch):
    """Whoever is beyond the end has not left."""
    monkeypatch.setattr("bot.facts.departed_owners.MOST_ENTRIES", 1)

    with pytest.raises(Scarce, match="more than 1 members"):
        departed_owners(owner(members=logins("ann", "bob")), NAMED)


def test_a_person_has_no_members():
    """Whoever is named there is somebody else's question."""
    assert departed_owners(MemoryOwner(organisation=False), NAMED) is None
