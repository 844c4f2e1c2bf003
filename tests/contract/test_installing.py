"""The guide to installing says what the manifest, the settings and the doctor say."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

from bot.config import settings
from bot.config.manifest import MAINTENANCE, read_manifest
from bot.entry import doctor, doctor_github
from bot.web import setup

PAGE = (Path(__file__).parents[2] / "docs" / "guide" / "installing.md").read_text(encoding="utf-8")


def tables() -> list[list[list[str]]]:
    """The tables of the page: rows of cells, without their heads."""
    found = re.findall(r"(?:^\|.*\n)+", PAGE, re.M)
    return [
        [[cell.strip() for cell in row.strip("|\n").split(" | ")] for row in table.splitlines()[2:]]
        for table in found
    ]


def table_after(text: str) -> list[list[str]]:
    """The first table below a text."""
    return tables()[len(re.findall(r"(?:^\|.*\n)+", PAGE.partition(text)[0], re.M))]


def test_every_permission_stands_there_with_its_reason() -> None:
    manifest = read_manifest()

    assert [tuple(row) for row in table_after("To report, Plumbline asks for these")] == [
        (f"`{name}`", level, reason) for name, (level, reason) in manifest.asked(maintenance=False).items()
    ]


def test_maintenance_stands_there_as_set_up_adds_it() -> None:
    assert [tuple(row) for row in table_after("Maintenance raises two of them")] == [
        (f"`{name}`", level, reason) for name, (level, reason) in MAINTENANCE.items()
    ]


def test_every_event_stands_there() -> None:
    told = PAGE.partition("It subscribes to these events:")[2].partition("Those of installations")[0]

    assert tuple(re.findall(r"`(\w+)`", told)) == read_manifest().events


def test_every_line_of_the_doctor_stands_there() -> None:
    source = inspect.getsource(doctor) + inspect.getsource(doctor_github)
    names = re.findall(r'(?:Finding|guarded)\(\s*"([a-z ]+)"', source)

    assert {row[0] for row in table_after("`plumbline doctor` looks at everything")} == set(names)


def test_every_variable_that_is_named_exists() -> None:
    known = inspect.getsource(settings)
    named = set(re.findall(r"PLUMBLINE_\w+", PAGE)) - {"PLUMBLINE_WEBHOOK_SECRET_PREVIOUS"}

    assert len(named) > 5
    assert {name for name in named if f'"{name}"' not in known} <= {"PLUMBLINE_HOME"}


@pytest.mark.parametrize("cell", [row[0] for row in table_after("If something goes wrong on the way")])
def test_what_can_go_wrong_is_said_in_the_words_of_the_page(cell: str) -> None:
    source = inspect.getsource(setup)

    assert cell.strip("*").removeprefix("... ") in source
