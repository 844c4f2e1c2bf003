"""Workflows of a repository with a merge queue, read for what the queue starts."""

from __future__ import annotations

import re

from bot.facts.self_hosted_jobs import MAX_BYTES
from bot.facts.workflow_audit import MAX_BYTES as MAX_BLOB_BYTES
from bot.facts.workflow_audit import listed_workflows
from bot.model.errors import Gone, Malformed
from bot.model.facts import WorkflowFile
from bot.model.merge_queue import QueueWorkflows, WorkflowJobs
from bot.model.protection import Protection
from bot.ports import RepoReader
from bot.spec import fact
from bot.yaml_nodes import ListNode, MappingNode, Node, Problems, Scalar, TooManyProblems, compose

MOST_JOBS = 200
"""Jobs of one workflow whose names are kept."""

_EXPRESSION = re.compile(r"\$\{\{[^}]{0,500}\}\}")
_QUEUE_BRANCHES = "gh-readonly-queue/"


@fact(
    "queue_workflows",
    permission="contents: read",
    cost="one directory, one blob per workflow (all shared with workflow_audit); none without a queue",
)
def queue_workflows(reader: RepoReader, commit: str, protection: Protection) -> QueueWorkflows | None:
    """Every workflow, with the names of its jobs and whether the merge queue starts it.

    None when the default branch has no merge queue: reading YAML is slow, and most have none.
    """
    if not protection.default.requirements.queue:
        return None
    files: list[WorkflowJobs] = []
    unread: list[WorkflowFile] = []
    for entry, problem in listed_workflows(reader, commit):
        try:
            if problem is not None:
                raise Malformed(problem)
            text = reader.blob(entry.oid, limit=MAX_BLOB_BYTES).decode("utf-8", "replace")
            files.append(jobs_of(text, entry.path))
        except (Malformed, Gone) as error:
            unread.append(WorkflowFile(entry.path, entry.oid, str(error)))
    return QueueWorkflows(tuple(files), tuple(unread))


def jobs_of(text: str, path: str) -> WorkflowJobs:
    """The triggers and jobs of one workflow.

    Raises:
        Malformed: it is no workflow, or too large to be read.
    """
    if len(text) > MAX_BYTES:
        raise Malformed(f"it is larger than the {MAX_BYTES // 1024} kB that are read as YAML")
    try:
        top = compose(text, Problems(limit=20), references=True)
    except TooManyProblems:
        top = None
    jobs = _entry(top, "jobs")
    if not isinstance(top, MappingNode) or "on" not in top.entries or not isinstance(jobs, MappingNode):
        raise Malformed("it can not be read as a workflow")
    key, triggers = top.entries["on"]
    names = [_name(job_id, job) for job_id, (_, job) in list(jobs.entries.items())[:MOST_JOBS]]
    return WorkflowJobs(path, key.mark.line, _queued(triggers), tuple(names))


def _name(job_id: str, job: Node) -> tuple[str, ...]:
    name = _entry(job, "name")
    said = name.text if isinstance(name, Scalar) and name.text else job_id
    return tuple(_EXPRESSION.split(said[:500]))


def _queued(triggers: Node) -> bool:
    """The queue starts it: by its own event, or by its pushes to branches that it makes for itself."""
    match triggers:
        case Scalar():
            return triggers.text in ("merge_group", "push")
        case ListNode():
            return any(_queued(item) for item in triggers.items if isinstance(item, Scalar))
        case MappingNode():
            if "merge_group" in triggers.entries:
                return True
            return "push" in triggers.entries and _takes_queue_branches(triggers.entries["push"][1])
    return False


def _takes_queue_branches(push: Node) -> bool:
    if not isinstance(push, MappingNode):
        return True
    if "branches" in push.entries:
        patterns = _texts(_entry(push, "branches"))
        return any(pattern == "**" or pattern.startswith(_QUEUE_BRANCHES) for pattern in patterns)
    if "branches-ignore" in push.entries:
        patterns = _texts(_entry(push, "branches-ignore"))
        return not any(pattern == "**" or pattern.startswith("gh-readonly") for pattern in patterns)
    return not {"tags", "tags-ignore"} & push.entries.keys()


def _texts(node: Node | None) -> list[str]:
    items = node.items if isinstance(node, ListNode) else [node]
    return [item.text for item in items if isinstance(item, Scalar)]


def _entry(node: Node | None, name: str) -> Node | None:
    return node.entries[name][1] if isinstance(node, MappingNode) and name in node.entries else None
