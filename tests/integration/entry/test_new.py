"""``plumbline new``: what it writes works at once, in Plumbline's own tree and in a plug-in."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.entry.new import FAMILIES, KINDS, arranged, new

ROOT = Path(__file__).resolve().parents[3]


def call(*arguments: str) -> Result:
    return CliRunner().invoke(new, [*arguments])


def unmeasured() -> dict[str, str]:
    """This environment without coverage, which would count a copy's lines as lines of the project."""
    return {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}


def run(folder: Path, *command: str) -> None:
    """A tool in a folder whose own packages go before the installed ones."""
    path = os.pathsep.join([str(folder), str(ROOT)])
    env = {**unmeasured(), "PYTHONPATH": path, "MYPYPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=folder, capture_output=True, text=True, env=env
    )
    assert done.returncode == 0, done.stdout + done.stderr


def written(result: Result) -> list[str]:
    assert result.exit_code == 0, result.output + repr(result.exception)
    return [line.split()[1] for line in result.output.splitlines() if line.startswith("wrote")]


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project's tree, as far as its tools look at it."""
    copy = tmp_path_factory.mktemp("tree")
    for name in ("bot", "handlers", "jobs"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", copy)
    return copy


def test_in_the_projects_own_tree_everything_passes_its_tools(tree: Path) -> None:
    """All four kinds, and a check of the organisation, by ruff, mypy and pytest as the project sets them."""
    made = []
    for kind in KINDS:
        made += written(call(kind, f"brand-new-{kind}", "--root", str(tree)))
    made += written(call("check", "brand-new-rule", "--family", "organisation", "--root", str(tree)))

    assert [str(Path(path).relative_to(tree)) for path in made] == [
        "bot/checks/community/brand_new_check.py",
        "tests/unit/checks/community/test_brand_new_check.py",
        "handlers/commands/brand_new_command.py",
        "tests/unit/handlers/commands/test_brand_new_command.py",
        "handlers/events/brand_new_handler.py",
        "tests/unit/handlers/test_brand_new_handler.py",
        "bot/facts/brand_new_fact.py",
        "tests/unit/facts/test_brand_new_fact.py",
        "bot/checks/organisation/brand_new_rule.py",
        "tests/unit/checks/organisation/test_brand_new_rule.py",
    ]
    run(tree, "ruff", "check", "--no-cache", *made)
    run(tree, "ruff", "format", "--no-cache", "--check", *made)
    run(tree, "mypy", "--cache-dir", str(tree / "cache"), *[p for p in made if "/tests/" not in p])
    run(tree, "pytest", "-q", "-p", "no:cacheprovider", *[p for p in made if "/tests/" in p])
    found = subprocess.run(
        [
            sys.executable,
            "-c",
            "from bot.registry import load; r = load(); "
            "print(*(f'{c.scope}:{c.name}' for c in r.checks.values()), *r.facts, *r.commands)",
        ],
        cwd=tree,
        capture_output=True,
        text=True,
        check=True,
        env={**unmeasured(), "PYTHONPATH": str(tree)},
    )
    assert {
        "repository:brand-new-check",
        "organisation:brand-new-rule",
        "brand_new_fact",
        "brand-new-command",
    } <= set(found.stdout.split())


def test_in_a_plug_in_everything_passes_with_the_tools_own_settings(tmp_path: Path) -> None:
    """A package of somebody else; it is made when it is not there, and every kind is found in it."""
    results = [
        call(kind, f"our-{kind}", "--package", "acme.rules", "--root", str(tmp_path)) for kind in KINDS
    ]
    results.append(
        call(
            "check", "our-rule", "--scope", "organisation", "--package", "acme.rules", "--root", str(tmp_path)
        )
    )
    made = [path for result in results for path in written(result)]

    assert {str(Path(p).relative_to(tmp_path)) for p in made} == {
        "acme/__init__.py",
        "acme/rules/__init__.py",
        *(f"acme/rules/our_{name}.py" for name in (*KINDS, "rule")),
        *(f"tests/test_our_{name}.py" for name in (*KINDS, "rule")),
    }
    assert 'acme = "acme.rules"' in results[0].output
    run(tmp_path, "ruff", "check", "--no-cache", "--isolated", "--select", "E,F,I", "--ignore", "E501", ".")
    run(tmp_path, "ruff", "format", "--no-cache", "--isolated", "--check", ".")
    run(tmp_path, "mypy", "--strict", "--cache-dir", str(tmp_path / "cache"), "acme")
    run(tmp_path, "pytest", "-q", "-p", "no:cacheprovider", "tests")
    code = "from bot.registry import load; found = load(('acme.rules', 'bot.facts'))"
    names = "'our-check' in found.checks and 'our_fact' in found.facts and 'our-command' in found.commands"
    run(tmp_path, "timeit", "-n1", "-r1", f"{code}; assert {names}")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param(("check", "licence"), "there is a check 'licence' already, in bot.checks", id="taken"),
        pytest.param(("fact", "repository"), "there is a fact 'repository' already", id="taken fact"),
        pytest.param(("check", "Big_Name"), "lower-case words joined by hyphens", id="upper case"),
        pytest.param(("check", "class"), "is no name for a plug-in", id="keyword"),
        pytest.param(("check", "../../etc/x"), "is no name for a plug-in", id="path"),
        pytest.param(("check", "x" * 31), "is no name for a plug-in", id="too long"),
        pytest.param(("check", "fine", "--family", "../x"), "--family", id="family is a path"),
        pytest.param(("handler", "fine", "--event", "a b"), "--event", id="event"),
        pytest.param(("check", "fine", "--package", "../x"), "--package", id="package is a path"),
        pytest.param(("check", "fine"), "is no clone of Plumbline", id="nowhere to write"),
    ],
)
def test_refusals_name_what_would_do(tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    """And nothing is written."""
    result = call(*arguments, "--root", str(tmp_path))

    assert result.exit_code == 1
    assert said in str(result.exception)
    assert list(tmp_path.iterdir()) == []


def test_help_names_every_family() -> None:
    """Those that the project's own checks are sorted into."""
    packages = {path.parent.name for path in (ROOT / "bot/checks").glob("*/__init__.py")}

    assert set(FAMILIES) == packages


def test_an_unknown_family_is_refused_in_the_own_tree(tree: Path) -> None:
    """A family is a package, which somebody must want."""
    result = call("check", "fine", "--family", "poetry", "--root", str(tree))

    assert "there is no package bot/checks/poetry" in str(result.exception)


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    """Neither the module nor its test."""
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_fine.py").write_text("mine")
    result = call("check", "fine", "--package", "acme", "--root", str(tmp_path))

    assert "is there already" in str(result.exception)
    assert not (tmp_path / "acme").exists()


def test_imports_are_in_order() -> None:
    """The standard library, what is installed, what is ours; each by name, also one of several lines."""
    source = "import pytest\nfrom z import (\n    a,\n)\nfrom acme.x import b\nfrom os import path\n\nX = 1\n"

    assert arranged(source, frozenset({"acme"})) == (
        "from os import path\n\nimport pytest\nfrom z import (\n    a,\n)\n\nfrom acme.x import b\n\nX = 1\n"
    )
