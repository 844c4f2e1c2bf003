"""The licence files at the root of a commit."""

from __future__ import annotations

import re

from bot.model.errors import Malformed
from bot.model.facts import EntryKind, LicenceFile, TreeEntry
from bot.ports import LicenceDetector, RepoReader
from bot.selections import directory
from bot.spec import fact

MAX_BYTES = 256 * 1024
MAX_FILES = 8
"""More files than this are a collection of third parties' texts, not the project's licence."""

_TEXT_ENDINGS = (".md", ".markdown", ".txt", ".rst", ".adoc", ".html")
_EXACT = re.compile(r"(licen[cs]e|unlicen[cs]e|copying)")
_NAMED = re.compile(
    r"(un)?licen[cs]e-[a-z0-9.+_-]{1,40}"
    r"|[a-z0-9.]{1,20}[-_]licen[cs]e"
    r"|(licen[cs]e|copying)\.(lesser|mit|apache[0-9.-]{0,4}|bsd[0-9]?|[al]?gpl[v0-9.]{0,5}|mpl[0-9.]{0,4})"
)


@fact(
    "licence_files",
    file_fed=True,
    permission="contents: read",
    cost="one directory, a blob per file",
    graph={"root": directory("")},
)
def licence_files(reader: RepoReader, commit: str, licences: LicenceDetector) -> tuple[LicenceFile, ...]:
    """Files at the root whose names say that they hold the licence, the plain names first.

    A link, or a file larger than 256 kB, is listed but not read: its licence stays unrecognised.
    """
    if not commit:
        return ()
    named = [entry for entry in reader.directory(commit) if _rank(entry) is not None]
    named.sort(key=lambda entry: (_rank(entry), entry.path))
    return tuple(LicenceFile(e.path, e.oid, _recognised(reader, e, licences)) for e in named[:MAX_FILES])


def _rank(entry: TreeEntry) -> int | None:
    """0 for a plain name, 1 for one with a suffix, None for any other entry."""
    if entry.kind not in (EntryKind.FILE, EntryKind.SYMLINK):
        return None
    name = entry.name.lower()
    stem = next((name.removesuffix(end) for end in _TEXT_ENDINGS if name.endswith(end)), name)
    if _EXACT.fullmatch(stem):
        return 0
    return 1 if _NAMED.fullmatch(stem) else None


def _recognised(reader: RepoReader, entry: TreeEntry, licences: LicenceDetector) -> str | None:
    if entry.kind is not EntryKind.FILE:
        return None
    try:
        return licences.detect(reader.blob(entry.oid, limit=MAX_BYTES))
    except Malformed:
        return None
