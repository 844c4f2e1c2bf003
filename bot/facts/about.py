"""What the repository's page says of it."""

from __future__ import annotations

from bot.model.facts import About
from bot.ports import RepoReader
from bot.selections import TOPICS
from bot.spec import fact


@fact(
    "about",
    permission="metadata: read",
    cost="no call beside the one for the repository",
    graph={"topics": TOPICS},
)
def about(reader: RepoReader) -> About:
    """Description, homepage and topics."""
    return reader.about()
