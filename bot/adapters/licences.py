"""Recognises licence texts with the ``identify`` package (the texts of choosealicense.com)."""

from __future__ import annotations

import re
import tempfile
from collections import OrderedDict
from hashlib import sha256
from pathlib import Path
from threading import Lock

MAX_BYTES = 256 * 1024
_KEPT = 512
_RULE = re.compile(r"[=*#_~-]{3,}")
_MARKUP = re.compile(r"^(?:#{1,6}|>|=begin|=end)\s?")


class Licences:
    """A ``LicenceDetector``; any number of threads may share one."""

    def __init__(self) -> None:
        self._known: OrderedDict[bytes, str | None] = OrderedDict()
        self._lock = Lock()

    def detect(self, text: bytes) -> str | None:
        """The SPDX id of a text that differs from a known licence by less than 5 %, else None."""
        key = sha256(text).digest()
        with self._lock:
            if key in self._known:
                self._known.move_to_end(key)
                return self._known[key]
        found = _identify(text)
        with self._lock:
            self._known[key] = found
            while len(self._known) > _KEPT:
                self._known.popitem(last=False)
        return found


def _identify(text: bytes) -> str | None:
    if len(text) > MAX_BYTES or b"\0" in text:
        return None
    prepared = plain(text.decode("utf-8", "replace"))
    if not prepared:
        return None
    # Imported late: it brings all licence texts with it.
    from identify.identify import license_id

    with tempfile.TemporaryDirectory(prefix="plumbline-licence-") as folder:
        file = Path(folder, "text")
        file.write_text(prepared, encoding="utf-8")
        found = license_id(str(file))
    return str(found) if found else None


def plain(text: str) -> str:
    """A licence text without blank lines, indentation, headings' marks and ruled lines.

    The library looks for copyright lines with an expression whose time grows with the square of the
    length of a run of blank lines; after this there are none.
    """
    lines = (_MARKUP.sub("", " ".join(line.split())) for line in text.lstrip("\ufeff").splitlines())
    return "\n".join(line for line in lines if line and not _RULE.fullmatch(line))
