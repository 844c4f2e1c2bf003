"""Real git over smart HTTP, with the rights of tokens."""

from __future__ import annotations

import base64
import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bot.simulator import git_http, oracles
from bot.simulator.faults import Fault, FaultKind
from bot.simulator.server import Simulator

if TYPE_CHECKING:
    from tests.integration.simulator.conftest import Caller, Receiver

Open = Callable[..., "Caller"]


class Git:
    """Runs git with a token, in an empty home."""

    def __init__(self, home: Path, base_url: str) -> None:
        self.home, self.base_url, self.token = home, base_url, ""

    def __call__(self, *arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        env = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_AUTHOR_NAME": "Ada",
            "GIT_AUTHOR_EMAIL": "ada@example.org",
            "GIT_COMMITTER_NAME": "Ada",
            "GIT_COMMITTER_EMAIL": "ada@example.org",
        }
        if self.token:
            secret = base64.b64encode(f"x-access-token:{self.token}".encode()).decode()
            env |= {
                "GIT_CONFIG_COUNT": "1",
                "GIT_CONFIG_KEY_0": f"http.{self.base_url}/.extraHeader",
                "GIT_CONFIG_VALUE_0": f"Authorization: Basic {secret}",
            }
        return subprocess.run(
            ["git", *arguments], env=env, cwd=cwd or self.home, capture_output=True, text=True, check=False
        )


@pytest.fixture
def git(tmp_path: Path, simulator: Simulator) -> Git:
    """git without a token."""
    home = tmp_path / "home"
    home.mkdir()
    return Git(home, simulator.base_url)


def token_of(session: Caller) -> str:
    return str(session.headers["Authorization"]).split()[1]


@pytest.mark.parametrize("root", ["", "/git"])
def test_clones_and_pushes(
    simulator: Simulator, call: Open, receiver: Receiver, git: Git, tmp_path: Path, root: str
) -> None:
    """A push over HTTP moves the fake's branch and becomes an event with that commit."""
    git.token = token_of(call(permissions={"contents": "write"}))
    clone = tmp_path / "clone"
    assert git("clone", f"{simulator.base_url}{root}/acme/rocket.git", str(clone)).returncode == 0
    assert (clone / "README.md").read_text() == "# Rocket\n"
    (clone / "README.md").write_text("# Rocket 2\n")
    git("commit", "-am", "Second", cwd=clone)
    pushed = git("push", "origin", "HEAD:main", "HEAD:refs/heads/topic", cwd=clone)
    assert pushed.returncode == 0, pushed.stderr

    head = git("rev-parse", "HEAD", cwd=clone).stdout.strip()
    assert simulator.fake.repository("acme/rocket").branches == {"main": head, "topic": head}
    assert simulator.hooks.flush()
    events = {got.headers["x-github-event"]: json.loads(got.body) for got in receiver.all()}
    assert {"push", "create", "check_suite"} <= events.keys()
    assert events["push"]["after"] == head
    assert events["check_suite"]["check_suite"]["head_sha"] == head
    entries = simulator.journal.entries(kind="git")
    assert any(len(entry.detail.get("moved", ())) == 2 for entry in entries)
    assert oracles.foreign_tokens(entries) == []


def test_a_partial_bare_clone_works(simulator: Simulator, git: Git, tmp_path: Path) -> None:
    """As the bot clones: bare, filtered; a public repository needs no token."""
    url = f"{simulator.base_url}/acme/rocket.git"
    clone = str(tmp_path / "bare.git")
    assert git("clone", "--bare", "--filter=blob:none", url, clone).returncode == 0
    assert git("cat-file", "blob", "main:README.md", cwd=Path(clone)).stdout == "# Rocket\n"


def test_rights_are_those_of_the_token(simulator: Simulator, call: Open, git: Git) -> None:
    """Nobody, a reader, a stranger and a revoked token are refused as at GitHub."""
    fake = simulator.fake
    fake.create_repository("acme", "hidden", private=True, files={"a": "b"})
    url = f"{simulator.base_url}/acme/hidden.git"
    assert "could not read Username" in git("ls-remote", url).stderr
    reader = call(permissions={"contents": "read"})
    git.token = token_of(reader)
    assert git("ls-remote", url).stdout.endswith("refs/heads/main\n")
    clone = git.home / "clone"
    git("clone", url, str(clone))
    git("commit", "--allow-empty", "-m", "Empty", cwd=clone)
    assert "403" in git("push", "origin", "HEAD:main", cwd=clone).stderr

    git.token = token_of(call(permissions={"issues": "write"}))
    assert "not found" in git("ls-remote", url).stderr
    rocket = fake.repository("acme/rocket").id
    git.token = token_of(call(repository_ids=[rocket]))
    assert "not found" in git("ls-remote", url).stderr
    git.token = token_of(reader)
    assert reader.delete("/installation/token").status_code == 204
    assert git("ls-remote", url).returncode != 0
    git.token = token_of(call())
    assert "not found" in git("ls-remote", f"{simulator.base_url}/acme/nothing.git").stderr
    git.token = ""
    assert git("push", f"{simulator.base_url}/acme/rocket.git", "HEAD:main", cwd=clone).returncode != 0


def test_an_archived_repository_takes_no_push(simulator: Simulator, call: Open, git: Git) -> None:
    """Reading goes on."""
    git.token = token_of(call(permissions={"contents": "write"}))
    url = f"{simulator.base_url}/acme/rocket.git"
    clone = git.home / "clone"
    git("clone", url, str(clone))
    git("commit", "--allow-empty", "-m", "Empty", cwd=clone)
    simulator.fake.archive("acme/rocket")
    assert "403" in git("push", "origin", "HEAD:main", cwd=clone).stderr
    assert git("ls-remote", url).returncode == 0


def test_faults_reach_git(simulator: Simulator, call: Open, git: Git) -> None:
    """A push that was taken in and then cut is done; a clone that meets 502 fails."""
    git.token = token_of(call(permissions={"contents": "write"}))
    url = f"{simulator.base_url}/acme/rocket.git"
    clone = git.home / "clone"
    git("clone", url, str(clone))
    git("commit", "--allow-empty", "-m", "Empty", cwd=clone)
    simulator.faults.add(Fault(FaultKind.CUT, path="git-receive-pack$", applied=True))
    assert git("push", "origin", "HEAD:main", cwd=clone).returncode != 0
    head = git("rev-parse", "HEAD", cwd=clone).stdout.strip()
    assert simulator.fake.repository("acme/rocket").head == head
    simulator.faults.add(Fault(FaultKind.ERROR, path="rocket.git"))
    assert "502" in git("ls-remote", url).stderr


def test_only_the_smart_protocol_is_served(simulator: Simulator, call: Open) -> None:
    """No file of the bare repository is handed out."""
    session = call()
    for path in ("/acme/rocket.git/HEAD", "/acme/rocket.git/info/refs", "/acme/rocket.git/config"):
        assert session.get(path).status_code == 404


def test_tells_git_addresses_from_the_api() -> None:
    """Repositories named like a part of the API are still repositories."""
    assert git_http.is_git("/acme/rocket.git/info/refs")
    assert git_http.is_git("/git/acme/rocket/git-upload-pack")
    assert not git_http.is_git("/repos/acme/rocket.git/commits")
    assert not git_http.is_git("/app")
    address = git_http.parse("/acme/a%2Eb.git/info/refs", {"service": "git-receive-pack"})
    assert address is not None
    assert (address.owner, address.name, address.writes) == ("acme", "a.b", True)
