"""Audits and commits made by hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from bot.model.commits import CheckState, CommitChecks, RecentCommit, RecentCommits, ReportedCheck
from bot.model.facts import Repository, Visibility, WorkflowAudit, WorkflowFile, WorkflowFinding
from bot.model.verdicts import Severity

PATH = ".github/workflows/a.yml"
NOW = datetime(2026, 6, 1, tzinfo=UTC)


@pytest.fixture
def public() -> Repository:
    return Repository(1, "acme/tool", "main", Visibility.PUBLIC)


@pytest.fixture
def finding() -> Callable[..., WorkflowFinding]:
    def make(audit: str, feature: str = "", **changes: object) -> WorkflowFinding:
        base = {
            "path": PATH,
            "line": 3,
            "end_line": 3,
            "column": 1,
            "severity": Severity.HIGH,
            "confidence": "high",
            "message": "m",
            "url": "",
        }
        return WorkflowFinding(audit=audit, feature=feature, **{**base, **changes})

    return make


@pytest.fixture
def audit() -> Callable[..., WorkflowAudit]:
    def make(*findings: WorkflowFinding, problem: str | None = None) -> WorkflowAudit:
        return WorkflowAudit((WorkflowFile(PATH, "o" * 40, problem),), findings)

    return make


@pytest.fixture
def checked() -> Callable[..., CommitChecks]:
    """A commit by its place (0 is the head, a day older each) with checks by name and what they said."""

    def make(number: int = 0, **said: str) -> CommitChecks:
        words = {"pass": CheckState.PASSED, "pend": CheckState.PENDING}
        reported = tuple(
            ReportedCheck(name, 1, "actions", word, words.get(word[:4], CheckState.FAILED))
            for name, word in said.items()
        )
        return CommitChecks(f"{number:040x}", NOW - timedelta(days=number), None, reported)

    return make


@pytest.fixture
def recent() -> Callable[..., RecentCommits]:
    """Commits by their rollups, the head first, a day older each: g(reen), r(ed), p(ending), - for none."""

    def make(rollups: str, *, more: bool = False) -> RecentCommits:
        states = {"g": CheckState.PASSED, "r": CheckState.FAILED, "p": CheckState.PENDING}
        return RecentCommits(
            tuple(
                RecentCommit(f"{number:040x}", NOW - timedelta(days=number), False, states.get(letter))
                for number, letter in enumerate(rollups)
            ),
            more,
        )

    return make
