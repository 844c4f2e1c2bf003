"""A small organisation behind a socket, for runs that know nothing of each other but their state."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.entry.report import report
from bot.testing.authentication import mint
from bot.testing.clocks import SystemClock
from bot.testing.fake import FakeGitHub
from bot.testing.http import Request
from tests.contract.github.loopback import Loopback
from tests.integration.cli_check.conftest import GOOD

POLICY = """\
roll_up: health
groups:
- {name: products, when: {names: "rocket*"}}
"""
DANGEROUS = """\
on: pull_request_target
permissions: {}
jobs:
  a:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
        with:
          ref: ${{ github.event.pull_request.head.sha }}
      - run: make
"""
PUBLISHING = ("/issues", "/labels", "/check-runs")


class Organisation:
    """``acme``: two public repositories, two private ones, a policy, and the place for the report."""

    def __init__(self, root: Path) -> None:
        self.fake = FakeGitHub(root / "github", clock=SystemClock())
        self.fake.create_organisation("acme")
        self.fake.create_repository("acme", "rocket", files=GOOD)
        self.fake.create_repository("acme", "rocket-tools", files={"README.md": "# x\n"})
        self.fake.create_repository("acme", "secret-plan", files={"README.md": "# x\n"}, private=True)
        self.fake.create_repository("acme", "health", files={"README.md": "# x\n"}, private=True)
        files = {"plumbline.org.yml": POLICY}
        self.fake.create_repository("acme", ".github-private", files=files, private=True)
        self.installation = self.fake.install("acme")
        self.server = Loopback(self.fake)
        self.root = root

    def close(self) -> None:
        """Stop serving."""
        self.server.close()
        self.fake.close()

    def token(self, **permissions: str) -> str:
        """A token of the organisation, with all that the App has or with these permissions."""
        found = self.fake.installations[self.installation]
        return mint(self.fake, found, {"permissions": permissions} if permissions else {}).value

    @property
    def writes(self) -> list[Request]:
        """Requests that change something people see, in order."""
        return [
            r for r in self.server.journal if r.method != "GET" and any(part in r.path for part in PUBLISHING)
        ]

    def issues(self, name: str) -> list[str]:
        """Titles of a repository's issues."""
        return [issue.title for issue in self.fake.repository(f"acme/{name}").issues.values()]


class Shell:
    """The environment of a command."""

    def __init__(self, at: Organisation, patch: pytest.MonkeyPatch) -> None:
        self.patch = patch
        for name in ("GITHUB_TOKEN", "GH_TOKEN", "PLUMBLINE_APP_ID", "PLUMBLINE_PRIVATE_KEY", "DATABASE_URL"):
            patch.delenv(name, raising=False)
        patch.setenv("PLUMBLINE_GITHUB_URL", at.server.url)
        patch.setenv("PLUMBLINE_HOME", str(at.root / "nothing-stored"))
        patch.chdir(at.root)
        self.at = at

    def by_token(self, **permissions: str) -> None:
        """From now on with a token."""
        self.patch.setenv("GITHUB_TOKEN", self.at.token(**permissions))

    def by_app(self) -> None:
        """From now on as the App."""
        self.patch.setenv("PLUMBLINE_APP_ID", str(self.at.fake.app.id))
        self.patch.setenv("PLUMBLINE_PRIVATE_KEY", self.at.fake.app_private_key_pem)

    def report(self, *arguments: str, org: str = "acme") -> Result:
        """Run the command."""
        return CliRunner().invoke(report, ["--org", org, "--once", *arguments])
