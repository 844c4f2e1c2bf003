"""Check 95 in all its outcomes."""

import pytest
from pydantic import ValidationError

from bot.checks.organisation.organisation_owners import Config, organisation_owners_check
from bot.model.organisation import OrganisationOwners
from bot.model.verdicts import Outcome


@pytest.mark.parametrize(
    ("number", "options", "expected"),
    [
        (1, {}, "few"),
        (2, {}, None),
        (10, {}, None),
        (11, {}, "many"),
        (1, {"least": 1}, None),
        (3, {"least": 3, "most": 3}, None),
        (4, {"least": 3, "most": 3}, "many"),
    ],
)
def test_judges_how_many_there_are(number, options, expected):
    """Both limits themselves are fine."""
    verdict = organisation_owners_check(OrganisationOwners(number), Config(**options))

    assert [e.key for e in verdict.evidence] == ([expected] if expected else [])
    assert verdict.outcome is (Outcome.FAIL if expected else Outcome.PASS)


def test_more_than_were_counted_are_too_many():
    """However many policy allows."""
    verdict = organisation_owners_check(OrganisationOwners(100, more=True), Config(most=100))

    assert (verdict.outcome, verdict.summary) == (Outcome.FAIL, "more than 100 owners")


def test_a_person_owns_an_account_alone():
    """There is nobody to be added."""
    assert organisation_owners_check(None, Config()).outcome is Outcome.NOT_APPLICABLE


def test_limits_must_fit():
    """Else nothing could pass."""
    with pytest.raises(ValidationError, match="must not be more"):
        Config(least=5, most=4)
