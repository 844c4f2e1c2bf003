"""What the workflow auditor finds in a commit's workflows, and untrusted checkouts besides."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from bot.model.errors import Gone, Malformed
from bot.model.facts import EntryKind, TreeEntry, WorkflowAudit, WorkflowFile, WorkflowFinding
from bot.model.verdicts import Severity
from bot.ports import RepoReader, WorkflowAuditor
from bot.selections import directory
from bot.spec import fact

FOLDER = ".github/workflows"
MAX_BYTES = 512 * 1024
MAX_FILES = 400
"""Files that are audited; GitHub itself starts to complain long before."""

UNTRUSTED_CHECKOUT = "untrusted-checkout"
"""Our own rule beside the auditor's: a privileged trigger, and a step that checks out the proposal."""

WRITE_ALL = "write-all-token"
"""Our own rule, too: the auditor says nothing of `write-all` above a single job."""

_PRIVILEGED = ("pull_request_target", "workflow_run")
_CHECKOUT = re.compile(r"^(?P<lead>[\s-]*)(?:[\"']?uses[\"']?\s{0,9}:\s{0,9})[\"']?actions/checkout[@\"'\s]")
_WRITE_ALL = re.compile(
    r"[\"']?permissions[\"']?[ \t]{0,9}:[ \t]{1,9}[\"']?write-all[\"']?[ \t]{0,80}(?:#.{0,2000})?\r?"
)
_REF = re.compile(r"(?<![\w-])[\"']?ref[\"']?\s{0,9}:\s{0,9}(?P<value>\S.{0,500})")
_UNTRUSTED = re.compile(
    r"github\.event\.pull_request\.(?:head\b|merge_commit_sha)"
    r"|github\.event\.workflow_run\.(?:head_|pull_requests)"
    r"|github\.head_ref"
    r"|refs/pull/"
)


@fact(
    "workflow_audit",
    file_fed=True,
    permission="contents: read",
    cost="one directory, one blob per workflow, one run of the auditor",
    graph={"workflows": directory(FOLDER, texts=True)},
)
def workflow_audit(reader: RepoReader, commit: str, auditor: WorkflowAuditor) -> WorkflowAudit:
    """All files of ``.github/workflows`` that GitHub would read, and all findings in them.

    A file that can not be audited (a link, too large, not YAML, not a workflow) keeps its place
    with the reason. Links are not followed.
    """
    listed = listed_workflows(reader, commit)
    entries = [entry for entry, _ in listed]
    problems = {entry.path: problem for entry, problem in listed}
    blobs: dict[str, bytes] = {}
    for entry in entries:
        if problems[entry.path] is None and entry.oid not in blobs:
            try:
                blobs[entry.oid] = reader.blob(entry.oid, limit=MAX_BYTES)
            except (Malformed, Gone) as error:
                problems[entry.path] = str(error)
    answers = auditor.audit(blobs) if blobs else {}
    return _assembled(entries, problems, blobs, answers)


def listed_workflows(reader: RepoReader, commit: str) -> list[tuple[TreeEntry, str | None]]:
    """Files of ``.github/workflows`` that GitHub would read, each with the reason why it is not read."""
    folder = reader.directory(commit, FOLDER) if commit else ()
    entries = (entry for entry in folder if entry.name.endswith((".yml", ".yaml")))
    return [(entry, _refused(entry, number)) for number, entry in enumerate(entries)]


def _refused(entry: TreeEntry, number: int) -> str | None:
    if entry.kind is not EntryKind.FILE:
        return f"it is a {entry.kind.value}, which is not followed; put a plain file in its place"
    if entry.size is not None and entry.size > MAX_BYTES:
        return f"it has {entry.size} bytes; at most {MAX_BYTES} are audited: split it"
    if number >= MAX_FILES:
        return f"only the first {MAX_FILES} workflow files are audited"
    return None


def _assembled(
    entries: list[TreeEntry],
    problems: Mapping[str, str | None],
    blobs: Mapping[str, bytes],
    answers: Mapping[str, tuple[WorkflowFinding, ...] | str],
) -> WorkflowAudit:
    files, findings = [], []
    for entry in entries:
        problem = problems[entry.path]
        answer = answers.get(entry.oid, "the auditor gave no answer for it") if problem is None else problem
        if isinstance(answer, str):
            files.append(WorkflowFile(entry.path, entry.oid, answer))
            continue
        files.append(WorkflowFile(entry.path, entry.oid))
        data = blobs[entry.oid]
        found = [*answer, *untrusted_checkouts(data, answer), *write_all_tokens(data, answer)]
        findings += [replace(finding, path=entry.path) for finding in found]
    findings.sort(key=lambda f: (f.path, f.line, f.audit, f.column, f.feature))
    return WorkflowAudit(tuple(files), tuple(findings))


def untrusted_checkouts(data: bytes, found: tuple[WorkflowFinding, ...]) -> Iterator[WorkflowFinding]:
    """Steps that check out what a stranger proposes, in a workflow with a privileged trigger.

    ``pull_request_target`` and ``workflow_run`` run with the repository's secrets and a token that
    may write. By default they see the base branch's files; a ``ref`` that names the proposal's head
    brings a stranger's files next to those rights.

    Args:
        found: what the auditor said of the file; it knows the triggers.

    Source: https://github.com/ossf/scorecard/blob/main/docs/checks.md#dangerous-workflow
    """
    triggers = [f for f in found if f.audit == "dangerous-triggers" and _trigger(f)]
    if not triggers:
        return
    for step in _checkout_steps(data.decode("utf-8", "replace").splitlines()):
        yield WorkflowFinding(
            audit=UNTRUSTED_CHECKOUT,
            path="",
            line=step.line,
            end_line=step.line,
            column=step.column,
            severity=Severity.CRITICAL,
            confidence="high",
            message=f"{_trigger(triggers[0])} checks out what a stranger proposes",
            feature=step.ref[:200],
            url="https://securitylab.github.com/resources/github-actions-preventing-pwn-requests/",
            ignored=all(trigger.ignored for trigger in triggers),
        )


def write_all_tokens(data: bytes, found: tuple[WorkflowFinding, ...]) -> Iterator[WorkflowFinding]:
    """``permissions: write-all`` at the top of a workflow, where the auditor did not tell of it.

    Args:
        found: what the auditor said of the file.
    """
    told = {finding.line for finding in found if finding.audit == "excessive-permissions"}
    for number, line in enumerate(data.decode("utf-8", "replace").split("\n"), 1):
        if number not in told and _WRITE_ALL.fullmatch(line):
            yield WorkflowFinding(
                audit=WRITE_ALL,
                path="",
                line=number,
                end_line=number,
                column=1,
                severity=Severity.HIGH,
                confidence="high",
                message="uses write-all permissions",
                feature="permissions: write-all",
                url="https://docs.zizmor.sh/audits/#excessive-permissions",
                ignored="zizmor: ignore[excessive-permissions]" in line,
            )


def _trigger(finding: WorkflowFinding) -> str:
    return next((name for name in _PRIVILEGED if name in finding.message), "")


@dataclass(frozen=True, slots=True)
class _Ref:
    line: int
    column: int
    ref: str


def _checkout_steps(lines: list[str]) -> Iterator[_Ref]:
    """The ``ref`` of each checkout step that names a proposal; lines and columns from 1.

    The auditor has parsed the file already, so its indentation can be trusted to mark the steps.
    """
    for number, line in enumerate(lines):
        start = _CHECKOUT.match(line[:1000])
        if start is None:
            continue
        depth = start["lead"].find("-") if "-" in start["lead"] else len(start["lead"]) - 1
        first, last = number, number + 1
        if "-" not in start["lead"]:
            while first > 0 and not _opens(lines[first], depth):
                first -= 1
        while last < len(lines) and not _closes(lines[last], depth):
            last += 1
        for at in range(first, last):
            text = lines[at][:1000]
            ref = None if text.lstrip().startswith("#") else _REF.search(text)
            if ref is None:
                continue
            value = " ".join([ref["value"], *(_continued(lines, at, last, ref.start()))]).strip()
            if _UNTRUSTED.search(value):
                yield _Ref(at + 1, ref.start() + 1, value)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _opens(line: str, depth: int) -> bool:
    """A list item that a key at ``depth + 1`` or deeper belongs to."""
    return line.lstrip(" ").startswith("- ") and _indent(line) <= depth


def _closes(line: str, depth: int) -> bool:
    text = line.strip()
    return bool(text) and not text.startswith("#") and _indent(line) <= depth


def _continued(lines: list[str], at: int, last: int, column: int) -> Iterator[str]:
    """Lines of a folded or literal scalar that follow its key."""
    for line in lines[at + 1 : min(last, at + 5)]:
        if _indent(line) <= column:
            return
        yield line.strip()[:500]
