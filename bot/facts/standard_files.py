"""Templates that the owner keeps for its repositories, and what lies in their place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from bot.facts.custom_files import want_all
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
    templates = [(_profile(entry), entry) for entry in walk.files(folders)]
    want_all(partial(_entry, reader, commit, _place(entry)) for _, entry in templates[:MAX_FILES])
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

    def files(self, folders: list[TreeEntry]) -> list[TreeEntry]:
        """Plain files at any depth, sorted by path; the folders of each level are asked for together."""
        found: list[TreeEntry] = []
        while folders:
            self.cut |= len(folders) > self._left
            folders = folders[: self._left]
            self._left -= len(folders)
            want_all(partial(self._reader.owner_default_directory, folder.path) for folder in folders)
            inside = [e for folder in folders for e in self._reader.owner_default_directory(folder.path)]
            found += [entry for entry in inside if entry.kind is EntryKind.FILE]
            folders = [entry for entry in inside if entry.kind is EntryKind.DIRECTORY]
        return sorted(found, key=lambda entry: entry.path)


def _profile(template: TreeEntry) -> str:
    return template.path.split("/")[1]


def _place(template: TreeEntry) -> str:
    return template.path.removeprefix(f"{FOLDER}/{_profile(template)}/")


def _copy(reader: RepoReader, commit: str, profile: str, template: TreeEntry) -> FileCopy:
    path = _place(template)
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
    differing = [copy for copy in copies if not copy.same and copy.oid and copy.plain][:MAX_TEXTS]
    want_all(partial(_line_ends_only, reader, copy) for copy in differing)
    for copy in copies:
        yield replace(copy, line_ends_only=_line_ends_only(reader, copy)) if copy in differing else copy


def _line_ends_only(reader: RepoReader, copy: FileCopy) -> bool | None:
    try:
        path = f"{FOLDER}/{copy.profile}/{copy.path}"
        want_all([partial(reader.owner_default, (path,)), partial(reader.blob, copy.oid, limit=MAX_BYTES)])
        default = reader.owner_default((path,))
        if default is None:
            return None
        own = reader.blob(copy.oid, limit=MAX_BYTES).decode("utf-8", "replace")
    except (Gone, Malformed):
        # Too large to be looked at, or changed meanwhile: that the two differ is certain all the same.
        return None
    return _lines(own) == _lines(default[1])


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n")
