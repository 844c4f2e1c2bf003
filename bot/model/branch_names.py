"""What names of branches stand for by custom; patterns with ``*``, ``?`` and ``[...]``."""

from __future__ import annotations

LONG_LIVED = (
    "release*",
    "rel/*",
    "rel-*",
    "v[0-9]*",
    "[0-9]*",
    "*-v[0-9]*",
    "*/v[0-9]*",
    "*[0-9].[0-9]*",
    "stable*",
    "*-stable",
    "lts*",
    "maint*",
    "support/*",
    "backport*",
    "*.x",
    "gh-pages",
    "gh-readonly-queue/*",
    "develop",
    "main",
    "master",
)
"""Branches that are not meant to be merged back soon."""

KEPT = (
    *LONG_LIVED,
    "*release*",
    "*/stable*",
    "dev",
    "development",
    "trunk",
    "next",
    "latest",
    "edge",
    "canary",
    "nightly*",
    "alpha*",
    "beta*",
    "prod*",
    "staging*",
    "live",
    "deploy*",
    "env/*",
    "preview*",
    "archive*",
    "pages",
    "website",
    "docs",
)
"""Branches that are kept although nothing is committed to them for long: they point at something."""
