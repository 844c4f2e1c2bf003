"""Licences, as the fake finds them in a repository's files."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.testing.state import FakeRepository


@dataclass(frozen=True, slots=True)
class Licence:
    """A licence, with the words by which its text is known."""

    key: str
    spdx: str
    name: str
    words: str = ""

    def fits(self, text: str) -> bool:
        """The text is this licence's, or names nothing but it."""
        return text.strip().lower() == self.spdx.lower() or bool(
            self.words and re.search(self.words, text[:2_000], re.IGNORECASE | re.DOTALL)
        )


OTHER = Licence("other", "NOASSERTION", "Other")
"""A file that is no licence that is known."""

_KNOWN = (
    Licence("agpl-3.0", "AGPL-3.0", "GNU Affero General Public License v3.0", r"affero general.+version 3"),
    Licence("lgpl-3.0", "LGPL-3.0", "GNU Lesser General Public License v3.0", r"lesser general.+version 3"),
    Licence("gpl-3.0", "GPL-3.0", "GNU General Public License v3.0", r"gnu general public.+version 3"),
    Licence("gpl-2.0", "GPL-2.0", "GNU General Public License v2.0", r"gnu general public.+version 2"),
    Licence("apache-2.0", "Apache-2.0", "Apache License 2.0", r"apache license.+(version )?2\.0"),
    Licence("mpl-2.0", "MPL-2.0", "Mozilla Public License 2.0", r"mozilla public license.+2\.0"),
    Licence("bsd-3-clause", "BSD-3-Clause", 'BSD 3-Clause "New" or "Revised" License', r"bsd 3-clause"),
    Licence("bsd-2-clause", "BSD-2-Clause", 'BSD 2-Clause "Simplified" License', r"bsd 2-clause"),
    Licence("isc", "ISC", "ISC License", r"isc license"),
    Licence("unlicense", "Unlicense", "The Unlicense", r"free and unencumbered software"),
    Licence("cc0-1.0", "CC0-1.0", "Creative Commons Zero v1.0 Universal", r"cc0 1\.0 universal"),
    Licence("mit", "MIT", "MIT License", r"mit license|permission is hereby granted, free of charge"),
)


def licence_of(repository: FakeRepository) -> Licence | None:
    """The licence of the default branch's head; None without a file for it."""
    head = repository.head
    if head is None:
        return None
    git = repository.git
    for entry in git.entries(git.commit(head).tree):
        if entry.type == "blob" and re.fullmatch(r"(licen[sc]e|copying)(\.\w+)?", entry.path, re.IGNORECASE):
            text = git.read(entry.oid)[1].decode(errors="replace")
            return next((licence for licence in _KNOWN if licence.fits(text)), OTHER)
    return None
