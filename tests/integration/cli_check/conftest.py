"""A clone with everything in order, which tests then spoil."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from identify.vendor.licenses import LICENSES

GOOD: Mapping[str, str | bytes] = {
    "LICENSE": dict(LICENSES)["MIT"],
    "SECURITY.md": "Write to security@example.org; we answer within 3 days.\n",
    "README.md": "# tool\n\n"
    + "It takes stock of what lies in a repository, and says what is missing.\n" * 3,
    "CHANGELOG.md": "# Changes\n\n- 1.0: the first\n",
    ".github/CODEOWNERS": "* @acme/tool\n",
    ".github/ISSUE_TEMPLATE/bug.yml": "name: Bug\ndescription: What is wrong?\nbody: []\n",
    ".github/pull_request_template.md": "What and why?\n",
    ".github/workflows/ci.yml": (
        "on: push\npermissions: {}\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - run: make\n"
    ),
}


@pytest.fixture
def make_clone(tmp_path: Path) -> Callable[..., Path]:
    """Make a clone with these files; a name without content is left out of the good ones."""

    def make(changes: Mapping[str, str | bytes | None] | None = None) -> Path:
        path = tmp_path / "tool"
        path.mkdir()
        files = {name: data for name, data in {**GOOD, **(changes or {})}.items() if data is not None}
        for name, data in files.items():
            file = path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data.encode() if isinstance(data, str) else data)
        git(path, "init", "--quiet", "--initial-branch=main")
        if files:
            git(path, "add", "--all")
            git(path, "commit", "--quiet", "-m", "m")
        return path

    return make


def git(path: Path, *args: str) -> str:
    done = subprocess.run(
        ["git", *args],
        cwd=path,
        capture_output=True,
        check=True,
        text=True,
        env={
            "PATH": os.environ["PATH"],
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_AUTHOR_NAME": "A",
            "GIT_AUTHOR_EMAIL": "a@example.org",
            "GIT_COMMITTER_NAME": "A",
            "GIT_COMMITTER_EMAIL": "a@example.org",
        },
    )
    return done.stdout.strip()


@pytest.fixture
def run_git() -> Callable[..., str]:
    return git
