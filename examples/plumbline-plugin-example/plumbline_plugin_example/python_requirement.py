"""The fact: which versions of Python a project promises to run on."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass

from bot.model.errors import Malformed
from bot.model.facts import EntryKind
from bot.ports import RepoReader
from bot.selections import directory
from bot.spec import fact

PATH = "pyproject.toml"
MAX_BYTES = 256 * 1024

_LOWEST = re.compile(r"(?:>=|~=|==)\s{0,9}(\d{1,3})\.(\d{1,3})")


@dataclass(frozen=True, slots=True)
class PythonRequirement:
    """What a project says; all of it is text that somebody wrote.

    Args:
        specifier: as written.
        line: where it stands in ``pyproject.toml``, from 1.
        lowest: the oldest version that it allows, as (3, 11); None when it names none.
    """

    specifier: str
    line: int
    lowest: tuple[int, ...] | None


@fact(
    "python_requirement",
    file_fed=True,
    permission="contents: read",
    cost="one file",
    graph={"root": directory("")},
)
def python_requirement(reader: RepoReader, commit: str) -> PythonRequirement | None:
    """``requires-python`` of the project at the root; None where there is no such thing.

    Raises:
        Malformed: the file is no TOML, or too large; the check is unknown then.
    """
    entries = reader.directory(commit) if commit else ()
    found = next((e for e in entries if e.path == PATH and e.kind is EntryKind.FILE), None)
    return requirement_of(reader.blob(found.oid, limit=MAX_BYTES)) if found else None


def requirement_of(data: bytes) -> PythonRequirement | None:
    """The same of the bytes of the file."""
    try:
        text = data.decode()
        project = tomllib.loads(text).get("project", {})
    except (ValueError, RecursionError) as error:
        raise Malformed(f"{PATH} is no TOML: {error}") from error
    said = project.get("requires-python") if isinstance(project, dict) else None
    if not isinstance(said, str):
        return None
    lines = text.splitlines()
    line = next((n for n, line in enumerate(lines, 1) if line.lstrip().startswith("requires-python")), 1)
    bounds = [(int(major), int(minor)) for major, minor in _LOWEST.findall(said[:500])]
    return PythonRequirement(said[:200], line, max(bounds, default=None))
