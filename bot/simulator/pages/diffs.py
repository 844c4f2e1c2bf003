"""What a change did to a file, as rows of a table, with the remarks that stand on its lines."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import Any

from markupsafe import Markup

from bot.simulator.pages.view import coloured, runs_on
from bot.testing.git import Change, GitStore
from bot.testing.state import CheckRun, FakeRepository

CONTEXT = 3
BLOB_LIMIT = 300_000
"""Bytes; the change of a larger file is not shown line by line."""


@dataclass(frozen=True, slots=True)
class Remark:
    """An annotation of a check run, where it shows."""

    run: CheckRun
    level: str
    title: str
    message: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a file's change. ``kind`` is same, added, removed or gap."""

    kind: str
    old: int | None
    new: int | None
    text: Markup
    remarks: tuple[Remark, ...] = ()


@dataclass(frozen=True, slots=True)
class FileChange:
    """What happened to one file."""

    change: Change
    rows: Sequence[Row] = ()
    note: str = ""
    remarks: Sequence[Remark] = field(default=())
    """Those on lines that the change does not show."""


def text_of(git: GitStore, oid: str) -> str | None:
    """A blob as text; None for one that is none or too large."""
    try:
        _, data = git.read(oid)
    except KeyError:
        return None
    if len(data) > BLOB_LIMIT or b"\0" in data[:8000]:
        return None
    return data.decode("utf-8", "replace")


def remarks_on(repository: FakeRepository, sha: str) -> dict[str, list[Remark]]:
    """Annotations of a commit's latest check runs, by path."""
    found: dict[str, list[Remark]] = {}
    for run in runs_on(repository, sha):
        for path, remarks in by_path(run).items():
            found.setdefault(path, []).extend(remarks)
    return found


def by_path(run: CheckRun) -> dict[str, list[Remark]]:
    """A check run's annotations, by path, in the order of lines."""
    found: dict[str, list[Remark]] = {}
    for note in run.annotations:
        found.setdefault(str(note["path"]), []).append(_remark(run, note))
    return {path: sorted(remarks, key=lambda r: r.start) for path, remarks in sorted(found.items())}


def _remark(run: CheckRun, note: Mapping[str, Any]) -> Remark:
    return Remark(
        run,
        str(note.get("annotation_level", "notice")),
        str(note.get("title") or ""),
        str(note.get("message", "")),
        int(note["start_line"]),
        int(note.get("end_line") or note["start_line"]),
    )


def file_changes(
    git: GitStore, old: str | None, new: str, remarks: Mapping[str, Sequence[Remark]]
) -> list[FileChange]:
    """All files that differ between two commits."""
    return [_file(git, old, change, remarks.get(change.path, ())) for change in git.changes(old, new)]


def _file(git: GitStore, old: str | None, change: Change, remarks: Sequence[Remark]) -> FileChange:
    before = git.entry(git.commit(old).tree, change.previous or change.path) if old else None
    was = "" if change.status == "added" or before is None else text_of(git, before.oid)
    becomes = "" if change.status == "removed" else text_of(git, change.oid)
    if was is None or becomes is None:
        return FileChange(change, note="This file is binary or too large to be shown.", remarks=remarks)
    rows = list(_rows(change.path, was, becomes, remarks))
    shown = {row.new for row in rows if row.kind in ("same", "added")}
    return FileChange(change, rows, remarks=[r for r in remarks if r.end not in shown])


def _rows(path: str, was: str, becomes: str, remarks: Sequence[Remark]) -> Iterable[Row]:
    old, new = was.split("\n"), becomes.split("\n")
    old_shown, new_shown = coloured(path, was), coloured(path, becomes)
    # A last line without an end shows as one that has it.
    old, new = old[: len(old_shown)], new[: len(new_shown)]
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    first = True
    for group in matcher.get_grouped_opcodes(CONTEXT):
        if not first or group[0][1] > 0 or group[0][3] > 0:
            yield Row("gap", None, None, Markup(""))
        first = False
        for tag, a, b, c, d in group:
            if tag == "equal":
                for offset in range(b - a):
                    yield _row("same", a + offset, c + offset, new_shown[c + offset], remarks)
                continue
            for index in range(a, b):
                yield Row("removed", index + 1, None, old_shown[index])
            for index in range(c, d):
                yield _row("added", None, index, new_shown[index], remarks)


def _row(kind: str, old: int | None, new: int, text: Markup, remarks: Sequence[Remark]) -> Row:
    here = tuple(remark for remark in remarks if remark.end == new + 1)
    return Row(kind, None if old is None else old + 1, new + 1, text, here)


def excerpt(git: GitStore, sha: str, path: str, remarks: Sequence[Remark]) -> list[Row]:
    """The lines around remarks in a file at a commit; empty when it can not be shown."""
    entry = git.entry(git.commit(sha).tree, path)
    text = text_of(git, entry.oid) if entry and entry.type == "blob" else None
    if text is None:
        return []
    lines = coloured(path, text)
    wanted = sorted(
        {
            number
            for remark in remarks
            for number in range(max(1, remark.start - CONTEXT), min(len(lines), remark.end + 1) + 1)
        }
    )
    rows: list[Row] = []
    for number in wanted:
        if rows and rows[-1].new != number - 1:
            rows.append(Row("gap", None, None, Markup("")))
        here = tuple(remark for remark in remarks if remark.end == number)
        rows.append(Row("marked" if here else "same", None, number, lines[number - 1], here))
    return rows
