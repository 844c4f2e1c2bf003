"""The fact, over a repository of the FakeGitHub that comes with Plumbline."""

from __future__ import annotations

from pathlib import Path

import pytest
from plumbline_plugin_example.python_requirement import PythonRequirement, python_requirement, requirement_of

from bot.adapters.git import open_clone
from bot.model.errors import Malformed
from bot.testing import FakeGitHub, SystemClock

PROJECT = '[project]\nname = "widgets"\nrequires-python = ">=3.9, <4"\n'


def test_reads_the_project_at_the_root(tmp_path: Path) -> None:
    """From a real repository; nothing without a commit."""
    fake = FakeGitHub(tmp_path, clock=SystemClock())
    fake.create_organisation("acme")
    repository = fake.create_repository("acme", "widgets", files={"pyproject.toml": PROJECT})

    with open_clone(repository.git.path) as reader:
        found = python_requirement(reader, repository.branches["main"])
        nothing = python_requirement(reader, "")

    fake.close()
    assert found == PythonRequirement(">=3.9, <4", 3, (3, 9))
    assert nothing is None


@pytest.mark.parametrize(
    ("specifier", "lowest"),
    [(">=3.11", (3, 11)), ("~=3.12.1", (3, 12)), (">=3.9,>=3.10", (3, 10)), ("<4", None), ("", None)],
)
def test_takes_the_oldest_version_that_is_allowed(specifier: str, lowest: tuple[int, int] | None) -> None:
    """Of several bounds the highest counts."""
    found = requirement_of(f'[project]\nrequires-python = "{specifier}"\n'.encode())

    assert found is not None
    assert found.lowest == lowest


@pytest.mark.parametrize("text", ["", "[tool.x]\n", "project = 1\n", "[project]\nrequires-python = 3\n"])
def test_other_projects_say_nothing(text: str) -> None:
    """Whatever stands there."""
    assert requirement_of(text.encode()) is None


@pytest.mark.parametrize("data", [b"[project", b"\xff", b"a = " + b"[" * 5000])
def test_what_is_no_toml_is_told(data: bytes) -> None:
    """The check is unknown then, neither good nor bad."""
    with pytest.raises(Malformed):
        requirement_of(data)
