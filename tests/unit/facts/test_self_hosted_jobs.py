"""Where a workflow asks for a self-hosted runner."""

from textwrap import dedent, indent

import pytest

from bot.facts.self_hosted_jobs import MAX_BYTES, jobs_of, self_hosted_jobs
from bot.model.errors import Malformed
from bot.model.facts import EntryKind, SelfHostedJob

from .conftest import COMMIT

PATH = ".github/workflows/a.yml"


def workflow(job: str) -> str:
    return f"on: push\njobs:\n  build:\n{indent(dedent(job), '    ')}\n  other:\n    runs-on: ubuntu-latest\n"


@pytest.mark.parametrize(
    ("job", "line", "labels"),
    [
        pytest.param("runs-on: self-hosted", 4, ("self-hosted",), id="alone"),
        pytest.param("runs-on: [Self-Hosted, linux]", 4, ("Self-Hosted", "linux"), id="a list"),
        pytest.param("runs-on: {group: g, labels: [self-hosted]}", 4, ("self-hosted",), id="with a group"),
        pytest.param(
            "strategy: {matrix: {os: [ubuntu-latest, self-hosted]}}\nruns-on: ${{ matrix.os }}",
            5,
            ("ubuntu-latest", "self-hosted"),
            id="in the matrix",
        ),
        pytest.param(
            "strategy: {matrix: {include: [{os: a}, {os: [self-hosted, arm]}]}}\nruns-on: ${{ matrix.os }}",
            5,
            ("a", "self-hosted", "arm"),
            id="added to the matrix",
        ),
        pytest.param(
            "runs-on: ${{ github.repository == 'a/b' && 'self-hosted' || \"ubuntu-latest\" }}",
            4,
            ("a/b", "self-hosted", "ubuntu-latest"),
            id="in an expression",
        ),
        pytest.param("env: &e {a: b}\nruns-on: self-hosted\nsteps: [*e]", 5, ("self-hosted",), id="aliases"),
    ],
)
def test_finds_the_label(job, line, labels):
    """Itself, in lists, groups, the matrix and expressions."""
    assert jobs_of(workflow(job), PATH) == [SelfHostedJob(PATH, line, "build", labels)]


@pytest.mark.parametrize(
    "job",
    [
        pytest.param("runs-on: ubuntu-latest\nname: not self-hosted", id="elsewhere"),
        pytest.param("runs-on: gpu", id="another label"),
        pytest.param("runs-on: ${{ inputs.runner }}", id="the caller's choice"),
        pytest.param("runs-on: ${{ matrix.os }}", id="no matrix"),
        pytest.param(
            "strategy:\n  matrix: ${{ fromJSON(self-hosted) }}\nruns-on: ${{ matrix.os }}",
            id="a computed matrix",
        ),
        pytest.param("uses: ./.github/workflows/self-hosted.yml", id="another workflow"),
        pytest.param("[]", id="no job"),
    ],
)
def test_finds_nothing_else(job):
    """A label of another name may be one of GitHub's larger runners."""
    assert jobs_of(workflow(job), PATH) == []


@pytest.mark.parametrize(
    "text", ["a: [", "jobs: 1", "- x", "", "x" * (MAX_BYTES + 1), "jobs: {a: {a: &x [*x]}}"]
)
def test_what_is_no_workflow_is_said(text):
    """It may hold such a job all the same."""
    if text.startswith("jobs: {a"):
        assert jobs_of(text, PATH) == []
    else:
        with pytest.raises(Malformed):
            jobs_of(text, PATH)


def test_reads_all_workflows(reader):
    """Only those with the label are read as YAML; what can not be read keeps its reason."""
    reader.files = {
        ".github/workflows/a.yml": workflow("runs-on: self-hosted").encode(),
        ".github/workflows/b.yml": b"jobs: [self-hosted]",
        ".github/workflows/c.yaml": b"not: [a workflow",
        ".github/workflows/d.yml": b"a.yml",
        ".github/workflows/readme.md": b"self-hosted",
    }
    reader.kinds = {".github/workflows/d.yml": EntryKind.SYMLINK}

    found = self_hosted_jobs(reader, COMMIT)

    assert found.files == 4
    assert [job.path for job in found.jobs] == [".github/workflows/a.yml"]
    assert [(f.path[-5:], f.problem.split(",")[0]) for f in found.unread] == [
        ("b.yml", "it can not be read as a workflow"),
        ("d.yml", "it is a symlink"),
    ]


def test_no_commit_no_workflows(reader):
    """An empty repository."""
    assert self_hosted_jobs(reader, "").files == 0
