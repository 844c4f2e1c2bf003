"""The newest analysis, and GitHub's ways to say that there is none."""

from datetime import UTC, datetime

import pytest

from bot.engine.evaluate import freeze, thaw
from bot.facts.code_scanning import code_scanning
from bot.model.errors import PermissionMissing
from bot.model.security import CodeScanning
from bot.registry import load
from bot.selections import Selection
from tests.unit.facts.conftest import MemoryReader

PATH = "/code-scanning/analyses"


def analysis(day: int, error: object = ""):
    at = f"2026-06-{day:02}T00:00:00Z"
    return {"created_at": at, "tool": {"name": "CodeQL", "version": None}, "error": error}


def read(told: object, language: object = "default") -> CodeScanning:
    reader = MemoryReader(
        graphs={"language": {"name": "Python"} if language == "default" else language}, rests={PATH: told}
    )
    return code_scanning(reader, reader.graph({"language": Selection("primaryLanguage { name }")}))


def test_the_newest_analysis():
    """GitHub lists the newest first."""
    found = read([analysis(5), analysis(1)])

    assert found == CodeScanning(True, True, datetime(2026, 6, 5, tzinfo=UTC), "CodeQL", "")
    assert read([analysis(5, "no rules")]).error == "no rules"
    assert read([analysis(5, None)]).error == ""
    assert thaw(load(plugins=False), freeze({"code_scanning": found})) == {"code_scanning": found}


@pytest.mark.parametrize("told", [pytest.param(None, id="404: no analysis found"), pytest.param([], id="[]")])
def test_none_was_ever_made(told):
    """GitHub says so with 404."""
    assert read(told) == CodeScanning(offered=True, has_code=True)


@pytest.mark.parametrize(
    ("message", "offered"),
    [
        ("Advanced Security must be enabled for this repository to use code scanning.", False),
        ("Code Security must be enabled for this repository to use code scanning.", False),
        ("Code scanning is not enabled for this repository. Please enable it.", True),
    ],
)
def test_what_is_off_is_refused_like_a_missing_permission(message, offered):
    """Only the words tell them apart."""
    assert read(PermissionMissing(message)) == CodeScanning(offered=offered, has_code=True)


def test_a_missing_permission_stays_one():
    """It says nothing of analyses."""
    with pytest.raises(PermissionMissing):
        read(PermissionMissing("Resource not accessible by integration"))


def test_without_a_programming_language_nothing_is_asked():
    """There is nothing to analyse."""
    assert read(AssertionError("asked"), language=None) == CodeScanning(offered=True, has_code=False)
