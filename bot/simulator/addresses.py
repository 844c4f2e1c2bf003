"""Tells addresses of pages for people from those of the API."""

from __future__ import annotations

from collections.abc import Container
from urllib.parse import unquote

from bot.simulator.http_server import Arrived

OWN = "/-/"
"""Below this lie the site's own addresses; no account can have that name."""

RESERVED = frozenset(
    (
        *("_sim", "api", "graphql", "meta", "rate_limit", "search", "webhooks"),
        *("app", "apps", "app-manifests", "installation", "installations"),
        *("repos", "repositories", "orgs", "organizations", "enterprises", "user", "users"),
        *("login", "settings"),
    )
)
"""First parts of addresses that are the API's, or GitHub's own, whatever accounts are named."""


def is_page(arrived: Arrived, accounts: Container[str]) -> bool:
    """A browser's address, as ``/acme/rocket/issues/1``.

    Args:
        accounts: logins in lower case.
    """
    if arrived.path.startswith(OWN):
        return True
    if arrived.path == "/":
        return "text/html" in arrived.headers.get("accept", "")
    first = unquote(arrived.path.split("/", 2)[1]).lower()
    return first not in RESERVED and first in accounts
