"""Builders of reports for tests and benchmarks: say what matters, the rest is filled in."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from bot.model.facts import Repository, Visibility
from bot.model.reports import Change, ChangeKind, Exempted, Report
from bot.model.verdicts import (
    Audience,
    Evidence,
    Judgement,
    Outcome,
    Place,
    Reason,
    Severity,
    Verdict,
)

JUDGED_AT = datetime(2026, 3, 14, 9, 26, 53, tzinfo=UTC)
COMMIT = "3f1c9b7a52d04e68a1b0c2d3e4f5061728394a5b"
BASE = "b2a1908f7e6d5c4b3a29181706f5e4d3c2b1a09f"


def repository(visibility: Visibility = Visibility.PUBLIC) -> Repository:
    """``acme/widgets``, id 42."""
    return Repository(
        id=42,
        full_name="acme/widgets",
        default_branch="main",
        visibility=visibility,
        html_url="https://github.com/acme/widgets",
    )


def judgement(
    check: str = "licence",
    outcome: Outcome = Outcome.PASS,
    summary: str = "",
    *evidence: Evidence,
    severity: Severity = Severity.MEDIUM,
    audience: Audience = Audience.PUBLIC,
    reason: Reason | None = None,
    permission: str | None = None,
    file_fed: bool = True,
    title: str = "",
    why: str = "",
    fix: str = "",
    source: str = "",
    follows: str = "",
) -> Judgement:
    """A judgement whose verdict holds these observations."""
    return Judgement(
        check=check,
        verdict=Verdict(
            outcome, summary or f"{check} was judged", evidence, reason=reason, permission=permission
        ),
        severity=severity,
        audience=audience,
        title=title or f"The check {check} holds.",
        why=why,
        fix=fix,
        source=source,
        family="community",
        file_fed=file_fed,
        follows=follows,
    )


def at(path: str, line: int | None = None, text: str = "is wrong", *, key: str = "") -> Evidence:
    """An observation in a file."""
    return Evidence(text, Place(path=path, line=line), key=key)


def change(
    judged: Judgement,
    kind: ChangeKind,
    *new_evidence: Evidence,
    before: Outcome | None = None,
    cause: str = "",
) -> Change:
    """A change that ends at a judgement's outcome."""
    return Change(judged.check, kind, before, judged.outcome, new_evidence, cause)


def report(
    judgements: Iterable[Judgement] = (),
    changes: Iterable[Change] = (),
    *,
    visibility: Visibility = Visibility.PUBLIC,
    pull_request: int | None = None,
    base_commit: str | None = None,
    exempted: Iterable[tuple[str, str]] = (),
    expired: Iterable[tuple[str, str]] = (),
) -> Report:
    """A report about ``main`` at ``COMMIT``, judged at ``JUDGED_AT``.

    Args:
        exempted, expired: (check, reason) of public checks.
    """
    return Report(
        repository=repository(visibility),
        commit=COMMIT,
        branch="main",
        judgements=tuple(judgements),
        changes=tuple(changes),
        judged_at=JUDGED_AT,
        base_commit=base_commit,
        pull_request=pull_request,
        exempted=tuple(Exempted(*item, Audience.PUBLIC) for item in exempted),
        expired=tuple(Exempted(*item, Audience.PUBLIC) for item in expired),
    )
