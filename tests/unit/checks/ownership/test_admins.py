"""Check 15 in all its outcomes."""

from dataclasses import replace

import pytest

from bot.checks.ownership.admins import Config, admins
from bot.model.collaborators import Access, Collaborator, Collaborators, TeamAccess, TeamAccesses
from bot.model.facts import Repository
from bot.model.verdicts import Outcome, Reason

REPOSITORY = Repository(1, "acme/tool", "main")
CORE = TeamAccesses((TeamAccess("core", True), TeamAccess("readers", False)))
READERS = TeamAccesses((TeamAccess("readers", False),))


def people(number, access=Access.ADMIN, **more):
    listed = tuple(Collaborator(f"p{n}", access) for n in range(number))
    return Collaborators(in_organisation=True, direct=listed, **more)


@pytest.mark.parametrize(
    ("collaborators", "teams", "options", "expected"),
    [
        pytest.param(people(3), CORE, {}, Outcome.PASS, id="exactly at the limit"),
        pytest.param(people(4), CORE, {}, Outcome.FAIL, id="one past the limit"),
        pytest.param(people(4), CORE, {"max_people": 4}, Outcome.PASS, id="more are allowed"),
        pytest.param(people(9, Access.MAINTAIN), CORE, {}, Outcome.PASS, id="a lesser role"),
        pytest.param(people(1), READERS, {}, Outcome.FAIL, id="no team"),
        pytest.param(people(1), READERS, {"team": False}, Outcome.PASS, id="no team is wanted"),
        pytest.param(people(1), replace(READERS, more=True), {}, Outcome.UNKNOWN, id="more teams"),
        pytest.param(people(1, more_direct=True), CORE, {}, Outcome.UNKNOWN, id="more people"),
        pytest.param(people(4, more_direct=True), CORE, {}, Outcome.FAIL, id="too many among more people"),
        pytest.param(Collaborators(in_organisation=False), CORE, {}, Outcome.NOT_APPLICABLE, id="a person's"),
    ],
)
def test_judges_who_administers(collaborators, teams, options, expected):
    """The limit itself is allowed."""
    assert admins(collaborators, teams, REPOSITORY, Config(**options)).outcome is expected


def test_leaves_archived_repositories_alone():
    """Nothing is administered there."""
    verdict = admins(people(9), READERS, replace(REPOSITORY, archived=True), Config())

    assert verdict.outcome is Outcome.NOT_APPLICABLE


def test_evidence_names_what_to_change():
    """The missing team, and each person."""
    verdict = admins(people(4), READERS, REPOSITORY, Config())
    unknown = admins(people(1, more_direct=True), CORE, REPOSITORY, Config())

    assert verdict.summary == "4 people and 0 teams administer it"
    assert [e.fingerprint for e in verdict.evidence] == ["no team", *(f"person:p{n}" for n in range(4))]
    assert unknown.reason is Reason.LIMIT
