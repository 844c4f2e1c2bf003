"""The repository itself, as the source describes it."""

from __future__ import annotations

from bot.model.facts import Repository
from bot.ports import RepoReader
from bot.spec import fact


@fact("repository", permission="metadata: read", cost="one call")
def repository(reader: RepoReader) -> Repository:
    """Name, visibility, default branch and state."""
    return reader.repository()
