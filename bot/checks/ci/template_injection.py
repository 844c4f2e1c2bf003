"""Check 85: values reach scripts as data, not as code."""

from __future__ import annotations

import re

from pydantic import Field

from bot.checks.ci.audits import Heeding, judged
from bot.checks.ci.dangerous_trigger import lets_strangers_in
from bot.model.facts import Repository, WorkflowAudit, WorkflowFinding
from bot.model.verdicts import Severity, Verdict
from bot.spec import check

TEXTS = {"template-injection": "a value becomes part of a script: {feature}"}
# zizmor takes all of an event for text. Ids, dates and flags in it are GitHub's own, but not in what
# somebody gave to a run by hand.
_MADE_BY_GITHUB = re.compile(
    r"^github\.event\.(?!inputs\b|client_payload\b)[\w.-]{1,150}?"
    r"(?:\b(?:id|node_id|number|sha|merged|draft|private|fork)|_(?:at|id|count))$",
    re.IGNORECASE,
)
SEVERITY = Severity.MEDIUM


class Config(Heeding):
    """Options under ``checks.template-injection``."""

    doubtful: bool = Field(
        default=False,
        description="Tell of values, too, that are written by the repository itself in most workflows: "
        "a matrix, a variable, the output of a step.",
    )


@check("template-injection", family="ci", severity=SEVERITY, config=Config, number=85)
def template_injection(workflow_audit: WorkflowAudit, repository: Repository, config: Config) -> Verdict:
    """No expression pastes a value that people choose, such as an input or a tag's name, into a script.

    What a stranger writes weighs more, and is told by `dangerous-trigger` alone.

    Why: the value is put in before the script is parsed, so quotes in it end the text and what
    follows runs as code with the job's secrets.
    Fix: put the expression under `env:` and let the script read the variable, in quotes.
    Source: https://docs.github.com/en/actions/reference/security/secure-use#use-an-intermediate-environment-variable
    """

    def counts(finding: WorkflowFinding) -> bool:
        if finding.audit != "template-injection" or lets_strangers_in(finding):
            return False
        sure = finding.confidence == "high" and finding.severity >= Severity.MEDIUM
        return (sure and _MADE_BY_GITHUB.search(finding.feature) is None) or config.doubtful

    return judged(
        workflow_audit,
        repository,
        counts,
        TEXTS,
        config,
        own=SEVERITY,
        fault="values become part of scripts",
        fine="no value that people choose becomes part of a script",
    )
