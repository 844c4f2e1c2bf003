"""Which tools are configured, what they cover, and what is wrong."""

import json
import time
from textwrap import dedent

import pytest

from bot.facts.update_tools import MAX_BYTES, MAX_MISTAKES, read_dependabot, read_renovate, update_tools
from bot.model.facts import EntryKind, UpdateRule

from .conftest import COMMIT

DEPENDABOT = ".github/dependabot.yml"
GOOD = """\
version: 2
updates:
  - package-ecosystem: npm
    directory: /
    schedule: {interval: weekly}
  - package-ecosystem: gomod
    directories: ["/a", "/b/*"]
    schedule: {interval: daily}
"""


def mistakes(text: str) -> list[tuple[int, str]]:
    return list(read_dependabot(dedent(text), DEPENDABOT).mistakes)


def test_dependabot_is_read():
    """Ecosystems, folders and lines."""
    tool = read_dependabot(GOOD, DEPENDABOT)

    assert (tool.name, tool.path, tool.works) == ("dependabot", DEPENDABOT, True)
    assert tool.rules == (UpdateRule("npm", ("/",), 3), UpdateRule("gomod", ("/a", "/b/*"), 6))


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(GOOD.replace("gomod", "some-new-one"), id="an ecosystem that is not known yet"),
        pytest.param(
            "version: 2\nupdates:\n- &a {package-ecosystem: npm, directory: /, schedule: {interval: daily}}\n"
            "- {<<: *a, directory: /b}",
            id="aliases and merge keys",
        ),
        pytest.param(
            "version: 2\nmulti-ecosystem-groups: {g: {schedule: {interval: daily}}}\n"
            "updates: [{package-ecosystem: npm, directory: /, multi-ecosystem-group: g, patterns: ['*']}]",
            id="the schedule of a group",
        ),
        pytest.param(GOOD + "version: 2\n", id="a key twice"),
        pytest.param("\ufeff" + GOOD, id="a byte order mark"),
        pytest.param(GOOD.replace("version: 2", 'version: "2"'), id="quoted"),
    ],
)
def test_no_false_alarm(text):
    """What Dependabot takes is no mistake."""
    assert read_dependabot(text.removeprefix("\ufeff"), DEPENDABOT).mistakes == ()


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("", 1, "not a mapping"),
        ("version: 2\nupdates:\n - a: [", 3, "not valid YAML"),
        ("updates: [{package-ecosystem: npm, directory: /, schedule: {interval: daily}}]", 1, "`version: 2`"),
        (GOOD.replace("version: 2", "version: 1"), 1, "`version: 2`"),
        ("version: 2", 1, "`updates` must be a list"),
        ("version: 2\nupdates: []", 2, "`updates` must be a list"),
        ("version: 2\nupdates: [npm]", 2, "must be a mapping"),
        (GOOD.replace("package-ecosystem: npm", "ecosystem: npm"), 3, "names no `package-ecosystem`"),
        (GOOD.replace("gomod", "gomods"), 6, "'gomod' is meant, perhaps"),
        (GOOD.replace("directory: /", "dir: /"), 3, "names no `directory`"),
        (GOOD.replace("directory: /", "directory:"), 3, "names no `directory`"),
        (GOOD.replace("    schedule: {interval: daily}\n", ""), 6, "no `schedule`"),
    ],
)
def test_mistakes_have_a_line(text, line, said):
    """Each keeps Dependabot from working."""
    ((found_line, sentence),) = mistakes(text)

    assert (found_line, said in sentence) == (line, True)


def test_mistakes_are_few():
    """However long the list is."""
    assert len(mistakes("version: 2\nupdates: [" + "a, " * 1000 + "]")) == MAX_MISTAKES


@pytest.mark.parametrize(
    ("text", "rules"),
    [
        pytest.param("{}", None, id="empty"),
        pytest.param('{"extends": ["config:recommended"]}', None, id="all managers"),
        pytest.param('{"enabledManagers": ["npm", "gomod"]}', ("npm", "gomod"), id="some managers"),
        pytest.param(
            '{\n\t// https://example.org\n\textends: [\'x//y\', "z /* \\" */"], /* a\n: */\n'
            "\t'enabledManagers':['npm',],\n}",
            ("npm",),
            id="with comments, tabs, single quotes, bare keys and a last comma",
        ),
    ],
)
def test_renovate_is_read(text, rules):
    """JSON and JSON5."""
    tool = read_renovate(text, "renovate.json5")

    assert tool.works
    assert (tool.rules and tuple(rule.ecosystem for rule in tool.rules)) == rules


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ('{\n  "enabled": false\n}', 2, "turns Renovate off"),
        ('{\n  "a": \n', 3, "can not be read"),
        ("[]", 1, "not a mapping"),
    ],
)
def test_renovate_that_does_not_work(text, line, said):
    """With the line, which comments before it do not change."""
    ((found_line, sentence),) = read_renovate("/* a\nb */ " + text, "renovate.json").mistakes

    assert found_line in (line, line + 1)
    assert said in sentence


@pytest.mark.parametrize(
    "text", ['"' + '\\"' * 30_000, "/*" * 30_000, "'" * 60_000, "{" * 60_000, '"\\', "[" + '"a",' * 15_000]
)
@pytest.mark.untraced
def test_hostile_text_is_read_in_no_time(text):
    """No character is looked at again and again."""
    start = time.process_time()

    assert not read_renovate(text, "renovate.json").works
    assert time.process_time() - start < 5


def test_looks_in_the_usual_places(reader):
    """Dependabot first; of Renovate's files the first counts."""
    reader.files = {
        ".github/dependabot.yaml": GOOD.encode(),
        ".github/renovate.json5": b"{}",
        "renovate.json": b'{"enabledManagers": ["npm"]}',
        ".pyup.yml": b"",
        ".scala-steward.conf": b"",
    }

    found = update_tools(reader, COMMIT)

    assert [(tool.name, tool.path) for tool in found] == [
        ("dependabot", ".github/dependabot.yaml"),
        ("renovate", "renovate.json"),
        ("pyup", ".pyup.yml"),
        ("scala-steward", ".scala-steward.conf"),
    ]


@pytest.mark.parametrize(
    ("package", "expected"),
    [
        ({"renovate": {"extends": []}}, ["renovate"]),
        ({"devDependencies": {"renovate": "1"}}, []),
        ({"renovate": {}, "x": "y" * MAX_BYTES}, []),
        ({}, []),
    ],
)
def test_renovate_may_be_a_part_of_package_json(reader, package, expected):
    """A dependency of that name is none."""
    reader.files = {"package.json": json.dumps(package).encode()}

    assert [tool.name for tool in update_tools(reader, COMMIT)] == expected


def test_what_is_not_read_is_said(reader):
    """A link, or too large; a large package.json is no configuration."""
    reader.files = {DEPENDABOT: b"x", "renovate.json": b"x" * (MAX_BYTES + 1), "package.json": b"x" * 300_000}
    reader.kinds = {DEPENDABOT: EntryKind.SYMLINK}

    dependabot, renovate = update_tools(reader, COMMIT)

    assert "symlink" in dependabot.unread
    assert "bytes" in renovate.unread
    del reader.files["renovate.json"]
    assert len(update_tools(reader, COMMIT)) == 1


def test_nothing_there(reader):
    """No file, no commit."""
    reader.files = {"README": b""}

    assert update_tools(reader, COMMIT) == ()
    assert update_tools(reader, "") == ()
