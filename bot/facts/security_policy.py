"""The security policy: the repository's own, or else the owner's default."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.model.errors import Malformed
from bot.model.facts import EntryKind, SecurityPolicy, TreeEntry
from bot.ports import RepoReader
from bot.selections import directory
from bot.spec import fact

MAX_BYTES = 256 * 1024

_FOLDERS = (".github", "", "docs")
_ENDINGS = ("", ".md", ".markdown", ".rst", ".adoc", ".txt")
_NAMES = tuple(f"security{ending}" for ending in _ENDINGS)
OWNER_NAMES = (".github/SECURITY.md", "SECURITY.md", "docs/SECURITY.md")

# Every repetition below is bounded, so that the time needed grows with the length of the text only.
_ADDRESS = re.compile(
    r"(?<![\w.%+-])[\w.%+-]{1,64}(?:@| ?(?:\[at\]|\(at\)) ?)"
    r"[\w-]{1,63}(?:(?:\.| ?(?:\[dot\]|\(dot\)) ?)[\w-]{1,63}){1,5}"
)
_LINK = re.compile(r"https?://[^\s<>()\[\]\"'`]{4,2000}")
_PRIVATE_REPORT = re.compile(r"(?:\.\./){1,4}security/advisories")
_SPAN = re.compile(
    r"\b(?:\d{1,4}|an?|one|two|three|four|five|six|seven|ten|fourteen|thirty|sixty|ninety|few|several)"
    r"[\s-]{1,4}(?:(?:business|working|calendar|full)[\s-]{1,4})?"
    r"(?:hours?|days?|weeks?|months?)\b",
    re.IGNORECASE,
)
_DISCLOSURE = re.compile(
    r"\b(?:non-?)?disclos(?:e|ed|es|ing|ure|ures)\b|\bembargo(?:ed|es)?\b", re.IGNORECASE
)


@fact(
    "security_policy",
    file_fed=True,
    permission="contents: read",
    cost="up to three directories, one blob; without a file, one call for the owner's default",
    graph={"root": directory(""), "github": directory(".github"), "docs": directory("docs")},
)
def security_policy(reader: RepoReader, commit: str) -> SecurityPolicy | None:
    """What the security policy says; None when neither repository nor owner has one.

    Looked for where GitHub looks: ``.github``, the root, ``docs``; then the owner's default.

    Raises:
        Malformed: it is a link, or larger than 256 kB.
        PermissionMissing: there is none here and the owner's default can not be seen.
    """
    for entry in _entries(reader, commit):
        if entry.kind is not EntryKind.FILE:
            raise Malformed(f"{entry.path} is a {entry.kind.value}, which is not followed; use a plain file")
        if entry.size is not None and entry.size > MAX_BYTES:
            raise Malformed(f"{entry.path} has {entry.size} bytes; at most {MAX_BYTES} are read: shorten it")
        data = reader.blob(entry.oid, limit=MAX_BYTES)
        return measure(data.decode("utf-8", "replace"), path=entry.path, oid=entry.oid)
    default = reader.owner_default(OWNER_NAMES)
    if default is None:
        return None
    path, text = default
    return measure(text[:MAX_BYTES], path=path, oid="", owner_default=True)


def measure(text: str, *, path: str, oid: str, owner_default: bool = False) -> SecurityPolicy:
    """Count what a policy names: addresses and links, delays and disclosure words, words in all.

    Source: https://github.com/ossf/scorecard/blob/main/docs/checks.md#security-policy
    """
    contacts = {
        m.group().rstrip(".,;:").lower() for p in (_ADDRESS, _LINK, _PRIVATE_REPORT) for m in p.finditer(text)
    }
    delays = sum(1 for pattern in (_SPAN, _DISCLOSURE) for _ in pattern.finditer(text))
    return SecurityPolicy(path, oid, len(contacts), delays, len(text.split()), owner_default)


def _entries(reader: RepoReader, commit: str) -> Iterator[TreeEntry]:
    for folder in _FOLDERS if commit else ():
        entries = [e for e in reader.directory(commit, folder) if e.kind is not EntryKind.DIRECTORY]
        by_name = {e.name.lower(): e for e in reversed(entries)}
        yield from (by_name[name] for name in _NAMES if name in by_name)
