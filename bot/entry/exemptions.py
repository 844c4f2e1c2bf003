"""``plumbline exemptions``: the register of everything that shall not speak for a while."""

from __future__ import annotations

import csv
import io
import json
import os
from typing import TYPE_CHECKING, Any

import click

from bot.config.settings import from_environment
from bot.entry.tables import show
from bot.model.errors import UserError

if TYPE_CHECKING:
    from bot.engine.exemption_register import Entry

COLUMNS = (
    "repository",
    "check",
    "standing",
    "until",
    "reason",
    "source",
    "owner_id",
    "asked_at",
    "id",
    "outcome",
)
ACCOUNT = click.option("--account", metavar="LOGIN", help="Only those of this account's repositories.")


@click.group()
def exemptions() -> None:
    """List and export every exemption: in force, over, or waiting for a second person."""


@exemptions.command("list")
@ACCOUNT
def list_(account: str | None) -> None:
    """List them, by repository and check."""
    rows = [
        [item[name] for name in ("repository", "check", "standing", "until", "id", "source", "reason")]
        for item in _items(account)
    ]
    headings = ("repository", "check", "standing", "last day", "id", "by", "reason")
    show(headings, rows, empty="there are no exemptions")


@exemptions.command()
@ACCOUNT
@click.option(
    "--format",
    "form",
    type=click.Choice(["csv", "json"]),
    default="csv",
    show_default=True,
    help="For spreadsheets, or for programs.",
)
def export(account: str | None, form: str) -> None:
    """Print all that is known of them; owners by their numeric ids."""
    items = _items(account)
    if form == "json":
        click.echo(json.dumps(items, indent=2))
        return
    page = io.StringIO()
    writer = csv.DictWriter(page, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _cell(value) for name, value in item.items()} for item in items)
    click.echo(page.getvalue(), nl=False)


def _items(account: str | None) -> list[dict[str, str]]:
    from bot.adapters.clock import SystemClock
    from bot.adapters.store import open_store
    from bot.engine.exemption_register import register
    from bot.entry.environment import prepare_home

    store = open_store(prepare_home(from_environment(os.environ)))
    try:
        wanted = [i for i in store.installations() if account is None or i.account.lower() == account.lower()]
        if account is not None and not wanted:
            raise UserError(f"the App is not installed on {account!r}, as far as is known")
        now = SystemClock().now()
        return [_plain(entry) for i in wanted for entry in register(store, i.id, now)]
    finally:
        store.close()


def _plain(entry: Entry) -> dict[str, str]:
    values: dict[str, Any] = {name: getattr(entry, name) for name in COLUMNS}
    values["repository"] = entry.repository.full_name
    values["standing"] = entry.standing.value
    values["until"] = entry.until.isoformat()
    values["owner_id"] = str(entry.owner_id or "")
    values["asked_at"] = entry.asked_at.isoformat(timespec="seconds") if entry.asked_at else ""
    return values


def _cell(value: str) -> str:
    """A text that no spreadsheet takes for a formula. Source: OWASP, CSV injection."""
    return f"'{value}" if value[:1] in ("=", "+", "-", "@", "\t", "\r") else value
