"""Who has been let into a repository."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Access(StrEnum):
    """What somebody may do in a repository, in GitHub's words; each may do what those before may."""

    READ = "read"
    TRIAGE = "triage"
    WRITE = "write"
    MAINTAIN = "maintain"
    ADMIN = "admin"

    @property
    def writes(self) -> bool:
        """May push."""
        return self in (Access.WRITE, Access.MAINTAIN, Access.ADMIN)


@dataclass(frozen=True, slots=True)
class Collaborator:
    """A person who was invited to a repository."""

    login: str
    access: Access


@dataclass(frozen=True, slots=True)
class Collaborators:
    """People who were invited to a repository, rather than having access through their organisation.

    Args:
        in_organisation: an organisation owns the repository.
        direct: the first 100, those from outside among them.
        outside: the first 50 of those who do not belong to the organisation.
        more_direct, more_outside: there are others.
    """

    in_organisation: bool
    direct: tuple[Collaborator, ...] = ()
    outside: tuple[Collaborator, ...] = ()
    more_direct: bool = False
    more_outside: bool = False


@dataclass(frozen=True, slots=True)
class TeamAccess:
    """A team with access to a repository; ``admin`` when it may do everything."""

    slug: str
    admin: bool


@dataclass(frozen=True, slots=True)
class TeamAccesses:
    """The first 100 teams with access to a repository, and whether there are more."""

    listed: tuple[TeamAccess, ...]
    more: bool = False
