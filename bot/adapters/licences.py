"""Recognises licence texts: those of choosealicense.com, as the ``identify`` package carries them.

A text is compared up to a line that says "end of terms and conditions", as GitHub does: what
follows are instructions, or notices of third parties. Copyright lines, markup and the breaking of
lines make no difference, and up to 5 % of the characters may be others.

The package's own function is not used: it does not know where terms end, and the time of one of its
expressions grows with the square of the number of blank lines.
"""

from __future__ import annotations

import math
import re
from collections import OrderedDict
from functools import cache
from hashlib import sha256
from threading import Lock

MAX_BYTES = 256 * 1024
TOLERANCE = 0.05
_KEPT = 512
_END = "end of terms and conditions"
_COPYRIGHT = re.compile(r"(?:copyright|\(c\)|©)\s.*|all rights reserved\.?", re.IGNORECASE)
_MARKUP = re.compile(r"[#>*=_`~|-]{1,80}")


class Licences:
    """A ``LicenceDetector``; any number of threads may share one."""

    def __init__(self) -> None:
        self._known: OrderedDict[bytes, str | None] = OrderedDict()
        self._lock = Lock()

    def detect(self, text: bytes) -> str | None:
        """The SPDX id of a licence, or None when the text is not that of a known one."""
        if len(text) > MAX_BYTES or b"\0" in text:
            return None
        key = sha256(text).digest()
        with self._lock:
            if key in self._known:
                self._known.move_to_end(key)
                return self._known[key]
        found = nearest(terms(text.decode("utf-8", "replace")))
        with self._lock:
            self._known[key] = found
            while len(self._known) > _KEPT:
                self._known.popitem(last=False)
        return found


def terms(text: str) -> str:
    """The terms alone: lower case, one space between words, no copyright lines, no markup."""
    kept: list[str] = []
    for raw in text.lstrip("\ufeff").splitlines():
        line = " ".join(_MARKUP.sub(" ", raw).split()).lower()
        if line == _END:
            break
        if line and not _COPYRIGHT.fullmatch(line):
            kept.append(line)
    return " ".join(kept)


def nearest(text: str) -> str | None:
    """The known licence that differs least from prepared terms, if it differs by less than 5 %."""
    if not text:
        return None
    # Imported late: its modules bring all the texts with them.
    import ukkonen

    cutoff = math.ceil(TOLERANCE * len(text))
    best, found = cutoff, None
    for spdx_id, known in _licences():
        if known == text:
            return spdx_id
        if abs(len(known) - len(text)) < best:
            distance = ukkonen.distance(text, known, best)
            if distance < best:
                best, found = distance, spdx_id
    return found


@cache
def _licences() -> tuple[tuple[str, str], ...]:
    from identify.vendor.licenses import LICENSES

    return tuple((spdx_id, terms(text)) for spdx_id, text in LICENSES)
