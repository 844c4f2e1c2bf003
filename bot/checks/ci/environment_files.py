"""Check 83: nobody else sets the environment of later steps."""

from __future__ import annotations

from bot.checks.ci.audits import Heeding, audits_of, judged
from bot.model.facts import Repository, WorkflowAudit
from bot.model.verdicts import Severity, Verdict
from bot.spec import check

AUDITS = audits_of("environment-files")
TEXTS = {
    "github-env": "{message}, in a workflow that strangers can start: {feature}",
    "insecure-commands": "whatever a step prints may set variables and paths: {feature}",
}
SEVERITY = Severity.HIGH


class Config(Heeding):
    """Options under ``checks.environment-files``."""


@check("environment-files", family="ci", severity=SEVERITY, config=Config, number=83)
def environment_files(workflow_audit: WorkflowAudit, repository: Repository, config: Config) -> Verdict:
    """No workflow that strangers can start lets their text set variables or paths for later steps.

    Two things are found: computed text written to `GITHUB_ENV` or `GITHUB_PATH` under a privileged
    trigger, and `ACTIONS_ALLOW_UNSECURE_COMMANDS`, which lets any printed line do the same.

    Why: whoever sets a variable such as `LD_PRELOAD`, or a path, runs code in every step after it.
    Fix: pass values on through the outputs of steps; write constant text only to these files; remove
    `ACTIONS_ALLOW_UNSECURE_COMMANDS`.
    Source: https://docs.zizmor.sh/audits/#github-env
    """
    return judged(
        workflow_audit,
        repository,
        lambda finding: finding.audit in AUDITS,
        TEXTS,
        config,
        own=SEVERITY,
        fault="others may set the environment of later steps",
        fine="nobody else sets the environment of later steps",
    )
