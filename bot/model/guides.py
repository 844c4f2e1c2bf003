"""Files that tell people how to take part."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Guide:
    """A file that tells people how to take part.

    Args:
        path: where it lies, in the repository or in the owner's ``.github`` repository.
        size: in bytes; None when it was not told, or when it is no plain file.
        by_default: it is the owner's default.
    """

    path: str
    size: int | None = None
    by_default: bool = False
