"""Check 38: alerts on vulnerable dependencies are dealt with in time."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

from pydantic import Field

from bot.model.facts import Repository
from bot.model.security import Alert, Alerts
from bot.model.verdicts import (
    Audience,
    Evidence,
    Outcome,
    Place,
    Reason,
    Severity,
    Verdict,
    counted,
    failed,
    not_applicable,
    passed,
)
from bot.spec import Section, check


class Config(Section):
    """Options under ``checks.open-alerts``; days are counted from the day an alert was opened."""

    critical_days: int = Field(default=7, ge=0, description="Days that a critical alert may be open.")
    high_days: int = Field(default=30, ge=0, description="Days that an alert of high severity may be open.")
    medium_days: int = Field(default=90, ge=0, description="Days that a moderate alert may be open.")
    low_days: int = Field(default=365, ge=0, description="Days that an alert of low severity may be open.")
    require_enabled: bool = Field(
        default=True, description="A repository whose alerts are switched off fails, too."
    )


@check(
    "open-alerts",
    family="dependencies",
    severity=Severity.CRITICAL,
    audience=Audience.RESTRICTED,
    config=Config,
    number=38,
)
def open_alerts(alerts: Alerts, repository: Repository, now: datetime, config: Config) -> Verdict:
    """No alert on a vulnerable dependency is open for longer than its severity allows.

    Why: what is known to be vulnerable is tried by attackers within days.
    Fix: take the patched version, most easily by merging the pull request of the update tool; dismiss
    with a reason what can not be reached in your code.
    Source: https://docs.github.com/en/code-security/dependabot/dependabot-alerts/viewing-and-updating-dependabot-alerts
    """
    if repository.archived:
        return not_applicable("the repository is archived: nothing can be updated in it")
    if not alerts.enabled:
        if not config.require_enabled:
            return not_applicable("Dependabot alerts are switched off")
        place = Place(setting="Dependabot alerts")
        text = "nobody looks for vulnerable dependencies"
        return failed(
            "Dependabot alerts are switched off",
            Evidence(text, place, key="disabled", severity=Severity.MEDIUM),
        )
    late = [alert for alert in alerts.listed if now > _due(alert, config)]
    late.sort(key=lambda alert: (-alert.severity, alert.created_at, alert.number))
    coming = [due for alert in alerts.listed if (due := _due(alert, config)) >= now]
    until = min(coming) + timedelta(seconds=1) if coming else None
    said = f"{counted(alerts.total, 'alert')} open{_by_severity(alerts)}"
    if late:
        return failed(
            f"{said}; {len(late)} for too long", *(_evidence(alert) for alert in late), valid_until=until
        )
    if alerts.total > len(alerts.listed):
        return Verdict(
            Outcome.UNKNOWN,
            f"{said}; the {len(alerts.listed)} that were listed are not open for too long",
            reason=Reason.LIMIT,
            valid_until=until,
        )
    return passed(f"{said}, none for too long" if alerts.total else "no alert is open", valid_until=until)


def _due(alert: Alert, config: Config) -> datetime:
    days = {
        Severity.CRITICAL: config.critical_days,
        Severity.HIGH: config.high_days,
        Severity.MEDIUM: config.medium_days,
    }.get(alert.severity, config.low_days)
    return alert.created_at + timedelta(days=min(days, 36_500))


def _by_severity(alerts: Alerts) -> str:
    counts = Counter(alert.severity for alert in alerts.listed)
    told = ", ".join(f"{counts[severity]} {severity.label}" for severity in sorted(counts, reverse=True))
    return f" ({told})" if told else ""


def _evidence(alert: Alert) -> Evidence:
    patch = "a patched version exists" if alert.patched else "no patched version is known"
    named = f" ({alert.advisory})" if alert.advisory else ""
    return Evidence(
        f"{alert.package}{named}: {alert.severity.label}, open since {alert.created_at:%Y-%m-%d}; {patch}",
        Place(path=alert.manifest),
        key=f"alert {alert.number}",
        severity=alert.severity,
    )
