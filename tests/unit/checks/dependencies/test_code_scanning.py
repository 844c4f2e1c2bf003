"""Check 41 in all its outcomes."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.checks.dependencies.code_scanning import Config, judge_code_scanning
from bot.model.security import CodeScanning
from bot.model.verdicts import Outcome

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def analysed(*, days: int = 0, seconds: int = 0, error: str = "") -> CodeScanning:
    return CodeScanning(True, True, NOW - timedelta(days=days, seconds=seconds), "CodeQL", error)


@pytest.mark.parametrize(
    ("found", "expected", "key"),
    [
        pytest.param(analysed(days=90), Outcome.PASS, None, id="exactly at the limit"),
        pytest.param(analysed(days=90, seconds=1), Outcome.FAIL, "old", id="one second past it"),
        pytest.param(analysed(error="no code found"), Outcome.FAIL, "error", id="it went wrong"),
        pytest.param(CodeScanning(True, True), Outcome.FAIL, "none", id="never"),
        pytest.param(CodeScanning(False, True), Outcome.NOT_APPLICABLE, None, id="not to be had"),
        pytest.param(CodeScanning(True, False), Outcome.NOT_APPLICABLE, None, id="no code"),
    ],
)
def test_the_newest_analysis(repository, found, expected, key):
    """Of any tool."""
    verdict = judge_code_scanning(found, repository, NOW, Config(max_age_days=90))

    assert verdict.outcome is expected
    assert [e.key for e in verdict.evidence] == ([key] if key else [])


def test_holds_until_the_analysis_is_old(repository):
    """Time alone changes it."""
    verdict = judge_code_scanning(analysed(days=80), repository, NOW, Config(max_age_days=90))

    assert verdict.summary == "analysed by CodeQL on 2026-03-13"
    assert verdict.valid_until == NOW + timedelta(days=10, seconds=1)


def test_an_archived_repository(repository):
    """Its code does not change."""
    archived = replace(repository, archived=True)

    verdict = judge_code_scanning(CodeScanning(True, True), archived, NOW, Config())
    assert verdict.outcome is Outcome.NOT_APPLICABLE
