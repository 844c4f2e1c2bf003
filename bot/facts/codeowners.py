"""The CODEOWNERS file: its lines, what GitHub skips of them, and which top-level paths have owners.

Patterns follow GitHub's rules, which are not those of gitignore: no negation, no ranges in
brackets, no escaped ``#``, and ``docs/*`` reaches the files of ``docs`` but no deeper. The last rule
that matches wins; a rule without owners takes ownership away.

Source: https://docs.github.com/en/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/about-code-owners
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from bot.model.errors import Malformed
from bot.model.facts import CodeOwner, Codeowners, CodeownersProblem, EntryKind, TreeEntry
from bot.ports import RepoReader
from bot.selections import directory
from bot.spec import fact

FOLDERS = (".github", "", "docs")
"""Where GitHub looks for the file; it takes the first that it finds."""

MAX_BYTES = 3 * 1024 * 1024
"""GitHub loads no larger file."""

MOST_PROBLEMS = 200
MOST_OWNERS = 1000
MOST_RULES = 20_000
MOST_PATHS = 2000
MOST_STEPS = 2_000_000
"""Characters of patterns that are held against paths at most; some seconds of work."""

_ANY = "\0"
"""Stands for a name that is not known: no name in git holds it, so only wildcards match it."""

_TOKEN = re.compile(r"(?:\\.|[^\s\\]|\\$)+", re.ASCII)
_OWNER = re.compile(
    r"@[A-Za-z0-9](?:[A-Za-z0-9_-]{0,99})(?:/[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,254}))?"
    r"|[^\s@<>]{1,254}@[^\s@<>.]{1,254}(?:\.[^\s@<>.]{1,63}){1,20}"
)


@dataclass(frozen=True, slots=True)
class Rule:
    """A line that counts; ``segments`` as ``compiled`` gives them."""

    line: int
    pattern: str
    segments: tuple[str, ...]
    owners: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Parsed:
    """A whole file.

    Args:
        rules: the first 20,000; ``counted`` says how many there are.
        problems: the first 200 lines that GitHub skips; ``skipped`` says how many there are.
    """

    rules: tuple[Rule, ...]
    problems: tuple[CodeownersProblem, ...]
    counted: int
    skipped: int


@fact(
    "codeowners",
    file_fed=True,
    permission="contents: read",
    cost="three directories, one blob",
    graph={"root": directory(""), "github": directory(".github"), "docs": directory("docs")},
)
def codeowners(reader: RepoReader, commit: str) -> Codeowners | None:
    """The CODEOWNERS file that is in force; None when there is none.

    Raises:
        Malformed: it is a link, which is not followed.
    """
    entries = list(_entries(reader, commit)) if commit else []
    if not entries:
        return None
    entry, ignored = entries[0], tuple(e.path for e in entries[1:])
    if entry.kind is not EntryKind.FILE:
        raise Malformed(f"{entry.path} is a {entry.kind.value}, which is not followed; use a plain file")
    if (entry.size or 0) > MAX_BYTES:
        return Codeowners(entry.path, entry.oid, ignored=ignored, oversized=True, measured=False)
    root = reader.directory(commit)
    text = reader.blob(entry.oid, limit=MAX_BYTES).decode("utf-8", "replace")
    parsed = parse(text, roots={e.path for e in root})
    shares = split_by_owner(parsed.rules, root) if parsed.counted <= MOST_RULES else None
    owned, unowned = shares or ((), ())
    return Codeowners(
        path=entry.path,
        oid=entry.oid,
        rules=parsed.counted,
        problems=parsed.problems,
        skipped=parsed.skipped,
        ignored=ignored,
        owned=owned,
        unowned=unowned,
        measured=shares is not None,
        owners=owners_of(parsed.rules),
    )


def owners_of(rules: Sequence[Rule]) -> tuple[CodeOwner, ...]:
    """The first 1000 owners, each where it stands first; names do not differ by case."""
    found: dict[str, CodeOwner] = {}
    for rule in rules:
        for name in rule.owners:
            if len(found) < MOST_OWNERS:
                found.setdefault(name.lower(), CodeOwner(name, rule.line))
    return tuple(found.values())


def _entries(reader: RepoReader, commit: str) -> Iterator[TreeEntry]:
    for folder in FOLDERS:
        for entry in reader.directory(commit, folder):
            if entry.name == "CODEOWNERS" and entry.kind is not EntryKind.DIRECTORY:
                yield entry


def parse(text: str, *, roots: Container[str] = ()) -> Parsed:
    """Read a CODEOWNERS file in time that grows with its length.

    A line is a pattern and any number of owners; a token that begins with ``#`` starts a comment.
    Whether an owner exists and may write is not known here.

    Args:
        roots: names at the root; a line may begin with ``@`` when a folder there does.
    """
    rules: list[Rule] = []
    problems: list[CodeownersProblem] = []
    counted = skipped = 0
    for number, line in enumerate(text.removeprefix("\ufeff").split("\n"), start=1):
        tokens = list(_tokens(line))
        if not tokens:
            continue
        problem = _problem(number, tokens, roots)
        if problem is not None:
            skipped += 1
            problems += [problem] if skipped <= MOST_PROBLEMS else []
            continue
        counted += 1
        if counted <= MOST_RULES:
            pattern = tokens[0][1]
            rules.append(Rule(number, pattern, compiled(pattern), tuple(owner for _, owner in tokens[1:])))
    return Parsed(tuple(rules), tuple(problems), counted, skipped)


def _tokens(line: str) -> Iterator[tuple[int, str]]:
    """(column from 1, text) of each token before a comment."""
    for match in _TOKEN.finditer(line):
        if match.group().startswith("#"):
            return
        yield match.start() + 1, match.group()


def _problem(
    number: int, tokens: Sequence[tuple[int, str]], roots: Container[str]
) -> CodeownersProblem | None:
    column, pattern = tokens[0]
    owners_only = all(text.startswith("@") and _OWNER.fullmatch(text) for _, text in tokens)
    if owners_only and pattern.partition("/")[0] not in roots:
        message = "the line begins with an owner; put a pattern before it, `*` for all files"
        return CodeownersProblem(number, column, "Missing pattern", pattern[:200], message)
    wrong = _wrong_pattern(pattern)
    if wrong:
        return CodeownersProblem(number, column, "Invalid pattern", pattern[:200], wrong)
    for column, owner in tokens[1:]:
        if not _OWNER.fullmatch(owner):
            return CodeownersProblem(number, column, "Invalid owner", owner[:200], _wrong_owner(owner))
    return None


def _wrong_pattern(pattern: str) -> str:
    """Why GitHub does not take a pattern; empty when it does."""
    if pattern.startswith("!"):
        return "`!` does not negate a pattern; a later line without owners takes ownership away"
    if pattern.startswith("\\#"):
        return "a pattern can not begin with `#`, not even an escaped one; use `?` in its place"
    if "***" in pattern:
        return "three asterisks in a row; did you mean `**`?"
    if "[" in re.sub(r"\\.", "", pattern):
        return "ranges in brackets do not work; write a line for each name, or use `?`"
    return ""


def _wrong_owner(owner: str) -> str:
    if "@" not in owner:
        return "an owner is `@user`, `@organisation/team` or an email address; a space in a pattern is `\\ `"
    return "this is neither `@user` nor `@organisation/team` nor an email address"


def compiled(pattern: str) -> tuple[str, ...]:
    """A pattern as segments from the root: names with ``*`` and ``?``, or ``**`` for any number.

    A pattern without a slash, or with one at its end only, applies at any depth. One that names a
    file or folder applies to all that is in it; one that ends in ``/*`` does not.
    """
    segments = pattern.split("/")
    if segments[0] == "":
        segments = segments[1:]
    elif len(segments) == 1 or (len(segments) == 2 and segments[1] == ""):
        segments = ["**", *segments]
    if segments == [""]:
        return ()
    if segments[-1] == "" or (segments[-1] == "**" and len(segments) > 1):
        # What ends in a slash is a folder: all that is in it, at any depth, but no file of that name.
        segments = [*segments[:-1], "*", "**"]
    elif segments[-1] not in ("*", "**"):
        segments = [*segments, "**"]
    return tuple(_merged(segments))


def _merged(segments: Sequence[str]) -> Iterator[str]:
    before = ""
    for segment in segments:
        if segment and not (segment == before == "**"):
            yield segment
        before = segment or before


def matches(segments: Sequence[str], path: Sequence[str]) -> bool:
    """Whether a compiled pattern applies to a file; one pass over the pattern."""
    if not segments:
        return False
    # reached[n]: what was read of the pattern can end after the first n names of the path.
    reached = [True] + [False] * len(path)
    for segment in segments:
        if segment == "**":
            first = next(n for n, here in enumerate(reached) if here)
            reached = [n >= first for n in range(len(reached))]
        else:
            reached = [False] + [
                here and _fits(segment, name) for here, name in zip(reached, path, strict=False)
            ]
            if not any(reached):
                return False
    return reached[-1]


def _fits(segment: str, name: str) -> bool:
    if segment == "*":
        return True
    if "*" not in segment and "?" not in segment and "\\" not in segment:
        return segment == name
    return _glob(segment).fits(name)


class _Glob:
    """One segment with wildcards, cut at its asterisks; each part has a fixed length."""

    def __init__(self, segment: str) -> None:
        parts: list[list[str]] = [[]]
        for token in re.findall(r"\\.|[\s\S]", segment):
            if token == "*":
                parts.append([])
            else:
                parts[-1].append("." if token == "?" else re.escape(token[-1]))
        self._parts = [re.compile("".join(part), re.DOTALL) for part in parts]
        self._widths = [len(part) for part in parts]

    def fits(self, name: str) -> bool:
        """The first part begins the name, the last ends it, the others follow each other between."""
        first, last = self._parts[0], self._parts[-1]
        if len(self._parts) == 1:
            return first.fullmatch(name) is not None
        end = len(name) - self._widths[-1]
        at = self._widths[0]
        if end < at or not first.match(name) or not last.match(name, end):
            return False
        for part in self._parts[1:-1]:
            found = part.search(name, at, end)
            if found is None:
                return False
            at = found.end()
        return True


@lru_cache(maxsize=4096)
def _glob(segment: str) -> _Glob:
    return _Glob(segment)


def split_by_owner(
    rules: Sequence[Rule], entries: Sequence[TreeEntry]
) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """(owned, unowned) top-level paths; None when it would take too long to tell.

    A file is owned when the last rule that matches it has owners. A folder is owned as soon as a rule
    with owners reaches something in it, unless a later one without owners covers all of it: what the
    folder holds is not looked at. Submodules count as files.
    """
    if len(entries) > MOST_PATHS:
        return None
    anchored: dict[str, list[int]] = defaultdict(list)
    floating: list[int] = []
    for number, rule in enumerate(rules):
        first = rule.segments[0] if rule.segments else ""
        if not first or any(c in first for c in "*?\\"):
            floating.append(number)
        else:
            anchored[first].append(number)
    candidates = {e.path: sorted([*floating, *anchored.get(e.path, ())]) for e in entries}
    steps = sum(len(rules[n].pattern) + 20 for numbers in candidates.values() for n in numbers)
    if steps > MOST_STEPS:
        return None
    owned: list[str] = []
    unowned: list[str] = []
    for entry in entries:
        kept = _owned(entry, [rules[n] for n in candidates[entry.path]])
        (owned if kept else unowned).append(entry.path)
    return tuple(owned), tuple(unowned)


def _owned(entry: TreeEntry, rules: Sequence[Rule]) -> bool:
    name, state = entry.path, False
    for rule in rules:
        if entry.kind is not EntryKind.DIRECTORY:
            if matches(rule.segments, (name,)):
                state = bool(rule.owners)
        elif matches(rule.segments, (name, _ANY)) and matches(rule.segments, (name, _ANY, _ANY)):
            state = bool(rule.owners)
        elif rule.owners and _reaches(rule.segments, name):
            state = True
    return state


def _reaches(segments: Sequence[str], name: str) -> bool:
    """A rule could apply to something in a folder of that name.

    A rule for any depth counts when it has a wildcard (``*.py``); one that names a single file or
    folder (``Makefile``) is not taken to be meant for every folder.
    """
    if not segments:
        return False
    if segments[0] == "**":
        return any(c in segment for segment in segments if segment not in ("*", "**") for c in "*?")
    return len(segments) > 1 and _fits(segments[0], name)
