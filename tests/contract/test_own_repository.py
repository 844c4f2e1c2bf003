"""What Plumbline asks of others holds for its own repository."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bot.engine.evaluate import file_fed
from bot.registry import load

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def judged() -> dict[str, Any]:
    """Check -> what it says of the commit that is checked out."""
    if not (ROOT / ".git").exists():
        pytest.skip("this is no clone")
    command = [
        sys.executable,
        "-m",
        "bot.entry.cli",
        "check",
        str(ROOT),
        "--format",
        "json",
        "--fail-on",
        "never",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    return {check["name"]: check for check in json.loads(done.stdout)["checks"]}


def test_no_check_of_its_files_fails(judged: dict[str, Any]) -> None:
    """What stands in files is decided by whoever changes them; branches come and go."""
    registry = load(plugins=False)
    of_files = [check for name, check in judged.items() if file_fed(registry, registry.checks[name])]
    found = {check["name"]: check["summary"] for check in of_files if check["outcome"] in ("fail", "error")}

    assert len(of_files) > 20
    assert found == {}


@pytest.mark.parametrize(
    "check",
    ["readme", "licence", "security-policy", "contributing", "code-of-conduct", "changelog", "templates"],
)
def test_it_welcomes_people(judged: dict[str, Any], check: str) -> None:
    """Each is there, and is not taken from an owner's defaults."""
    assert judged[check]["outcome"] == "pass", judged[check]["summary"]
