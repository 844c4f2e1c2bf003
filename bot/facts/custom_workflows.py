"""Steps of workflows that checks of policy ask about."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import partial

from bot.facts.custom_files import want_all
from bot.facts.workflow_audit import FOLDER, listed_workflows
from bot.facts.workflow_audit import MAX_BYTES as MAX_BLOB_BYTES
from bot.model.custom_checks import Rule, WorkflowRule, WorkflowSeen, WorkflowsSeen, digest
from bot.model.errors import Gone, Malformed
from bot.ports import RepoReader
from bot.selections import directory
from bot.spec import fact
from bot.yaml_nodes import ListNode, MappingNode, Node, Problems, Scalar, TooManyProblems, compose

MAX_FILES = 60
MAX_BYTES = 128 * 1024
"""Larger files take too long to read as YAML."""

_PINNED = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_TOLD = re.compile(r"#[ \t]{0,9}(?:tag=)?v?(\d[\w.-]{0,40})")


@fact(
    "custom_workflows",
    file_fed=True,
    permission="contents: read",
    cost="one directory, one blob per workflow (all shared with workflow_audit); "
    "nothing without such a check",
    graph={"workflows": directory(FOLDER, texts=True)},
)
def custom_workflows(
    reader: RepoReader, commit: str, custom_rules: tuple[Rule, ...]
) -> Mapping[str, WorkflowsSeen]:
    """Under the digest of each rule about workflows, those that it is about, with the line of its step."""
    wanted = {digest(rule): rule for rule in custom_rules if isinstance(rule, WorkflowRule)}
    if not wanted:
        return {}
    seen: dict[str, list[WorkflowSeen]] = {name: [] for name in wanted}
    listed = listed_workflows(reader, commit)
    readable = [entry.oid for entry, problem in listed[:MAX_FILES] if problem is None]
    want_all(partial(reader.blob, oid, limit=MAX_BLOB_BYTES) for oid in readable)
    for entry, problem in listed[:MAX_FILES]:
        rules = {name: rule for name, rule in wanted.items() if fnmatchcase(entry.name, rule.files)}
        try:
            if problem is not None:
                raise Malformed(problem)
            text = reader.blob(entry.oid, limit=MAX_BLOB_BYTES).decode("utf-8", "replace") if rules else ""
            workflow = workflow_of(text) if rules else None
        except (Malformed, Gone) as error:
            for name in rules:
                seen[name].append(WorkflowSeen(entry.path, unread=str(error)))
            continue
        for name, rule in rules.items():
            if workflow is not None and (not rule.on or workflow.triggers & set(rule.on)):
                seen[name].append(WorkflowSeen(entry.path, workflow.line_of(rule)))
    return {name: WorkflowsSeen(tuple(files), len(listed) > MAX_FILES) for name, files in seen.items()}


@dataclass(frozen=True, slots=True)
class _Step:
    """What a step (or a job, for a reusable workflow) uses or runs; ``version`` as far as it is told."""

    line: int
    uses: str = ""
    version: str = ""
    run: str = ""


@dataclass(frozen=True, slots=True)
class _Workflow:
    triggers: frozenset[str]
    steps: tuple[_Step, ...]

    def line_of(self, rule: WorkflowRule) -> int:
        """The first step that the rule asks for; 0 when there is none."""
        return next((step.line for step in self.steps if _fits(step, rule)), 0)


def _fits(step: _Step, rule: WorkflowRule) -> bool:
    if rule.run:
        return rule.run in step.run
    if step.uses.lower() != rule.uses.lower():
        return False
    return not rule.version or step.version == rule.version or step.version.startswith(f"{rule.version}.")


def workflow_of(text: str) -> _Workflow:
    """The triggers and steps of one workflow.

    Raises:
        Malformed: it is no workflow, or too large to be read.
    """
    if len(text) > MAX_BYTES:
        raise Malformed(f"it is larger than the {MAX_BYTES // 1024} kB that are read as YAML")
    try:
        top = compose(text, Problems(limit=20), references=True)
    except TooManyProblems:
        top = None
    jobs, on = _entry(top, "jobs"), _entry(top, "on")
    if not isinstance(jobs, MappingNode) or on is None:
        raise Malformed("it can not be read as a workflow")
    lines = text.split("\n")
    steps = [step for _, job in jobs.entries.values() for step in _steps(job, lines)]
    return _Workflow(frozenset(_triggers(on)), tuple(steps))


def _triggers(on: Node) -> Iterator[str]:
    match on:
        case Scalar():
            yield on.text
        case ListNode():
            yield from (item.text for item in on.items if isinstance(item, Scalar))
        case MappingNode():
            yield from on.entries


def _steps(job: Node, lines: list[str]) -> Iterator[_Step]:
    if isinstance(called := _entry(job, "uses"), Scalar):
        yield _using(called, lines)
    steps = _entry(job, "steps")
    for step in steps.items if isinstance(steps, ListNode) else ():
        if isinstance(used := _entry(step, "uses"), Scalar):
            yield _using(used, lines)
        elif isinstance(run := _entry(step, "run"), Scalar):
            yield _Step(run.mark.line, run=run.text)


def _using(node: Scalar, lines: list[str]) -> _Step:
    """What is pinned to a commit tells its version in a comment, if at all."""
    name, _, version = node.text.partition("@")
    made = _Step(node.mark.line, name.strip().removesuffix("/"), version.strip().removeprefix("v"))
    if _PINNED.fullmatch(made.version):
        line = lines[node.mark.line - 1] if node.mark.line <= len(lines) else ""
        told = _TOLD.search(line[:1000])
        return replace(made, version=told[1]) if told else made
    return made


def _entry(node: Node | None, name: str) -> Node | None:
    return node.entries[name][1] if isinstance(node, MappingNode) and name in node.entries else None
