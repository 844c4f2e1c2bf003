"""People: what they may do in a repository, and what they write under issues and pull requests."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum


class Role(IntEnum):
    """A person's role in a repository; ordered, so that ``>=`` compares. Each holds those below."""

    NONE = 0
    READ = 1
    TRIAGE = 2
    WRITE = 3
    MAINTAIN = 4
    ADMIN = 5

    @property
    def label(self) -> str:
        """Lower-case name, as GitHub writes it."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment under an issue or pull request, as it is now.

    Args:
        number: of the issue or pull request that it stands under.
        author_id: numeric id of the account; 0 when the account was deleted.
        author: login as it is now, untrusted text; empty when the account was deleted.
        bot: written by an App or a bot account.
        body: Markdown, untrusted text.
    """

    id: int
    number: int
    author_id: int
    author: str
    bot: bool
    body: str
    created_at: datetime
    updated_at: datetime
