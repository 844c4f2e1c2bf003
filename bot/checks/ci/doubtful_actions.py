"""Check 88: actions are maintained, and are the ones that were meant."""

from __future__ import annotations

from bot.checks.ci.audits import Heeding, audits_of, judged
from bot.model.facts import Repository, WorkflowAudit
from bot.model.verdicts import Severity, Verdict
from bot.spec import check

AUDITS = audits_of("doubtful-actions")
TEXTS = {
    "archived-uses": "nobody maintains this action any more: {feature}",
    "typosquat-uses": "the name resembles that of a well-known action: {message}",
}
SEVERITY = Severity.MEDIUM


class Config(Heeding):
    """Options under ``checks.doubtful-actions``."""


@check("doubtful-actions", family="ci", severity=SEVERITY, config=Config, number=88)
def doubtful_actions(workflow_audit: WorkflowAudit, repository: Repository, config: Config) -> Verdict:
    """No workflow uses an action from an archived repository, or one whose name imitates another's.

    Both are known from lists that come with the auditor; nobody is asked.

    Why: an archived action is never mended, and an imitation runs whatever its owner likes.
    Fix: replace the action by a maintained one or by a line of script; correct the name.
    Source: https://docs.zizmor.sh/audits/#archived-uses
    """
    return judged(
        workflow_audit,
        repository,
        lambda finding: finding.audit in AUDITS,
        TEXTS,
        config,
        own=SEVERITY,
        fault="doubtful actions are used",
        fine="no archived or imitated action is used",
    )
