"""Configurations of tools that propose newer versions of dependencies."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches

from bot.model.errors import Gone, Malformed
from bot.model.facts import EntryKind, TreeEntry, UpdateRule, UpdateTool
from bot.ports import RepoReader
from bot.selections import directory
from bot.spec import fact
from bot.yaml_nodes import (
    ListNode,
    MappingNode,
    Node,
    Problems,
    Scalar,
    TooManyProblems,
    compose,
    quoted,
)

MAX_BYTES = 64 * 1024
MAX_PACKAGE_BYTES = 256 * 1024
MAX_MISTAKES = 20

DEPENDABOT = (".github/dependabot.yml", ".github/dependabot.yaml")
RENOVATE = (
    "renovate.json",
    "renovate.json5",
    ".github/renovate.json",
    ".github/renovate.json5",
    ".gitlab/renovate.json",
    ".gitlab/renovate.json5",
    ".renovaterc",
    ".renovaterc.json",
    ".renovaterc.json5",
)
"""Source: https://docs.renovatebot.com/configuration-options/ (the first that is there counts)."""

OTHERS = {
    ".pyup.yml": ("pyup", "pip"),
    ".scala-steward.conf": ("scala-steward", "sbt"),
    ".github/.scala-steward.conf": ("scala-steward", "sbt"),
}
"""Path -> tool, and the ecosystem it keeps current."""

ECOSYSTEMS = (
    *("bazel", "bun", "bundler", "cargo", "composer", "conda", "deno", "devcontainers", "docker"),
    *("docker-compose", "dotnet-sdk", "elm", "github-actions", "gitsubmodule", "gomod", "gradle", "helm"),
    *("julia", "maven", "mix", "nix", "npm", "nuget", "opentofu", "pip", "pre-commit", "pub"),
    *("rust-toolchain", "swift", "terraform", "uv", "vcpkg"),
)
"""Dependabot's words. It learns new ones, so one that is not listed is no mistake by itself.

Source: https://docs.github.com/en/code-security/reference/supply-chain-security/dependabot-options-reference
"""

# Outside of strings JSON5 has comments, tabs and colons that YAML would not read as JSON5 does.
# What is not ended ends with the text, so that no character is looked at twice.
_JSON5_TOKEN = re.compile(
    r"(?P<string>\"(?:[^\"\\]|\\.)*+(?:\"|\\?\Z)|'(?:[^'\\]|\\.)*+(?:'|\\?\Z))"
    r"|(?P<comment>//[^\n]*+|/\*(?:[^*]|\*(?!/))*+(?:\*/|\Z))"
    r"|(?P<colon>:)|(?P<tab>\t)",
    re.DOTALL,
)


@fact(
    "update_tools",
    file_fed=True,
    permission="contents: read",
    cost="up to three directories, one blob per configuration and one for package.json",
    graph={"root": directory(""), "github": directory(".github")},
)
def update_tools(reader: RepoReader, commit: str) -> tuple[UpdateTool, ...]:
    """Tools that the files of a commit configure, Dependabot first.

    A tool that is configured elsewhere (an organisation's own Renovate, say) can not be seen.
    """
    if not commit:
        return ()
    entries = _entries(reader, commit)
    found = [_dependabot(reader, entries), _renovate(reader, entries)]
    found += [
        UpdateTool(name, path, (UpdateRule(ecosystem, ("/",)),))
        for path, (name, ecosystem) in OTHERS.items()
        if path in entries
    ]
    return tuple(tool for tool in found if tool is not None)


def _entries(reader: RepoReader, commit: str) -> dict[str, TreeEntry]:
    found = {entry.path: entry for entry in reader.directory(commit)}
    for folder in (".github", ".gitlab"):
        if folder in found:
            found |= {entry.path: entry for entry in reader.directory(commit, folder)}
    return {path: entry for path, entry in found.items() if entry.kind is not EntryKind.DIRECTORY}


def _dependabot(reader: RepoReader, entries: Mapping[str, TreeEntry]) -> UpdateTool | None:
    entry = next((entries[path] for path in DEPENDABOT if path in entries), None)
    if entry is None:
        return None
    try:
        return read_dependabot(_text(reader, entry, MAX_BYTES), entry.path)
    except (Malformed, Gone) as error:
        return UpdateTool("dependabot", entry.path, unread=str(error))


def _renovate(reader: RepoReader, entries: Mapping[str, TreeEntry]) -> UpdateTool | None:
    entry = next((entries[path] for path in RENOVATE if path in entries), None)
    if entry is not None:
        try:
            return read_renovate(_text(reader, entry, MAX_BYTES), entry.path)
        except (Malformed, Gone) as error:
            return UpdateTool("renovate", entry.path, unread=str(error))
    package = entries.get("package.json")
    if package is None:
        return None
    try:
        text = _text(reader, package, MAX_PACKAGE_BYTES)
    except (Malformed, Gone):
        return None
    if '"renovate"' not in text or len(text) > MAX_BYTES:
        return None
    top = _composed(_as_yaml(text), Problems(MAX_MISTAKES))
    section = _entry(top, "renovate")
    return _renovate_tool(section, package.path) if isinstance(section, MappingNode) else None


def _text(reader: RepoReader, entry: TreeEntry, limit: int) -> str:
    if entry.kind is not EntryKind.FILE:
        raise Malformed(f"it is a {entry.kind.value}, which is not followed; put a plain file in its place")
    return reader.blob(entry.oid, limit=limit).decode("utf-8-sig", "replace")


def read_dependabot(text: str, path: str) -> UpdateTool:
    """A Dependabot configuration, with all that makes Dependabot refuse it."""
    problems = Problems(MAX_MISTAKES)
    top = _composed(text, problems)
    if not isinstance(top, MappingNode):
        return UpdateTool("dependabot", path, (), _unparsed(problems))
    mistakes = list(_wrong_version(top))
    updates = _entry(top, "updates")
    if not isinstance(updates, ListNode) or not updates.items:
        line = updates.mark.line if updates is not None else 1
        mistakes.append((line, "`updates` must be a list with at least one entry"))
        return UpdateTool("dependabot", path, (), tuple(mistakes))
    rules = []
    for update in updates.items:
        wrong = list(_wrong_update(update))
        mistakes += wrong
        if not wrong:
            rules.append(_rule(update))
    return UpdateTool("dependabot", path, tuple(rules), tuple(mistakes[:MAX_MISTAKES]))


def _wrong_version(top: MappingNode) -> Iterator[tuple[int, str]]:
    version = _entry(top, "version")
    if not isinstance(version, Scalar) or version.text != "2":
        yield (version.mark.line if version is not None else 1), "`version: 2` is missing"


def _wrong_update(update: Node) -> Iterator[tuple[int, str]]:
    line = update.mark.line
    if not isinstance(update, MappingNode):
        yield line, "an entry of `updates` must be a mapping"
        return
    ecosystem = _entry(update, "package-ecosystem")
    if not isinstance(ecosystem, Scalar) or not ecosystem.text:
        yield line, "an entry of `updates` names no `package-ecosystem`"
    elif ecosystem.text not in ECOSYSTEMS:
        near = get_close_matches(ecosystem.text, ECOSYSTEMS, n=1, cutoff=0.8)
        if near:
            yield (
                ecosystem.mark.line,
                f"there is no `package-ecosystem` {quoted(ecosystem.text)}; {near[0]!r} is meant, perhaps",
            )
    if not any(_strings(_entry(update, key)) for key in ("directory", "directories")):
        yield line, "an entry of `updates` names no `directory` and no `directories`"
    # Entries of a group across ecosystems take the group's schedule.
    grouped = _entry(update, "multi-ecosystem-group") is not None
    if not grouped and _entry(_entry(update, "schedule"), "interval") is None:
        yield line, "an entry of `updates` has no `schedule` with an `interval`"


def _rule(update: Node) -> UpdateRule:
    ecosystem = _strings(_entry(update, "package-ecosystem"))[0]
    directories = (*_strings(_entry(update, "directory")), *_strings(_entry(update, "directories")))
    return UpdateRule(ecosystem, directories, update.mark.line)


def read_renovate(text: str, path: str) -> UpdateTool:
    """A Renovate configuration: JSON, or JSON with comments and the like (JSON5)."""
    problems = Problems(MAX_MISTAKES)
    top = _composed(_as_yaml(text), problems)
    if not isinstance(top, MappingNode):
        return UpdateTool("renovate", path, (), _unparsed(problems))
    return _renovate_tool(top, path)


def _renovate_tool(section: MappingNode, path: str) -> UpdateTool:
    enabled = _entry(section, "enabled")
    if isinstance(enabled, Scalar) and enabled.value is False:
        return UpdateTool("renovate", path, (), ((enabled.mark.line, "`enabled: false` turns Renovate off"),))
    managers = _entry(section, "enabledManagers")
    if managers is None:
        return UpdateTool("renovate", path)
    rules = (UpdateRule(name, ("/**",), managers.mark.line) for name in _strings(managers))
    return UpdateTool("renovate", path, tuple(rules))


def _as_yaml(text: str) -> str:
    """JSON5 as YAML of the same lines: without comments and tabs, with a space after each colon."""

    def changed(found: re.Match[str]) -> str:
        if found["string"]:
            return found["string"]
        if found["colon"]:
            return ": "
        return " " + "\n" * found[0].count("\n")

    return _JSON5_TOKEN.sub(changed, text)


def _unparsed(problems: Problems) -> tuple[tuple[int, str], ...]:
    mark, sentence = min(problems.found, default=(None, "it is not a mapping of keys"), key=_by_line)
    return ((mark.line if mark else 1, f"the file can not be read: {sentence}"),)


def _by_line(found: tuple[object, str]) -> int:
    return getattr(found[0], "line", 1)


def _composed(text: str, problems: Problems) -> Node | None:
    """The top node; a key that stands twice and the like are problems, and the rest is read on."""
    try:
        return compose(text, problems, references=True)
    except TooManyProblems:
        return None


def _entry(node: Node | None, name: str) -> Node | None:
    return node.entries[name][1] if isinstance(node, MappingNode) and name in node.entries else None


def _strings(node: Node | None) -> list[str]:
    items: Iterable[Node] = node.items if isinstance(node, ListNode) else [node] if node is not None else []
    return [item.text for item in items if isinstance(item, Scalar) and item.text]
