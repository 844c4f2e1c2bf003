"""Check 12 in all its outcomes."""

from dataclasses import replace

import pytest

from bot.checks.ownership.codeowners_valid import codeowners_valid
from bot.model.facts import Codeowners, CodeownersProblem, Repository, Visibility
from bot.model.verdicts import Outcome, Severity

PUBLIC = Repository(1, "acme/tool", "main", Visibility.PUBLIC)
FILE = Codeowners("CODEOWNERS", "o" * 40, rules=2)
PROBLEM = CodeownersProblem(7, 3, "Invalid owner", "docs@", "this is no owner")


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        pytest.param(FILE, Outcome.PASS, id="every line counts"),
        pytest.param(None, Outcome.NOT_APPLICABLE, id="no file"),
        pytest.param(replace(FILE, problems=(PROBLEM,), skipped=1), Outcome.FAIL, id="a line is skipped"),
        pytest.param(replace(FILE, ignored=("docs/CODEOWNERS",)), Outcome.FAIL, id="a second file"),
        pytest.param(replace(FILE, oversized=True), Outcome.FAIL, id="too large"),
    ],
)
def test_judges_lines(found, expected):
    """All of them count."""
    assert codeowners_valid(found, PUBLIC).outcome is expected


def test_an_archived_repository_is_not_judged():
    """Nothing will be reviewed."""
    broken = replace(FILE, problems=(PROBLEM,), skipped=1)

    assert codeowners_valid(broken, replace(PUBLIC, archived=True)).outcome is Outcome.NOT_APPLICABLE


def test_evidence_points_to_the_line():
    """And stays the same finding when lines above come and go; equal mistakes are told apart."""
    moved = replace(PROBLEM, line=9)
    verdict = codeowners_valid(replace(FILE, problems=(PROBLEM, moved), skipped=2), PUBLIC)

    assert verdict.summary == "GitHub skips 2 lines of CODEOWNERS"
    assert [(e.place.path, e.place.line, e.fingerprint) for e in verdict.evidence] == [
        ("CODEOWNERS", 7, "Invalid owner|docs@#1"),
        ("CODEOWNERS", 9, "Invalid owner|docs@#2"),
    ]
    assert verdict.evidence[0].text == "invalid owner docs@ (column 3): this is no owner"


def test_a_file_that_is_ignored_weighs_little():
    """It misleads readers, no more."""
    verdict = codeowners_valid(replace(FILE, ignored=("docs/CODEOWNERS",)), PUBLIC)

    assert [(e.place.path, e.severity) for e in verdict.evidence] == [("docs/CODEOWNERS", Severity.LOW)]
