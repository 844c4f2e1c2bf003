"""Check 90: packages are published without stored passwords."""

from __future__ import annotations

from bot.checks.ci.audits import Heeding, audits_of, judged
from bot.model.facts import Repository, WorkflowAudit
from bot.model.verdicts import Severity, Verdict
from bot.spec import check

AUDITS = audits_of("trusted-publishing")
TEXTS = {"use-trusted-publishing": "a package is published with a stored token: {feature}"}
SEVERITY = Severity.INFO


class Config(Heeding):
    """Options under ``checks.trusted-publishing``."""


@check("trusted-publishing", family="ci", severity=SEVERITY, config=Config, number=90)
def trusted_publishing(workflow_audit: WorkflowAudit, repository: Repository, config: Config) -> Verdict:
    """Workflows publish packages by the identity of the workflow, not with a stored password or token.

    Why: a stored token can be stolen and used from anywhere; the identity of a workflow can not.
    Fix: name the workflow as a trusted publisher at the package index, give the job `id-token: write`
    and remove the token. For an index that knows no such thing, a comment silences the finding.
    Source: https://repos.openssf.org/trusted-publishers-for-all-package-repositories.html
    """
    return judged(
        workflow_audit,
        repository,
        lambda finding: finding.audit in AUDITS,
        TEXTS,
        config,
        own=SEVERITY,
        fault="packages are published with a stored token",
        fine="no package is published with a stored token",
    )
