"""What the checks of a commit come to when our own are left out."""

from datetime import UTC, datetime

import pytest

from bot.model.commits import CheckState, CommitChecks, ReportedCheck

AT = datetime(2026, 6, 1, tzinfo=UTC)
PASSED, FAILED, PENDING = CheckState.PASSED, CheckState.FAILED, CheckState.PENDING


def reported(name: str, state: CheckState) -> ReportedCheck:
    return ReportedCheck(name, 1, "actions", state.value, state)


@pytest.mark.parametrize(
    ("checks", "expected"),
    [
        pytest.param((), None, id="none"),
        pytest.param((reported("plumbline/health", FAILED),), None, id="ours alone"),
        pytest.param((reported("plumbline/health", FAILED), reported("test", PASSED)), PASSED, id="passed"),
        pytest.param((reported("lint", PASSED), reported("test", PENDING)), PENDING, id="pending"),
        pytest.param((reported("lint", FAILED), reported("test", PENDING)), FAILED, id="failed already"),
        pytest.param((reported("plumbline", FAILED),), FAILED, id="a name that only resembles ours"),
    ],
)
def test_the_worst_of_others_counts(checks, expected):
    """A failed check makes the commit red, whatever is still to come."""
    assert CommitChecks("a" * 40, AT, PASSED, checks).state is expected


@pytest.mark.parametrize(
    ("rollup", "expected"), [(FAILED, FAILED), (PENDING, PENDING), (PASSED, PASSED), (None, PASSED)]
)
def test_the_rollup_tells_of_checks_that_were_not_read(rollup, expected):
    """Only where there are more than were read."""
    checks = (reported("test", PASSED),)

    assert CommitChecks("a" * 40, AT, rollup, checks, more=True).state is expected
    assert CommitChecks("a" * 40, AT, rollup, checks).state is PASSED
