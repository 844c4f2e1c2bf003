"""What names dependencies, and where it counts."""

import pytest

from bot.facts.manifests import MAX_BYTES, MAX_READ, manifests
from bot.model.errors import Malformed
from bot.model.facts import EntryKind, Manifest, Manifests

from .conftest import COMMIT


def found(reader, **_: object) -> list[tuple[str, str]]:
    both = manifests(reader, COMMIT)
    return [(m.path, m.ecosystem) for m in (*both.root, *both.nested)]


@pytest.mark.parametrize(
    ("name", "ecosystem"),
    [
        ("Gemfile", "bundler"),
        ("tool.gemspec", "bundler"),
        ("Dockerfile", "docker"),
        ("Dockerfile.alpine", "docker"),
        ("app.dockerfile", "docker"),
        ("build.gradle.kts", "gradle"),
        ("pom.xml", "maven"),
        ("mix.exs", "mix"),
        ("App.csproj", "nuget"),
        ("Pipfile", "pip"),
        ("main.tf", "terraform"),
        ("Package.swift", "swift"),
        ("pubspec.yaml", "pub"),
        ("Chart.yaml", "helm"),
        ("bun.lock", "bun"),
        ("README.md", None),
        ("my-package.json", None),
        ("Dockerfiles", None),
    ],
)
def test_names_decide(reader, name, ecosystem):
    """Case does not matter."""
    reader.files = {name: b"anything"}

    assert found(reader) == ([(name, ecosystem)] if ecosystem else [])


@pytest.mark.parametrize(
    ("name", "text", "counts"),
    [
        ("requirements.txt", "# only\n-r other.txt\n", False),
        ("requirements-dev.txt", "flask>=3\n", True),
        ("dev-requirements.in", "flask\n", True),
        ("setup.py", "setup()", False),
        ("setup.py", "setup(install_requires=[])", True),
        ("setup.cfg", "[flake8]", False),
        ("pyproject.toml", "[tool.ruff]\nline-length = 1", False),
        ("pyproject.toml", "[build-system]\nrequires = ['setuptools']", False),
        ("pyproject.toml", "[project]\ndependencies = []", False),
        ("pyproject.toml", "[project]\ndependencies = ['a']", True),
        ("pyproject.toml", "[project.optional-dependencies]\nx = ['a']", True),
        ("pyproject.toml", "[dependency-groups]\nx = ['a']", True),
        ("pyproject.toml", "[tool.poetry.dependencies]\npython = '3'", False),
        ("pyproject.toml", "[tool.poetry.dependencies]\npython = '3'\na = '1'", True),
        ("pyproject.toml", "[tool.poetry.group.dev.dependencies]\na = '1'", True),
        ("pyproject.toml", "project = 3\ntool = 4", False),
        ("pyproject.toml", "not toml", False),
        ("pyproject.toml", "a = " + "[" * 20_000, False),
        ("Cargo.toml", "[package]\nname = 'a'", False),
        ("Cargo.toml", "[dependencies]\na = '1'", True),
        ("Cargo.toml", "[workspace]\nmembers = ['a']", True),
        ("go.mod", "module a\n\ngo 1.22\n", False),
        ("go.mod", "module a\n\nrequire b v1\n", True),
        ("package.json", '{"type": "module"}', False),
        ("package.json", '{"devDependencies": {"a": "1"}}', True),
        ("package.json", "[]", False),
        ("package.json", "{", False),
        ("package.json", "[" * 100_000, False),
        ("composer.json", '{"require": {"php": ">=8", "ext-json": "*"}}', False),
        ("composer.json", '{"require-dev": {"a/b": "1"}}', True),
        ("composer.json", "3", False),
    ],
)
def test_a_manifest_without_a_dependency_does_not_count(reader, name, text, counts):
    """Settings of tools, and what no tool can read."""
    reader.files = {name: text.encode()}

    assert bool(found(reader)) is counts


@pytest.mark.parametrize(
    ("text", "counts"),
    [
        ("steps: [{uses: actions/checkout@v4}]", True),
        ("      - uses: 'a/b/c@main'", True),
        ("uses: ./local", False),
        ("run: make", False),
    ],
)
def test_workflows_count_with_others_actions(reader, text, counts):
    """One stands for all."""
    names = (".github/workflows/a.yml", ".github/workflows/b.yaml")
    reader.files = dict.fromkeys(names, text.encode())

    assert found(reader) == ([(names[0], "github-actions")] if counts else [])


@pytest.mark.parametrize(
    ("folder", "counts"),
    [
        ("tools", True),
        ("a/b/c/d/e", True),
        ("a/b/c/d/e/f", False),
        ("tests/unit", False),
        ("src/test-data", False),
        ("examples/a", False),
        ("third_party/lib", False),
        ("web/node_modules/a", False),
        (".devcontainer", False),
        ("latest", True),
        ("contest", True),
    ],
)
def test_folders_of_tests_examples_and_copies_do_not_count(reader, folder, counts):
    """Nor what lies too deep."""
    reader.files = {f"{folder}/pom.xml": b""}

    assert bool(manifests(reader, COMMIT).nested) is counts


def test_root_and_folders_are_apart(reader):
    """Links and folders are no manifests."""
    reader.files = {
        "go.mod": b"require a v1",
        "pom.xml": b"link",
        "mix.exs/a": b"",
        "lib/go.mod": b"require a v1",
        "cmd/go.mod": b"module x",
    }
    reader.kinds = {"pom.xml": EntryKind.SYMLINK}

    assert manifests(reader, COMMIT) == Manifests(
        (Manifest("go.mod", "gomod"),), (Manifest("lib/go.mod", "gomod"),)
    )


@pytest.mark.parametrize(("local", "expected"), [(False, MAX_READ), (True, MAX_READ + 10)])
def test_what_is_looked_into_is_capped(reader, local, expected):
    """Folders' manifests that are not looked into do not count; a clone's cost nothing."""
    reader.local = local
    reader.files = {f"lib{n:02}/go.mod": b"require a v%d" % n for n in range(MAX_READ + 10)}

    assert len(manifests(reader, COMMIT).nested) == expected


def test_what_can_not_be_looked_into_counts_at_the_root(reader):
    """It is large for a reason."""
    reader.files = {"package.json": b" " * (MAX_BYTES + 1), "lib/package.json": b" " * (MAX_BYTES + 1)}

    assert found(reader) == [("package.json", "npm")]


def test_the_root_is_known_without_the_listing(reader, monkeypatch):
    """A repository with more files than can be told."""
    reader.files = {"pom.xml": b"", "lib/pom.xml": b""}

    def refuse(commit: str) -> None:
        raise Malformed("too many")

    monkeypatch.setattr(reader, "all_files", refuse)

    assert found(reader) == [("pom.xml", "maven")]


def test_a_workflow_that_is_too_large_is_passed_over(reader):
    """Another may stand for it."""
    reader.files = {".github/workflows/a.yml": b" " * 600_000, ".github/workflows/b.yml": b"uses: a/b@v1"}

    assert found(reader) == [(".github/workflows/b.yml", "github-actions")]


def test_no_commit_no_manifests(reader):
    """An empty repository."""
    assert manifests(reader, "") == Manifests(())
