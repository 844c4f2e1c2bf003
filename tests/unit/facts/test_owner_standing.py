"""What GitHub says of owners, and what it does not say of teams."""

import pytest

from bot.facts.owner_standing import MOST_TEAMS, owner_standing, owning_teams, unknown_owners
from bot.json_nodes import Node, Refused
from bot.model.code_owners import OwnerStanding, OwningTeams, UnknownOwner
from bot.model.errors import PermissionMissing
from bot.model.facts import CodeOwner, Codeowners
from bot.model.verdicts import Reason, Unknown
from tests.unit.facts.conftest import MemoryOwner

NOT_GRANTED = Unknown(Reason.PERMISSION, "not granted", "members: read")


def file(*names):
    owners = tuple(CodeOwner(name, line) for line, name in enumerate(names, 1))
    return Codeowners("CODEOWNERS", "o" * 40, owners=owners)


def error(source, column, line=1, kind="Unknown owner", message=""):
    return {"kind": kind, "line": line, "column": column, "source": source, "message": message}


def unknown(*errors):
    return unknown_owners(Node({"codeowners": {"errors": list(errors)}}, "r", "contents: read"))


def test_github_says_whom_it_does_not_take_for_an_owner():
    """Each once, at the first line, with the number of lines; other mistakes are another check's."""
    found = unknown(
        error("* @ann @acme/Core\n", 3, 4),
        error("* @ann @acme/Core\n", 8, 4),
        error("docs @ANN x@example.org\n", 6, 7),
        error("docs @ANN x@example.org\n", 11, 7),
        error("!x @bob", 1, 9, kind="Invalid pattern"),
    )

    assert found == (
        UnknownOwner("@ann", 4, 2),
        UnknownOwner("@acme/Core", 4),
        UnknownOwner("x@example.org", 7),
    )


@pytest.mark.parametrize(
    ("source", "column", "message", "expected"),
    [
        ("* @ann", 99, "Unknown owner on line 1: make sure @ann exists and has write access", "@ann"),
        (
            "",
            0,
            "make sure the team @acme/core exists, is publicly visible, and has write access",
            "@acme/core",
        ),
        ("* @ann", 1, "something else", "something else"),
        ("", -5, "", ""),
    ],
)
def test_a_name_is_found_where_it_is_told(source, column, message, expected):
    """At its column, else in the sentence."""
    assert [o.name for o in unknown(error(source, column, message=message))] == [expected]


def test_no_file_has_no_owners():
    """And a refusal is passed on."""
    assert unknown_owners(Node({"codeowners": None}, "r")) == ()
    with pytest.raises(PermissionMissing):
        unknown_owners(Node({"codeowners": Refused("no", permission=True)}, "r"))


def test_teams_of_the_organisation_are_looked_at():
    """Whatever the case; those of others are not."""
    owner = MemoryOwner(rests={"/teams/core/members": [{"login": "ann"}], "/teams/empty/members": []})
    named = file("@ann", "@Acme/Core", "@acme/empty", "@acme/gone", "@other/team", "a@acme.org")

    assert owning_teams(owner, named) == OwningTeams(("@acme/empty",), ("@acme/gone",))
    assert owning_teams(owner, None) == OwningTeams()


def test_only_so_many_teams_are_asked_for():
    """The rest is counted."""
    found = owning_teams(MemoryOwner(), file(*(f"@acme/t{n}" for n in range(MOST_TEAMS + 2))))

    assert (len(found.missing), found.unasked) == (MOST_TEAMS, 2)


@pytest.mark.parametrize(
    ("teams", "names", "expected"),
    [
        pytest.param(OwningTeams(("@acme/x",)), ("@acme/x",), None, id="read"),
        pytest.param(NOT_GRANTED, ("@acme/x",), NOT_GRANTED, id="not read"),
        pytest.param(NOT_GRANTED, ("@ann",), None, id="not read, and no team is named"),
    ],
)
def test_teams_that_can_not_be_read_matter_where_some_are_named(teams, names, expected):
    """What GitHub says of owners is known all the same."""
    gone = (UnknownOwner("@ann", 1),)
    found = owner_standing(gone, teams, file(*names))

    assert (found.unknown, found.unread) == (gone, expected)
    assert owner_standing((), NOT_GRANTED, None) == OwnerStanding()
