"""What zizmor says of fixed workflows reaches the right check, file, line and severity."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from benchmarks.against_zizmor import Told, compare, told_by_us, told_by_zizmor

PUBLISH = """\
name: publish
on:
  push:
    tags: ['v*']
  workflow_dispatch:
    inputs:
      note:
        type: string
permissions: write-all
jobs:
  build:
    runs-on: ubuntu-latest
    container:
      image: node:latest
      credentials:
        username: robot
        password: hunter2
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-python@v5  # zizmor: ignore[unpinned-uses]
      - run: echo "${{ inputs.note }}"
  call:
    uses: ./.github/workflows/part.yml
    secrets: inherit
"""

PART = """\
on:
  workflow_call:
  issue_comment:
permissions: {}
jobs:
  greet:
    if: github.actor == 'dependabot[bot]'
    runs-on: ubuntu-latest
    steps:
      - run: echo "${{ github.event.comment.body }}" >> "$GITHUB_ENV"
      - if: |
          ${{ github.event_name == 'push' }}
        run: echo pushed
      - env:
          ACTIONS_ALLOW_UNSECURE_COMMANDS: true
        run: echo "::set-env name=A::b"
"""

LABEL = """\
on: pull_request_target
permissions:
  contents: read
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8
        with:
          ref: ${{ github.event.pull_request.head.sha }}
          persist-credentials: false
      - run: make test
"""

EXPECTED = [
    ("credential-persistence", "publish.yml", 19, "low"),
    ("dangerous-trigger", "label.yml", 10, "critical"),
    ("dangerous-trigger", "part.yml", 10, "critical"),
    ("environment-files", "part.yml", 14, "high"),
    ("pinned-actions", "publish.yml", 19, "medium"),
    ("pinned-downloads", "publish.yml", 14, "medium"),
    ("template-injection", "publish.yml", 21, "medium"),
    ("token-permissions", "publish.yml", 9, "high"),
    ("unsound-conditions", "part.yml", 7, "high"),
    ("unsound-conditions", "part.yml", 11, "high"),
    ("workflow-secrets", "publish.yml", 15, "medium"),
    ("workflow-secrets", "publish.yml", 23, "medium"),
]
"""Check, file, line and severity, read off the texts above."""


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("clone")
    for name, text in (("publish.yml", PUBLISH), ("part.yml", PART), ("label.yml", LABEL)):
        path = root / ".github" / "workflows" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@example.com"]
    for command in (["init", "-q", "-b", "main"], ["add", "."], ["commit", "-q", "-m", "Begin"]):
        subprocess.run([*git, *command], cwd=root, check=True)
    return root


@pytest.fixture(scope="module")
def ours(clone: Path) -> dict[str, Any]:
    return told_by_us(clone)


def test_findings_reach_their_check_with_file_line_and_severity(ours: dict[str, Any]) -> None:
    """By hand: no check says more, and none says less."""
    said = sorted(
        (name, Path(e["path"]).name, e["line"], e["severity"] or check["severity"])
        for name, check in ours.items()
        if check["family"] == "ci" and check["outcome"] == "fail"
        for e in check["evidence"]
    )

    assert said == sorted(EXPECTED)


def test_nothing_that_zizmor_says_directly_is_lost(clone: Path, ours: dict[str, Any]) -> None:
    """Run as anybody would, in another format; the checkout of a proposal is ours alone."""
    told = told_by_zizmor(clone)
    found = compare(told, ours)

    assert len(told) > 10
    assert found.lost == []
    assert found.beyond == ["dangerous-trigger: .github/workflows/label.yml:10 (critical)"]
    assert dict(found.by_rule) == {
        "dangerous-triggers without a checkout of the proposal": 2,
        "self-repository": 1,
    }


def test_a_finding_that_no_check_tells_is_seen_as_lost(ours: dict[str, Any]) -> None:
    """The comparison itself: another line, or another weight, is another finding."""
    path = ".github/workflows/publish.yml"
    told = [
        Told("unpinned-uses", path, 19, "high", ""),
        Told("unpinned-uses", path, 20, "high", ""),
        Told("artipacked", path, 19, "high", ""),
        Told("self-repository", path, 1, "low", ""),
    ]

    found = compare(told, ours)

    assert [(f.audit, f.line) for f in found.lost] == [("unpinned-uses", 20), ("artipacked", 19)]
    assert found.by_rule == {"self-repository": 1}
