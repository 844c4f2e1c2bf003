"""Compiled programs and large files in a commit."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.model.facts import Binaries, EntryKind, StoredFile, TreeEntry
from bot.ports import RepoReader
from bot.spec import fact

LEAST_BYTES = 1024 * 1024
"""The smallest file that any policy may call large."""

MOST = 1000
"""More files of a kind than this are not kept."""

POINTER_BYTES = 200
"""What is smaller is a placeholder, or stands for a file that Git LFS keeps."""

_EXECUTABLE = re.compile(
    r".+\.(?:exe|dll|ocx|efi|msi|dylib|so(?:\.\d{1,5}){0,4}|ko|elf|a|o|class|jar|war|ear|aar|dex|apk|ipa|"
    r"pyc|pyo|pyd|wasm|deb|rpm|crx|whl|dmg|iso)",
    re.IGNORECASE,
)


@fact(
    "binaries",
    file_fed=True,
    permission="contents: read",
    cost="one call for all files of the commit",
    rest=True,
)
def binaries(reader: RepoReader, commit: str) -> Binaries:
    """Files whose names say that they are compiled, and files of 1 MiB and more.

    Names decide, not contents, so that no file is read. Links and submodules are not looked at.
    """
    entries, cut_short = reader.all_files(commit) if commit else ((), False)
    return sort_out(entries, cut_short=cut_short)


def sort_out(entries: Sequence[TreeEntry], *, cut_short: bool) -> Binaries:
    """Put each file where it belongs; a file of unknown size is told by its name only."""
    files = [e for e in entries if e.kind is EntryKind.FILE]
    executables = [e for e in files if _EXECUTABLE.fullmatch(e.name[-255:]) and not _pointer(e)]
    compiled = {e.path for e in executables}
    large = [e for e in files if (e.size or 0) >= LEAST_BYTES and e.path not in compiled]
    large.sort(key=lambda e: (-(e.size or 0), e.path))
    return Binaries(
        executables=tuple(_stored(e) for e in executables[:MOST]),
        large=tuple(_stored(e) for e in large[:MOST]),
        least_bytes=LEAST_BYTES,
        files=len(files),
        complete=not cut_short
        and max(len(executables), len(large)) <= MOST
        and all(e.size is not None for e in files),
    )


def _pointer(entry: TreeEntry) -> bool:
    return entry.size is not None and entry.size < POINTER_BYTES


def _stored(entry: TreeEntry) -> StoredFile:
    return StoredFile(entry.path, entry.oid, entry.size or 0)
