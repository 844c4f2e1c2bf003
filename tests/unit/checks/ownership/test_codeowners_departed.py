"""Check 13 in all its outcomes."""

from dataclasses import replace

import pytest

from bot.checks.ownership.codeowners_departed import codeowners_departed
from bot.model.code_owners import OwnerStanding, OwningTeams, UnknownOwner
from bot.model.facts import CodeOwner, Codeowners, Repository
from bot.model.verdicts import Outcome, Reason, Unknown

REPOSITORY = Repository(1, "acme/tool", "main")
NOT_GRANTED = Unknown(Reason.PERMISSION, "not granted", "members: read")
FILE = Codeowners("CODEOWNERS", "o" * 40, rules=2, owners=(CodeOwner("@ann", 1), CodeOwner("@acme/core", 2)))
GONE = OwnerStanding((UnknownOwner("@ann", 1, 3),))


@pytest.mark.parametrize(
    ("found", "standing", "expected"),
    [
        pytest.param(FILE, OwnerStanding(), Outcome.PASS, id="all are there"),
        pytest.param(FILE, GONE, Outcome.FAIL, id="one is gone"),
        pytest.param(
            FILE, OwnerStanding(teams=OwningTeams(("@acme/core",))), Outcome.FAIL, id="an empty team"
        ),
        pytest.param(
            FILE, OwnerStanding(teams=OwningTeams((), ("@acme/core",))), Outcome.FAIL, id="a missing team"
        ),
        pytest.param(FILE, OwnerStanding(unread=NOT_GRANTED), Outcome.UNKNOWN, id="teams not read"),
        pytest.param(FILE, replace(GONE, unread=NOT_GRANTED), Outcome.FAIL, id="teams not read, one is gone"),
        pytest.param(
            FILE, OwnerStanding(teams=OwningTeams(unasked=1)), Outcome.UNKNOWN, id="more teams than are asked"
        ),
        pytest.param(None, OwnerStanding(), Outcome.NOT_APPLICABLE, id="no file"),
        pytest.param(replace(FILE, owners=()), OwnerStanding(), Outcome.NOT_APPLICABLE, id="nobody is named"),
        pytest.param(
            replace(FILE, oversized=True), OwnerStanding(), Outcome.UNKNOWN, id="larger than is read"
        ),
    ],
)
def test_judges_whether_owners_can_answer(found, standing, expected):
    """A team that can not be read may be empty."""
    assert codeowners_departed(found, standing, REPOSITORY).outcome is expected


@pytest.mark.parametrize("change", [{"archived": True}, {"fork": True}])
def test_leaves_repositories_alone_where_nothing_is_reviewed(change):
    """Read-only, or reviewed elsewhere."""
    verdict = codeowners_departed(FILE, GONE, replace(REPOSITORY, **change))

    assert verdict.outcome is Outcome.NOT_APPLICABLE


def test_evidence_points_at_the_lines():
    """Each owner once, by whatever it was found."""
    standing = OwnerStanding(
        (UnknownOwner("@ann", 1, 3), UnknownOwner("@acme/gone", 5)),
        OwningTeams(("@acme/core",), ("@Acme/gone",)),
    )
    verdict = codeowners_departed(FILE, standing, REPOSITORY)

    assert verdict.summary == "3 owners in CODEOWNERS can not answer"
    assert [(e.text, e.place.line, e.fingerprint) for e in verdict.evidence] == [
        ("@ann does not exist or can not write here (3 lines)", 1, "owner:@ann"),
        ("@acme/gone does not exist or can not write here", 5, "owner:@acme/gone"),
        ("@acme/core: nobody is in the team", 2, "owner:@acme/core"),
    ]


def test_what_is_not_read_names_the_permission():
    """So that somebody can grant it."""
    verdict = codeowners_departed(FILE, OwnerStanding(unread=NOT_GRANTED), REPOSITORY)

    assert (verdict.reason, verdict.permission) == (Reason.PERMISSION, "members: read")
