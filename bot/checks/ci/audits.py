"""What the checks that read the workflow audit have in common, and which audit is whose."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from types import MappingProxyType

from pydantic import Field

from bot.model.facts import Repository, WorkflowAudit, WorkflowFinding
from bot.model.verdicts import (
    Evidence,
    Outcome,
    Place,
    Reason,
    Severity,
    Verdict,
    counted,
    failed,
    not_applicable,
    passed,
)
from bot.spec import Section

TAKEN: Mapping[str, str] = MappingProxyType(
    {
        "adhoc-packages": "pinned-downloads",
        "archived-uses": "doubtful-actions",
        "artipacked": "credential-persistence",
        "bot-conditions": "unsound-conditions",
        "cache-poisoning": "cache-poisoning",
        "dangerous-triggers": "dangerous-trigger",
        "excessive-permissions": "token-permissions",
        "github-app": "workflow-secrets",
        "github-env": "environment-files",
        "hardcoded-container-credentials": "workflow-secrets",
        "insecure-commands": "environment-files",
        "obfuscation": "obfuscated-workflows",
        "overprovisioned-secrets": "workflow-secrets",
        "secrets-inherit": "workflow-secrets",
        "template-injection": "template-injection",
        "typosquat-uses": "doubtful-actions",
        "unpinned-images": "pinned-downloads",
        "unpinned-tools": "pinned-downloads",
        "unpinned-uses": "pinned-actions",
        "unredacted-secrets": "workflow-secrets",
        "unsound-condition": "unsound-conditions",
        "unsound-contains": "unsound-conditions",
        "unsound-ternary": "unsound-conditions",
        "use-trusted-publishing": "trusted-publishing",
    }
)
"""Audit of zizmor -> the check that judges by it.

``dangerous-triggers`` is heard only with a checkout of the proposal, and ``template-injection`` goes
to ``dangerous-trigger`` where the text is a stranger's.
"""

LEFT_ALONE: Mapping[str, str] = MappingProxyType(
    {
        "anonymous-definition": "it is about looks, and zizmor tells it to pedants only",
        "concurrency-limits": "it is about cost, and zizmor tells it to pedants only",
        "dependabot-cooldown": "it reads the settings of Dependabot, which are not shown to the auditor",
        "dependabot-execution": "it reads the settings of Dependabot, which are not shown to the auditor",
        "forbidden-uses": "it says nothing without a list; GitHub's own policy for Actions holds one",
        "impostor-commit": "it asks GitHub about every reference, and the auditor has no network",
        "insecure-url-scheme": "it reads the settings of pre-commit, which are not shown to the auditor",
        "known-vulnerable-actions": "it asks GitHub; open-alerts tells of vulnerable actions, too",
        "misfeature": "it is about what is hard to analyse, not about a fault",
        "ref-confusion": "it asks GitHub about every reference, and the auditor has no network",
        "ref-version-mismatch": "it asks GitHub about every reference, and the auditor has no network",
        "secrets-outside-env": "zizmor tells it to auditors only, as GitHub's environments have limits",
        "self-hosted-runner": "self-hosted-public reads the jobs itself; zizmor tells it to pedants only",
        "self-repository": "the older way to name an action of the same repository is no fault",
        "stale-action-refs": "it asks GitHub about every reference, and the auditor has no network",
        "superfluous-actions": "it is a matter of taste which actions a workflow uses",
        "undocumented-permissions": "it is about comments, and zizmor tells it to pedants only",
    }
)
"""Audit of zizmor that no check judges by -> why."""


class Heeding(Section):
    """What every check that reads the audit can be told."""

    heed_comments: bool = Field(
        default=True,
        description="A `# zizmor: ignore[...]` comment that names the audit silences a finding.",
    )


def audits_of(check: str) -> frozenset[str]:
    """The audits that a check judges by."""
    return frozenset(audit for audit, taker in TAKEN.items() if taker == check)


def judged(
    audit: WorkflowAudit,
    repository: Repository,
    counts: Callable[[WorkflowFinding], bool],
    texts: Mapping[str, str],
    config: Heeding,
    *,
    own: Severity,
    most: Severity | None = None,
    fault: str,
    fine: str,
) -> Verdict:
    """The verdict of a check that fails for every finding that counts and is not silenced.

    Args:
        texts: audit -> a sentence on the finding; ``{feature}`` and ``{message}`` are filled in.
        own: the check's severity; what the auditor takes lightly weighs less.
        most: what no finding weighs more than; None means the check's own.
        fault, fine: what is found, and what is found to be so; followed by the number of workflows.
    """
    if repository.archived:
        return not_applicable("the repository is archived: its workflows do not run")
    if not audit.files:
        return not_applicable("there are no workflows")
    of = counted(len(audit.files), "workflow")
    found = [finding for finding in audit.findings if counts(finding)]
    heard = [finding for finding in found if not (finding.ignored and config.heed_comments)]
    if heard:
        files = {finding.path for finding in heard}
        return failed(
            f"{fault} in {len(files)} of {of}", *_evidence(heard, texts, own, own if most is None else most)
        )
    if unaudited := not_audited(audit):
        return unaudited
    silenced = f"; {len(found)} silenced by comments" if found else ""
    return passed(f"{fine} in {of}{silenced}")


_PLACES = re.compile(r"\{(feature|message)\}")


def _evidence(
    findings: list[WorkflowFinding], texts: Mapping[str, str], own: Severity, most: Severity
) -> list[Evidence]:
    seen: Counter[str] = Counter()
    evidence = []
    for finding in sorted(findings, key=lambda f: (-f.severity, f.path, f.line)):
        text = texts[finding.audit]
        # What a text does not show, such as a password, must not come out through the key.
        shown = finding.feature if "{feature}" in text else ""
        name = f"{finding.path}|{finding.audit}|{shown}"
        seen[name] += 1
        weight = min(finding.severity, most)
        evidence.append(
            Evidence(
                _filled(text, finding),
                Place(path=finding.path, line=finding.line, end_line=finding.end_line),
                key=f"{name}#{seen[name]}",
                severity=None if weight is own else weight,
            )
        )
    return evidence


def _filled(text: str, finding: WorkflowFinding) -> str:
    values = {"feature": finding.feature[:120], "message": finding.message}
    # In one pass: what a file says may look like a place to fill in.
    return _PLACES.sub(lambda place: values[place[1]], text)


def not_audited(audit: WorkflowAudit) -> Verdict | None:
    """Unknown, naming each workflow that could not be audited; None when all could."""
    problems = [file for file in audit.files if file.problem]
    if not problems:
        return None
    return Verdict(
        Outcome.UNKNOWN,
        f"{len(problems)} of {counted(len(audit.files), 'workflow')} could not be audited",
        tuple(Evidence(f"not audited: {f.problem}", Place(path=f.path)) for f in problems),
        reason=Reason.FAULT,
    )
