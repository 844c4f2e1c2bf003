"""Check 81: checkouts leave no credentials behind."""

from __future__ import annotations

from dataclasses import replace

from pydantic import Field

from bot.checks.ci.audits import Heeding, audits_of, judged
from bot.model.facts import Repository, WorkflowAudit, WorkflowFinding
from bot.model.verdicts import Severity, Verdict
from bot.spec import check

AUDITS = audits_of("credential-persistence")
TEXTS = {"artipacked": "the token stays on disk for later steps: {feature}"}
SEVERITY = Severity.LOW


class Config(Heeding):
    """Options under ``checks.credential-persistence``."""

    since_v6: bool = Field(
        default=False,
        description="Tell of `actions/checkout` from version 6 on, too, which keeps the token outside of "
        "the checked-out files.",
    )


@check("credential-persistence", family="ci", severity=SEVERITY, config=Config, number=81)
def credential_persistence(workflow_audit: WorkflowAudit, repository: Repository, config: Config) -> Verdict:
    """No checkout leaves its token on disk for the steps that follow.

    A checkout weighs little by itself, and more where a later step may upload the token with an artifact.

    Why: every later step can read the token, and an upload of the whole directory publishes it.
    Fix: give `actions/checkout` the input `persist-credentials: false`; where a step has to push,
    give the token to that step alone.
    Source: https://docs.zizmor.sh/audits/#artipacked
    """

    found = tuple(
        _weighed(finding)
        for finding in workflow_audit.findings
        if finding.audit in AUDITS and (config.since_v6 or finding.severity > Severity.LOW)
    )
    return judged(
        replace(workflow_audit, findings=found),
        repository,
        lambda _: True,
        TEXTS,
        config,
        own=SEVERITY,
        most=Severity.HIGH,
        fault="checkouts leave their token on disk",
        fine="no checkout leaves its token on disk",
    )


def _weighed(finding: WorkflowFinding) -> WorkflowFinding:
    """zizmor is sure only where it sees an upload."""
    return finding if finding.confidence == "high" else replace(finding, severity=Severity.LOW)
