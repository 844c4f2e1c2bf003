"""What would be written, without a write: readers read as always, writers note and do nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.model.errors import Gone
from bot.model.people import Comment
from bot.model.reports import CheckRun, PublishedCheckRun, PublishedIssue
from bot.ports import GitHub, Guard, RepoWriter

NEW = 0
"""Number of what was not made."""


@dataclass(frozen=True, slots=True)
class Noted:
    """A write that was not made.

    Args:
        what: in words (``open the issue``).
        title: of it, foreign text perhaps.
        body: Markdown.
    """

    repository_id: int
    what: str
    title: str = ""
    body: str = ""


@dataclass
class Rehearsal:
    """A ``GitHub`` whose writers write nothing; ``noted`` holds what they would have written."""

    github: GitHub
    noted: list[Noted] = field(default_factory=list)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.github, name)

    @contextmanager
    def writer(self, installation_id: int, repository_id: int, guard: Guard) -> Iterator[RepoWriter]:
        """See ``GitHub``."""
        with self.github.writer(installation_id, repository_id, guard) as writer:
            yield RehearsedWriter(repository_id, writer, guard, self.noted)


@dataclass(frozen=True, slots=True)
class RehearsedWriter:
    """``RepoWriter`` that looks as the real one does, asks the guard as it does, and notes."""

    repository_id: int
    inner: RepoWriter
    guard: Guard
    noted: list[Noted]

    def check_runs(self, head_sha: str, name: str) -> tuple[PublishedCheckRun, ...]:
        """See ``RepoWriter``."""
        return self.inner.check_runs(head_sha, name)

    def create_check_run(self, run: CheckRun) -> int:
        """See ``RepoWriter``."""
        ended = run.conclusion.value if run.conclusion else "in progress"
        self._note(f"make the check run {run.name} ({ended}) on {run.head_sha[:10]}", run.title, run.summary)
        return NEW

    def update_check_run(self, check_run_id: int, run: CheckRun, *, annotations_from: int) -> None:
        """See ``RepoWriter``; further portions of annotations are part of what was noted."""
        if annotations_from == 0:
            self._note(f"edit the check run {run.name} ({check_run_id})", run.title, run.summary)

    def issues(self, label: str) -> tuple[PublishedIssue, ...]:
        """See ``RepoWriter``."""
        return self.inner.issues(label)

    def issue(self, number: int) -> PublishedIssue:
        """See ``RepoWriter``."""
        if number == NEW:
            raise Gone("the issue was not made")
        return self.inner.issue(number)

    def create_issue(self, title: str, body: str, labels: Sequence[str]) -> int:  # noqa: ARG002
        """See ``RepoWriter``."""
        self._note("open the issue", title, body)
        return NEW

    def update_issue(
        self,
        number: int,
        *,
        title: str | None = None,
        body: str | None = None,
        state: str | None = None,
        state_reason: str | None = None,  # noqa: ARG002
    ) -> None:
        """See ``RepoWriter``."""
        how = {"closed": "edit and close", "open": "edit and reopen"}.get(state or "", "edit")
        self._note(f"{how} issue {number}", title or "", body or "")

    def comment(self, comment_id: int) -> Comment:
        """See ``RepoWriter``."""
        return self.inner.comment(comment_id)

    def our_comments(self, number: int, *, since: datetime | None = None) -> tuple[Comment, ...]:
        """See ``RepoWriter``."""
        return self.inner.our_comments(number, since=since)

    def create_comment(self, number: int, body: str) -> int:
        """See ``RepoWriter``."""
        self._note(f"comment on {number}", body=body)
        return NEW

    def update_comment(self, comment_id: int, body: str) -> None:
        """See ``RepoWriter``."""
        self._note(f"edit comment {comment_id}", body=body)

    def react(self, comment_id: int, reaction: str) -> None:
        """See ``RepoWriter``."""
        self._note(f"react to comment {comment_id} with {reaction}")

    def ensure_label(self, name: str, color: str, description: str) -> None:
        """See ``RepoWriter``; a label is no more than part of its issue."""

    def _note(self, what: str, title: str = "", body: str = "") -> None:
        self.guard.check()
        self.noted.append(Noted(self.repository_id, what, title, body))
