"""Triggers and names of jobs, read from YAML that anybody may have written."""

import time

import pytest

from bot.facts.queue_workflows import jobs_of, queue_workflows
from bot.model.errors import Malformed
from bot.model.facts import EntryKind
from bot.model.protection import Protection

COMMIT = "c" * 40
QUEUE = Protection("main", queue=True)


def jobs(on: str, body: str = "jobs: {test: {}}"):
    return jobs_of(f"name: x\n{on}\n{body}\n", "a.yml")


@pytest.mark.parametrize(
    ("on", "expected"),
    [
        ("on: merge_group", True),
        ("on: [pull_request, merge_group]", True),
        ("on:\n  pull_request:\n  merge_group:", True),
        ("on: {merge_group: {types: [checks_requested]}}", True),
        ("'on': merge_group", True),
        ("on: pull_request", False),
        ("on: [pull_request]", False),
        ("on: {pull_request: {branches: [merge_group]}}", False),
        ("on: push", True),
        ("on: {push: }", True),
        ("on: {push: {branches: [main]}}", False),
        ("on: {push: {branches: main}}", False),
        ("on: {push: {branches: ['**']}}", True),
        ("on: {push: {branches: ['gh-readonly-queue/**']}}", True),
        ("on: {push: {branches-ignore: [docs]}}", True),
        ("on: {push: {branches-ignore: ['gh-readonly-queue/**']}}", False),
        ("on: {push: {tags: ['v*']}}", False),
        ("on: {push: {paths: [src]}}", True),
        ("on:", False),
    ],
)
def test_knows_what_the_queue_starts(on, expected):
    """Its own event, or its pushes."""
    assert jobs(on).queued is expected


@pytest.mark.parametrize(
    ("body", "context", "expected"),
    [
        ("jobs: {test: {}}", "test", True),
        ("jobs: {test: {}}", "tests", False),
        ("jobs: {test: {}}", "test (3.12, linux)", True),
        ("jobs: {test: {uses: ./x.yml}}", "test / unit", True),
        ("jobs: {test: {name: All tests}}", "All tests", True),
        ("jobs: {test: {name: All tests}}", "test", False),
        ("jobs: {test: {name: 'Test ${{ matrix.os }} now'}}", "Test linux now", True),
        ("jobs: {test: {name: 'Test ${{ matrix.os }} now'}}", "Test linux", False),
        ("jobs: {test: {name: 'Test ${{ matrix.os }}'}}", "Test linux", True),
        ("jobs: {test: {name: '${{ matrix.os }}'}}", "linux", False),
        ("jobs: {test: {name: ''}}", "test", True),
        ("jobs: {a: {}, b: {}}", "b", True),
    ],
)
def test_knows_under_which_names_jobs_report(body, context, expected):
    """Also of a matrix, and of a called workflow; a name that could be any is none."""
    assert jobs("on: push", body).reports(context) is expected


@pytest.mark.parametrize(
    "text", ["", "on: push", "jobs: {a: {}}", "on: push\njobs: []", "{", "- a", "on: push\njobs:", "\0"]
)
def test_refuses_what_is_no_workflow(text):
    """With one sentence."""
    with pytest.raises(Malformed, match="can not be read as a workflow"):
        jobs_of(text, "a.yml")


def test_reads_all_files_of_the_folder(reader):
    """What can not be read keeps its place with the reason."""
    folder = ".github/workflows"
    reader.files = {
        f"{folder}/a.yml": b"on: merge_group\njobs: {test: {}}",
        f"{folder}/b.yml": b"nothing",
        f"{folder}/c.yaml": b"a.yml",
        f"{folder}/d.txt": b"on: push\njobs: {test: {}}",
        f"{folder}/e.yml": b"#" * 200_000,
    }
    reader.kinds = {f"{folder}/c.yaml": EntryKind.SYMLINK}
    found = queue_workflows(reader, COMMIT, QUEUE)

    assert [(f.path, f.line, f.queued, f.jobs) for f in found.files] == [
        (f"{folder}/a.yml", 1, True, (("test",),))
    ]
    assert [f.path for f in found.unread] == [f"{folder}/b.yml", f"{folder}/c.yaml", f"{folder}/e.yml"]
    assert "larger than" in found.unread[2].problem


def test_without_a_queue_nothing_is_read(reader):
    """It would take time for nothing."""
    assert queue_workflows(reader, COMMIT, Protection("main")) is None
    assert reader.calls == []


@pytest.mark.fault
@pytest.mark.untraced
def test_a_name_made_to_be_slow_is_over_in_no_time():
    """Expressions without an end, and a thousand jobs."""
    body = "jobs:\n" + "".join(f"  j{n}:\n    name: '{'${{' * 100}'\n" for n in range(200))
    start = time.process_time()
    jobs("on: push", body).reports("x" * 1000)

    assert time.process_time() - start < 5
