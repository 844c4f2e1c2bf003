"""Alerts as GitHub tells them."""

from datetime import UTC, datetime

import pytest

from bot.engine.evaluate import freeze, thaw
from bot.facts.alerts import ALERTS, ENABLED, alerts
from bot.json_nodes import Refused
from bot.model.errors import Malformed, PermissionMissing
from bot.model.security import Alert, Alerts
from bot.model.verdicts import Severity
from bot.registry import load
from tests.unit.facts.conftest import MemoryReader

REFUSED = Refused("Resource not accessible by integration", permission=True)


def alert(severity: str = "HIGH", **changes: object):
    base = {
        "number": 4,
        "createdAt": "2026-06-01T00:00:00Z",
        "vulnerableManifestPath": "web/package.json",
        "securityAdvisory": {"ghsaId": "GHSA-xxxx"},
        "securityVulnerability": {
            "severity": severity,
            "package": {"name": "left-pad"},
            "firstPatchedVersion": {"identifier": "2.0"},
        },
    }
    return {**base, **changes}


def read(
    *nodes: object, total: int | None = None, enabled: object = True, told: object = "default"
) -> Alerts:
    listed = {"totalCount": len(nodes) if total is None else total, "nodes": [*nodes]}
    reader = MemoryReader(graphs={"alerts": listed if told == "default" else told, "enabled": enabled})
    return alerts(reader.graph({"alerts": ALERTS, "enabled": ENABLED}, "vulnerability_alerts: read"))


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("LOW", Severity.LOW),
        ("MODERATE", Severity.MEDIUM),
        ("HIGH", Severity.HIGH),
        ("CRITICAL", Severity.CRITICAL),
        ("APOCALYPTIC", Severity.MEDIUM),
    ],
)
def test_each_with_its_severity(said, expected):
    """GitHub's words to ours."""
    found = read(alert(said))

    at = datetime(2026, 6, 1, tzinfo=UTC)
    assert found.listed == (
        Alert(4, expected, "left-pad", "GHSA-xxxx", "web/package.json", at, patched=True),
    )
    assert thaw(load(plugins=False), freeze({"alerts": found})) == {"alerts": found}


def test_an_advisory_that_was_withdrawn():
    """What it said is gone, the alert is not."""
    (found,) = read(alert(securityAdvisory=None, securityVulnerability=None)).listed

    assert (found.severity, found.package, found.advisory, found.patched) == (
        Severity.MEDIUM,
        "a dependency",
        "",
        False,
    )


def test_more_than_a_page():
    """The total is told."""
    assert read(alert(), total=170).total == 170


def test_whether_somebody_looks_at_all():
    """It matters only where there is no alert, and may be refused where there is one."""
    assert read(enabled=False) == Alerts(enabled=False)
    assert read(told=None, enabled=False) == Alerts(enabled=False)
    assert read() == Alerts(enabled=True)
    assert read(alert(), enabled=REFUSED).enabled


@pytest.mark.parametrize("parts", [{"told": REFUSED}, {"enabled": REFUSED}])
def test_a_refusal_is_not_an_absence_of_alerts(parts):
    """The permission is named."""
    with pytest.raises(PermissionMissing) as caught:
        read(**parts)
    assert caught.value.permission == "vulnerability_alerts: read"


def test_an_alert_without_its_date_is_a_fault():
    """It would be judged wrongly."""
    with pytest.raises(Malformed):
        read(alert(createdAt=None))
