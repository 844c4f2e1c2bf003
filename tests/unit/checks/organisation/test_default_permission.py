"""Check 93 in all its outcomes."""

import pytest

from bot.checks.organisation.default_permission import Config, default_permission
from bot.model.organisation import OrganisationSettings
from bot.model.verdicts import Outcome, Reason, Verdict


def judged(base: str | None, **options: object) -> Verdict:
    return default_permission(OrganisationSettings(True, base), Config(**options))


@pytest.mark.parametrize(
    ("base", "options", "expected"),
    [
        ("none", {}, Outcome.PASS),
        ("read", {}, Outcome.PASS),
        ("write", {}, Outcome.FAIL),
        ("admin", {}, Outcome.FAIL),
        ("read", {"most": "none"}, Outcome.FAIL),
        ("write", {"most": "write"}, Outcome.PASS),
        ("admin", {"most": "write"}, Outcome.FAIL),
        (None, {}, Outcome.UNKNOWN),
        ("maintain", {}, Outcome.UNKNOWN),
    ],
)
def test_judges_what_members_may_do(base, options, expected):
    """The limit itself is allowed; a level that is not known is neither."""
    assert judged(base, **options).outcome is expected


def test_says_what_it_found():
    """Or why it did not."""
    assert judged("write").evidence[0].text == "the base permission of members is write"
    assert judged(None).reason is Reason.PERMISSION
    assert judged("maintain").reason is Reason.FAULT
    assert default_permission(None, Config()).outcome is Outcome.NOT_APPLICABLE
