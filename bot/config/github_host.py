"""Where a GitHub is: github.com, a GHE.com subdomain, or a GitHub Enterprise Server.

Source: GitHub Docs, "Getting started with the REST API" for each of the three.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from bot.model.errors import UserError

_HOST = re.compile(r"(?=.{1,253}(?::|$))[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?", re.ASCII)
_UNROUTED = ("localhost", ".localhost", ".local", ".internal", ".invalid", ".test", ".lan", ".home.arpa")


@dataclass(frozen=True, slots=True)
class GitHubHost:
    """Addresses without a slash at the end.

    Args:
        web: where people look, ``https://github.com``.
        api: the API's root, ``https://api.github.com``.
    """

    web: str
    api: str

    @property
    def name(self) -> str:
        """The host that people know, with its port when it has one."""
        return urlsplit(self.web).netloc

    @property
    def on_internet(self) -> bool:
        """GitHub's own service, which reaches public addresses only."""
        return self.name == "github.com" or self.name.endswith(".ghe.com")

    @property
    def here(self) -> bool:
        """On this machine, as a simulated one is."""
        return is_this_machine(urlsplit(self.web).hostname or "")


GITHUB_COM = GitHubHost("https://github.com", "https://api.github.com")


def from_name(text: str) -> GitHubHost:
    """The GitHub of a host that a person typed, with or without ``https://``.

    Raises:
        UserError: it is no host; says what one looks like.
    """
    host = text.strip().lower().removeprefix("https://").rstrip("/")
    if not _HOST.fullmatch(host) or ".." in host:
        raise UserError(
            f"{text.strip()[:80]!r} is not a host; type it as a browser shows it, like github.example.com"
        )
    if host in ("github.com", "www.github.com", "api.github.com"):
        return GITHUB_COM
    if host.endswith(".ghe.com"):
        host = host.removeprefix("api.")
        return GitHubHost(f"https://{host}", f"https://api.{host}")
    return GitHubHost(f"https://{host}", f"https://{host}/api/v3")


def from_api(url: str) -> GitHubHost:
    """The GitHub whose API root is given, as in ``PLUMBLINE_GITHUB_URL``."""
    parts = urlsplit(url)
    if parts.netloc == "api.github.com":
        return GITHUB_COM
    if parts.netloc.startswith("api.") and parts.netloc.endswith(".ghe.com"):
        return GitHubHost(f"{parts.scheme}://{parts.netloc.removeprefix('api.')}", url)
    return GitHubHost(f"{parts.scheme}://{parts.netloc}", url)


def is_this_machine(hostname: str) -> bool:
    """A name or address that leads whoever uses it to themselves."""
    try:
        address = ipaddress.ip_address(hostname.strip("[]"))
    except ValueError:
        return hostname == "localhost" or hostname.endswith(".localhost")
    return address.is_loopback or address.is_unspecified


def is_private(hostname: str) -> bool:
    """A name or address that the internet does not lead to."""
    try:
        return not ipaddress.ip_address(hostname.strip("[]")).is_global
    except ValueError:
        return "." not in hostname or hostname.endswith(_UNROUTED)


def public_address(text: str, github: GitHubHost) -> str:
    """The address under which GitHub shall reach us, checked; "" stays "" and means: not at all.

    Raises:
        UserError: GitHub would refuse it, or never get there; says what to do instead.
    """
    url = text.strip().rstrip("/").removesuffix("/webhook").rstrip("/")
    if not url:
        return ""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port = "", None
    typed = host if port is None else f"{host}:{port}"
    if not host or parts.scheme not in ("http", "https") or parts.query or parts.fragment or parts.username:
        raise UserError(f"{text.strip()[:200]!r} is not an address like https://plumbline.example.org")
    if is_this_machine(host) and not github.here:
        raise UserError(
            f"GitHub refuses {typed} as a webhook's address: for {github.name} that is its own machine, not "
            "yours. Give an address that leads here from outside (a proxy, a tunnel), or leave it empty"
        )
    if github.on_internet and is_private(host):
        raise UserError(
            f"{typed} is not reachable from the internet, where {github.name} is. Give an address that "
            "leads here from outside (a proxy, a tunnel), or leave it empty"
        )
    if parts.scheme != "https" and not github.here:
        raise UserError(
            "use an address that begins with https://; payloads of private repositories pass through it"
        )
    return url
