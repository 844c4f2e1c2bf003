"""Files that an owner keeps the same in many repositories."""

from __future__ import annotations

from dataclasses import dataclass

FOLDER = "standard-files"
"""Where templates lie in the owner's ``.github`` repository: a folder for each profile, paths below it."""


@dataclass(frozen=True, slots=True)
class FileCopy:
    """A template, and what a repository has in its place.

    Args:
        profile: the folder of templates that it belongs to.
        path: where it belongs in a repository.
        template: blob id of the template.
        oid: blob id of what lies there; empty when there is nothing.
        plain: it is a file, not a link, a folder or another repository.
        line_ends_only: the two differ in nothing but line ends; None when that was not looked at.
    """

    profile: str
    path: str
    template: str
    oid: str = ""
    plain: bool = True
    line_ends_only: bool | None = None

    @property
    def same(self) -> bool:
        """Byte for byte the template."""
        return self.plain and self.oid == self.template


@dataclass(frozen=True, slots=True)
class StandardFiles:
    """All templates of an owner, by profile and path.

    Args:
        profiles: names of all folders of templates.
        complete: False when there are more templates than are read.
    """

    copies: tuple[FileCopy, ...] = ()
    profiles: tuple[str, ...] = ()
    complete: bool = True
