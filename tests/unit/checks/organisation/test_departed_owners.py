"""Check 96 in all its outcomes."""

from bot.checks.organisation.departed_owners import departed_owners_check
from bot.model.code_owners import DepartedOwner, DepartedOwners
from bot.model.verdicts import Outcome, Reason


def test_says_once_who_has_left_and_where_most_of_them_are_named():
    """By person, however many repositories name them."""
    many = tuple(f"acme/r{number}" for number in range(7))
    found = DepartedOwners((DepartedOwner("@bob", many), DepartedOwner("@acme/old", ("acme/r3",))), 4, 9)

    verdict = departed_owners_check(found)

    assert verdict.outcome is Outcome.FAIL
    assert verdict.summary == (
        "2 code owners who do not belong to the organisation are named in 7 repositories, first of all "
        "acme/r3 (2), acme/r0, acme/r1, acme/r2, acme/r4"
    )
    assert [(e.key, e.text) for e in verdict.evidence] == [
        (
            "owner:@bob",
            "@bob owns code in acme/r0, acme/r1, acme/r2, acme/r3, acme/r4 and 2 repositories more",
        ),
        ("owner:@acme/old", "@acme/old owns code in acme/r3"),
    ]


def test_one_is_one():
    """Numbers and verbs agree."""
    verdict = departed_owners_check(DepartedOwners((DepartedOwner("@bob", ("acme/api",)),), 1, 1))

    assert verdict.summary == (
        "1 code owner who does not belong to the organisation is named in 1 repository, first of all acme/api"
    )


def test_passes_when_all_belong():
    """And says how much that is."""
    verdict = departed_owners_check(DepartedOwners(named=3, repositories=2))

    assert (verdict.outcome, verdict.summary) == (
        Outcome.PASS,
        "3 code owners of 2 repositories, all belong to the organisation",
    )


def test_what_could_not_be_read_may_name_somebody():
    """Unknown; but who is known to have left has left."""
    verdict = departed_owners_check(DepartedOwners(named=3, repositories=2, unread=1))
    found = departed_owners_check(DepartedOwners((DepartedOwner("@bob", ("acme/api",)),), 3, 2, 1))

    assert (verdict.outcome, verdict.reason) == (Outcome.UNKNOWN, Reason.FAULT)
    assert found.outcome is Outcome.FAIL


def test_nobody_is_named():
    """Whether files should name somebody is said of each repository."""
    assert departed_owners_check(DepartedOwners()).outcome is Outcome.NOT_APPLICABLE
    assert departed_owners_check(None).outcome is Outcome.NOT_APPLICABLE
