"""Open issues, and who answered them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Standing(StrEnum):
    """How somebody stands to a repository.

    Members who hide that they are members count as contributors, or as others, where the members of
    the organisation can not be read.
    """

    MEMBER = "member"
    CONTRIBUTOR = "contributor"
    OTHER = "other"
    BOT = "bot"


@dataclass(frozen=True, slots=True)
class OpenIssue:
    """An open issue, no pull request.

    Args:
        standing: of its author.
        milestone: somebody put it into one.
        replies: who wrote the first comments, one entry for each person but the author, in their order.
        more_replies: there are comments that were not looked at.
    """

    number: int
    created_at: datetime
    standing: Standing
    milestone: bool = False
    replies: tuple[Standing, ...] = ()
    more_replies: bool = False


@dataclass(frozen=True, slots=True)
class OpenIssues:
    """The oldest open issues, and how many there are in all."""

    oldest: tuple[OpenIssue, ...]
    total: int = 0

    @property
    def more(self) -> bool:
        """There are younger ones that were not looked at."""
        return self.total > len(self.oldest)
