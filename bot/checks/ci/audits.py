"""What the checks that read the workflow audit have in common."""

from __future__ import annotations

from bot.model.facts import WorkflowAudit
from bot.model.verdicts import Evidence, Outcome, Place, Reason, Verdict, counted


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
