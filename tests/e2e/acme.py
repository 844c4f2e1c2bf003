"""An organisation with people who push, propose and press, in a world."""

from __future__ import annotations

import itertools
import time
from collections.abc import Mapping
from typing import Any

from bot.registry import load
from bot.simulator import population
from bot.simulator.faults import Fault, FaultKind
from bot.simulator.journal import CheckRunEffect, Entry, IssueEffect
from tests.e2e.world import World, eventually

HEALTH = "plumbline/health"

DANGEROUS = """on: pull_request_target
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
        with:
          ref: ${{ github.event.pull_request.head.sha }}
"""
"""A workflow that runs strangers' code with rights, and an action that is not pinned."""

PINNED = """on: push
permissions: {}
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683
        with:
          persist-credentials: false
"""

MIT = population.MIT.format(year=2026, owner="Acme")

SECURITY = """# Security policy

Please report vulnerabilities privately to security@acme.example; we answer within five days and fix
supported versions. Supported: the latest minor version.
"""

JUDGED = ("dangerous-trigger", "pinned-actions", "licence", "security-policy", "behind")
"""Checks that stay in force where ``narrow_policy`` is in force."""

POLICY_PATH = ".github/plumbline.yml"

BACK_S = 30
"""KC2: the receiver, workers and the clock are at work again so soon after Redis is."""


def narrow_policy() -> str:
    """A policy that switches all checks off but a few, so that later ones change no test."""
    off = (name for name in load(plugins=False).checks if name not in JUDGED)
    lines = ["checks:", *(f"  {name}:\n    enabled: false" for name in off)]
    return "\n".join(lines) + "\n" if len(lines) > 1 else "block: []\n"


WORKFLOW_PATH = ".github/workflows/build.yml"


class Acme:
    """Acts of people and what they see; ids are repository ids."""

    def __init__(self, world: World, login: str = "acme") -> None:
        self.world = world
        self.login = login
        self.act = world.github.act
        self._names = (f"r{number}" for number in itertools.count())
        self.act("create_organisation", login=login)
        self.installation = self.act("install", account=login)
        world.settle(within_s=60)

    def repository(self, files: Mapping[str, Any] | None = None, *, private: bool = False) -> int:
        """A new repository that was looked at once; returns its id."""
        made = self.act(
            "create_repository",
            owner=self.login,
            name=next(self._names),
            private=private,
            files={POLICY_PATH: narrow_policy(), **(files or {"README.md": "# acme\n"})},
        )
        self.reported(made["id"], made["head"])
        return int(made["id"])

    def repositories(self, count: int) -> list[int]:
        """As ``repository``, several at once."""
        made = [
            self.act(
                "create_repository", owner=self.login, name=next(self._names), files={"README.md": "# acme\n"}
            )
            for _ in range(count)
        ]
        for each in made:
            self.reported(each["id"], each["head"])
        self.world.settle(within_s=60)
        return [each["id"] for each in made]

    def push(self, which: int, files: Mapping[str, Any] | None = None, branch: str = "main") -> str:
        """Push a commit; returns it."""
        content = dict(files or {"time.txt": f"{time.time_ns()}\n"})
        return str(self.act("push", which=which, branch=branch, files=content, message="change"))

    def propose(self, which: int, files: Mapping[str, Any], branch: str = "topic") -> tuple[int, str]:
        """Open a pull request; returns its number and head."""
        head = self.push(which, files, branch)
        return int(self.act("open_pull_request", which=which, head=branch, base="main", title="change")), head

    def runs(self, which: int, sha: str, name: str = HEALTH) -> list[CheckRunEffect]:
        """Completed check runs on a commit."""
        return self.world.completed(which, sha, name)

    def reported(self, which: int, sha: str, *, count: int = 1, within_s: float = 90) -> CheckRunEffect:
        """The newest of ``count`` completed check runs on a commit, once they are there."""
        found: list[CheckRunEffect] = eventually(
            lambda: len(runs := self.runs(which, sha)) >= count and runs,
            within_s=within_s,
            what=f"{count} check runs on {sha[:10]} of {which}",
        )
        assert len(found) == count
        return found[-1]

    def works_again(self, which: int) -> None:
        """Redis is back, and all others by themselves: a push has its check run within ``BACK_S``."""
        back = time.monotonic()
        eventually(self.world.ready, within_s=BACK_S, what="the receiver is ready again")
        self.reported(which, self.push(which), within_s=BACK_S)
        assert time.monotonic() - back < BACK_S

    def issues(self, which: int) -> list[IssueEffect]:
        """Issues of ours in a repository."""
        return [issue for issue in self.world.effects()[1] if issue.repository_id == which]

    def issue(self, which: int, *, open_: bool = True, within_s: float = 60) -> IssueEffect:
        """The one health issue, once it is in that state."""

        def found() -> IssueEffect | None:
            issues = self.issues(which)
            return issues[0] if len(issues) == 1 and issues[0].open is open_ else None

        issue: IssueEffect = eventually(found, within_s=within_s, what=f"an issue with open={open_}")
        return issue

    def written(self, run: CheckRunEffect) -> dict[str, Any]:
        """What was sent when a check run was made."""
        posts = [
            e for e in self.world.journal() if e.method == "POST" and e.result.get("id") == run.id and e.wrote
        ]
        body: dict[str, Any] = posts[-1].body
        return body

    def hold(self, which: int, *, applied: bool, delay_s: float = 60) -> str:
        """Let the next creation of a check run in a repository wait for its answer.

        Args:
            applied: it is carried out at once and only the answer waits; otherwise it never is.

        Returns:
            The name by which ``held`` finds it.
        """
        name = f"hold-{which}-{'after' if applied else 'before'}"
        kind = FaultKind.DELAY if applied else FaultKind.ERROR
        path = rf"^/repositories/{which}/check-runs$"
        self.world.github.add_faults(
            Fault(kind, method="POST", path=path, applied=applied, delay_s=delay_s, count=1, name=name)
        )
        return name

    def held(self, name: str, *, within_s: float = 60) -> None:
        """Wait until that request waits at GitHub."""
        eventually(
            lambda: any(r["hit"] for r in self.world.github.call("GET", "/faults") if r["name"] == name),
            within_s=within_s,
            what=f"{name} holds a request",
        )

    def requests(self, which: int, method: str = "POST", path: str = "/check-runs") -> list[Entry]:
        """Requests about a repository in the journal."""
        return [
            e
            for e in self.world.journal()
            if e.kind == "request"
            and e.repository_id == which
            and e.method == method
            and e.path.endswith(path)
        ]
