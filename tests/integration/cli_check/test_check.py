"""``plumbline check`` from the outside: what it prints, and how it ends."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from click.testing import CliRunner, Result

from bot.entry.check import check, printable
from bot.model.verdicts import Outcome
from bot.report.document import SCHEMA
from tests.integration.cli_check.conftest import GOOD
from tests.terminal import shown_in_a_terminal

UNSAFE = """on:
  pull_request_target:
jobs:
  a:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
        with:
          ref: ${{ github.event.pull_request.head.sha }}
      - run: echo "${{ github.event.pull_request.title }}"
"""


def call(path: Path, *options: str) -> Result:
    return CliRunner().invoke(check, [str(path), *options])


def as_json(path: Path, *options: str) -> dict[str, Any]:
    return json.loads(call(path, "--format", "json", *options).stdout)


def verdicts(document: dict[str, Any]) -> dict[str, str]:
    return {c["name"]: c["outcome"] for c in document["checks"]}


def test_all_is_well(make_clone):
    """No check fails; the table names each with a word beside its symbol."""
    result = call(make_clone())

    assert result.exit_code == 0
    assert re.fullmatch(r"\d+ pass(, \d+ (not-applicable|unknown)){0,2}", result.stdout.splitlines()[-1])
    for name in ("licence", "security-policy", "dangerous-trigger", "pinned-actions", "behind"):
        assert any(name in line and "pass" in line for line in result.stdout.splitlines())


def test_fails_show_file_and_line(make_clone):
    """Evidence lies where it can be clicked."""
    result = call(make_clone({".github/workflows/ci.yml": UNSAFE, "LICENSE": None}))

    assert result.exit_code == 1
    for text in (
        ".github/workflows/ci.yml:9",
        ".github/workflows/ci.yml:10",
        ".github/workflows/ci.yml:7",
        "there is no licence file at the root",
        "Fix: put the unchanged text",
    ):
        assert text in result.stdout


def test_the_document_is_stable(make_clone, run_git):
    """It is what its schema says; its time is the only thing that moves."""
    path = make_clone({".github/workflows/ci.yml": UNSAFE})
    document = as_json(path)

    jsonschema_rs.validator_for(SCHEMA).validate(document)
    assert document["version"] == 1
    assert document["repository"] == {
        "id": 0,
        "full_name": "local/tool",
        "visibility": "public",
        "url": "",
        "default_branch": "main",
    }
    assert (document["branch"], document["commit"]) == ("main", run_git(path, "rev-parse", "HEAD"))
    counts = Counter(verdicts(document).values())
    assert document["counts"] == {outcome.value: counts[outcome.value] for outcome in Outcome}
    assert {n for n, outcome in verdicts(document).items() if outcome == "fail"} >= {
        "dangerous-trigger",
        "pinned-actions",
    }
    worst = document["checks"][0]
    assert worst["name"] == "dangerous-trigger"
    assert {
        "severity": "critical",
        "outcome": "fail",
        "family": "ci",
        "reason": None,
    }.items() <= worst.items()
    assert worst["why"]
    assert worst["fix"]
    assert worst["source"].startswith("https://")
    assert [(e["path"], e["line"], e["branch"]) for e in worst["evidence"]] == [
        (".github/workflows/ci.yml", 9, None),
        (".github/workflows/ci.yml", 10, None),
    ]
    again = as_json(path)
    assert {**again, "judged_at": 0} == {**document, "judged_at": 0}


@pytest.mark.parametrize("form", ["table", "json", "sarif", "markdown"])
def test_every_format_shows_the_same_findings(make_clone, form):
    """Each in its own way, and with the same exit code."""
    result = call(make_clone({".github/workflows/ci.yml": UNSAFE}), "--format", form)

    assert result.exit_code == 1
    assert "dangerous-trigger" in result.stdout
    assert ".github/workflows/ci.yml" in result.stdout
    if form in ("json", "sarif"):
        json.loads(result.stdout)


def test_sarif_places_findings_in_files(make_clone):
    """Code scanning shows them on their lines."""
    path = make_clone({".github/workflows/ci.yml": UNSAFE})
    log = json.loads(call(path, "--format", "sarif").stdout)

    found = [r for r in log["runs"][0]["results"] if r["ruleId"] == "dangerous-trigger"]
    places = [r["locations"][0]["physicalLocation"] for r in found]
    assert [(p["artifactLocation"]["uri"], p["region"]["startLine"]) for p in places] == [
        (".github/workflows/ci.yml", 9),
        (".github/workflows/ci.yml", 10),
    ]


@pytest.mark.parametrize(
    ("fail_on", "code"),
    [("critical", 0), ("high", 1), ("medium", 1), ("info", 1), ("never", 0)],
)
def test_the_exit_code_goes_by_severity(make_clone, fail_on, code):
    """A missing licence is a high finding."""
    assert call(make_clone({"LICENSE": None}), "--fail-on", fail_on).exit_code == code


def test_light_evidence_makes_a_fail_light(make_clone):
    """A policy without a delay is no high finding."""
    path = make_clone({"SECURITY.md": "Write to security@example.org.\n"})

    assert call(path).exit_code == 0
    assert call(path, "--fail-on", "low").exit_code == 1


class TestNothingToJudge:
    def test_no_repository(self, tmp_path):
        """What, where, how to mend it; on standard error, with code 2."""
        result = call(tmp_path)

        assert result.exit_code == 2
        assert result.stdout == ""
        assert f"'{tmp_path}' is not inside a git repository; give the folder of a clone" in result.stderr

    def test_a_wrong_option(self, make_clone):
        """As any command line tool."""
        assert call(make_clone(), "--format", "xml").exit_code == 2

    def test_a_policy_that_is_wrong(self, make_clone):
        """File, line and column."""
        result = call(make_clone({".github/plumbline.yml": "checks:\n  licence:\n    allow: 7\n"}))

        assert result.exit_code == 2
        assert ".github/plumbline.yml:3:" in result.stderr

    def test_a_damaged_repository(self, make_clone):
        """The commit is there by name only."""
        path = make_clone()
        for file in sorted((path / ".git" / "objects").rglob("*")):
            if file.is_file():
                file.unlink()

        result = call(path)

        assert result.exit_code == 2
        assert result.stderr.startswith("Error: ")


def test_policy_of_the_commit_is_heeded(make_clone):
    """Options, severities, switched-off and exempted checks."""
    policy = """
checks:
  licence:
    severity: low
  behind:
    enabled: false
exemptions:
  - check: security-policy
    reason: comes with the next release
    until: 2999-12-31
"""
    path = make_clone({".github/plumbline.yml": policy, "LICENSE": None, "SECURITY.md": None})

    document = as_json(path)

    assert verdicts(document).keys() > {"licence", "dangerous-trigger", "pinned-actions"}
    assert not verdicts(document).keys() & {"behind", "security-policy"}
    assert document["checks"][0]["severity"] == "low"


def test_an_exemption_that_has_expired_is_said(make_clone):
    """The check speaks again, and the report says why it was silent."""
    policy = "exemptions:\n  - {check: licence, reason: lawyers, until: 2020-02-29}\n"
    path = make_clone({".github/plumbline.yml": policy, "LICENSE": None})

    assert verdicts(as_json(path))["licence"] == "fail"
    assert as_json(path)["expired"] == [{"name": "licence", "reason": "lawyers (expired on 2020-02-29)"}]
    assert "Exemption of licence: lawyers (expired on 2020-02-29)" in call(path).stdout
    assert "expired on 2020-02-29" in call(path, "--format", "markdown").stdout


def test_an_empty_repository(make_clone):
    """Nothing can be wrong yet."""
    path = make_clone(dict.fromkeys(GOOD))
    document = as_json(path)

    assert document["commit"] == ""
    assert set(verdicts(document).values()) <= {"not-applicable", "unknown"}
    assert "no commit yet" in call(path).stdout


def test_what_a_clone_can_not_know_is_unknown(make_clone):
    """The owner may have a default policy."""
    document = as_json(make_clone({"SECURITY.md": None}))

    found = next(c for c in document["checks"] if c["name"] == "security-policy")
    assert (found["outcome"], found["reason"]) == ("unknown", "permission")


def test_a_binary_workflow_is_unknown_and_named(make_clone):
    """The others are audited all the same."""
    path = make_clone({".github/workflows/zz.yml": bytes(range(256)) * 9})
    document = as_json(path)

    found = next(c for c in document["checks"] if c["name"] == "dangerous-trigger")
    assert (found["outcome"], found["reason"]) == ("unknown", "fault")
    assert [(e["path"], e["text"]) for e in found["evidence"]] == [
        (".github/workflows/zz.yml", "not audited: it is a binary file, not YAML")
    ]


@pytest.mark.fault
def test_ke9_hostile_names_print_inert(make_clone):
    """No name moves the cursor, colours the terminal or turns the writing around."""
    name = ".github/workflows/\x1b[2J\u202egreen.yml"
    path = make_clone({name: UNSAFE})

    table = call(path)

    assert "\x1b" not in table.stdout
    assert "\u202e" not in table.stdout
    assert "\\x1b[2J" in table.stdout
    assert any(e["path"] == name for c in as_json(path)["checks"] for e in c["evidence"])


@pytest.mark.parametrize(
    ("text", "shown"), [("plain ü", "plain ü"), ("\x1b[1m", "\\x1b[1m"), ("a\tb", "a\\tb"), ("a\nb", "a\nb")]
)
def test_printable_keeps_what_can_be_read(text, shown):
    """Letters of all scripts stay."""
    assert printable(text) == shown


def test_branches_behind(make_clone, run_git):
    """A branch under way that lacks too much."""
    path = make_clone({".github/plumbline.yml": "checks:\n  behind:\n    max_behind: 1\n"})
    run_git(path, "checkout", "--quiet", "-b", "work")
    run_git(path, "commit", "--quiet", "--allow-empty", "-m", "mine")
    run_git(path, "checkout", "--quiet", "main")
    for _ in range(2):
        run_git(path, "commit", "--quiet", "--allow-empty", "-m", "m")

    found = next(c for c in as_json(path)["checks"] if c["name"] == "behind")

    assert found["outcome"] == "fail"
    assert found["evidence"][0]["branch"] == "work"
    assert "work is 2 commits behind" in call(path).stdout


def test_colours_and_signs_of_life_are_for_terminals_only(make_clone):
    """A pipe gets plain text; a terminal gets colours."""
    path = make_clone()
    code = "from bot.entry.check import check; check()"
    command = [sys.executable, "-c", code, str(path)]
    piped = subprocess.run(command, capture_output=True, check=True)
    assert b"\x1b" not in piped.stdout + piped.stderr

    seen = shown_in_a_terminal(command)

    assert b"\x1b[" in seen
    assert "✓".encode() in seen


def test_without_utf8_the_symbols_are_ascii(make_clone):
    """Words carry the meaning anyway."""
    code = "from bot.entry.check import check; check()"
    environment = {**os.environ, "PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii", "LC_ALL": "C"}

    done = subprocess.run(
        [sys.executable, "-c", code, str(make_clone())], capture_output=True, env=environment, check=True
    )

    assert b"+ pass" in done.stdout


def test_long_lists_are_cut_in_the_table_only(make_clone):
    """The table says how many more; the document has all."""
    uses = "".join(f"      - uses: a/b{n}@v1\n" for n in range(15))
    path = make_clone(
        {".github/workflows/ci.yml": f"on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n{uses}"}
    )

    assert "and 5 more" in call(path).stdout
    found = next(c for c in as_json(path)["checks"] if c["name"] == "pinned-actions")
    assert len(found["evidence"]) == 15


def test_starts_quickly(make_clone):
    """Help comes at once; what is slow to import waits until it is needed."""
    code = "import sys; import bot.entry.check; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()

    assert not {"rich", "pydantic", "github", "sqlalchemy", "flask", "identify"} & set(loaded)


@pytest.mark.untraced
def test_a_tree_of_ten_thousand_files_takes_no_longer(make_clone):
    """Only what checks ask for is read."""
    path = make_clone({f"f{n:05}": "x" for n in range(10_000)})

    start = time.process_time()
    document = as_json(path)

    assert document["counts"]["fail"] == 0
    assert time.process_time() - start < 5


def test_outcomes_are_all_there(make_clone):
    """The summary names every outcome, so that readers need no default."""
    assert set(as_json(make_clone())["counts"]) == {outcome.value for outcome in Outcome}
