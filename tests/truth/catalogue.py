"""What the reference pages say of each check: its category, its severity, who may read it, its fix."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

PAGES = Path(__file__).parents[2] / "docs" / "reference" / "checks"


@dataclass(frozen=True)
class Entry:
    """A check as its page describes it.

    Args:
        public: everybody who can read the repository sees its verdicts.
        of_files: a commit alone can change its verdict, so pull requests are judged by it, too.
        organisation: it judges the organisation, once.
        fix: how to mend it, in the page's Markdown.
    """

    name: str
    title: str
    family: str
    severity: str
    public: bool
    of_files: bool
    organisation: bool
    permissions: tuple[str, ...]
    fix: str


@cache
def catalogue() -> Mapping[str, Entry]:
    """All checks by name."""
    return {path.stem: _entry(path.stem, path.read_text("utf-8")) for path in sorted(PAGES.glob("*.md"))}


def _entry(name: str, page: str) -> Entry:
    def said(word: str, pattern: str) -> str:
        found = re.search(rf"^- \*\*{word}:\*\* {pattern}", page, re.MULTILINE)
        assert found, f"the page of {name} does not say its {word.lower()}"
        return found[1]

    fix = re.search(r"^## Fix\n\n(.*?)\n\n##", page, re.MULTILINE | re.DOTALL)
    return Entry(
        name=name,
        title=page.split("\n\n")[2],
        family=said("Family", r"\[([a-z]+)\]"),
        severity=said("Severity", r"(\w+)"),
        public=said("Shown to", "(.*)") == "everybody who can read the repository",
        of_files=said("On pull requests", r"(\w+)") == "yes",
        organisation=said("Judges", r"(.*)").startswith("the organisation"),
        permissions=tuple(re.findall(r"`([a-z_]+: \w+)`", said("Permissions", "(.*)"))),
        fix=fix[1] if fix else "",
    )
