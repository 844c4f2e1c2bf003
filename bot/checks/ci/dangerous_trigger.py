"""Check 31: no workflow that lets a stranger run code with the repository's rights."""

from __future__ import annotations

import re
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

_STRANGERS_TEXT = re.compile(
    r"github\.head_ref\b"
    r"|github\.event\.(?:"
    r"(?:issue|pull_request|discussion)\.(?:title|body)\b"
    r"|(?:comment|review|review_comment|discussion_comment)\.body\b"
    r"|pages\b.{0,40}\.page_name\b"
    r"|(?:head_commit|commits\b.{0,40})\.(?:message|author\.(?:email|name))\b"
    r"|pull_request\.head\.(?:ref|label|repo\.default_branch)\b"
    r"|workflow_run\.(?:head_branch|head_commit\.(?:message|author\.(?:email|name))|display_title)\b"
    r")"
    r"|tojson\s{0,9}\(\s{0,9}github(?:\.event)?\s{0,9}\)",
    re.IGNORECASE,
)


class Config(Section):
    """Options under ``checks.dangerous-trigger``."""

    heed_comments: bool = Field(
        default=False,
        description="A `# zizmor: ignore[...]` comment in the workflow silences a finding. Off, because "
        "a change could bring both the hole and the comment; an exemption in policy says why, and ends.",
    )


@check("dangerous-trigger", family="ci", severity=Severity.CRITICAL, config=Config, number=31)
def dangerous_trigger(workflow_audit: WorkflowAudit, repository: Repository, config: Config) -> Verdict:
    """No workflow runs a stranger's code or text with the repository's secrets and rights.

    Two things are found: a checkout of the proposed commit in a workflow that `pull_request_target`
    or `workflow_run` starts, and an expression that pastes a stranger's text (a title, a body, a
    branch name) into a script. A privileged trigger alone, for instance to set labels, is no fault.

    Why: anyone who can open a pull request or an issue can then take over the repository.
    Fix: check out the base, or start on `pull_request`; give texts to scripts through `env:`.
    Source: https://github.com/ossf/scorecard/blob/main/docs/checks.md#dangerous-workflow
    """
    if repository.archived:
        return not_applicable("the repository is archived: its workflows do not run")
    if not workflow_audit.files:
        return not_applicable("there are no workflows")
    found = [finding for finding in workflow_audit.findings if lets_strangers_in(finding)]
    heard = [f for f in found if not (f.ignored and config.heed_comments)]
    if heard:
        files = {finding.path for finding in heard}
        return failed(
            f"strangers can run code in {len(files)} of {counted(len(workflow_audit.files), 'workflow')}",
            *_evidence(heard),
        )
    if unaudited := not_audited(workflow_audit):
        return unaudited
    silenced = f"; {len(found)} silenced by comments" if found else ""
    return passed(
        f"no stranger's code or text runs in {counted(len(workflow_audit.files), 'workflow')}{silenced}"
    )


def lets_strangers_in(finding: WorkflowFinding) -> bool:
    """Scorecard's rule: untrusted checkouts, and scripts with a text that a stranger writes.

    zizmor also reports each use of a privileged trigger, and expressions that hold a number or a
    flag; both are everywhere in sound repositories.
    """
    if finding.audit == "untrusted-checkout":
        return True
    return (
        finding.audit == "template-injection"
        and finding.severity >= Severity.HIGH
        and finding.confidence == "high"
        and _STRANGERS_TEXT.search(finding.feature) is not None
    )


def _evidence(findings: list[WorkflowFinding]) -> list[Evidence]:
    seen: Counter[str] = Counter()
    evidence = []
    for finding in findings:
        name = f"{finding.path}|{finding.audit}|{finding.feature}"
        seen[name] += 1
        checkout = finding.audit == "untrusted-checkout"
        text = (
            f"{finding.message}: ref {finding.feature}"
            if checkout
            else f"a stranger's text becomes part of a script: {finding.feature}"
        )
        place = Place(path=finding.path, line=finding.line, end_line=finding.end_line)
        evidence.append(Evidence(text, place, key=f"{name}#{seen[name]}"))
    return evidence
