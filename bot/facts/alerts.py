"""Open alerts on dependencies with known vulnerabilities."""

from __future__ import annotations

from bot.json_nodes import Node
from bot.model.security import Alert, Alerts
from bot.model.verdicts import Severity
from bot.selections import Selection
from bot.spec import fact

ALERTS = Selection(
    "vulnerabilityAlerts(states: OPEN, first: 100) { totalCount nodes { number createdAt "
    "vulnerableManifestPath securityAdvisory { ghsaId } "
    "securityVulnerability { severity package { name } firstPatchedVersion { identifier } } } }"
)
ENABLED = Selection("hasVulnerabilityAlertsEnabled")

SEVERITIES = {
    "LOW": Severity.LOW,
    "MODERATE": Severity.MEDIUM,
    "HIGH": Severity.HIGH,
    "CRITICAL": Severity.CRITICAL,
}


@fact(
    "alerts",
    permission="vulnerability_alerts: read",
    cost="one connection of the scan",
    graph={"alerts": ALERTS, "enabled": ENABLED},
)
def alerts(answer: Node) -> Alerts:
    """The first hundred open alerts, and how many there are."""
    told = answer["alerts"]
    if told.null:
        return Alerts(enabled=answer["enabled"].flag())
    listed = tuple(_alert(node) for node in told.nodes())
    # Open alerts are proof enough; only without any does it matter whether somebody looks.
    return Alerts(bool(listed) or answer["enabled"].flag(), listed, told.total())


def _alert(node: Node) -> Alert:
    advisory, vulnerability = node.optional("securityAdvisory"), node.optional("securityVulnerability")
    return Alert(
        number=node["number"].number(),
        # An advisory that was withdrawn tells no severity; then the alert weighs as an ordinary one.
        severity=SEVERITIES.get(vulnerability["severity"].text(), Severity.MEDIUM)
        if vulnerability
        else Severity.MEDIUM,
        package=vulnerability["package"]["name"].text() if vulnerability else "a dependency",
        advisory=advisory["ghsaId"].text() if advisory else "",
        manifest=node["vulnerableManifestPath"].text(),
        created_at=node["createdAt"].moment(),
        patched=vulnerability is not None and vulnerability.optional("firstPatchedVersion") is not None,
    )
