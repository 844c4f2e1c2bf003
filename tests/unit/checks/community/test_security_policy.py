"""Check 5 in all its outcomes."""

from dataclasses import replace

import pytest

from bot.checks.community.security_policy import Config, security_policy_check
from bot.model.facts import Repository, SecurityPolicy, Visibility
from bot.model.verdicts import Outcome, Severity

PUBLIC = Repository(1, "acme/tool", "main", Visibility.PUBLIC)
GOOD = SecurityPolicy("SECURITY.md", "o" * 40, contacts=1, delays=2, words=90)


@pytest.mark.parametrize(
    ("policy", "options", "expected"),
    [
        pytest.param(GOOD, {}, Outcome.PASS, id="contact and delay"),
        pytest.param(None, {}, Outcome.FAIL, id="none"),
        pytest.param(replace(GOOD, contacts=0), {}, Outcome.FAIL, id="no contact"),
        pytest.param(replace(GOOD, delays=0), {}, Outcome.FAIL, id="no delay"),
        pytest.param(
            replace(GOOD, delays=0), {"require_delay": False}, Outcome.PASS, id="no delay asked for"
        ),
        pytest.param(
            replace(GOOD, contacts=0), {"require_contact": False}, Outcome.PASS, id="no contact asked for"
        ),
    ],
)
def test_judges_policies(policy, options, expected):
    """Present, with a contact, with a delay."""
    assert security_policy_check(policy, PUBLIC, Config(**options)).outcome is expected


@pytest.mark.parametrize("change", [{"empty": True}, {"archived": True}, {"visibility": Visibility.PRIVATE}])
def test_leaves_repositories_alone_where_nobody_would_report(change):
    """Nothing there, nothing to be fixed, or nobody to see it."""
    verdict = security_policy_check(None, replace(PUBLIC, **change), Config())

    assert verdict.outcome is Outcome.NOT_APPLICABLE


def test_a_missing_delay_weighs_little():
    """It may be told behind a link, so it is no high finding."""
    verdict = security_policy_check(replace(GOOD, contacts=0, delays=0), PUBLIC, Config())

    assert [e.severity for e in verdict.evidence] == [None, Severity.LOW]
    assert {e.place.path for e in verdict.evidence} == {"SECURITY.md"}


def test_the_owners_default_is_no_place_in_this_repository():
    """Its path names a file elsewhere."""
    verdict = security_policy_check(replace(GOOD, contacts=0, owner_default=True), PUBLIC, Config())

    assert verdict.evidence[0].place is None
    assert verdict.summary.startswith("the owner's default SECURITY.md")
