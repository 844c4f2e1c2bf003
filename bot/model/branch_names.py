"""What names of branches stand for by custom; patterns with ``*``, ``?`` and ``[...]``."""

from __future__ import annotations

import re
from fnmatch import translate
from functools import lru_cache

LONG_LIVED = (
    "release*",
    "rel/*",
    "rel-*",
    "v[0-9]*",
    "[0-9]",
    "[0-9][0-9]",
    "[0-9][0-9][0-9][0-9]",
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
"""Branches that are not meant to be merged back soon.

A number alone is a version or a year; one with words after it (``8218-log-in``) is how GitHub names the
branch that it makes for an issue, and that is work under way.
"""

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


def named(name: str, patterns: tuple[str, ...]) -> bool:
    """Whether a name fits one of the patterns; upper and lower case differ.

    The patterns become one expression: a repository may have thousands of branches, each of which is
    held against all of them.
    """
    return _expression(patterns).match(name) is not None


@lru_cache(maxsize=256)
def _expression(patterns: tuple[str, ...]) -> re.Pattern[str]:
    # ``translate`` numbers its groups anew for every pattern, so that expressions can be joined. Without
    # any pattern nothing fits.
    return re.compile("|".join(map(translate, patterns)) or r"(?!)")
