"""Check 30: workflows give their token no more rights than their jobs need."""

from __future__ import annotations

from collections.abc import Iterator

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

AUDITS = ("excessive-permissions", "write-all-token")
READS = "uses read-all permissions"


class Config(Section):
    """Options under ``checks.token-permissions``."""

    require_declared: bool = Field(
        default=True,
        description="A workflow must say which rights its token has. Off where the default for tokens, "
        "a setting of the repository, is known to be read-only.",
    )
    heed_comments: bool = Field(
        default=True, description="A `# zizmor: ignore[excessive-permissions]` comment silences a finding."
    )


@check("token-permissions", family="ci", severity=Severity.HIGH, config=Config, number=30)
def token_permissions(workflow_audit: WorkflowAudit, repository: Repository, config: Config) -> Verdict:
    """Workflows say which rights their token has, and give rights to write to single jobs only.

    A workflow with one job may give it the rights at either level. A workflow that says nothing
    weighs less than one that gives too much: its token has the repository's default rights.

    Why: every action and every script of a job can use its token; what it may not do, an attacker who
    got into one of them may not do either.
    Fix: put `permissions: {contents: read}` (or `{}`) at the top of the workflow and add rights to
    write to the jobs that need them.
    Source: https://docs.github.com/en/actions/reference/security/secure-use#using-secrets
    """
    if repository.archived:
        return not_applicable("the repository is archived: its workflows do not run")
    if not workflow_audit.files:
        return not_applicable("there are no workflows")
    of = counted(len(workflow_audit.files), "workflow")
    found = [f for f in workflow_audit.findings if f.audit in AUDITS and f.message != READS]
    heard = [finding for finding in found if not (finding.ignored and config.heed_comments)]
    wide = [finding for finding in heard if not _undeclared(finding)]
    silent = [f for f in heard if _undeclared(f)] if config.require_declared else []
    if wide or silent:
        evidence = [*_too_wide(wide), *_not_declared(silent)]
        files = {finding.path for finding in (*wide, *silent)}
        said = "gives its token too many rights" if wide else "does not say which rights its token has"
        many = "give their token too many rights" if wide else "do not say which rights their token has"
        if wide and silent:
            said, many = f"{said}, or leaves them open", f"{many}, or leave them open"
        return failed(f"{len(files)} of {of} {said if len(files) == 1 else many}", *evidence)
    if unaudited := not_audited(workflow_audit):
        return unaudited
    silenced = f"; {len(found) - len(heard)} silenced by comments" if len(found) > len(heard) else ""
    return passed(f"the tokens of {of} have no rights to spare{silenced}")


def _undeclared(finding: WorkflowFinding) -> bool:
    return finding.message.startswith("default permissions used")


def _too_wide(findings: list[WorkflowFinding]) -> Iterator[Evidence]:
    for finding in sorted(findings, key=lambda f: (-f.severity, f.path, f.line)):
        place = Place(path=finding.path, line=finding.line, end_line=finding.end_line)
        text = finding.message.replace("overly broad", "wider than needed")
        key = f"{finding.path}|{finding.message}"
        yield Evidence(text, place, key=key, severity=finding.severity)


def _not_declared(findings: list[WorkflowFinding]) -> Iterator[Evidence]:
    """One for each file: the auditor tells of the workflow and of each of its jobs."""
    first = {f.path: f for f in sorted(findings, key=lambda f: (f.path, -f.line))}
    for path, finding in first.items():
        jobs = len({f.line for f in findings if f.path == path and f.line > 1}) or 1
        yield Evidence(
            f"{counted(jobs, 'job')} with whatever rights the repository gives by default: "
            "no `permissions` here",
            Place(path=path, line=finding.line),
            key=f"{path}|undeclared",
            severity=Severity.MEDIUM,
        )
