"""Check 84: workflows say plainly what they do."""

from __future__ import annotations

from bot.checks.ci.audits import Heeding, audits_of, judged
from bot.model.facts import Repository, WorkflowAudit
from bot.model.verdicts import Severity, Verdict
from bot.spec import check

AUDITS = audits_of("obfuscated-workflows")
TEXTS = {"obfuscation": "{message}: {feature}"}
SEVERITY = Severity.LOW


class Config(Heeding):
    """Options under ``checks.obfuscated-workflows``."""


@check("obfuscated-workflows", family="ci", severity=SEVERITY, config=Config, number=84)
def obfuscated_workflows(workflow_audit: WorkflowAudit, repository: Repository, config: Config) -> Verdict:
    """No workflow hides what it does behind roundabout references or expressions.

    Why: reviewers and auditors overlook what is not written plainly, and so may miss an attack.
    Fix: write the reference without empty or dotted parts, and the expression by its value.
    Source: https://docs.zizmor.sh/audits/#obfuscation
    """
    return judged(
        workflow_audit,
        repository,
        # What is merely hard to analyse is informational, and common in sound workflows.
        lambda finding: finding.audit in AUDITS and finding.severity > Severity.INFO,
        TEXTS,
        config,
        own=SEVERITY,
        fault="something is written in a roundabout way",
        fine="everything is written plainly",
    )
