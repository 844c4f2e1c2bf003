"""Takes secrets out of texts before they are logged or shown.

Source: GitHub Docs, "GitHub credential types"; the long stateless installation tokens
(``ghs_<app id>_<JWT>``, about 520 characters) contain dots, so patterns of a fixed length leave
most of the secret behind.
"""

from __future__ import annotations

import re

MARK = "[redacted]"

_SECRETS = re.compile(
    r"""
      gh[a-z]_[A-Za-z0-9._-]{36,}                     # ghs_, ghp_, gho_, ghu_, ghr_ of any length
    | github_pat_[A-Za-z0-9_]{20,}                    # fine-grained personal tokens
    | \bv1\.[0-9a-f]{40}\b                            # installation tokens of old GHES releases
    | \beyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]*   # JWT
    | -----BEGIN[ ][A-Z0-9 ]*PRIVATE[ ]KEY-----.*?(?:-----END[ ][A-Z0-9 ]*PRIVATE[ ]KEY-----|\Z)
    """,
    re.VERBOSE | re.DOTALL,
)
_AUTHORIZATION = re.compile(r"(?i)(authorization['\"]?\s*[:=]\s*['\"]?(?:bearer|token|basic)\s+)[^\s'\",}]+")
_PASSWORD_IN_URL = re.compile(r"(?<=://)([^/\s:@]*):[^/\s@]+@")


def redact(text: str) -> str:
    """Replace tokens, JWTs, private keys and passwords in URLs by ``[redacted]``."""
    text = _SECRETS.sub(MARK, text)
    text = _AUTHORIZATION.sub(rf"\1{MARK}", text)
    return _PASSWORD_IN_URL.sub(rf"\1:{MARK}@", text)
