"""Histories as people make them, as streams for ``git fast-import``: merges, renames, tags, odd modes.

``history(seed)`` is a pure function. It draws a graph commit by commit: branches that start
anywhere, merges of two and of three, merges in both directions, branches without a common root,
several commits of one second, files that are renamed, deleted, replaced by folders and links.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field

START = 1_700_000_000
"""Epoch seconds of the first commit."""

PEOPLE = ("Ann <ann@example.org>", "Bjørn Ægir <b@example.org>", "李 <li@example.org>", "x <>")
PATHS = (
    "README.md",
    "LICENSE",
    "src/main.py",
    "src/deep/er/tool.py",
    "docs/guide.md",
    "CODEOWNERS",
    ".github/workflows/build.yml",
    ".github/dependabot.yml",
    "requirements.txt",
    "SECURITY.md",
    "tests/data/x.bin",
    "ünï/cödé.txt",
    "a b/c'd.txt",
    "CHANGELOG.md",
    "bin/tool.exe",
)
TEXTS = (
    "# Title\n\n" + "Some words that say something. " * 20 + "\n",
    "MIT License\n",
    "* @acme/core\n/docs/ docs@example.org nonsense\n",
    "name: build\non: [push]\njobs:\n  build:\n    runs-on: [self-hosted]\n    steps:\n      - run: make\n",
    "version: 2\nupdates:\n  - package-ecosystem: pip\n    directory: /\n    schedule: {interval: weekly}\n",
    "flask==3.0\n",
    "Write to security@example.org, we answer within 3 days.\n",
    "caf\udce9\r\nline\r\n",
    "",
)


@dataclass
class _Branch:
    """Where a branch stands: its newest commit's mark, when that was, and its files."""

    mark: int
    at: int
    files: dict[str, str] = field(default_factory=dict)


class _Stream:
    """A stream being written."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.parts: list[bytes] = []
        self.marks = 0
        self.branches: dict[str, _Branch] = {}

    def commit(self, name: str, start: _Branch | None, merged: list[_Branch]) -> None:
        """A commit on a branch, which is made when it is new."""
        rng = self.rng
        self.marks += 1
        parents = [one for one in (start, *merged) if one is not None]
        newest = max((one.at for one in parents), default=START)
        at = newest + rng.choice((0, 1, 60, 3600, 86_400 * rng.randint(1, 40)))
        message = rng.choice(("Change", "Mend\n\nWith a body.", "✨ äöü", "")).encode()
        self.say(f"commit refs/heads/{name}\nmark :{self.marks}")
        for role in ("author", "committer"):
            zone = rng.choice(("+0000", "-0730", "+0545"))
            self.say(f"{role} {rng.choice(PEOPLE)} {at} {zone}")
        self.data(message)
        if start is not None:
            self.say(f"from :{start.mark}")
        for one in merged:
            self.say(f"merge :{one.mark}")
        files = dict(start.files) if start is not None else {}
        for _ in range(rng.randint(0 if parents else 2, 3)):
            self.change(files)
        self.say("")
        self.branches[name] = _Branch(self.marks, at, files)

    def change(self, files: dict[str, str]) -> None:
        """Change one file: write, rename or delete it."""
        rng = self.rng
        kind = rng.choices(("write", "rename", "delete"), (6, 2, 1))[0]
        if kind == "write" or not files:
            path, text = rng.choice(PATHS), rng.choice(TEXTS)
            mode = rng.choices(("100644", "100755", "120000"), (12, 1, 0.5))[0]
            if any(path.startswith(f"{other}/") or other.startswith(f"{path}/") for other in files):
                return
            files[path] = text
            self.say(f"M {mode} inline {_quoted(path)}")
            self.data(
                (text or "x").encode("utf-8", "surrogateescape")
                if mode == "120000"
                else text.encode("utf-8", "surrogateescape")
            )
        elif kind == "rename":
            old = rng.choice(sorted(files))
            new = f"moved/{self.marks}/{old.rpartition('/')[2]}"
            files[new] = files.pop(old)
            self.say(f"R {_quoted(old)} {_quoted(new)}")
        else:
            old = rng.choice(sorted(files))
            del files[old]
            self.say(f"D {_quoted(old)}")

    def tag(self, number: int) -> None:
        """A tag of a branch's newest commit, with or without an object of its own."""
        name = self.rng.choice(sorted(self.branches))
        branch = self.branches[name]
        tag = f"v{number // 3}.{number % 3}.0"
        if self.rng.random() < 0.5:
            self.say(f"reset refs/tags/{tag}\nfrom :{branch.mark}\n")
            return
        self.say(f"tag {tag}\nfrom :{branch.mark}\ntagger {PEOPLE[0]} {branch.at + 5} +0000")
        self.data(b"A release")

    def say(self, line: str) -> None:
        """A line of the stream."""
        self.parts.append(line.encode("utf-8", "surrogateescape") + b"\n")

    def data(self, content: bytes) -> None:
        """A block of bytes."""
        self.parts.append(f"data {len(content)}\n".encode() + content + b"\n")


def _quoted(path: str) -> str:
    return (
        '"'
        + "".join(
            c if c.isascii() and c not in '"\\' else "".join(f"\\{b:03o}" for b in c.encode()) for c in path
        )
        + '"'
    )


def history(seed: int) -> bytes:
    """A stream for ``git fast-import`` with a branch ``main``; equal seeds give equal streams."""
    rng = random.Random(seed)
    stream = _Stream(rng)
    stream.commit("main", None, [])
    names = ["main"]
    for step in range(rng.choice((6, 20, 60, 140))):
        kind = rng.choices(("commit", "branch", "merge", "octopus", "root", "tag"), (8, 3, 3, 0.5, 0.2, 0.7))[
            0
        ]
        name = rng.choice(names)
        here = stream.branches[name]
        others = [stream.branches[n] for n in names if stream.branches[n].mark != here.mark]
        if kind == "branch" and len(names) < 25:
            names.append(rng.choice(("topic", "fix", "release", "wip/äö")) + f"/{step}")
            stream.commit(names[-1], here, [])
        elif kind == "root":
            names.append(f"orphan-{step}")
            stream.commit(names[-1], None, [])
        elif kind == "merge" and others:
            stream.commit(name, here, [rng.choice(others)])
        elif kind == "octopus" and len(others) > 1:
            stream.commit(name, here, rng.sample(others, 2))
        elif kind == "tag":
            stream.tag(step)
        else:
            stream.commit(name, here, [])
    stream.say("done")
    return b"".join(stream.parts)
