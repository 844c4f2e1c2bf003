"""Style sheet, script and icon of all pages: Plumbline's own and those of the simulated GitHub.

The script brings parts of a page up to date and does nothing else; every page works without it.
"""

from __future__ import annotations

import hashlib
from functools import cache
from importlib import resources

TYPES = {
    "site.css": "text/css; charset=utf-8",
    "refresh.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
}

CONTENT_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""Nothing inline, nothing from another host."""

PAGE_HEADERS = {
    "Content-Security-Policy": CONTENT_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
}

KEPT = "public, max-age=31536000, immutable"
"""``Cache-Control`` of an asset: its address holds its version."""


@cache
def read(name: str) -> bytes:
    """The bytes of an asset, one of ``TYPES``."""
    return (resources.files(__package__) / name).read_bytes()


@cache
def version() -> str:
    """Names the content of all assets together."""
    return hashlib.sha256(b"".join(read(name) for name in sorted(TYPES))).hexdigest()[:12]
