"""Tables for people: wrapped and coloured on a terminal, one line for each row where a program reads."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import click


def show(headings: Sequence[str], rows: Sequence[Sequence[str]], *, empty: str = "there is nothing") -> None:
    """Print rows under headings; foreign characters that do something are made visible.

    Args:
        empty: printed when there are no rows.
    """
    if not rows:
        click.echo(empty)
        return
    clean = [[printable(cell) for cell in row] for row in rows]
    if sys.stdout.isatty():
        _wrapped(headings, clean)
    else:
        _aligned(headings, clean)


def show_json(items: Sequence[Mapping[str, Any]]) -> None:
    """Print one JSON list."""
    click.echo(json.dumps(list(items), indent=2))


def printable(text: str) -> str:
    """A text on one line without anything that moves a cursor, changes a colour or turns the writing."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def _wrapped(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for number, heading in enumerate(headings):
        table.add_column(heading, overflow="fold", no_wrap=number == 0, style="cyan" if number == 0 else "")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    Console(highlight=False, markup=False, emoji=False).print(table)


def _aligned(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    lines = [[heading.upper() for heading in headings], *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(headings) - 1)]
    for line in lines:
        cells = (cell.ljust(width) for cell, width in zip(line, [*widths, 0], strict=True))
        click.echo("  ".join(cells).rstrip())
