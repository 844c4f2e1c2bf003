"""Jobs of workflows that ask for a self-hosted runner."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.facts.workflow_audit import MAX_BYTES as MAX_BLOB_BYTES
from bot.facts.workflow_audit import listed_workflows
from bot.model.errors import Gone, Malformed
from bot.model.facts import SelfHostedJob, SelfHostedJobs, WorkflowFile
from bot.ports import RepoReader
from bot.selections import directory
from bot.spec import fact
from bot.yaml_nodes import ListNode, MappingNode, Node, Problems, Scalar, TooManyProblems, compose

LABEL = "self-hosted"
MAX_BYTES = 128 * 1024
"""Larger files take too long to read as YAML."""

_MATRIX_KEY = re.compile(r"\bmatrix\.([A-Za-z0-9_-]{1,100})")
_QUOTED = re.compile(r"(?:'([^']{0,200})'|\"([^\"]{0,200})\")")


@fact(
    "self_hosted_jobs",
    file_fed=True,
    permission="contents: read",
    cost="one directory, one blob per workflow (all shared with workflow_audit)",
    graph={"workflows": directory(".github/workflows", texts=True)},
)
def self_hosted_jobs(reader: RepoReader, commit: str) -> SelfHostedJobs:
    """Jobs whose ``runs-on`` names the label ``self-hosted``, itself or through the job's matrix.

    A runner that is asked for by another label alone, or by the name of a group, may as well be one
    of GitHub's larger runners; such a job is not listed. Neither is one whose runner the caller of
    the workflow chooses.
    """
    listed = listed_workflows(reader, commit)
    jobs: list[SelfHostedJob] = []
    unread: list[WorkflowFile] = []
    for entry, problem in listed:
        if problem is not None:
            unread.append(WorkflowFile(entry.path, entry.oid, problem))
            continue
        try:
            text = reader.blob(entry.oid, limit=MAX_BLOB_BYTES).decode("utf-8", "replace")
            # Reading YAML is slow, and hardly any workflow holds the label.
            if LABEL in text.lower():
                jobs += jobs_of(text, entry.path)
        except (Malformed, Gone) as error:
            unread.append(WorkflowFile(entry.path, entry.oid, str(error)))
    return SelfHostedJobs(len(listed), tuple(jobs), tuple(unread))


def jobs_of(text: str, path: str) -> list[SelfHostedJob]:
    """The jobs of one workflow that ask for the label.

    Raises:
        Malformed: it is no workflow, or too large to be read.
    """
    if len(text) > MAX_BYTES:
        raise Malformed(f"it is larger than the {MAX_BYTES // 1024} kB that are read as YAML")
    top = _composed(text)
    jobs = _entry(top, "jobs")
    if not isinstance(jobs, MappingNode):
        raise Malformed("it can not be read as a workflow")
    found = []
    for name, (key, job) in jobs.entries.items():
        runs_on = _entry(job, "runs-on")
        labels = tuple(_labels(runs_on, job)) if runs_on is not None else ()
        if any(label.lower() == LABEL for label in labels):
            line = runs_on.mark.line if runs_on is not None else key.mark.line
            found.append(SelfHostedJob(path, line, name[:100], _distinct(labels)))
    return found


def _composed(text: str) -> Node | None:
    problems = Problems(limit=20)
    try:
        return compose(text, problems, references=True)
    except TooManyProblems:
        return None


def _entry(node: Node | None, name: str) -> Node | None:
    return node.entries[name][1] if isinstance(node, MappingNode) and name in node.entries else None


def _labels(runs_on: Node, job: Node) -> Iterator[str]:
    """Labels that are written out, and those that expressions may give: their texts and the matrix."""
    target = _entry(runs_on, "labels") if isinstance(runs_on, MappingNode) else runs_on
    for text in _texts(target):
        if "${{" not in text:
            yield text.strip()
            continue
        yield from (single or double for single, double in _QUOTED.findall(text[:1000]))
        for key in dict.fromkeys(_MATRIX_KEY.findall(text[:1000])):
            yield from (value.strip() for value in _texts(_matrix(job, key)))


def _matrix(job: Node, key: str) -> Node | None:
    matrix = _entry(_entry(job, "strategy"), "matrix")
    if matrix is None:
        return None
    rows = _entry(matrix, "include")
    found = [_entry(row, key) for row in rows.items] if isinstance(rows, ListNode) else []
    return ListNode(matrix.mark, [node for node in (_entry(matrix, key), *found) if node is not None])


def _texts(node: Node | None) -> Iterator[str]:
    match node:
        case Scalar():
            yield node.text
        case ListNode():
            for item in node.items:
                yield from _texts(item)
        case MappingNode():
            for _, item in node.entries.values():
                yield from _texts(item)


def _distinct(labels: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(label[:100] for label in labels))[:10]
