"""Whether those whom CODEOWNERS names can still answer for anything."""

from __future__ import annotations

from dataclasses import dataclass

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
