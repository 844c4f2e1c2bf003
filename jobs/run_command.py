"""Do what a comment asks for."""

from __future__ import annotations

from bot.engine.commanding import Asked, run_commands
from bot.engine.context import Context
from bot.model.events import Lane
from bot.spec import Payload, job


class RunCommand(Payload):
    """The commands of one comment; their text stays on GitHub and is read there again.

    Args:
        number: of the issue or pull request.
        author_id: who wrote the comment.
        lines: (line number from 1, digest of the line's text), at most five.
        more: how many further lines commanded.
    """

    repository_id: int
    number: int
    comment_id: int
    author_id: int
    pull_request: bool = False
    lines: tuple[tuple[int, str], ...]
    more: int = 0

    @property
    def key(self) -> str:
        """A comment is answered once."""
        return f"command:{self.repository_id}:{self.comment_id}"


@job("run-command", payload=RunCommand, timeout_s=120, lane=Lane.INTERACTIVE)
def run_command(payload: RunCommand, context: Context) -> None:
    """Check who asks, do it, answer in one comment; see ``bot.engine.commanding``."""
    run_commands(context, Asked(**dict(payload)))
