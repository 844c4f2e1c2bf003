"""Secrets are taken out of texts, the long token format whole."""

from __future__ import annotations

import pytest

from bot.adapters.redact import redact

LONG = "ghs_4711_" + "eyJhbGciOiJSUzI1NiJ9" + "." + "aB-_" * 110 + "." + "cD9-" * 8


@pytest.mark.fault
@pytest.mark.parametrize(
    "secret",
    [
        pytest.param("ghs_" + "a" * 36, id="old installation token"),
        pytest.param(LONG, id="long installation token"),
        pytest.param("ghp_" + "B2" * 18, id="personal token"),
        pytest.param("gho_" + "c" * 40, id="OAuth token"),
        pytest.param("github_pat_11ABCDE_" + "x" * 60, id="fine-grained token"),
        pytest.param("v1." + "0a" * 20, id="token of an old GHES"),
        pytest.param("eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiIxIn0.c2lnbmF0dXJl", id="JWT"),
        pytest.param(
            "-----BEGIN RSA PRIVATE KEY-----\nMIIE\nabc=\n-----END RSA PRIVATE KEY-----", id="private key"
        ),
        pytest.param("-----BEGIN PRIVATE KEY-----\nMIIEcutshort", id="private key cut short"),
    ],
)
def test_kg4_secrets_go_and_their_surroundings_stay(secret: str) -> None:
    """Nothing of the secret is left, not even its end."""
    text = redact(f"before ({secret}) after" if "cut" not in secret else f"before ({secret}")

    assert text.startswith("before ([redacted]")
    for part in (secret[10:30], secret[-12:]):
        assert part not in text
    assert "cut" in secret or text.endswith(" after")


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Authorization: Bearer abc.def", "Authorization: Bearer [redacted]"),
        ("{'authorization': 'token 12345'}", "{'authorization': 'token [redacted]'}"),
        ("redis://user:pass@host/0", "redis://user:[redacted]@host/0"),
        ("https://x-access-token:abc@github.com/a/b", "https://x-access-token:[redacted]@github.com/a/b"),
    ],
)
def test_headers_and_urls(text: str, left: str) -> None:
    """Where a secret is known by its place."""
    assert redact(text) == left


@pytest.mark.parametrize(
    "text", ["ghs_short", "commit " + "a" * 40, "https://github.com/a/b:c", "the token is redacted", ""]
)
def test_ordinary_text_stays(text: str) -> None:
    """Commit ids, addresses and words are no secrets."""
    assert redact(text) == text
