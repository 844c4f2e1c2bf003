"""Links, images, commands and names of tests in the documentation lead somewhere."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from bot.entry.cli import cli

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])

OURS = re.compile(r"(?:^|[\s;&|(])(?:\.venv/bin/)?plumbline (?=[a-z-])")
OPERATOR = re.compile(r"[|;&<>#]|\$\(|&&")
EVERYWHERE = frozenset({"--help", "-h"})


def prose(page: Path) -> str:
    """A page without its fenced blocks."""
    return re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)


def anchors(page: Path) -> set[str]:
    """Names that GitHub gives to the headings of a page."""
    titles = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def links(page: Path) -> list[str]:
    """Targets of links and images that are no addresses of other hosts."""
    text = re.sub(r"`[^`\n]*`", "", prose(page))
    targets = re.findall(r"\]\(([^)\s]+)\)", text)
    return [target for target in targets if not re.match(r"[a-z]+:", target)]


def on_github(target: str) -> bool:
    """A page of the repository at GitHub, which no file stands for."""
    return target.startswith("../../security/")


def command_lines(page: Path) -> Iterator[list[str]]:
    """Words after ``plumbline`` of each line of a fenced block that runs it."""
    for _, body in re.findall(
        r"^```(\w*)\n(.*?)^```$", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    ):
        for line in body.splitlines():
            found = OURS.search(line)
            if not found or line.lstrip().startswith(("#", "-", '"')):
                continue
            rest = OPERATOR.split(line[found.end() :])[0]
            yield shlex.split(rest)


def wrong(words: list[str]) -> str:
    """Why the command line can not be one of ours; empty when it can."""
    command: click.Command = cli
    for position, word in enumerate(words):
        if word == "[OPTIONS]":
            return ""
        if not isinstance(command, click.Group):
            given = [w.partition("=")[0] for w in words[position:] if w.startswith("--")]
            known = {name for p in command.params for name in (*p.opts, *p.secondary_opts)} | EVERYWHERE
            unknown = [name for name in given if name not in known]
            return f"no option {unknown[0]} of {' '.join(words[:position])}" if unknown else ""
        found = command.get_command(click.Context(command), word)
        if found is None:
            return f"no command {word!r}"
        command = found
    return ""


def test_finds_pages_links_and_commands() -> None:
    """The tests below look at something."""
    assert len(PAGES) > 15
    assert sum(len(links(page)) for page in PAGES) > 40
    assert sum(len(list(command_lines(page))) for page in PAGES) > 40


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_to_files_and_headings(page: Path) -> None:
    """Relative, inside the repository, and to a heading that there is."""
    broken = []
    for target in links(page):
        path, _, heading = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        missing = not file.exists() or ROOT not in (file, *file.parents)
        if not on_github(target) and (missing or (heading and heading not in anchors(file))):
            broken.append(target)

    assert broken == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_in_blocks_are_commands_of_ours(page: Path) -> None:
    """The sub-command and every long option exist."""
    assert [] == [(words, why) for words in command_lines(page) if (why := wrong(words))]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("plumbline parked list --json", ""),
        ("plumbline parked loose", "no command 'loose'"),
        ("plumbline check . --colour", "no option --colour of check"),
    ],
)
def test_tells_wrong_commands(line: str, why: str) -> None:
    """The judge of command lines itself."""
    assert wrong(shlex.split(line)[1:]) == why


def test_tests_that_the_threat_model_names_exist() -> None:
    """A defence whose test was renamed or removed is not shown by anything."""
    named = set(re.findall(r"`(test_\w+)`", (ROOT / "docs" / "threat-model.md").read_text(encoding="utf-8")))
    defined: set[str] = set()
    for path in (ROOT / "tests").rglob("*.py"):
        defined.update(
            re.findall(r"^\s*(?:async )?def (test_\w+)", path.read_text(encoding="utf-8"), re.MULTILINE)
        )

    assert len(named) > 40
    assert named - defined == set()


def test_every_picture_is_shown_and_said_in_words() -> None:
    """What the browser tests store helps somebody, also those who can not see it."""
    shown = dict(re.findall(r"!\[([^\]]*)\]\((?:\S*/)?([\w-]+\.png)\)", "\n".join(map(prose, PAGES))))

    assert sorted(shown.values()) == sorted(p.name for p in (ROOT / "docs" / "images").glob("*.png"))
    assert all(len(said.split()) >= 5 for said in shown)
