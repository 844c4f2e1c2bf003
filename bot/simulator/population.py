"""Fills a fake GitHub with an organisation whose repositories differ in what Plumbline judges."""

from __future__ import annotations

import random
from collections.abc import Mapping

from bot.testing.fake import FakeGitHub
from bot.testing.git import Content

MIT = """MIT License

Copyright (c) {year} {owner}

Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal
in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all
copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
SOFTWARE.
"""

GOOD_WORKFLOW = """name: test
on: [push, pull_request]
permissions:
  contents: read
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8 # v5.0.0
        with:
          persist-credentials: false
      - run: make test
"""

UNPINNED_WORKFLOW = """name: build
on: push
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: some-vendor/deploy@main
"""

DANGEROUS_WORKFLOW = """name: label
on: pull_request_target
jobs:
  label:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
        with:
          ref: ${{ github.event.pull_request.head.sha }}
      - run: npm ci && npm test
"""

_NAMES = ("anvil", "beacon", "compass", "dynamo", "engine", "flute", "gantry", "harbour", "icebox", "jigsaw")


def populate(fake: FakeGitHub, organisation: str, repositories: int, *, seed: int = 0) -> int:
    """Make an organisation with that many repositories and install the App on all of it.

    Among ten repositories about half lack something: licence, security policy, pinned actions,
    protection; some have a branch that lags, an open pull request, no commit at all, or are archived;
    some have alerts, keys that write, webhooks without a secret.

    Returns:
        The installation's id.
    """
    draw = random.Random(seed)  # noqa: S311 - the same organisation for the same seed
    fake.create_organisation(organisation)
    for login in ("ada", "grace", "linus"):
        if login not in fake.accounts:
            fake.create_user(login)
    fake.create_team(organisation, "maintainers", maintainers=["ada"])
    fake.ruleset(organisation, "history", ["deletion", "non_fast_forward"], excluded_repositories=["*-1"])
    settings = random.Random(seed + 1)  # noqa: S311 - apart, so that files do not depend on settings
    for number in range(repositories):
        name = _NAMES[number % len(_NAMES)] + (f"-{number // len(_NAMES)}" if number >= len(_NAMES) else "")
        _make(fake, organisation, name, draw, number)
        _set(fake, f"{organisation}/{name}", settings)
    return fake.install(organisation)


def _make(fake: FakeGitHub, organisation: str, name: str, draw: random.Random, number: int) -> None:
    private = draw.random() < 0.3
    files = _files(name, organisation, draw)
    if number % 20 == 19:
        fake.create_repository(organisation, name, private=private)
        return
    repository = fake.create_repository(organisation, name, private=private, files=files)
    for login, role in (("ada", "maintain"), ("grace", "write"), ("linus", "read")):
        fake.set_collaborator(repository, login, role)
    if draw.random() < 0.5:
        fake.push(repository, "release", {"CHANGES.md": "Release branch\n"}, actor="ada")
    for step in range(draw.randrange(1, 5)):
        fake.push(
            repository,
            "main",
            {f"src/part_{step}.py": f"STEP = {step}\n"},
            message=f"Add part {step}",
            actor="ada",
        )
    if draw.random() < 0.4:
        fake.push(
            repository, "feature", {"src/feature.py": "ON = True\n"}, message="Add a feature", actor="grace"
        )
        fake.open_pull_request(repository, "feature", title="Add a feature", actor="grace")
    if number % 20 == 13:
        fake.archive(repository)


def _set(fake: FakeGitHub, repository: str, draw: random.Random) -> None:
    """Protection, access, and security, each in some repositories."""
    if fake.repository(repository).empty:
        return
    if draw.random() < 0.5:
        fake.protect(repository, "main", required_approvals=1, required_checks=["test"], enforce_admins=True)
    if draw.random() < 0.3:
        fake.ruleset(repository, "releases", ["pull_request"], refs=["release*"], bypass=["admin"])
    if draw.random() < 0.3:
        fake.add_deploy_key(repository, "deploy", read_only=draw.random() < 0.5)
    if draw.random() < 0.2:
        fake.add_hook(repository, "https://ci.example.org/hook", secret=draw.random() < 0.5)
    fake.set_security(repository, dependency_alerts=draw.random() < 0.8, secret_scanning=draw.random() < 0.5)
    if draw.random() < 0.3:
        fake.add_dependabot_alert(repository, "jinja2", draw.choice(["low", "high", "critical"]))
    if draw.random() < 0.5:
        fake.set_properties(repository, {"tier": draw.choice(["gold", "silver"])})


def _files(name: str, organisation: str, draw: random.Random) -> Mapping[str, Content]:
    files: dict[str, Content] = {"README.md": f"# {name}\n", "src/app.py": f'NAME = "{name}"\n'}
    if draw.random() < 0.7:
        files["LICENSE"] = MIT.format(year=2026, owner=organisation)
    if draw.random() < 0.5:
        files["SECURITY.md"] = "# Security policy\n\nReport vulnerabilities to security@example.org.\n"
    if draw.random() < 0.6:
        files[".github/workflows/test.yml"] = GOOD_WORKFLOW
    if draw.random() < 0.4:
        files[".github/workflows/build.yml"] = UNPINNED_WORKFLOW
    if draw.random() < 0.2:
        files[".github/workflows/label.yml"] = DANGEROUS_WORKFLOW
    return files
