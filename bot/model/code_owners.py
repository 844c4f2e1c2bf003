"""Whom CODEOWNERS names, and whether they can still answer for anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.model.verdicts import Unknown


@dataclass(frozen=True, slots=True)
class UnknownOwner:
    """An owner who does not exist or may not write, by GitHub's word; ``times`` is on how many lines."""

    name: str
    line: int
    times: int = 1


@dataclass(frozen=True, slots=True)
class OwningTeams:
    """The teams of the own organisation that CODEOWNERS names, as far as something is wrong with them.

    Args:
        unasked: how many were left out because of the cap on calls.
    """

    empty: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    unasked: int = 0


@dataclass(frozen=True, slots=True)
class OwnerStanding:
    """How those stand whom CODEOWNERS names.

    Args:
        unread: why it is not known which teams are empty; None when that is known, or no team is named.
    """

    unknown: tuple[UnknownOwner, ...] = ()
    teams: OwningTeams = OwningTeams()
    unread: Unknown | None = None


@dataclass(frozen=True, slots=True)
class NamedOwners:
    """Whom the CODEOWNERS files of all repositories of an organisation name, as read last.

    Args:
        by_repository: full name -> owners as written; without repositories that name nobody.
        unread: how many files could not be read.
    """

    by_repository: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    unread: int = 0


@dataclass(frozen=True, slots=True)
class DepartedOwner:
    """A person or team that is named and does not belong to the organisation; its repositories by name."""

    name: str
    repositories: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DepartedOwners:
    """Those of the owners who do not belong to the organisation any more.

    Args:
        departed: those in most repositories first.
        named: how many people and teams are named.
        repositories: in how many repositories.
        unread: how many files could not be read.
    """

    departed: tuple[DepartedOwner, ...] = ()
    named: int = 0
    repositories: int = 0
    unread: int = 0
