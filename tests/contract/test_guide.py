"""What the guide shows is so: its examples run, its tables are those of the code."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from bot.config.manifest import MAINTENANCE, read_manifest

ROOT = Path(__file__).resolve().parents[2]
GUIDE = ROOT / "docs" / "guide"


def fences(page: Path, language: str) -> list[str]:
    """The examples of a page in one language."""
    text = page.read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def unfence(page: Path, root: Path) -> list[Path]:
    """Write each example whose first line names a file to that file below ``root``."""
    made = []
    for language in ("toml", "python"):
        for example in fences(page, language):
            named = re.match(r"# (\S+)\n", example)
            assert named, example[:60]
            path = root / named[1]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(example, encoding="utf-8")
            made.append(path)
    return made


def run(root: Path, *command: str) -> str:
    """A Python command in ``root``, whose packages can be imported."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    env |= {"PYTHONPATH": os.pathsep.join([str(root), str(ROOT)]), "PLUMBLINE_HOME": str(root / "home")}
    done = subprocess.run([sys.executable, *command], cwd=root, capture_output=True, text=True, env=env)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def clone(root: Path) -> Path:
    """A repository with one commit on a branch called trunk."""
    path = root / "deprecated-widgets"
    path.mkdir()
    (path / "README.md").write_text("# Widgets\n", encoding="utf-8")
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@example.com"]
    for command in (["init", "-q", "-b", "trunk"], ["add", "."], ["commit", "-q", "-m", "Begin"]):
        subprocess.run([*git, *command], cwd=path, check=True)
    return path


def outcomes(root: Path, path: Path) -> dict[str, str]:
    """What `plumbline check` says of each check."""
    told = run(root, "-m", "bot.entry.cli", "check", str(path), "--format", "json", "--fail-on", "never")
    return {judged["name"]: judged["outcome"] for judged in json.loads(told)["checks"]}


def announce(root: Path, package: str, group: str, name: str) -> None:
    """What an installer leaves of a package with an entry point."""
    info = root / f"{package}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n", encoding="utf-8"
    )
    (info / "entry_points.txt").write_text(f"[{group}]\n{name} = {package}\n", encoding="utf-8")


def test_the_plug_in_of_the_guide_is_found_and_judges(tmp_path: Path) -> None:
    """Its files as they are printed, installed under the entry point that its pyproject.toml names."""
    made = unfence(GUIDE / "writing-a-plugin.md", tmp_path)
    (tmp_path / "acme_checks" / "__init__.py").touch()
    declared = re.search(r'entry-points\."([\w.]+)"\]\n(\w+) = "(\w+)"', made[0].read_text(encoding="utf-8"))
    assert declared is not None
    announce(tmp_path, declared[3], declared[1], declared[2])

    assert "branch-name" in run(tmp_path, "-m", "bot.entry.cli", "list", "checks")
    assert "open_milestones" in run(tmp_path, "-m", "bot.entry.cli", "list", "facts")
    assert outcomes(tmp_path, clone(tmp_path))["branch-name"] == "fail"
    assert "2 passed" in run(tmp_path, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests")


def test_the_check_of_the_readme_is_found_and_judges(tmp_path: Path) -> None:
    """One file, and nothing else."""
    package = tmp_path / "readme_check"
    package.mkdir()
    (package / "__init__.py").touch()
    example, *others = fences(ROOT / "README.md", "python")
    assert not others
    (package / "archive_me.py").write_text(example, encoding="utf-8")
    announce(tmp_path, "readme_check", "plumbline.plugins", "readme")

    assert outcomes(tmp_path, clone(tmp_path))["archive-me"] == "fail"


@pytest.mark.parametrize("page", [ROOT / "README.md", GUIDE / "installing.md"], ids=lambda page: page.name)
def test_permissions_are_those_of_the_manifest(page: Path) -> None:
    """Each with its level and its reason, and no other; maintenance only in addition."""
    rows = re.findall(
        r"^\| `(\w+)` \| (read|write) \| (.+) \|$", page.read_text(encoding="utf-8"), re.MULTILINE
    )
    manifest = read_manifest()
    asked = [(n, level, manifest.reasons[n]) for n, level in manifest.permissions.items()]
    added = [(n, level, reason) for n, (level, reason) in MAINTENANCE.items()]

    assert rows in (asked, asked + added)


def test_every_setting_and_no_other_is_in_the_guide() -> None:
    """Names of variables are compared with the literals in the module that reads them."""
    tree = ast.parse((ROOT / "bot" / "config" / "settings.py").read_text(encoding="utf-8"))
    literals = {n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str)}
    read = {t for t in literals if re.fullmatch(r"PLUMBLINE_[A-Z_]+[A-Z]|(REDIS|DATABASE)_URL|HOST|PORT", t)}
    page = (
        (GUIDE / "operating.md").read_text(encoding="utf-8").partition("## Settings")[2].partition("\n## ")[0]
    )
    rows = "".join(line.split("|")[1] for line in page.splitlines() if line.startswith("| `"))
    told = set(re.findall(r"`([A-Z_]+)`", rows))

    assert len(read) > 12
    assert read <= told
    previous = {"PLUMBLINE_WEBHOOK_SECRET_PREVIOUS", "PLUMBLINE_SECRET_KEYS_PREVIOUS"}
    assert told - read == {*previous, "PLUMBLINE_LOG_FORMAT"}


def metrics_in_code() -> set[str]:
    """Exposed names of all metrics that are written anywhere."""
    found = set()
    for package in ("bot", "handlers", "jobs"):
        for path in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args):
                    continue
                name, kind = node.args[0], node.func.attr
                owner = ast.unparse(node.func.value)
                if kind in ("count", "observe", "gauge") and owner.endswith("metrics"):
                    assert isinstance(name, ast.Constant), f"{path}: {ast.unparse(node)}"
                    total = "_total" if kind == "count" else ""
                    found.add(f"plumbline_{str(name.value).removesuffix('_total')}{total}")
    return found


def test_every_metric_and_no_other_is_in_the_guide() -> None:
    """Alerts on names that there are not never ring."""
    page = (
        (GUIDE / "operating.md")
        .read_text(encoding="utf-8")
        .partition("## What to watch")[2]
        .partition("\n## ")[0]
    )

    assert metrics_in_code() == set(re.findall(r"`(plumbline_\w+)`", page))
