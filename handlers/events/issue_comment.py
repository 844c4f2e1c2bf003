"""Somebody wrote a comment, which may hold commands."""

from __future__ import annotations

from bot.engine.command_lines import find
from bot.model.events import Event, Lane
from bot.spec import on
from handlers.payloads import number, text, value
from jobs.run_command import RunCommand

MOST_COMMANDS = 5
"""Commands of one comment that are done."""


@on("issue_comment", actions=("created",), lane=Lane.INTERACTIVE)
def obey_comment(event: Event) -> list[RunCommand]:
    """Queue the commands of a new comment. Edits never command, nor do bots, nor do we."""
    installation, repository = event.installation_id, event.repository_id
    issue, comment = number(event.payload, "issue", "number"), number(event.payload, "comment", "id")
    author = number(event.payload, "comment", "user", "id")
    if not installation or not repository or not issue or not comment or not author:
        return []
    if event.sender_is_bot or text(event.payload, "comment", "user", "type") == "Bot":
        return []
    lines = find(text(event.payload, "comment", "body"))
    if not lines:
        return []
    return [
        RunCommand(
            installation_id=installation,
            repository_id=repository,
            number=issue,
            comment_id=comment,
            author_id=author,
            pull_request=value(event.payload, "issue", "pull_request") is not None,
            lines=tuple((line.number, line.digest) for line in lines[:MOST_COMMANDS]),
            more=max(0, len(lines) - MOST_COMMANDS),
        )
    ]
