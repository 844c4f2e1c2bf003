"""``plumbline stop`` and ``plumbline resume``: the switch that stops all that is written by itself."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from bot.config.settings import from_environment
from bot.model.errors import UserError
from bot.ports import EVERYWHERE

if TYPE_CHECKING:
    from bot.adapters.store import SqlStore

WHERE = click.option(
    "--account", metavar="LOGIN", help="Only for the installation on this account; everywhere when not given."
)


@click.command()
@WHERE
def stop(account: str | None) -> None:
    """Write nothing by itself any more; people who ask are still answered."""
    with _store() as store:
        where = _installation(store, account)
        store.stop(where, "operator")
        store.audit(where, "operator", "stopped", {})
    click.echo(f"stopped {_place(account)}: nothing is written by itself until `plumbline resume`")


@click.command()
@WHERE
def resume(account: str | None) -> None:
    """Write again after ``plumbline stop``."""
    with _store() as store:
        where = _installation(store, account)
        if not store.resume(where):
            raise UserError(f"nothing is stopped {_place(account)}; `plumbline doctor` says where it is")
        store.audit(where, "operator", "resumed", {})
        left = store.stops()
    click.echo(f"resumed {_place(account)}; what is due is written with the next look, within a day")
    if left:
        click.echo(
            f"still stopped in {len(left)} other place{'s' if len(left) > 1 else ''}: plumbline doctor"
        )


@contextmanager
def _store() -> Iterator[SqlStore]:
    from bot.adapters.store import open_store
    from bot.entry.environment import prepare_home

    store = open_store(prepare_home(from_environment(os.environ)))
    try:
        yield store
    finally:
        store.close()


def _installation(store: SqlStore, account: str | None) -> int:
    if account is None:
        return EVERYWHERE
    for installation in store.installations():
        if installation.account.lower() == account.lower():
            return installation.id
    raise UserError(f"the App is not installed on {account!r}, as far as is known")


def _place(account: str | None) -> str:
    return f"for {account}" if account else "everywhere"
