"""Files that checks of policy ask about, and files that they hold against the owner's templates.

What is looked for is looked for here: facts are kept, and no text of a file shall be. Files are read
once, however many rules ask about them, and none when no rule looks into one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from fnmatch import fnmatchcase
from functools import partial

from bot.model.custom_checks import (
    FileRule,
    FileSeen,
    FilesSeen,
    Must,
    Rule,
    TemplateRule,
    TemplateSeen,
    Texts,
    digest,
)
from bot.model.errors import Gone, Malformed, PermissionMissing
from bot.model.facts import EntryKind, TreeEntry
from bot.model.line_patterns import Effort, TooMuchWork, line_pattern
from bot.ports import Later, RepoReader, Wanted
from bot.spec import fact

MAX_FILES = 20
"""Files that fit one name pattern; others are counted as unread."""

MAX_BYTES = 256 * 1024
MAX_READ = 100
"""Files of a repository that are looked into."""


@fact(
    "custom_files",
    file_fed=True,
    permission="contents: read",
    cost="the folders that policy's own checks name, and the files that these look into; nothing without any",
)
def custom_files(reader: RepoReader, commit: str, custom_rules: tuple[Rule, ...]) -> Mapping[str, FilesSeen]:
    """Under the digest of each rule about files, the files that it is about, with what is wrong with them."""
    wanted = [rule for rule in custom_rules if isinstance(rule, FileRule)]
    paths = [path for rule in wanted for path in rule.paths]
    want_all(partial(_folder, reader, commit, path.rstrip("/")) for path in paths)
    listed = {rule: _listed(reader, commit, rule) for rule in dict.fromkeys(wanted)}
    files = {
        entry.oid: entry
        for rule, (entries, _) in listed.items()
        if rule.must is Must.MATCH
        for entry in entries
        if entry.kind is EntryKind.FILE and not _too_large(entry)
    }
    want_all(partial(reader.blob, oid, limit=MAX_BYTES) for oid in list(files)[:MAX_READ])
    looking = _Looking(reader)
    return {digest(rule): looking.seen(rule, entries, more) for rule, (entries, more) in listed.items()}


@fact(
    "custom_templates",
    file_fed=True,
    permission="contents: read",
    cost="the folders of both files, those of the owner once for all repositories; no file is read",
)
def custom_templates(
    reader: RepoReader, commit: str, custom_rules: tuple[Rule, ...]
) -> Mapping[str, TemplateSeen]:
    """Under the digest of each rule about templates, the blob ids of both sides.

    Raises:
        PermissionMissing: the owner's ``.github`` repository can not be seen.
    """
    wanted = [rule for rule in custom_rules if isinstance(rule, TemplateRule)]
    folders = [rule.template.rpartition("/")[0] for rule in wanted]
    want_all(
        [
            *(partial(_folder, reader, commit, rule.path) for rule in wanted),
            *(partial(reader.owner_default_directory, path) for path in folders),
        ]
    )
    found = {}
    for rule in wanted:
        folder = reader.owner_default_directory(rule.template.rpartition("/")[0])
        template = next((e for e in folder if e.path == rule.template), None)
        oid = template.oid if template and template.kind is EntryKind.FILE else ""
        own = next((e for e in _folder(reader, commit, rule.path) if e.path == rule.path), None)
        found[digest(rule)] = (
            TemplateSeen(oid, own.oid, own.kind is EntryKind.FILE) if own else TemplateSeen(oid)
        )
    return found


_TOO_LARGE = f"it is larger than {MAX_BYTES // 1024} kB"


def _too_large(entry: TreeEntry) -> bool:
    return entry.size is not None and entry.size > MAX_BYTES


def want_all(asks: Iterable[Callable[[], object]]) -> None:
    """Ask for everything before waiting for anything: a document brings all that was wanted before it.

    Raises:
        Wanted: something is still to come. What else goes wrong is told when it is asked for again.
    """
    waiting: Wanted | None = None
    for ask in asks:
        try:
            ask()
        except Wanted as wanted:
            # What a document brings comes before what only a call does.
            waiting = wanted if waiting is None or isinstance(waiting, Later) else waiting
        except (Malformed, Gone, PermissionMissing):
            continue
    if waiting is not None:
        raise waiting


def _folder(reader: RepoReader, commit: str, path: str) -> Iterable[TreeEntry]:
    return reader.directory(commit, path.rpartition("/")[0]) if commit else ()


def _listed(reader: RepoReader, commit: str, rule: FileRule) -> tuple[list[TreeEntry], bool]:
    """What there is of a rule's paths, in their order, and whether there is more."""
    found: dict[str, TreeEntry] = {}
    for path in rule.paths:
        name = path.rstrip("/")
        folders = path.endswith("/")
        for entry in _folder(reader, commit, name):
            if (entry.kind is EntryKind.DIRECTORY) is folders and fits(entry.path, name):
                found[entry.path] = entry
    entries = list(found.values())
    return entries[:MAX_FILES], len(entries) > MAX_FILES


def fits(path: str, pattern: str) -> bool:
    """Whether a path is meant by a path whose last part may be a name pattern."""
    folder, _, name = path.rpartition("/")
    in_folder, _, named = pattern.rpartition("/")
    return folder == in_folder and fnmatchcase(name, named)


class _Looking:
    """Looks into files, each read once, until the effort is used up."""

    def __init__(self, reader: RepoReader) -> None:
        self._reader = reader
        self._effort = Effort()
        self._lines: dict[str, list[str] | str] = {}

    def seen(self, rule: FileRule, entries: list[TreeEntry], more: bool) -> FilesSeen:
        into = rule.must is Must.MATCH
        return FilesSeen(
            tuple(self._seen(rule, e) if into else FileSeen(e.path, e.kind) for e in entries), more
        )

    def _seen(self, rule: FileRule, entry: TreeEntry) -> FileSeen:
        made = FileSeen(entry.path, entry.kind)
        if entry.kind is not EntryKind.FILE:
            return replace(made, unread=f"it is a {entry.kind.value}, which is not followed")
        lines = self._read(entry)
        if isinstance(lines, str):
            return replace(made, unread=lines)
        try:
            return replace(
                made,
                missing=tuple(self._missing(rule.matches, lines)),
                unwanted=tuple(self._found(rule.not_matches, lines)),
            )
        except TooMuchWork:
            return replace(made, unread="looking for all that policy names in it would take too long")

    def _read(self, entry: TreeEntry) -> list[str] | str:
        """The lines of a file, or why they are not read."""
        known = self._lines.get(entry.oid)
        if known is not None:
            return known
        if len(self._lines) >= MAX_READ:
            return f"only {MAX_READ} files of a repository are looked into"
        if _too_large(entry):
            return _TOO_LARGE
        try:
            data = self._reader.blob(entry.oid, limit=MAX_BYTES)
        except Malformed:
            self._lines[entry.oid] = _TOO_LARGE
        except Gone as error:
            self._lines[entry.oid] = str(error)
        else:
            text = data.decode("utf-8", "replace").removeprefix("\ufeff")
            self._lines[entry.oid] = [line.removesuffix("\r") for line in text.split("\n")]
        return self._lines[entry.oid]

    def _missing(self, wanted: Texts | None, lines: list[str]) -> Iterator[str]:
        for text, number in self._places(wanted, lines):
            if not number:
                yield text

    def _found(self, unwanted: Texts | None, lines: list[str]) -> Iterator[tuple[str, int]]:
        for text, number in self._places(unwanted, lines):
            if number:
                yield text, number

    def _places(self, texts: Texts | None, lines: list[str]) -> Iterator[tuple[str, int]]:
        """Each text with the first line that holds it, 0 when none does."""
        if texts is None:
            return
        if texts.pattern:
            # A pattern may match nothing at all, so what ends the last line is no line of its own.
            within = lines[:-1] if lines[-1] == "" and len(lines) > 1 else lines
            pattern = line_pattern(texts.pattern)
            yield (
                texts.pattern,
                next((n for n, line in enumerate(within, 1) if pattern.in_line(line, self._effort)), 0),
            )
        for text in texts.texts:
            self._effort.spend(sum(map(len, lines)) // 32 + len(lines))
            yield text, next((n for n, line in enumerate(lines, 1) if text in line), 0)
