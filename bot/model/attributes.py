"""What is known of a repository that policies of organisations can select by, as values.

All texts come from outside. What is not known is None: nobody was asked, or GitHub did not say.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from bot.model.facts import Repository, Visibility

Properties = Mapping[str, tuple[str, ...]]
"""Custom properties: name -> values, more than one where several can be chosen."""


class Attribute(StrEnum):
    """What the owner tells of all its repositories at once."""

    TEAMS = "teams"
    PROPERTIES = "properties"


@dataclass(frozen=True, slots=True)
class Described:
    """What people say of a repository, beside its name and settings.

    Args:
        language: the one that most of it is written in, by GitHub's count; "" when there is none.
        teams: slugs of those teams that policy asks for and that have the repository.
        owners: slugs of the teams of its owner that CODEOWNERS names.
    """

    topics: tuple[str, ...] | None = None
    language: str | None = None
    teams: tuple[str, ...] | None = None
    properties: Properties | None = None
    owners: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Attributes:
    """A repository as selectors see it."""

    name: str
    visibility: Visibility = Visibility.PRIVATE
    archived: bool = False
    fork: bool = False
    described: Described = field(default_factory=Described)

    @classmethod
    def of(cls, repository: Repository, described: Described | None = None) -> Attributes:
        """Put together what is read in different places."""
        return cls(
            repository.name,
            repository.visibility,
            repository.archived,
            repository.fork,
            described or Described(),
        )
