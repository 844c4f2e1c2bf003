"""``plumbline badge OWNER/NAME``: the lines that put a repository's badge into its README."""

from __future__ import annotations

import os

import click

from bot.entry.environment import with_stored
from bot.model.errors import SettingsError, UserError


@click.command()
@click.argument("name", metavar="OWNER/NAME")
def badge(name: str) -> None:
    """Print the Markdown of a repository's badge.

    Of a private repository it holds a token: who sees the line sees the badge, and nothing else.
    """
    from bot.adapters.store import open_store
    from bot.config.settings import from_environment
    from bot.web.badges import badge_token

    settings = with_stored(from_environment(os.environ))
    if not settings.public_url:
        raise SettingsError(
            "a badge is fetched from this Plumbline by those who look at the README: "
            "set PLUMBLINE_PUBLIC_URL to the address under which they reach it"
        )
    store = open_store(settings)
    owner = name.partition("/")[0].lower()
    found = next(
        (
            repository
            for installation in store.installations()
            if installation.account.lower() == owner
            and (repository := store.repository_named(installation.id, name)) is not None
        ),
        None,
    )
    if found is None:
        raise UserError(f"Plumbline does not know {name!r}: is the App installed on it?")
    address = f"{settings.public_url}/badge/{found.id}.svg"
    if not found.public:
        secret = next(iter(settings.secret_keys), "")
        if not secret:
            raise SettingsError(
                f"{name} is not public, and a token for its badge needs PLUMBLINE_SECRET_KEYS to be set"
            )
        address += f"?token={badge_token(secret, found.id)}"
    click.echo(f"[![health]({address})]({found.html_url})")
