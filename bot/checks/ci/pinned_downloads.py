"""Check 89: images, tools and packages that workflows fetch have a version."""

from __future__ import annotations

from bot.checks.ci.audits import Heeding, audits_of, judged
from bot.model.facts import Repository, WorkflowAudit
from bot.model.verdicts import Severity, Verdict
from bot.spec import check

AUDITS = audits_of("pinned-downloads")
TEXTS = {
    "adhoc-packages": "a package is installed outside of a lock file: {feature}",
    "unpinned-images": "a container image has no fixed version: {feature}",
    "unpinned-tools": "an action fetches the latest version of a tool: {feature}",
}
SEVERITY = Severity.MEDIUM


class Config(Heeding):
    """Options under ``checks.pinned-downloads``."""


@check("pinned-downloads", family="ci", severity=SEVERITY, config=Config, number=89)
def pinned_downloads(workflow_audit: WorkflowAudit, repository: Repository, config: Config) -> Verdict:
    """Container images, tools and packages that workflows fetch are of a version that is written down.

    Actions themselves are judged by `pinned-actions`.

    Why: what is fetched as the latest can be replaced overnight, and then runs with the job's rights.
    Fix: give images a digest or at least a tag other than `latest`, tools a version, and install
    packages from a lock file (`npm ci`, `bundle install`).
    Source: https://docs.zizmor.sh/audits/#unpinned-images
    """
    return judged(
        workflow_audit,
        repository,
        # What an input or a matrix names may well be pinned there.
        lambda finding: finding.audit in AUDITS and finding.confidence != "low",
        TEXTS,
        config,
        own=SEVERITY,
        fault="something is fetched without a fixed version",
        fine="images, tools and packages have fixed versions",
    )
