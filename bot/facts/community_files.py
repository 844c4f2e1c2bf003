"""Files by which a repository welcomes people: README, changelog, templates, guides."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from bot.model.errors import Malformed
from bot.model.facts import CommunityFiles, Document, EntryKind, TreeEntry
from bot.ports import RepoReader
from bot.selections import directory
from bot.spec import fact

FOLDERS = (".github", "", "docs")
"""Where GitHub looks for files of this kind, in its order."""

MAX_README_BYTES = 1024 * 1024
MOST = 50
"""More files of one kind than this are not listed."""

_README = re.compile(r"readme(?:[._-].{1,40})?", re.IGNORECASE)
_CHANGELOG = re.compile(
    r"(?:\d{1,3}-)?(?:changelogs?|change[_-]?log|changes|history|news|release[_-]?(?:notes|history)|releases|"
    r"what'?s[_-]?new)(?:[._-][\w.-]{1,20})?",
    re.IGNORECASE,
)
_CHANGELOG_FOLDER = re.compile(
    r"\.?(?:changelogs?|changes|changesets?|release[_-]?notes|newsfragments)(?:\.d)?", re.IGNORECASE
)
CONTRIBUTING = re.compile(r"contributing(?:\.(?:md|markdown|rst|adoc|asciidoc|txt|org))?", re.IGNORECASE)
CODE_OF_CONDUCT = re.compile(
    r"code[-_ ]?of[-_ ]?conduct(?:\.(?:md|markdown|rst|adoc|asciidoc|txt|org))?", re.IGNORECASE
)
_CODE = (".py", ".js", ".ts", ".rb", ".go", ".rs", ".c", ".h", ".sh", ".yml", ".yaml", ".json", ".toml")
_TEXT = ("", ".md", ".txt")


@dataclass(frozen=True, slots=True)
class Found:
    """Templates in one place: paths."""

    issue: tuple[str, ...] = ()
    forms: tuple[str, ...] = ()
    chooser: str = ""
    pull_request: tuple[str, ...] = ()


@fact(
    "community_files",
    file_fed=True,
    permission="contents: read",
    cost="three directories, and those of templates where there are any",
    graph={
        "root": directory(""),
        "github": directory(".github"),
        "docs": directory("docs"),
        "templates": directory(".github/ISSUE_TEMPLATE"),
    },
)
def community_files(reader: RepoReader, commit: str) -> CommunityFiles:
    """README, changelog, templates and guides of ``.github``, the root and ``docs``.

    Names are compared without regard to case. A link counts as a file that is there; it is not
    followed.
    """
    if not commit:
        return CommunityFiles()
    places = [reader.directory(commit, folder) for folder in FOLDERS]
    documents = [entry for entries in places for entry in entries if entry.kind is not EntryKind.DIRECTORY]
    templates = [find_templates(lambda path: reader.directory(commit, path), p) for p in places]
    return CommunityFiles(
        readmes=tuple(_document(reader, e) for e in documents if _README.fullmatch(e.name))[:MOST],
        changelogs=tuple(e.path for e in _telling(places[1:]))[:MOST],
        issue_templates=tuple(path for t in templates for path in t.issue)[:MOST],
        issue_forms=tuple(path for t in templates for path in t.forms)[:MOST],
        issue_chooser=next((t.chooser for t in templates if t.chooser), ""),
        pull_request_templates=tuple(path for t in templates for path in t.pull_request)[:MOST],
        contributing=tuple(plain_document(e) for e in documents if CONTRIBUTING.fullmatch(e.name))[:MOST],
        codes_of_conduct=tuple(plain_document(e) for e in documents if CODE_OF_CONDUCT.fullmatch(e.name))[
            :MOST
        ],
    )


def find_templates(directory: Callable[[str], Sequence[TreeEntry]], entries: Sequence[TreeEntry]) -> Found:
    """Templates among the entries of a folder, and in its folders of templates.

    Args:
        directory: gives the entries of a folder below; asked for folders of templates only.

    Source: https://docs.github.com/en/communities/using-templates-to-encourage-useful-issues-and-pull-requests/about-issue-and-pull-request-templates
    """
    issue, forms, pull_request, chooser = [], [], [], ""
    for entry in entries:
        stem, ending = _split(entry.name)
        if stem == "issue_template" and entry.kind is EntryKind.DIRECTORY:
            for inside in _files(directory(entry.path)):
                name, kind = _split(inside.name)
                if name == "config" and kind in (".yml", ".yaml"):
                    chooser = inside.path
                elif kind in (".yml", ".yaml"):
                    forms.append(inside.path)
                elif kind == ".md":
                    issue.append(inside.path)
        elif stem == "pull_request_template" and entry.kind is EntryKind.DIRECTORY:
            pull_request += [e.path for e in _files(directory(entry.path)) if _split(e.name)[1] in _TEXT]
        elif ending in _TEXT and stem == "issue_template":
            issue.append(entry.path)
        elif ending in _TEXT and stem == "pull_request_template":
            pull_request.append(entry.path)
    return Found(tuple(issue), tuple(forms), chooser, tuple(pull_request))


def _files(entries: Sequence[TreeEntry]) -> Iterator[TreeEntry]:
    return (e for e in entries if e.kind in (EntryKind.FILE, EntryKind.SYMLINK))


def _split(name: str) -> tuple[str, str]:
    stem, dot, ending = name.lower().rpartition(".")
    return (stem, f".{ending}") if dot else (name.lower(), "")


def _telling(places: Sequence[Sequence[TreeEntry]]) -> list[TreeEntry]:
    """What tells changes, files before folders."""
    found = [entry for entries in places for entry in entries if _tells_changes(entry)]
    return sorted(found, key=lambda e: e.kind is EntryKind.DIRECTORY)


def _tells_changes(entry: TreeEntry) -> bool:
    if entry.kind is EntryKind.DIRECTORY:
        return _CHANGELOG_FOLDER.fullmatch(entry.name) is not None
    return _CHANGELOG.fullmatch(entry.name) is not None and not entry.name.lower().endswith(_CODE)


def plain_document(entry: TreeEntry) -> Document:
    """An entry of a directory, with its size where that is told; it is not read."""
    return Document(entry.path, entry.kind, entry.oid, entry.size if entry.kind is EntryKind.FILE else None)


def _document(reader: RepoReader, entry: TreeEntry) -> Document:
    if entry.kind is not EntryKind.FILE:
        return Document(entry.path, entry.kind, entry.oid)
    size = entry.size
    if size is None:
        # Git itself keeps no sizes in directories, so the file is read.
        try:
            size = len(reader.blob(entry.oid, limit=MAX_README_BYTES))
        except Malformed:
            size = None
    return Document(entry.path, entry.kind, entry.oid, size)
