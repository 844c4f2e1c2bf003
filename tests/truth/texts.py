"""Texts that planned repositories hold, each with what is right or wrong about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from identify.vendor.licenses import LICENSES

_LICENCES = dict(LICENSES)

PUBLISH = "pypa/gh-action-pypi-publish@76f52bc884231f62b9a034ebfe128415bbaabdfc # v1.12.4"
CHECKOUT = "actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8 # v5.0.0"

README = (
    "# Rocket\n\n"
    + "It carries things to where they are needed, and says what it did on the way. " * 4
    + "\n"
)
README_STUB = "# Rocket\n\nTo be written.\n"
README_EDGE = "# Rocket\n".ljust(149, "x") + "\n"
"""Exactly as long as is asked for: 150 bytes."""

LICENCE_TEXTS: Mapping[str, str] = {
    "mit": _LICENCES["MIT"],
    "apache": _LICENCES["Apache-2.0"],
    "isc": _LICENCES["ISC"],
    "wtfpl": _LICENCES["WTFPL"],
    "cc-by": _LICENCES["CC-BY-4.0"],
    "own": "You may use this on weekdays, provided that you feed the cat and tell nobody of it.\n" * 5,
}

SECURITY_TEXTS: Mapping[str, str] = {
    "full": "# Security\n\nWrite to security@example.org. We answer within 3 days.\n",
    "no-contact": "# Security\n\nWe answer each report within 3 days.\n",
    "no-delay": "# Security\n\nWrite to security@example.org when you find a hole.\n",
    "empty-talk": "# Security\n\nWe care a lot.\n",
}

CONDUCT = "# Code of conduct\n\nBe kind. Tell conduct@example.org when somebody is not.\n"
CONTRIBUTING = "# Contributing\n\nRun `make test`, then open a pull request.\n"
CHANGELOG = "# Changelog\n\n## 1.0.0\n\n- The first one.\n"
NOTES = "Mends the valve, and makes the start faster."
ISSUE_FORM = (
    "name: Bug\ndescription: Something broke\nbody:\n  - type: textarea\n    attributes:\n      label: What\n"
)
ISSUE_TEMPLATE = "---\nname: Bug\nabout: Something broke\n---\n\nWhat happened?\n"
PULL_TEMPLATE = "What changes, and why?\n"
STANDARD = "root = true\n\n[*]\nend_of_line = lf\n"
STANDARD_PATH = ".editorconfig"

MANIFESTS: Mapping[str, tuple[str, str]] = {
    "pip": ("requirements.txt", "flask==3.1\n"),
    "npm": ("package.json", '{"name": "rocket", "dependencies": {"left-pad": "^1.3.0"}}\n'),
    "gomod": ("go.mod", "module example.org/rocket\n\ngo 1.23\n\nrequire example.org/valve v1.2.3\n"),
    "docker": ("Dockerfile", "FROM debian:12\nRUN true\n"),
    "cargo": ("Cargo.toml", '[package]\nname = "rocket"\nversion = "1.0.0"\n\n[dependencies]\nserde = "1"\n'),
}
"""Ecosystem in Dependabot's words -> (path, text) of a manifest."""


def dependabot(ecosystems: list[str]) -> str:
    """A configuration that covers the root of some ecosystems."""
    entries = "".join(
        f"  - package-ecosystem: {name}\n    directory: /\n    schedule:\n      interval: weekly\n"
        for name in ecosystems
    )
    return f"version: 2\nupdates:\n{entries}"


DEPENDABOT_WRONG: Mapping[str, str] = {
    "no-schedule": "version: 2\nupdates:\n  - package-ecosystem: pip\n    directory: /\n",
    "unknown-ecosystem": "version: 2\nupdates:\n  - package-ecosystem: npms\n    directory: /\n"
    "    schedule:\n      interval: weekly\n",
    "no-version": "updates:\n  - package-ecosystem: pip\n    directory: /\n    schedule:\n"
    "      interval: weekly\n",
    "no-yaml": "version: 2\nupdates: [\n",
}
RENOVATE = (
    '{"$schema": "https://docs.renovatebot.com/renovate-schema.json", "extends": ["config:recommended"]}\n'
)

POLICIES: Mapping[str, str] = {
    "quiet": "version: 1\nchecks:\n  readme:\n    min_bytes: 10\n",
    "wrong": "version: 1\nchecks:\n  no-such-check:\n    enabled: maybe\n",
    "no-yaml": "checks: {readme: [\n",
}


@dataclass(frozen=True)
class WorkflowText:
    """A workflow.

    Args:
        faults: names of the checks that must tell of it.
        readable: it is one that can be audited.
        uses: it names actions, so that an update tool has work.
    """

    text: str
    faults: frozenset[str] = field(default_factory=frozenset)
    readable: bool = True
    uses: bool = True


def _workflow(
    on: str = "[push, pull_request]",
    *,
    permissions: str = "permissions:\n  contents: read\n",
    runs_on: str = "ubuntu-latest",
    steps: str = "",
    job: str = "",
    checkout: str = f"      - uses: {CHECKOUT}\n        with:\n          persist-credentials: false\n",
) -> str:
    return (
        f"name: work\non: {on}\n{permissions}jobs:\n  test:\n{job}    runs-on: {runs_on}\n    steps:\n"
        f"{checkout}      - run: make test\n{steps}"
    )


WORKFLOWS: Mapping[str, WorkflowText] = {
    "good": WorkflowText(_workflow()),
    "queued": WorkflowText(_workflow("[push, pull_request, merge_group]")),
    "proposals": WorkflowText(_workflow("[pull_request]")),
    "job-writes": WorkflowText(
        _workflow(permissions="permissions: {}\n", job="    permissions:\n      contents: write\n")
    ),
    "unpinned": WorkflowText(
        _workflow(steps="      - uses: some-vendor/deploy@v3\n"), frozenset({"pinned-actions"})
    ),
    "unpinned-branch": WorkflowText(
        _workflow(steps="      - uses: some-vendor/deploy@main\n"), frozenset({"pinned-actions"})
    ),
    "writes-all": WorkflowText(
        _workflow(permissions="permissions: write-all\n"), frozenset({"token-permissions"})
    ),
    "undeclared": WorkflowText(_workflow(permissions=""), frozenset({"token-permissions"})),
    "stranger-code": WorkflowText(
        _workflow(
            "pull_request_target",
            checkout=f"      - uses: {CHECKOUT}\n        with:\n          persist-credentials: false\n"
            "          ref: ${{ github.event.pull_request.head.sha }}\n",
        ),
        frozenset({"dangerous-trigger"}),
    ),
    "stranger-text": WorkflowText(
        _workflow("issues", steps='      - run: echo "${{ github.event.issue.title }}"\n'),
        frozenset({"dangerous-trigger"}),
    ),
    "labels": WorkflowText(
        "name: label\non: pull_request_target\npermissions: {}\njobs:\n  label:\n    runs-on: ubuntu-latest\n"
        "    steps:\n      - run: echo done\n",
        uses=False,
    ),
    "input": WorkflowText(
        "name: input\non:\n  workflow_dispatch:\n    inputs:\n      word:\n        required: true\n"
        "permissions: {}\njobs:\n  say:\n    runs-on: ubuntu-latest\n    steps:\n"
        "      - run: echo ${{ inputs.word }}\n",
        frozenset({"template-injection"}),
        uses=False,
    ),
    "self-hosted": WorkflowText(_workflow(runs_on="[self-hosted, linux]"), frozenset({"self-hosted-public"})),
    "keeps-token": WorkflowText(
        _workflow(checkout=f"      - uses: {CHECKOUT}\n"), frozenset({"credential-persistence"})
    ),
    "latest-image": WorkflowText(
        _workflow(job="    container: node:latest\n"), frozenset({"pinned-downloads"})
    ),
    "unsound": WorkflowText(
        _workflow(
            job="    if: contains('refs/heads/main refs/heads/next', github.ref)\n",
        ),
        frozenset({"unsound-conditions"}),
    ),
    "old-commands": WorkflowText(
        _workflow(job="    env:\n      ACTIONS_ALLOW_UNSECURE_COMMANDS: true\n"),
        frozenset({"environment-files"}),
    ),
    "password": WorkflowText(
        _workflow(
            job="    container:\n      image: registry.example.org/tool:1.2\n      credentials:\n"
            "        username: robot\n        password: hunter2\n"
        ),
        frozenset({"workflow-secrets"}),
    ),
    "archived-action": WorkflowText(
        _workflow(
            steps="      - uses: actions/create-release@0cb9c9b65d5d1901c1f53e5e66eaf4afd303e70e # v1.1.4\n"
        ),
        frozenset({"doubtful-actions"}),
    ),
    "roundabout": WorkflowText(
        _workflow(
            steps=f"      - uses: actions/checkout/.@{CHECKOUT.partition('@')[2]}\n"
            "        with:\n          persist-credentials: false\n"
        ),
        frozenset({"obfuscated-workflows"}),
    ),
    "stored-token": WorkflowText(
        _workflow(
            steps=f"      - uses: {PUBLISH}\n"
            "        with:\n          password: ${{ secrets.PYPI_TOKEN }}\n"
        ),
        frozenset({"trusted-publishing"}),
    ),
    "cached-release": WorkflowText(
        _workflow(
            "release",
            steps="      - uses: actions/cache@5a3ec84eff668545956fd18022155c47e93e2684 # v4.2.3\n"
            "        with:\n          path: node_modules\n          key: modules\n",
        ),
        frozenset({"cache-poisoning"}),
    ),
    "no-yaml": WorkflowText("on: [push\njobs: {\n", readable=False, uses=False),
    "no-yaml-self-hosted": WorkflowText("on: [push\nruns-on: self-hosted {\n", readable=False, uses=False),
}
