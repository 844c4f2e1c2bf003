"""Reads tests of policies: imaginary repositories, and what checks are expected to say of them.

A file of tests is as untrusted as the policy that it lies beside, and its mistakes are told alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from bot.config.policy_file import Reader, is_nothing, read_file
from bot.model.attributes import Attributes, Described
from bot.model.custom_checks import SETTINGS, Kind
from bot.model.facts import Visibility
from bot.model.verdicts import Outcome
from bot.yaml_nodes import ListNode, MappingNode, Mark, Node, Problems, Scalar, quoted

TESTS_NAME = "plumbline.tests.yml"
FILES_LIMIT = 500
TESTS_LIMIT = 200
TEXT_LIMIT = 200
SWITCHED_OFF = "off"
"""Expected in place of an outcome: policy leaves the check out, or the whole repository."""

OUTCOMES = (*(outcome.value for outcome in Outcome), SWITCHED_OFF)

DEFAULTS: Mapping[str, str | bool | tuple[str, ...]] = {
    "description": "",
    "homepage": "",
    "topics": (),
    "language": "",
    "visibility": "public",
    "default_branch": "main",
    "archived": False,
    "fork": False,
    "has_issues": True,
    "has_wiki": True,
    "has_projects": True,
    "has_discussions": False,
    "is_template": False,
    "merge_commit": True,
    "squash_merge": True,
    "rebase_merge": True,
    "auto_merge": False,
    "delete_branch_on_merge": False,
}
"""The settings of a public repository that somebody has just made."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What a check shall say; ``says`` stands somewhere in what it says, letters of either case."""

    check: str
    outcome: str
    says: str = ""
    mark: Mark = field(default_factory=Mark)


@dataclass(frozen=True, slots=True)
class PolicyTest:
    """An imaginary repository and what is expected of it.

    Args:
        repository: its name, without an owner.
        files: path -> text; without any it has no commit.
        templates: path -> text in the owner's ``.github`` repository; None when that can not be seen.
        settings: as ``SETTINGS`` names them, all of them.
        properties: custom property -> values.
    """

    name: str
    expected: tuple[Expected, ...]
    repository: str = "widgets"
    files: Mapping[str, str] = field(default_factory=dict)
    templates: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, str | bool | tuple[str, ...]] = field(default_factory=lambda: dict(DEFAULTS))
    properties: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    teams: tuple[str, ...] = ()
    line: int = 1

    @property
    def attributes(self) -> Attributes:
        """What selectors see of it."""
        said = self.settings
        topics, language = said["topics"], said["language"]
        assert isinstance(topics, tuple)
        described = Described(topics, str(language), self.teams, self.properties)
        visibility = Visibility(str(said["visibility"]))
        return Attributes(
            self.repository, visibility, said["archived"] is True, said["fork"] is True, described
        )


@dataclass(frozen=True, slots=True)
class PolicyTests:
    """A file of tests; ``policies`` as it names them, from its own folder; () when it names none."""

    tests: tuple[PolicyTest, ...] = ()
    policies: tuple[str, ...] = ()


def read_tests(data: bytes, *, path: str = TESTS_NAME) -> PolicyTests:
    """Read a file of tests; whether the checks exist is not looked at.

    Raises:
        PolicyErrors: all that is wrong, each with line and column.
    """

    def read(top: Node, problems: Problems) -> PolicyTests:
        return _Tests({}, problems).tests(top)

    return read_file(data, read, path=path) or PolicyTests()


_TEST_KEYS = ("name", "repository", "files", "templates", "settings", "properties", "teams", "expect")


class _Tests(Reader):
    """Turns nodes of a file of tests into values."""

    def tests(self, top: Node) -> PolicyTests:
        entries = self.mapping(top, "the file", ("policy", "tests"), "key", needed=("tests",))
        policies = self.texts(entries["policy"][1], "policy") if "policy" in entries else ()
        items = self.items(entries["tests"][1], "tests") if "tests" in entries else []
        if len(items) > TESTS_LIMIT:
            self.problems.add(
                items[TESTS_LIMIT].mark, f"tests: there may be {TESTS_LIMIT}; begin another file"
            )
        found: dict[str, PolicyTest] = {}
        for item in items[:TESTS_LIMIT]:
            test = self.test(item)
            if test is not None and test.name in found:
                self.problems.add(item.mark, f"a second test {quoted(test.name)}: give it another name")
            if test is not None:
                found[test.name] = test
        return PolicyTests(tuple(found.values()), policies)

    def test(self, node: Node) -> PolicyTest | None:
        entries = self.mapping(node, "a test", _TEST_KEYS, "key", needed=("name", "expect"))
        said = {name: entry[1] for name, entry in entries.items()}
        name = self.text(said["name"], "name") if "name" in said else None
        expected = self.expectations(said["expect"]) if "expect" in said else ()
        values: dict[str, object] = {"settings": self.settings(said.get("settings"))}
        if "repository" in said:
            values["repository"] = self.text(said["repository"], "repository") or ""
        for key in ("files", "templates"):
            if key in said:
                values[key] = self.files(said[key], key)
        if "properties" in said:
            values["properties"] = {
                known: self.texts(value, f"properties.{quoted(known)}")
                for known, value in self.named(said["properties"], "properties")
            }
        if "teams" in said:
            values["teams"] = self.texts(said["teams"], "teams")
        if name is None or not expected:
            return None
        return PolicyTest(name, expected, line=node.mark.line, **values)  # type: ignore[arg-type]

    def expectations(self, node: Node) -> tuple[Expected, ...]:
        found = []
        if not self.named(node, "expect"):
            self.wrong(node, "expect", "it should be a mapping from checks to what they say, one at least")
        for check, said in self.named(node, "expect"):
            assert isinstance(node, MappingNode)
            key, outcome, says = node.entries[check][0], said, ""
            if isinstance(said, MappingNode):
                entries = self.mapping(said, f"expect.{check}"[:80], ("outcome", "says"), "key", ("outcome",))
                if "outcome" not in entries:
                    continue
                outcome = entries["outcome"][1]
                says = (self.text(entries["says"][1], "says") or "") if "says" in entries else ""
            text = outcome.text if isinstance(outcome, Scalar) else ""
            if text in OUTCOMES:
                found.append(Expected(check, text, says, key.mark))
            else:
                self.wrong(outcome, "expect", f"it should be one of {', '.join(OUTCOMES)}")
        return tuple(found)

    def settings(self, node: Node | None) -> dict[str, str | bool | tuple[str, ...]]:
        found = dict(DEFAULTS)
        if node is None:
            return found
        for name, (_, value) in self.mapping(node, "settings", SETTINGS, "setting").items():
            kind, where = SETTINGS[name].kind, f"settings.{name}"
            if kind is Kind.FLAG:
                found[name] = self.boolean(value, where) is True
            elif kind is Kind.TEXTS:
                found[name] = self.texts(value, where)
            elif name == "visibility":
                found[name] = self.one_of(value, where, list(Visibility), "visibility") or Visibility.PUBLIC
            elif isinstance(value, Scalar):
                found[name] = value.text
            else:
                self.wrong(value, where, "it should be a text")
        return found

    def files(self, node: Node, where: str) -> dict[str, str]:
        named = self.named(node, where)
        if len(named) > FILES_LIMIT:
            self.problems.add(node.mark, f"{where}: there may be {FILES_LIMIT}")
        found = {}
        for path, text in named[:FILES_LIMIT]:
            if not path.isprintable() or any(part in ("", ".", "..") for part in path.split("/")):
                self.problems.add(
                    text.mark, f"{where}: {quoted(path)} is no path from the root; write it as `docs/a.md`"
                )
            elif isinstance(text, Scalar):
                found[path] = text.text
            else:
                self.wrong(text, f"{where}: {quoted(path)}", "it should be the text of the file")
        clash = next((p for p in found if any(other.startswith(f"{p}/") for other in found)), None)
        if clash is not None:
            self.problems.add(node.mark, f"{where}: {quoted(clash)} can not be a file and a folder")
        return found

    def named(self, node: Node, where: str) -> list[tuple[str, Node]]:
        if isinstance(node, MappingNode):
            return [(name, value) for name, (_, value) in node.entries.items()]
        if not is_nothing(node):
            self.wrong(node, where, "it should be a mapping")
        return []

    def texts(self, node: Node, where: str) -> tuple[str, ...]:
        items: Iterable[Node] = node.items if isinstance(node, ListNode) else [node]
        found = (self.text(item, where) for item in items if not is_nothing(node))
        return tuple(text for text in found if text is not None)

    def text(self, node: Node, where: str) -> str | None:
        text = node.text if isinstance(node, Scalar) and node.value is not None else ""
        if text.strip() and len(text) <= TEXT_LIMIT and text.isprintable():
            return text
        self.wrong(node, where, f"it should be a text of 1 to {TEXT_LIMIT} characters on one line")
        return None
