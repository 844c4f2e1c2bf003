"""Which workflow files are audited, and untrusted checkouts in them."""

from dataclasses import replace

import pytest

from bot.facts.workflow_audit import (
    MAX_BYTES,
    MAX_FILES,
    UNTRUSTED_CHECKOUT,
    WRITE_ALL,
    untrusted_checkouts,
    workflow_audit,
    write_all_tokens,
)
from bot.model.facts import EntryKind, WorkflowFinding
from bot.model.verdicts import Severity

COMMIT = "c" * 40


def finding(**changes: object) -> WorkflowFinding:
    base = {
        "audit": "dangerous-triggers",
        "path": "",
        "line": 1,
        "end_line": 1,
        "column": 1,
        "severity": Severity.HIGH,
        "confidence": "medium",
        "message": "pull_request_target is almost always used insecurely",
        "feature": "on: pull_request_target",
        "url": "",
    }
    return WorkflowFinding(**{**base, **changes})


def test_audits_workflow_files_once_per_content(reader, auditor):
    """Equal files share an answer; the path is filled in; other files are left alone."""
    reader.files = {
        ".github/workflows/a.yml": b"same",
        ".github/workflows/b.yaml": b"same",
        ".github/workflows/notes.txt": b"no",
        ".github/workflows/deep/c.yml": b"no",
        "d.yml": b"no",
    }
    oid = reader.directory(COMMIT, ".github/workflows")[0].oid
    auditor.answers = {oid: (finding(audit="artipacked", line=3),)}

    audit = workflow_audit(reader, COMMIT, auditor)

    assert [(f.path, f.problem) for f in audit.files] == [
        (".github/workflows/a.yml", None),
        (".github/workflows/b.yaml", None),
    ]
    assert [f.path for f in audit.findings] == [".github/workflows/a.yml", ".github/workflows/b.yaml"]
    assert auditor.asked == [oid]


@pytest.mark.fault
def test_ke4_links_are_refused(reader, auditor):
    """A link keeps its place and says what to do."""
    name = ".github/workflows/a.yml"
    reader.files, reader.kinds = {name: b"/proc/self/environ"}, {name: EntryKind.SYMLINK}

    (file,) = workflow_audit(reader, COMMIT, auditor).files

    assert file.problem == "it is a symlink, which is not followed; put a plain file in its place"
    assert auditor.asked == []


def test_what_can_not_be_audited_keeps_its_place(reader, auditor):
    """Too large for us, or refused by the auditor: both are told, neither hides the others."""
    reader.files = {
        ".github/workflows/big.yml": b"x" * (MAX_BYTES + 1),
        ".github/workflows/binary.yml": b"\0",
        ".github/workflows/good.yml": b"on: push",
    }
    by_path = {e.path: e.oid for e in reader.directory(COMMIT, ".github/workflows")}
    auditor.answers = {by_path[".github/workflows/binary.yml"]: "it is a binary file"}

    problems = [f.problem for f in workflow_audit(reader, COMMIT, auditor).files]

    told = f"it has {MAX_BYTES + 1} bytes; at most {MAX_BYTES} are audited: split it"
    assert problems == [told, "it is a binary file", None]


def test_a_silent_auditor_is_a_problem(reader, auditor, monkeypatch):
    """No answer is not a clean bill."""
    reader.files = {".github/workflows/a.yml": b"on: push"}
    monkeypatch.setattr(auditor, "audit", lambda blobs: {})

    assert workflow_audit(reader, COMMIT, auditor).files[0].problem == "the auditor gave no answer for it"


def test_more_files_than_the_cap_are_told(reader, auditor):
    """What is beyond the cap is listed as not audited."""
    reader.files = {f".github/workflows/{n:04}.yml": b"%d" % n for n in range(MAX_FILES + 1)}

    audit = workflow_audit(reader, COMMIT, auditor)

    assert [f.problem for f in audit.files if f.problem] == [
        f"only the first {MAX_FILES} workflow files are audited"
    ]


def test_without_workflows_the_auditor_is_not_asked(reader, auditor):
    """An empty repository, or one without workflows, has an empty audit."""
    assert workflow_audit(reader, COMMIT, auditor).files == ()
    assert workflow_audit(reader, "", auditor).files == ()
    assert auditor.asked == []


def checkouts(text: str, *found: WorkflowFinding) -> list[tuple[int, str]]:
    return [(f.line, f.feature) for f in untrusted_checkouts(text.encode(), found or (finding(),))]


HEAD = """on: pull_request_target
jobs:
  a:
    steps:
      - uses: actions/checkout@v4
        with:
          ref: ${{ github.event.pull_request.head.sha }}
      - run: make
"""


def test_finds_a_checkout_of_the_proposal():
    """The line is that of the reference."""
    assert checkouts(HEAD) == [(7, "${{ github.event.pull_request.head.sha }}")]


@pytest.mark.parametrize(
    "ref",
    [
        "${{ github.head_ref }}",
        "${{github.event.pull_request.head.ref}}",
        "${{ github.event.pull_request.merge_commit_sha }}",
        "${{ github.event.workflow_run.head_sha }}",
        "${{ github.event.workflow_run.head_branch }}",
        "refs/pull/${{ github.event.number }}/merge",
        "'refs/pull/${{ github.event.number }}/head'",
    ],
)
def test_knows_the_ways_to_name_a_proposal(ref):
    """Head, merge commit, pull ref, and the run that caused this one."""
    assert len(checkouts(HEAD.replace("${{ github.event.pull_request.head.sha }}", ref))) == 1


@pytest.mark.parametrize(
    "ref",
    [
        "${{ github.event.pull_request.base.sha }}",
        "${{ github.base_ref }}",
        "main",
        "${{ inputs.target-branch }}",
        "# ${{ github.head_ref }}",
    ],
)
def test_leaves_the_base_alone(ref):
    """What the maintainers wrote themselves is no stranger's code."""
    text = HEAD.replace(
        "ref: ${{ github.event.pull_request.head.sha }}", f"ref: {ref}".replace("ref: #", "# ref:")
    )

    assert checkouts(text) == []


STEPS = {
    "name first": """
      - name: Get
        uses: 'actions/checkout@v4'
        with:
          ref: ${{ github.head_ref }}
""",
    "with first": """
      - with:
          ref: ${{ github.head_ref }}
        uses: actions/checkout@v4
""",
    "flow": """
      - with: {persist-credentials: false, ref: "${{ github.head_ref }}"}
        uses: actions/checkout@v4
""",
    "folded": """
      - uses: actions/checkout@v4
        with:
          ref: >-
            ${{ github.head_ref }}
""",
    "wide": """
      -   uses: actions/checkout@v4
          with:
            # head
            ref: ${{ github.head_ref }}
""",
}


@pytest.mark.parametrize("name", STEPS)
def test_reads_steps_of_any_layout(name):
    """Order of keys, quotes, flow style, folded texts."""
    text = f"on: pull_request_target\njobs:\n  a:\n    steps:{STEPS[name]}      - run: x\n"

    assert len(checkouts(text)) == 1


def test_keeps_to_the_step():
    """A reference given to another action of the same job is not this checkout's."""
    text = (
        "jobs:\n  a:\n    steps:\n      - uses: actions/checkout@v4\n"
        "      - uses: x/y@v1\n        with:\n          ref: ${{ github.head_ref }}\n"
    )

    assert checkouts(text) == []


def test_only_privileged_triggers_count():
    """A comment trigger, or no finding at all, makes a checkout no fault."""
    assert checkouts(HEAD, finding(message="issue_comment is almost always used insecurely")) == []
    assert list(untrusted_checkouts(HEAD.encode(), ())) == []


def test_a_silenced_trigger_silences_its_checkouts(reader, auditor):
    """Whoever silenced the trigger has judged what it does; checks decide whether they heed it."""
    reader.files = {".github/workflows/a.yml": HEAD.encode()}
    oid = reader.directory(COMMIT, ".github/workflows")[0].oid
    auditor.answers = {oid: (finding(ignored=True),)}

    found = workflow_audit(reader, COMMIT, auditor).findings

    assert [(f.audit, f.ignored) for f in found] == [("dangerous-triggers", True), (UNTRUSTED_CHECKOUT, True)]


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("permissions: write-all", True),
        ("'permissions' : \"write-all\"  # all of them\r", True),
        ("    permissions: write-all", False),
        ("permissions: read-all", False),
        ("# permissions: write-all", False),
    ],
)
def test_all_rights_for_a_workflow_are_found(line, found):
    """At the top of a workflow; the auditor tells of jobs."""
    data = f"on: push\n{line}\njobs: {{}}\n".encode()

    assert [(f.audit, f.line) for f in write_all_tokens(data, ())] == ([(WRITE_ALL, 2)] if found else [])


def test_all_rights_are_told_once(reader, auditor):
    """What the auditor said of that line is not said again."""
    text = b"on: push\npermissions: write-all # zizmor: ignore[excessive-permissions]\n"
    reader.files = {".github/workflows/a.yml": text}

    (own,) = workflow_audit(reader, COMMIT, auditor).findings
    assert own.ignored

    told = replace(own, audit="excessive-permissions")
    assert list(write_all_tokens(text, (told,))) == []
