"""Set-up as the processes of ``plumbline up`` share it: the code, the pages, and what comes after."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from bot.config.settings import PagesFor, Settings
from bot.entry import wiring
from bot.model.errors import SettingsError

if TYPE_CHECKING:
    from flask import Blueprint

    from bot.adapters.credentials import Credentials
    from bot.web.receiver import Receiver

log = logging.getLogger(__name__)

DIGEST_VARIABLE = "PLUMBLINE_SETUP_CODE_SHA256"
"""Tells the web process what the one-time code is, without the code."""

LOOK_S = 0.2


def offered() -> bool:
    """This process was started to offer set-up."""
    return bool(os.environ.get(DIGEST_VARIABLE))


def refuse_half_set(settings: Settings) -> None:
    """Raise unless set-up can be offered: no credential is set or stored, and pages are not off.

    Raises:
        SettingsError: names what is missing, or what contradicts.
    """
    from bot.adapters.credentials import FILE, load

    stored = load(settings.home)
    if stored is not None:
        raise SettingsError(
            f"{settings.home / FILE} holds the keys of App {stored.app_id} at {stored.github_url}, but "
            "PLUMBLINE_APP_ID or PLUMBLINE_GITHUB_URL names another: unset them, or set PLUMBLINE_HOME to "
            "another directory"
        )
    if settings.app_id or settings.private_key or settings.webhook_secrets:
        raise SettingsError(f"{wiring.REGISTRATION}; or unset all of them to be led through it")
    if settings.pages is PagesFor.NOBODY:
        raise SettingsError(f"{wiring.REGISTRATION}; or let PLUMBLINE_PAGES be loopback to be led through it")


def address(settings: Settings) -> str:
    """Where the web process answers on this machine."""
    host = "127.0.0.1" if settings.host in ("0.0.0.0", "::") else settings.host  # noqa: S104 - compared, not listened on
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.port}"


def invitation(settings: Settings, code: str) -> str:
    """What the console shows."""
    return (
        "\nPlumbline is not registered at a GitHub yet. Open\n\n"
        f"    {address(settings)}/setup\n\n"
        f"in a browser on this machine and type this code:  {code}\n\n"
        "It works once. Keep it to yourself: who has it decides where Plumbline works.\n"
    )


def when_registered(settings: Settings, act: Callable[[], None], stop: threading.Event) -> threading.Thread:
    """Call ``act`` once credentials are stored, from a thread that ends with ``stop``."""
    from bot.adapters.credentials import load

    def look() -> None:
        while not stop.wait(LOOK_S):
            if load(settings.home) is not None:
                act()
                return

    thread = threading.Thread(target=look, name="setup", daemon=True)
    thread.start()
    return thread


def pages(settings: Settings, receiver: Receiver, on_secrets: Callable[[Settings], None]) -> Blueprint:
    """The set-up pages; what they store is in force in this process at once.

    Args:
        on_secrets: told the settings in force, so that the logs know what not to show.
    """
    from bot.adapters import credentials
    from bot.adapters.github.conversion import convert
    from bot.config.github_host import from_api
    from bot.config.manifest import read_manifest
    from bot.web.setup import SetUp, Site, create_setup

    def keep(made: Credentials) -> None:
        on_secrets(
            replace(
                settings,
                private_key=made.private_key,
                webhook_secrets=(made.webhook_secret, made.client_secret),
            )
        )
        credentials.save(settings.home, made)
        receiver.adopt((made.webhook_secret,), made.app_id)

    named = os.environ.get("PLUMBLINE_GITHUB_URL", "").strip()
    site = Site(
        SetUp(
            os.environ[DIGEST_VARIABLE],
            convert=convert,
            keep=keep,
            done=lambda: credentials.load(settings.home),
        ),
        read_manifest(),
        github=from_api(settings.github_url) if named else None,
        public_url=settings.public_url,
        pages=settings.pages,
    )
    return create_setup(site)
