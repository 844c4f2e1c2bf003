"""Check 32: actions are pinned to commits."""

from __future__ import annotations

from collections import Counter

from pydantic import Field

from bot.checks.ci.audits import not_audited
from bot.model.facts import Repository, WorkflowAudit, WorkflowFinding
from bot.model.verdicts import (
    Evidence,
    Place,
    Severity,
    Verdict,
    counted,
    failed,
    not_applicable,
    passed,
)
from bot.spec import Section, check


class Config(Section):
    """Options under ``checks.pinned-actions``."""

    trust: tuple[str, ...] = Field(
        default=(),
        max_length=200,
        description="Owners (`actions`) or repositories (`actions/checkout`) whose tags are trusted.",
    )
    heed_comments: bool = Field(
        default=True, description="A `# zizmor: ignore[unpinned-uses]` comment silences a finding."
    )


@check("pinned-actions", family="ci", severity=Severity.MEDIUM, config=Config, number=32)
def pinned_actions(workflow_audit: WorkflowAudit, repository: Repository, config: Config) -> Verdict:
    """Every action and reusable workflow is pinned to a full commit id.

    Why: a tag can be moved to other code overnight, and that code then runs with your secrets.
    Fix: write the commit id after the `@` and the version as a comment; update tools keep both
    current. Owners whose tags you trust go under `trust`.
    Source: https://docs.github.com/en/actions/reference/security/secure-use#using-third-party-actions
    """
    if repository.archived:
        return not_applicable("the repository is archived: its workflows do not run")
    if not workflow_audit.files:
        return not_applicable("there are no workflows")
    trusted = {name.lower().strip("/") for name in config.trust}
    found = [f for f in workflow_audit.findings if f.audit == "unpinned-uses" and not _trusted(f, trusted)]
    heard = [f for f in found if not (f.ignored and config.heed_comments)]
    if heard:
        references = {finding.feature for finding in heard}
        named = counted(len(references), "reference")
        return failed(
            f"{named} in {counted(len(heard), 'place')} not pinned to a commit",
            *_evidence(heard),
        )
    if unaudited := not_audited(workflow_audit):
        return unaudited
    silenced = f"; {len(found)} silenced by comments" if found else ""
    return passed(f"all actions in {counted(len(workflow_audit.files), 'workflow')} are pinned{silenced}")


def _trusted(finding: WorkflowFinding, trusted: set[str]) -> bool:
    parts = finding.feature.lower().partition("@")[0].split("/")
    return parts[0] in trusted or "/".join(parts[:2]) in trusted


def _evidence(findings: list[WorkflowFinding]) -> list[Evidence]:
    seen: Counter[str] = Counter()
    evidence = []
    for finding in findings:
        name = f"{finding.path}|{finding.feature}"
        seen[name] += 1
        place = Place(path=finding.path, line=finding.line, end_line=finding.end_line)
        evidence.append(
            Evidence(f"{finding.feature} is not pinned to a commit", place, key=f"{name}#{seen[name]}")
        )
    return evidence
