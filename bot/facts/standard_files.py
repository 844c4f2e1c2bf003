"""Templates that the owner keeps for its repositories, and what lies in their place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from bot.model.errors import Gone, Malformed
from bot.model.facts import EntryKind, TreeEntry
from bot.model.standard_files import FOLDER, FileCopy, StandardFiles
from bot.ports import RepoReader
from bot.spec import fact

MAX_FILES = 50
MAX_FOLDERS = 30
"""More templates, or folders of them, are not read."""

MAX_TEXTS = 3
"""Files that are read to see whether line ends are all that differs."""

MAX_BYTES = 64 * 1024


@fact(
    "standard_files",
    file_fed=True,
    permission="contents: read",
    cost="the folders of the owner's templates, once for all repositories; two files for each that differs, "
    "at most 3",
)
def standard_files(reader: RepoReader, commit: str) -> StandardFiles:
    """What the repository has in the place of each file under ``standard-files`` of the owner's ``.github``.

    A template at ``standard-files/<profile>/<path>`` belongs at ``<path>``. Ids of blobs are compared,
    so that no text is read of what is the same.

    Raises:
        PermissionMissing: the owner's ``.github`` repository can not be seen.
    """
    folders = [e for e in reader.owner_default_directory(FOLDER) if e.kind is EntryKind.DIRECTORY]
    walk = _Walk(reader)
    templates = [(folder.name, entry) for folder in folders for entry in walk.files(folder.path)]
    copies = [_copy(reader, commit, profile, entry) for profile, entry in templates[:MAX_FILES]]
    return StandardFiles(
        tuple(_with_texts(reader, copies)),
        tuple(folder.name for folder in folders),
        complete=not walk.cut and len(templates) <= MAX_FILES,
    )


class _Walk:
    """Files below folders of the owner's repository, as far as the caps go."""

    def __init__(self, reader: RepoReader) -> None:
        self._reader = reader
        self._left = MAX_FOLDERS
        self.cut = False

    def files(self, folder: str) -> Iterator[TreeEntry]:
        """Plain files at any depth, sorted by path within each folder."""
        if not self._left:
            self.cut = True
            return
        self._left -= 1
        for entry in self._reader.owner_default_directory(folder):
            if entry.kind is EntryKind.DIRECTORY:
                yield from self.files(entry.path)
            elif entry.kind is EntryKind.FILE:
                yield entry


def _copy(reader: RepoReader, commit: str, profile: str, template: TreeEntry) -> FileCopy:
    path = template.path.removeprefix(f"{FOLDER}/{profile}/")
    made = FileCopy(profile, path, template.oid)
    found = _entry(reader, commit, path)
    if found is None:
        return made
    return replace(made, oid=found.oid, plain=found.kind is EntryKind.FILE)


def _entry(reader: RepoReader, commit: str, path: str) -> TreeEntry | None:
    if not commit:
        return None
    parent = path.rpartition("/")[0]
    return next((e for e in reader.directory(commit, parent) if e.path == path), None)


def _with_texts(reader: RepoReader, copies: list[FileCopy]) -> Iterator[FileCopy]:
    """The copies, with a closer look at the first that differ."""
    looked_at = 0
    for copy in copies:
        if copy.same or not copy.oid or not copy.plain or looked_at == MAX_TEXTS:
            yield copy
            continue
        looked_at += 1
        yield replace(copy, line_ends_only=_line_ends_only(reader, copy))


def _line_ends_only(reader: RepoReader, copy: FileCopy) -> bool | None:
    try:
        default = reader.owner_default((f"{FOLDER}/{copy.profile}/{copy.path}",))
        if default is None:
            return None
        own = reader.blob(copy.oid, limit=MAX_BYTES).decode("utf-8", "replace")
    except (Gone, Malformed):
        # Too large to be looked at, or changed meanwhile: that the two differ is certain all the same.
        return None
    return _lines(own) == _lines(default[1])


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n")
