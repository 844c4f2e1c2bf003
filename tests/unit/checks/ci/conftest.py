"""Audits made by hand."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bot.model.facts import Repository, Visibility, WorkflowAudit, WorkflowFile, WorkflowFinding
from bot.model.verdicts import Severity

PATH = ".github/workflows/a.yml"


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
