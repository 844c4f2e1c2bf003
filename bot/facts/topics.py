"""The topics that people gave a repository."""

from __future__ import annotations

from bot.ports import RepoReader
from bot.spec import fact


@fact("topics", permission="metadata: read", cost="no call beside the one for the repository")
def topics(reader: RepoReader) -> tuple[str, ...]:
    """In GitHub's order; a clone knows none."""
    return () if reader.local else reader.about().topics
