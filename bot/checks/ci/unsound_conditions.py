"""Check 86: conditions hold what they seem to hold."""

from __future__ import annotations

from bot.checks.ci.audits import Heeding, audits_of, judged
from bot.model.facts import Repository, WorkflowAudit
from bot.model.verdicts import Severity, Verdict
from bot.spec import check

AUDITS = audits_of("unsound-conditions")
TEXTS = {
    "bot-conditions": "another than the bot can meet this condition: {feature}",
    "unsound-condition": "this condition is always true: {feature}",
    "unsound-contains": "a part of a listed text meets this condition, too: {feature}",
    "unsound-ternary": "this expression never gives its first value, which counts as false: {feature}",
}
SEVERITY = Severity.HIGH


class Config(Heeding):
    """Options under ``checks.unsound-conditions``."""


@check("unsound-conditions", family="ci", severity=SEVERITY, config=Config, number=86)
def unsound_conditions(workflow_audit: WorkflowAudit, repository: Repository, config: Config) -> Verdict:
    """No condition in a workflow is always true, or met by others than it names.

    Why: such a condition guards nothing: steps meant for a bot, a branch or a release run for anyone.
    Fix: compare `github.event.pull_request.user.login` in place of `github.actor`; give `contains` a
    list made with `fromJSON`; write `if:` on one line, or with `|-` in place of `|`.
    Source: https://docs.zizmor.sh/audits/#bot-conditions
    """
    return judged(
        workflow_audit,
        repository,
        lambda finding: finding.audit in AUDITS and finding.severity > Severity.INFO,
        TEXTS,
        config,
        own=SEVERITY,
        fault="conditions do not hold what they seem to",
        fine="conditions hold what they seem to",
    )
