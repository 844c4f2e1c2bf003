"""Check 92 in all its outcomes."""

import pytest

from bot.checks.organisation.two_factor_required import two_factor_required
from bot.model.organisation import OrganisationSettings
from bot.model.verdicts import Outcome, Place, Reason


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        pytest.param(OrganisationSettings(True, None), Outcome.PASS, id="required"),
        pytest.param(OrganisationSettings(False, None), Outcome.FAIL, id="not required"),
        pytest.param(OrganisationSettings(None, "read"), Outcome.UNKNOWN, id="not told"),
        pytest.param(None, Outcome.NOT_APPLICABLE, id="a person"),
    ],
)
def test_judges_the_setting(found, expected):
    """Null may mean no, or that we may not know."""
    assert two_factor_required(found).outcome is expected


def test_says_where_to_look_and_what_would_help():
    """The setting's name, or the permission's."""
    lacking = two_factor_required(OrganisationSettings(False, None))
    hidden = two_factor_required(OrganisationSettings(None, "read"))

    assert lacking.evidence[0].place == Place(setting="Require two-factor authentication")
    assert (hidden.reason, hidden.permission) == (Reason.PERMISSION, "organization_administration: read")
