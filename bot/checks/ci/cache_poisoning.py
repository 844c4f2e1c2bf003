"""Check 82: what is published is not built from a cache."""

from __future__ import annotations

from bot.checks.ci.audits import Heeding, audits_of, judged
from bot.model.facts import Repository, WorkflowAudit
from bot.model.verdicts import Severity, Verdict
from bot.spec import check

AUDITS = audits_of("cache-poisoning")
TEXTS = {"cache-poisoning": "a workflow that publishes restores a cache: {feature} ({message})"}
SEVERITY = Severity.MEDIUM


class Config(Heeding):
    """Options under ``checks.cache-poisoning``."""


@check("cache-poisoning", family="ci", severity=SEVERITY, config=Config, number=82)
def cache_poisoning(workflow_audit: WorkflowAudit, repository: Repository, config: Config) -> Verdict:
    """No workflow that publishes something restores a cache that other workflows can fill.

    Why: whoever gets into any workflow that writes the cache gets into the next release with it.
    Fix: switch the cache off in workflows that publish; set-up actions have an input for it.
    Source: https://docs.zizmor.sh/audits/#cache-poisoning
    """
    return judged(
        workflow_audit,
        repository,
        lambda finding: finding.audit in AUDITS,
        TEXTS,
        config,
        own=SEVERITY,
        fault="what is published may come from a cache",
        fine="nothing that is published comes from a cache",
    )
