"""Check 38 in all its outcomes."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.checks.dependencies.open_alerts import Config, open_alerts
from bot.model.security import Alert, Alerts
from bot.model.verdicts import Outcome, Place, Reason, Severity

NOW = datetime(2026, 6, 1, tzinfo=UTC)
LIMITS = Config(critical_days=7, high_days=30, medium_days=90, low_days=365)


def alert(severity: Severity = Severity.HIGH, *, days: int = 0, seconds: int = 0, number: int = 1) -> Alert:
    at = NOW - timedelta(days=days, seconds=seconds)
    return Alert(number, severity, "left-pad", "GHSA-xxxx", "package.json", at, patched=True)


def found(*alerts: Alert, total: int | None = None) -> Alerts:
    return Alerts(True, alerts, len(alerts) if total is None else total)


@pytest.mark.parametrize(
    ("severity", "days"),
    [(Severity.CRITICAL, 7), (Severity.HIGH, 30), (Severity.MEDIUM, 90), (Severity.LOW, 365)],
)
def test_each_severity_has_its_limit(repository, severity, days):
    """The limit itself is allowed; a second more is not, and a pass says so."""
    at_limit = open_alerts(found(alert(severity, days=days)), repository, NOW, LIMITS)
    past = open_alerts(found(alert(severity, days=days, seconds=1)), repository, NOW, LIMITS)

    assert (at_limit.outcome, past.outcome) == (Outcome.PASS, Outcome.FAIL)
    assert at_limit.valid_until == NOW + timedelta(seconds=1)


def test_the_worst_come_first_and_all_are_counted(repository):
    """Those that are not late yet only count."""
    alerts = found(
        alert(Severity.LOW, days=400, number=1),
        alert(Severity.CRITICAL, days=8, number=2),
        alert(Severity.HIGH, days=1, number=3),
    )

    verdict = open_alerts(alerts, repository, NOW, LIMITS)

    assert verdict.summary == "3 alerts open (1 critical, 1 high, 1 low); 2 for too long"
    assert [e.key for e in verdict.evidence] == ["alert 2", "alert 1"]
    first = verdict.evidence[0]
    assert first.severity is Severity.CRITICAL
    assert first.place == Place(path="package.json")
    assert first.text == ("left-pad (GHSA-xxxx): critical, open since 2026-05-24; a patched version exists")
    assert verdict.valid_until == NOW + timedelta(days=29, seconds=1)


def test_no_alert_passes(repository):
    """For as long as nothing happens."""
    verdict = open_alerts(found(), repository, NOW, LIMITS)

    assert (verdict.outcome, verdict.summary, verdict.valid_until) == (Outcome.PASS, "no alert is open", None)


def test_more_alerts_than_were_listed(repository):
    """What was not seen is not known to be in time."""
    verdict = open_alerts(found(alert(), total=170), repository, NOW, LIMITS)

    assert (verdict.outcome, verdict.reason) == (Outcome.UNKNOWN, Reason.LIMIT)
    late = found(alert(days=99), total=170)
    assert open_alerts(late, repository, NOW, LIMITS).outcome is Outcome.FAIL


@pytest.mark.parametrize(("required", "expected"), [(True, Outcome.FAIL), (False, Outcome.NOT_APPLICABLE)])
def test_alerts_that_are_switched_off(repository, required, expected):
    """Nobody looks; that is not as bad as a critical alert."""
    verdict = open_alerts(Alerts(enabled=False), repository, NOW, Config(require_enabled=required))

    assert verdict.outcome is expected
    assert [e.severity for e in verdict.evidence] == ([Severity.MEDIUM] if required else [])


def test_an_archived_repository(repository):
    """It can not be mended."""
    archived = replace(repository, archived=True)

    assert open_alerts(found(alert(days=99)), archived, NOW, LIMITS).outcome is Outcome.NOT_APPLICABLE
