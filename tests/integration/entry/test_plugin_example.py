"""The example of a plug-in is a package that can be installed, is found, and works."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
EXAMPLE = ROOT / "examples" / "plumbline-plugin-example"


def run(folder: Path, *command: str, path: Path | None = None) -> str:
    """A Python command; ``path`` is where the plug-in was installed."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    env |= {
        "PYTHONPATH": os.pathsep.join(str(p) for p in (path, ROOT) if p),
        "PLUMBLINE_HOME": str(folder / "home"),
    }
    done = subprocess.run([sys.executable, *command], cwd=folder, capture_output=True, text=True, env=env)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its package and metadata, built by its own build system from a copy of its folder.

    pip would build a wheel of the same first, for which it may want packages that a test may not fetch.
    """
    folder = tmp_path_factory.mktemp("plugin")
    target, copy = folder / "site", folder / "source"
    target.mkdir()
    for path in EXAMPLE.rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts and not path.name.startswith("."):
            made = copy / path.relative_to(EXAMPLE)
            made.parent.mkdir(parents=True, exist_ok=True)
            made.write_bytes(path.read_bytes())
    build = ("build_py", "--build-lib", str(target), "egg_info", "--egg-base", str(target))
    run(copy, "-W", "ignore", "-c", "import setuptools; setuptools.setup()", "-q", *build)
    return target


def test_is_found_by_its_entry_point(installed: Path, tmp_path: Path) -> None:
    """All three kinds of what it brings; without it there is none of them."""
    cli = ("-m", "bot.entry.cli", "list")
    for kind, name in (
        ("checks", "python-end-of-life"),
        ("facts", "python_requirement"),
        ("commands", "python"),
    ):
        items = json.loads(run(tmp_path, *cli, kind, "--json", path=installed))
        (item,) = [item for item in items if item["name"] == name]
        assert item["module"].startswith("plumbline_plugin_example.")
        assert name not in {item["name"] for item in json.loads(run(tmp_path, *cli, kind, "--json"))}


def test_judges_a_repository_by_its_policy(installed: Path, tmp_path: Path) -> None:
    """With the line, and options in the policy file."""
    clone = tmp_path / "widgets"
    (clone / ".github").mkdir(parents=True)
    (clone / "pyproject.toml").write_text('[project]\nrequires-python = ">=3.8"\n', encoding="utf-8")
    (clone / ".github" / "plumbline.yml").write_text(
        "checks: {python-end-of-life: {notice_days: 9}}\n", encoding="utf-8"
    )
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@example.com"]
    for command in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "Begin"]):
        subprocess.run([*git, *command], cwd=clone, check=True)
    cli = ("-m", "bot.entry.cli", "check", str(clone), "--format", "json", "--fail-on", "never")
    judged = {c["name"]: c for c in json.loads(run(tmp_path, *cli, path=installed))["checks"]}

    found = judged["python-end-of-life"]
    assert found["outcome"] == "fail"
    assert found["evidence"][0]["path"] == "pyproject.toml"
    assert found["evidence"][0]["line"] == 2


def test_its_own_tests_pass(installed: Path, tmp_path: Path) -> None:
    """Against what was installed."""
    told = run(
        tmp_path, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(EXAMPLE / "tests"), path=installed
    )

    assert " passed" in told
    assert "failed" not in told


def test_the_guide_names_it() -> None:
    """Whoever reads how plug-ins are written finds one that works."""
    guide = (ROOT / "docs" / "guide" / "writing-a-plugin.md").read_text(encoding="utf-8")

    assert "](../../examples/plumbline-plugin-example/README.md)" in guide
