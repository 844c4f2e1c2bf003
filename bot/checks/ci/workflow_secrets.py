"""Check 87: secrets go only where they are needed."""

from __future__ import annotations

from bot.checks.ci.audits import Heeding, audits_of, judged
from bot.model.facts import Repository, WorkflowAudit
from bot.model.verdicts import Severity, Verdict
from bot.spec import check

AUDITS = audits_of("workflow-secrets")
TEXTS = {
    "github-app": "{message}: {feature}",
    # The feature is the block that holds the password itself.
    "hardcoded-container-credentials": "{message}",
    "overprovisioned-secrets": "all secrets are given to a job at once: {feature}",
    "secrets-inherit": "a reusable workflow is given all secrets: {feature}",
    "unredacted-secrets": "a part of a secret is not blackened in logs: {feature}",
}
SEVERITY = Severity.MEDIUM


class Config(Heeding):
    """Options under ``checks.workflow-secrets``."""


@check("workflow-secrets", family="ci", severity=SEVERITY, config=Config, number=87)
def workflow_secrets(workflow_audit: WorkflowAudit, repository: Repository, config: Config) -> Verdict:
    """Workflows hold no passwords, and give each job only the secrets and token rights that it needs.

    Why: a secret that is everywhere leaks with the weakest step; what is written in a workflow is known
    to every reader.
    Fix: move passwords to secrets; name each secret that a job or a reusable workflow needs; ask for
    an App's token with repositories and permissions named; keep structured secrets apart.
    Source: https://docs.github.com/en/actions/reference/security/secure-use#using-secrets
    """
    return judged(
        workflow_audit,
        repository,
        lambda finding: finding.audit in AUDITS and finding.confidence != "low",
        TEXTS,
        config,
        own=SEVERITY,
        fault="secrets or tokens reach further than needed",
        fine="secrets and tokens go only where they are needed",
    )
