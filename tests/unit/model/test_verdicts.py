"""Verdicts and evidence as values."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from datetime import UTC, datetime

import pytest

from bot.model.verdicts import (
    Audience,
    Evidence,
    Judgement,
    Outcome,
    Place,
    Reason,
    Severity,
    failed,
    not_applicable,
    passed,
    unknown,
)

NOON = datetime(2026, 6, 21, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        pytest.param(Evidence("a", Place("f", 1)), Evidence("a", Place("f", 9)), True, id="the line moved"),
        pytest.param(Evidence("a", Place("f")), Evidence("a", Place("g")), False, id="another file"),
        pytest.param(Evidence("a", Place("f")), Evidence("b", Place("f")), False, id="another text"),
        pytest.param(Evidence("a", key="k"), Evidence("b", Place("f"), key="k"), True, id="the key decides"),
        pytest.param(
            Evidence("a", Place(branch="b")), Evidence("a", Place(branch="c")), False, id="another branch"
        ),
        pytest.param(Evidence("a", Place(setting="s")), Evidence("a"), False, id="a setting, or nowhere"),
        pytest.param(Evidence("a", severity=Severity.LOW), Evidence("a"), True, id="severity is no identity"),
    ],
)
def test_fingerprint_names_the_observation(one: Evidence, other: Evidence, same: bool) -> None:
    """The same thing seen again, or another."""
    assert (one.fingerprint == other.fingerprint) is same


def test_severities_compare_and_read_as_words() -> None:
    """Ordered from info to critical."""
    assert sorted(Severity, reverse=True)[0] is Severity.CRITICAL
    assert Severity.HIGH >= Severity.MEDIUM
    assert [s.label for s in Severity] == ["info", "low", "medium", "high", "critical"]


def test_short_forms_make_whole_verdicts() -> None:
    """What a check returns."""
    seen = Evidence("seen")

    assert passed("ok", seen, valid_until=NOON).evidence == (seen,)
    assert passed("ok", valid_until=NOON).valid_until == NOON
    assert failed("bad", "text", seen).evidence == (Evidence("text"), seen)
    assert failed("bad").outcome is Outcome.FAIL
    assert not_applicable("no").outcome is Outcome.NOT_APPLICABLE
    verdict = unknown("hm", Reason.PERMISSION, permission="administration: read")
    assert (verdict.outcome, verdict.reason, verdict.permission) == (
        Outcome.UNKNOWN,
        Reason.PERMISSION,
        "administration: read",
    )


def test_values_do_not_change() -> None:
    """Shared between threads without a lock."""
    judgement = Judgement("licence", passed("ok"), Severity.LOW, Audience.PUBLIC)

    assert judgement.outcome is Outcome.PASS
    with pytest.raises(FrozenInstanceError):
        judgement.check = "x"  # type: ignore[misc]
