"""Issues, labels, comments: what happens when somebody writes one."""

from __future__ import annotations

from bot.testing.render import Json
from bot.testing.state import Account, Comment, FakeRepository, Issue, Label
from bot.testing.world import World


class Issues(World):
    """Changes to issues, with their events; the API and the people of the driver use the same."""

    def issue_json(self, repository: FakeRepository, issue: Issue) -> Json:
        """An ``issue``."""
        return self.render.issue(repository, issue, self.app_behind(issue.user))

    def _emit_issue(
        self, repository: FakeRepository, issue: Issue, action: str, sender: Account, **extra: object
    ) -> None:
        if issue.pull is None:
            self.emit(
                "issues",
                action,
                lambda: {"issue": self.issue_json(repository, issue), **extra},
                repository=repository,
                sender=sender,
            )

    def add_issue(
        self, repository: FakeRepository, user: Account, title: str, body: str | None, labels: list[str]
    ) -> Issue:
        """Open an issue; labels that do not exist are made, as GitHub does."""
        issue = self._number_issue(repository, user, title, body)
        issue.labels = [self.label_named(repository, name, user) for name in dict.fromkeys(labels)]
        self._emit_issue(repository, issue, "opened", user)
        for label in issue.labels:
            self._emit_issue(repository, issue, "labeled", user, label=self.render.label(repository, label))
        return issue

    def _number_issue(self, repository: FakeRepository, user: Account, title: str, body: str | None) -> Issue:
        repository.last_number += 1
        now = self.now()
        issue = Issue(self.new_id(), repository.last_number, user, title, body, now, now)
        repository.issues[issue.number] = issue
        return issue

    def edit_issue(
        self, repository: FakeRepository, issue: Issue, actor: Account, title: str | None, body: str | None
    ) -> None:
        """Change title or body, whichever is not None."""
        changes: Json = {}
        if title is not None and title != issue.title:
            changes["title"] = {"from": issue.title}
            issue.title = title
        if body is not None and body != issue.body:
            changes["body"] = {"from": issue.body or ""}
            issue.body = body
        if changes:
            issue.updated_at = self.now()
            self._emit_issue(repository, issue, "edited", actor, changes=changes)

    def set_issue_state(
        self, repository: FakeRepository, issue: Issue, actor: Account, state: str, reason: str | None
    ) -> None:
        """Close or reopen; a reason without a change of state is ignored."""
        if issue.state == state:
            return
        issue.state = state
        issue.updated_at = self.now()
        if state == "closed":
            issue.closed_at, issue.closed_by = self.now(), actor
            issue.state_reason = None if issue.pull else reason or "completed"
        else:
            issue.closed_at = issue.closed_by = None
            issue.state_reason = None if issue.pull else "reopened"
        self._emit_issue(repository, issue, "closed" if state == "closed" else "reopened", actor)

    def replace_labels(
        self, repository: FakeRepository, issue: Issue, actor: Account, names: list[str]
    ) -> None:
        """Set the labels of an issue to exactly these."""
        wanted = [self.label_named(repository, name, actor) for name in dict.fromkeys(names)]
        before, issue.labels = issue.labels, wanted
        for label in before:
            if label not in wanted:
                self._emit_issue(
                    repository, issue, "unlabeled", actor, label=self.render.label(repository, label)
                )
        for label in wanted:
            if label not in before:
                self._emit_issue(
                    repository, issue, "labeled", actor, label=self.render.label(repository, label)
                )
        if before != wanted:
            issue.updated_at = self.now()

    def remove_issue(self, repository: FakeRepository, issue: Issue, actor: Account) -> None:
        """Delete an issue: it answers 410 from now on."""
        self._emit_issue(repository, issue, "deleted", actor)
        issue.deleted = True

    # Labels

    def label_named(self, repository: FakeRepository, name: str, actor: Account) -> Label:
        """The label of that name in any case, made in grey when there is none."""
        found = repository.labels.get(name.lower())
        return found or self.add_label(repository, actor, name, "ededed", None)

    def add_label(
        self, repository: FakeRepository, actor: Account, name: str, color: str, description: str | None
    ) -> Label:
        """Make a label."""
        label = Label(self.new_id(), name, color, description)
        repository.labels[name.lower()] = label
        self.emit(
            "label",
            "created",
            lambda: {"label": self.render.label(repository, label)},
            repository=repository,
            sender=actor,
        )
        return label

    def remove_label(self, repository: FakeRepository, actor: Account, label: Label) -> None:
        """Delete a label; issues lose it."""
        del repository.labels[label.name.lower()]
        for issue in repository.issues.values():
            issue.labels = [kept for kept in issue.labels if kept is not label]
        self.emit(
            "label",
            "deleted",
            lambda: {"label": self.render.label(repository, label)},
            repository=repository,
            sender=actor,
        )

    # Comments

    def add_comment(self, repository: FakeRepository, issue: Issue, user: Account, body: str) -> Comment:
        """Comment on an issue or pull request."""
        now = self.now()
        comment = Comment(self.new_id(), issue, user, body, now, now)
        issue.comments.append(comment)
        issue.updated_at = now
        repository.comments[comment.id] = comment
        self._emit_comment(repository, comment, "created", user)
        return comment

    def edit_comment(self, repository: FakeRepository, comment: Comment, actor: Account, body: str) -> None:
        """Change a comment."""
        before, comment.body = comment.body, body
        comment.updated_at = self.now()
        self._emit_comment(repository, comment, "edited", actor, changes={"body": {"from": before}})

    def remove_comment(self, repository: FakeRepository, comment: Comment, actor: Account) -> None:
        """Delete a comment."""
        self._emit_comment(repository, comment, "deleted", actor)
        comment.issue.comments.remove(comment)
        del repository.comments[comment.id]

    def _emit_comment(
        self, repository: FakeRepository, comment: Comment, action: str, sender: Account, **extra: object
    ) -> None:
        self.emit(
            "issue_comment",
            action,
            lambda: {
                "issue": self.issue_json(repository, comment.issue),
                "comment": self.render.comment(repository, comment, self.app_behind(comment.user)),
                **extra,
            },
            repository=repository,
            sender=sender,
        )
