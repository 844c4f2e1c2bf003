"""Check 16 in all its outcomes."""

from dataclasses import replace

import pytest

from bot.checks.ownership.outside_access import Config, outside_access
from bot.model.collaborators import Access, Collaborator, Collaborators
from bot.model.facts import Repository
from bot.model.verdicts import Outcome, Severity

REPOSITORY = Repository(1, "acme/tool", "main")


def people(*access, more=False):
    listed = tuple(Collaborator(f"P{n}", a) for n, a in enumerate(access))
    return Collaborators(in_organisation=True, outside=listed, more_outside=more)


@pytest.mark.parametrize(
    ("collaborators", "options", "expected"),
    [
        pytest.param(people(), {}, Outcome.PASS, id="nobody"),
        pytest.param(people(Access.READ, Access.TRIAGE), {}, Outcome.PASS, id="nobody who can push"),
        pytest.param(people(Access.TRIAGE, Access.WRITE), {}, Outcome.FAIL, id="one who can"),
        pytest.param(people(Access.MAINTAIN), {}, Outcome.FAIL, id="a maintainer"),
        pytest.param(people(Access.ADMIN), {}, Outcome.FAIL, id="an administrator"),
        pytest.param(people(Access.WRITE), {"allowed": ["@p0"]}, Outcome.PASS, id="one who may"),
        pytest.param(people(Access.READ, more=True), {}, Outcome.UNKNOWN, id="more than are read"),
        pytest.param(people(Access.WRITE, more=True), {}, Outcome.FAIL, id="one among more"),
        pytest.param(Collaborators(in_organisation=False), {}, Outcome.NOT_APPLICABLE, id="a person's"),
    ],
)
def test_judges_who_can_push_from_outside(collaborators, options, expected):
    """Reading and sorting issues is harmless."""
    assert outside_access(collaborators, REPOSITORY, Config(**options)).outcome is expected


def test_leaves_archived_repositories_alone():
    """Nobody can push there."""
    verdict = outside_access(people(Access.ADMIN), replace(REPOSITORY, archived=True), Config())

    assert verdict.outcome is Outcome.NOT_APPLICABLE


def test_evidence_weighs_roles():
    """Who can only push weighs less."""
    verdict = outside_access(people(Access.WRITE, Access.ADMIN), REPOSITORY, Config())

    assert verdict.summary == "2 outside collaborators can push"
    assert [(e.text, e.severity) for e in verdict.evidence] == [
        ("P0 has the role write", Severity.MEDIUM),
        ("P1 has the role admin", None),
    ]
