"""Addresses of GitHubs, and which address of ours each of them can reach."""

from __future__ import annotations

import pytest

from bot.config.github_host import GITHUB_COM, GitHubHost, from_api, from_name, public_address
from bot.model.errors import UserError

GHES = GitHubHost("https://ghes.example", "https://ghes.example/api/v3")
HERE = GitHubHost("http://127.0.0.1:5000", "http://127.0.0.1:5000")


@pytest.mark.parametrize(
    ("typed", "host"),
    [
        ("github.com", GITHUB_COM),
        (" https://GitHub.com/ ", GITHUB_COM),
        ("api.github.com", GITHUB_COM),
        ("acme.ghe.com", GitHubHost("https://acme.ghe.com", "https://api.acme.ghe.com")),
        ("api.acme.ghe.com", GitHubHost("https://acme.ghe.com", "https://api.acme.ghe.com")),
        ("ghes.example", GHES),
        ("ghes:8443", GitHubHost("https://ghes:8443", "https://ghes:8443/api/v3")),
    ],
)
def test_a_host_that_is_typed(typed: str, host: GitHubHost) -> None:
    assert from_name(typed) == host


@pytest.mark.parametrize(
    "typed",
    ["", "a b", "http://x", "x/y", "user@host", "-x", "a..b", "ghes;form-action", "x" * 254, "é.example"],
)
def test_what_is_no_host(typed: str) -> None:
    """It becomes part of a policy header and of an address, so nothing else gets through."""
    with pytest.raises(UserError, match="is not a host"):
        from_name(typed)


@pytest.mark.parametrize(
    ("api", "web", "internet"),
    [
        ("https://api.github.com", "https://github.com", True),
        ("https://api.acme.ghe.com", "https://acme.ghe.com", True),
        ("https://ghes.example/api/v3", "https://ghes.example", False),
        ("http://127.0.0.1:5000/api/v3", "http://127.0.0.1:5000", False),
    ],
)
def test_the_github_of_an_api(api: str, web: str, internet: bool) -> None:
    found = from_api(api)

    assert (found.web, found.api, found.on_internet) == (web, api, internet)


@pytest.mark.parametrize(
    ("typed", "github", "address"),
    [
        ("", GITHUB_COM, ""),
        ("https://plumb.example.org/", GITHUB_COM, "https://plumb.example.org"),
        ("https://example.org/plumb/webhook", GITHUB_COM, "https://example.org/plumb"),
        ("https://8.8.8.8:8443", GITHUB_COM, "https://8.8.8.8:8443"),
        ("https://10.1.2.3", GHES, "https://10.1.2.3"),
        ("https://plumb", GHES, "https://plumb"),
        ("http://127.0.0.1:8000", HERE, "http://127.0.0.1:8000"),
    ],
)
def test_addresses_that_github_reaches(typed: str, github: GitHubHost, address: str) -> None:
    assert public_address(typed, github) == address


@pytest.mark.parametrize(
    ("typed", "github", "said"),
    [
        ("http://localhost:8000", GITHUB_COM, "GitHub refuses localhost:8000"),
        ("https://localhost", GHES, "GitHub refuses localhost"),
        ("https://x.localhost", GHES, "its own machine"),
        ("https://[::1]", GITHUB_COM, "its own machine"),
        ("https://0.0.0.0", GHES, "its own machine"),
        ("https://192.168.1.1", GITHUB_COM, "not reachable from the internet"),
        ("https://plumb", GITHUB_COM, "not reachable from the internet"),
        ("https://plumb.internal", GITHUB_COM, "not reachable from the internet"),
        ("http://plumb.example.org", GITHUB_COM, "begins with https"),
        ("ftp://plumb.example.org", GITHUB_COM, "is not an address"),
        ("https://plumb.example.org?x=1", GITHUB_COM, "is not an address"),
        ("https://me@plumb.example.org", GITHUB_COM, "is not an address"),
        ("https://[plumb", GITHUB_COM, "is not an address"),
        ("https://plumb.example.org:port", GITHUB_COM, "is not an address"),
    ],
)
def test_addresses_that_it_does_not(typed: str, github: GitHubHost, said: str) -> None:
    with pytest.raises(UserError, match=said):
        public_address(typed, github)
