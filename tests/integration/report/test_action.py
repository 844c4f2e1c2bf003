"""``action.yml`` as a workflow runs it: each script with the environment that GitHub gives it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.integration.report.organisation import DANGEROUS, Organisation
from tests.unit.report.html.parsing import parse

ROOT = Path(__file__).resolve().parents[3]
ACTION: dict[str, Any] = YAML(typ="safe").load((ROOT / "action.yml").read_text(encoding="utf-8"))
SHIPPED = ("bot", "handlers", "jobs", "pyproject.toml", "README.md", "LICENSE", "action.yml")

_EXPRESSION = re.compile(r"\$\{\{ ([a-z.A-Z_-]+) \}\}")


@pytest.fixture(scope="session")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The action as GitHub downloads it, so that installing leaves nothing in ours."""
    made = tmp_path_factory.mktemp("action")
    for name in SHIPPED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, made / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, made / name)
    return made


@pytest.fixture(scope="session")
def runner(tmp_path_factory: pytest.TempPathFactory, checkout: Path) -> Path:
    """``RUNNER_TEMP`` after the step that installs; what it depends on comes from this environment."""
    temp = tmp_path_factory.mktemp("runner")
    python = temp / "python"
    ours = sysconfig.get_path("purelib")
    python.write_text(
        f'#!/bin/sh\n"{sys.executable}" "$@" || exit\n'
        f'echo "{ours}" > "$3"/lib/python3.{sys.version_info.minor}/site-packages/ours.pth\n'
    )
    python.chmod(0o755)
    done = bash(
        step("Install Plumbline")["run"],
        {
            **os.environ,
            "PYTHON": str(python),
            "RUNNER_TEMP": str(temp),
            "GITHUB_ACTION_PATH": str(checkout),
            "PIP_NO_DEPS": "1",
            "PIP_NO_BUILD_ISOLATION": "1",
            "PIP_IGNORE_INSTALLED": "1",
        },
        temp,
    )
    assert done.returncode == 0, done.stderr
    return temp


def step(name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(s for s in ACTION["runs"]["steps"] if s["name"] == name)
    return found


def bash(script: str, env: Mapping[str, str], cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a script as ``shell: bash`` does."""
    file = cwd / "script.sh"
    file.write_text(script, encoding="utf-8")
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(file)]
    return subprocess.run(command, env=dict(env), cwd=cwd, capture_output=True, text=True, timeout=110)


@dataclass
class Workflow:
    """A run of the step that reports."""

    organisation: Organisation
    runner: Path
    workspace: Path
    visibility: str = "private"
    inputs: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.workspace.mkdir()
        self.output, self.summary = self.workspace / "github-output", self.workspace / "summary.md"

    def run(self, **inputs: str) -> subprocess.CompletedProcess[str]:
        """With these inputs, ``_`` for ``-``, and defaults for the others."""
        given = {name.replace("_", "-"): value for name, value in inputs.items()}
        context = {
            "github.repository_owner": "acme",
            "github.token": "",
            "github.api_url": self.organisation.server.url,
            "github.repository_visibility": self.visibility,
        }
        for name, declared in ACTION["inputs"].items():
            context[f"inputs.{name}"] = given.get(name, self._filled(declared["default"], context))
        env = {key: self._filled(value, context) for key, value in step("Report")["env"].items()}
        for file in (self.output, self.summary):
            file.write_text("")
        ours = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
        # Its dependencies are ours here, zizmor among them.
        ours["PATH"] = f"{Path(sys.executable).parent}:{ours['PATH']}"
        runners = {
            "HOME": str(self.workspace),
            "RUNNER_TEMP": str(self.runner),
            "GITHUB_OUTPUT": str(self.output),
            "GITHUB_STEP_SUMMARY": str(self.summary),
            "GITHUB_ACTIONS": "true",
        }
        return bash(step("Report")["run"], {**ours, **runners, **env}, self.workspace)

    @staticmethod
    def _filled(text: str, context: Mapping[str, str]) -> str:
        return _EXPRESSION.sub(lambda found: context[found[1]], text)

    @property
    def outputs(self) -> dict[str, str]:
        """What later steps see."""
        return dict(line.split("=", 1) for line in self.output.read_text().splitlines())


@pytest.fixture
def workflow(organisation: Organisation, runner: Path, tmp_path: Path) -> Workflow:
    return Workflow(organisation, runner, tmp_path / "workspace")


class TestTheFile:
    """What can be said of it without running it."""

    def test_zizmor_finds_nothing(self) -> None:
        """Not even for the pedantic; nothing is silenced."""
        data = (ROOT / "action.yml").read_bytes()
        assert b"zizmor: ignore" not in data
        done = subprocess.run(
            [
                "zizmor",
                "--offline",
                "--no-config",
                "--persona=pedantic",
                "--format=json",
                ROOT / "action.yml",
            ],
            env={**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
            capture_output=True,
            text=True,
            timeout=60,
        )

        assert json.loads(done.stdout) == []
        assert done.returncode == 0

    def test_values_reach_scripts_through_the_environment_alone(self) -> None:
        """No expression stands in a script; every step names what it uses by commit."""
        for each in ACTION["runs"]["steps"]:
            assert "${{" not in each.get("run", "")
            assert each.get("shell", "bash") == "bash"
            if "uses" in each:
                assert re.fullmatch(r"actions/[a-z-]+@[0-9a-f]{40}", each["uses"])

    def test_everything_that_is_declared_is_used(self) -> None:
        """And nothing else is asked for."""
        text = json.dumps(step("Report")["env"])

        assert set(re.findall(r"inputs\.([a-z-]+)", text)) == set(ACTION["inputs"])
        assert all(set(declared) == {"description", "default"} for declared in ACTION["inputs"].values())
        written = set(re.findall(r"(?:echo \"|print\(f\")([a-z-]+)=", step("Report")["run"]))
        assert written == set(ACTION["outputs"])


@pytest.mark.slow
class TestARun:
    """Files, outputs and summary, and what is on GitHub afterwards."""

    def test_writes_the_page_the_summary_and_the_issue(
        self, workflow: Workflow, organisation: Organisation
    ) -> None:
        done = workflow.run(token=organisation.token())
        page = parse((workflow.workspace / workflow.outputs["report"]).read_text(encoding="utf-8"))

        assert done.returncode == 0, done.stderr
        assert workflow.outputs["report"] == "plumbline-report/report.html"
        assert workflow.outputs["exit-code"] == "0"
        assert f"{workflow.outputs['score']} of 100 {workflow.outputs['grade']}" in page.text
        assert page.wrong == []
        assert "Repositories by score" in page.text
        assert workflow.summary.read_text().startswith("## Health of `acme`\n")
        assert "acme/secret-plan" in workflow.summary.read_text()
        assert organisation.issues("health") == ["Health of all repositories"]

    def test_as_the_app_with_state(self, workflow: Workflow, organisation: Organisation) -> None:
        """The token, which every run has, does not go first; the second run knows the first."""
        app = {
            "app_id": str(organisation.fake.app.id),
            "private_key": organisation.fake.app_private_key_pem,
            "token": organisation.token(),
            "state": "kept",
        }
        assert workflow.run(**app).returncode == 0
        organisation.fake.push("acme/rocket", "main", {".github/workflows/x.yml": DANGEROUS})
        done = workflow.run(**app, format="table,html")

        assert done.returncode == 0, done.stderr
        assert organisation.issues("rocket") == ["Repository health"]
        assert "dangerous-trigger" in workflow.summary.read_text().partition("regressions")[2]
        assert (workflow.workspace / "plumbline-report" / "report.txt").exists()

    @pytest.mark.parametrize("visibility", ["public", "internal", ""])
    def test_where_others_read_the_run_only_public_things_are_in_it(
        self, workflow: Workflow, organisation: Organisation, visibility: str
    ) -> None:
        """Log, summary and files; the issue in the private repository has everything."""
        workflow.visibility = visibility
        done = workflow.run(token=organisation.token(), format="html,table")
        files = [p.read_text() for p in (workflow.workspace / "plumbline-report").iterdir()]

        assert done.returncode == 0, done.stderr
        assert len(files) == 4
        for text in (done.stdout, done.stderr, workflow.summary.read_text(), *files):
            assert "secret-plan" not in text
        issue = next(iter(organisation.fake.repository("acme/health").issues.values()))
        assert "secret-plan" in issue.body

    def test_a_public_repository_is_not_told_everything(
        self, workflow: Workflow, organisation: Organisation
    ) -> None:
        """Not even when asked."""
        workflow.visibility = "public"
        done = workflow.run(token=organisation.token(), public="false")

        assert done.returncode == 2
        assert "::error::Everybody reads the runs of a public repository" in done.stdout
        assert organisation.server.journal == []

    def test_a_rehearsal_writes_nothing(self, workflow: Workflow, organisation: Organisation) -> None:
        done = workflow.run(token=organisation.token(), dry_run="true")

        assert done.returncode == 0, done.stderr
        assert organisation.writes == []
        assert "open the issue: Health of all repositories" in done.stderr
        assert workflow.outputs["score"].isdigit()

    def test_what_is_incomplete_is_a_warning(self, workflow: Workflow, organisation: Organisation) -> None:
        """The report is there; the step succeeds and says so."""
        done = workflow.run(token=organisation.token(contents="read"))

        assert done.returncode == 0, done.stderr
        assert workflow.outputs["exit-code"] == "1"
        assert "::warning::The report is made" in done.stdout

    @pytest.mark.parametrize(
        ("inputs", "said"),
        [
            pytest.param({"token": "ghp_canary"}, "GitHub refuses the token", id="token"),
            pytest.param({"org": "x; echo pwned"}, "--org is the organisation's name", id="org"),
            pytest.param({"format": "pdf"}, "'pdf' is not one of", id="format"),
            pytest.param({"format": "* $(echo pwned)"}, "'*' is not one of", id="shell"),
        ],
    )
    def test_what_goes_wrong_is_said_in_one_sentence(
        self, workflow: Workflow, organisation: Organisation, inputs: dict[str, str], said: str
    ) -> None:
        """The step fails, later steps get no report of an earlier run, and nothing was executed."""
        (workflow.workspace / "plumbline-report").mkdir()
        (workflow.workspace / "plumbline-report" / "report.json").write_text("{}")
        done = workflow.run(**{"token": organisation.token(), **inputs})

        assert done.returncode == 2
        assert said in done.stderr
        assert "Traceback" not in done.stderr
        assert "canary" not in done.stderr + done.stdout
        assert "pwned\n" not in done.stdout
        assert workflow.outputs == {"exit-code": "2"}
        assert workflow.summary.read_text() == ""
