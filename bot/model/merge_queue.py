"""Workflows as a merge queue needs them: which jobs they report, and whether the queue starts them."""

from __future__ import annotations

from dataclasses import dataclass

from bot.model.facts import WorkflowFile


@dataclass(frozen=True, slots=True)
class WorkflowJobs:
    """A workflow and the names that its jobs report.

    Args:
        line: of its triggers.
        queued: it runs for what a merge queue wants to merge.
        jobs: each name cut at its expressions: ``test ${{ matrix.os }}`` is ``("test ", "")``.
    """

    path: str
    line: int
    queued: bool
    jobs: tuple[tuple[str, ...], ...]

    def reports(self, context: str) -> bool:
        """A job of it may report under that name."""
        return any(_reports(parts, context) for parts in self.jobs)


@dataclass(frozen=True, slots=True)
class QueueWorkflows:
    """All workflows of a repository with a merge queue; ``unread`` those that could not be read."""

    files: tuple[WorkflowJobs, ...]
    unread: tuple[WorkflowFile, ...] = ()


def _reports(parts: tuple[str, ...], context: str) -> bool:
    """The parts follow each other in the name; a matrix adds ``(...)``, a called workflow ``/ job``."""
    if not any(part.strip() for part in parts):
        # A name that is an expression alone could be any.
        return False
    if not context.startswith(parts[0]):
        return False
    at = len(parts[0])
    for part in parts[1:]:
        found = context.find(part, at)
        if found < 0:
            return False
        at = found + len(part)
    rest = context[at:]
    return not rest or not parts[-1] or rest.startswith((" (", " / "))
