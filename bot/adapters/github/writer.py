"""Writes to one repository: check runs, issues, labels."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bot.adapters.github import answers
from bot.adapters.github.errors import Answer, failure, ok
from bot.adapters.github.listing import Send, items, object_id, segment
from bot.adapters.github.transport import Call, Transport
from bot.model.errors import Ambiguous, Gone, Malformed, Rejected
from bot.model.people import Comment
from bot.model.reports import Annotation, CheckRun, PublishedCheckRun, PublishedIssue
from bot.ports import Guard, Metrics

logger = logging.getLogger(__name__)

PORTION = 50
"""Annotations a request, GitHub's maximum."""

MESSAGE_BYTES = 64 * 1024
TITLE_CHARACTERS = 255
SUMMARY_CHARACTERS = 65_535
LABEL_DESCRIPTION_CHARACTERS = 100

_SEARCHES = 32
"""How many refused requests at most are split in the search for the bad annotations of a run."""


@dataclass(slots=True)
class _Posting:
    """Annotations on their way: how many requests may still look for the bad ones."""

    searches: int = _SEARCHES
    refused: int = 0


class GitHubWriter:
    """``RepoWriter`` over REST, for one thread.

    Args:
        send: makes a call as the installation.
        guard: asked immediately before every write.
        app_id: ours; other Apps' check runs are not looked at.
        login: ours, ``<slug>[bot]``; asked for when first needed.

    Attributes:
        refused_annotations: how many annotations of the latest check run were left out because
            GitHub, or this class on its behalf, refused them. The summary says so too.
    """

    def __init__(
        self,
        repository_id: int,
        send: Send,
        transport: Transport,
        *,
        guard: Guard,
        app_id: int,
        login: Callable[[], str],
        metrics: Metrics,
    ) -> None:
        self._root = f"/repositories/{repository_id}"
        self._send = send
        self._transport = transport
        self._guard = guard
        self._app_id = app_id
        self._login = login
        self._metrics = metrics
        self.refused_annotations = 0

    def check_runs(self, head_sha: str, name: str) -> tuple[PublishedCheckRun, ...]:
        """See ``RepoWriter``."""
        query = {"check_name": name, "app_id": str(self._app_id), "filter": "all", "per_page": "100"}
        path = f"{self._root}/commits/{object_id(head_sha)}/check-runs"
        call = Call("GET", path, query, within=self._root)
        found = [
            answers.check_run(item, what)
            for item, what in items(self._transport, self._send, call, "check_runs")
            if self._is_ours(item) and item.get("name") == name
        ]
        unique = {run.id: run for run in found}
        return tuple(sorted(unique.values(), key=lambda run: run.id, reverse=True))

    def create_check_run(self, run: CheckRun) -> int:
        """See ``RepoWriter``.

        When GitHub refuses the annotations, the run is created without them and they follow in
        smaller portions, so that one bad annotation does not hide the others.
        """
        first, refused = prepare_annotations(run.annotations[:PORTION])
        self.refused_annotations = 0
        self._count_refused(refused)
        path = f"{self._root}/check-runs"
        body = {"name": run.name, "head_sha": run.head_sha, **check_run_body(run)}
        answer = self._write(
            "POST", path, {**body, "output": output(run, first, refused)}, or_422=bool(first)
        )
        if answer.status != 422:
            return _created(answer, "id")
        id_ = _created(self._write("POST", path, {**body, "output": output(run, (), refused)}), "id")
        self._append(f"{path}/{id_}", run, [first], refused)
        return id_

    def update_check_run(self, check_run_id: int, run: CheckRun, *, annotations_from: int) -> None:
        """See ``RepoWriter``; the first request already sets status and conclusion."""
        rest, refused = prepare_annotations(run.annotations[annotations_from:])
        if annotations_from == 0:
            self.refused_annotations = 0
        told = self.refused_annotations + refused
        self._count_refused(refused)
        path = f"{self._root}/check-runs/{check_run_id}"
        body = {"name": run.name, **check_run_body(run)}
        first = rest[:PORTION]
        answer = self._write("PATCH", path, {**body, "output": output(run, first, told)}, or_422=bool(first))
        portions = [rest[i : i + PORTION] for i in range(PORTION, len(rest), PORTION)]
        if answer.status == 422:
            self._write("PATCH", path, {**body, "output": output(run, (), told)})
            portions.insert(0, first)
        self._append(path, run, portions, told)

    def issues(self, label: str) -> tuple[PublishedIssue, ...]:
        """See ``RepoWriter``. Raises Rejected (410) when the repository has issues switched off."""
        login = self._login()
        query = {
            "creator": login,
            "labels": label,
            "state": "all",
            "sort": "created",
            "direction": "desc",
            "per_page": "100",
        }
        call = Call("GET", f"{self._root}/issues", query, within=self._root)

        def send(page: Call) -> Answer:
            answer = self._send(page)
            if answer.status == 410:
                raise Rejected(f"{answer.what}: {answer.details}", status=410)
            return answer

        found: dict[int, PublishedIssue] = {}
        for item, what in items(self._transport, send, call):
            # The filters are checked again: an answer that lost them names other people's issues.
            author = answers.table(item, "user", what).get("login")
            issue = answers.issue(item, what)
            if "pull_request" not in item and author == login and label in issue.labels:
                found[issue.number] = issue
        return tuple(sorted(found.values(), key=lambda issue: issue.number, reverse=True))

    def issue(self, number: int) -> PublishedIssue:
        """See ``RepoWriter``."""
        answer = ok(self._send(Call("GET", f"{self._root}/issues/{number}", within=f"{self._root}/issues")))
        issue = answers.issue(answer.json(), answer.what)
        if issue.number != number:
            raise Gone(f"{answer.what}: the issue is now number {issue.number} elsewhere")
        return issue

    def create_issue(self, title: str, body: str, labels: Sequence[str]) -> int:
        """See ``RepoWriter``."""
        answer = self._write(
            "POST",
            f"{self._root}/issues",
            {"title": sendable(title), "body": sendable(body), "labels": list(labels)},
        )
        number = _created(answer, "number")
        given = answers.optional(answer.json(), "labels", list, answer.what)
        missing = set(labels) - set(answers.label_names(given, answer.what)) if given is not None else set()
        if missing:
            logger.warning(
                "GitHub left labels of a new issue out", extra={"number": number, "labels": sorted(missing)}
            )
        return number

    def update_issue(
        self,
        number: int,
        *,
        title: str | None = None,
        body: str | None = None,
        state: str | None = None,
        state_reason: str | None = None,
    ) -> None:
        """See ``RepoWriter``. Raises Gone when it was deleted or transferred."""
        changes = {
            "title": sendable(title) if title is not None else None,
            "body": sendable(body) if body is not None else None,
            "state": state,
            "state_reason": state_reason,
        }
        sent = {key: value for key, value in changes.items() if value is not None}
        if sent:
            self._write("PATCH", f"{self._root}/issues/{number}", sent, within=f"{self._root}/issues")

    def comment(self, comment_id: int) -> Comment:
        """See ``RepoWriter``."""
        path = f"{self._root}/issues/comments/{comment_id}"
        answer = ok(self._send(Call("GET", path, within=self._root)))
        comment = answers.comment(answer.json(), answer.what)
        if comment.id != comment_id:
            raise Malformed(f"{answer.what}: this is comment {comment.id}")
        return comment

    def our_comments(self, number: int, *, since: datetime | None = None) -> tuple[Comment, ...]:
        """See ``RepoWriter``."""
        login = self._login()
        query = {"per_page": "100", **({"since": _stamp(since)} if since else {})}
        call = Call("GET", f"{self._root}/issues/{number}/comments", query, within=self._root)
        found = (answers.comment(item, what) for item, what in items(self._transport, self._send, call))
        ours = {comment.id: comment for comment in found if comment.author == login}
        return tuple(ours[id_] for id_ in sorted(ours))

    def create_comment(self, number: int, body: str) -> int:
        """See ``RepoWriter``."""
        path = f"{self._root}/issues/{number}/comments"
        return _created(self._write("POST", path, {"body": sendable(body)}), "id")

    def update_comment(self, comment_id: int, body: str) -> None:
        """See ``RepoWriter``."""
        self._write("PATCH", f"{self._root}/issues/comments/{comment_id}", {"body": sendable(body)})

    def react(self, comment_id: int, reaction: str) -> None:
        """See ``RepoWriter``."""
        self._write("POST", f"{self._root}/issues/comments/{comment_id}/reactions", {"content": reaction})

    def ensure_label(self, name: str, color: str, description: str) -> None:
        """See ``RepoWriter``; ``color`` is six hexadecimal digits without ``#``."""
        path = f"{self._root}/labels"
        answer = self._send(Call("GET", f"{path}/{segment(name)}", within=self._root))
        if answer.status != 404:
            ok(answer)
            return
        label = {
            "name": name,
            "color": color.removeprefix("#"),
            "description": sendable(description)[:LABEL_DESCRIPTION_CHARACTERS],
        }
        answer = self._write("POST", path, label, or_422=True)
        if answer.status == 422 and "already_exists" not in answer.details:
            raise failure(answer, write=True)

    def _append(self, path: str, run: CheckRun, portions: list[list[dict[str, Any]]], told: int) -> None:
        """Append portions; ``told`` is the number of refused ones that the summary names already."""
        posting = _Posting()
        for portion in portions:
            self._append_portion(path, run, portion, posting)
        self._count_refused(posting.refused)
        if posting.refused:
            self._write("PATCH", path, {"output": output(run, (), told + posting.refused)})

    def _append_portion(
        self, path: str, run: CheckRun, portion: list[dict[str, Any]], posting: _Posting
    ) -> None:
        if not portion:
            return
        answer = self._write(
            "PATCH", path, {"output": output(run, portion, self.refused_annotations)}, or_422=True
        )
        if answer.status != 422:
            return
        posting.searches -= 1
        if len(portion) == 1 or posting.searches < 0:
            posting.refused += len(portion)
            logger.warning("GitHub refused annotations", extra={"count": len(portion), "why": answer.details})
            return
        half = len(portion) // 2
        self._append_portion(path, run, portion[:half], posting)
        self._append_portion(path, run, portion[half:], posting)

    def _count_refused(self, count: int) -> None:
        if count:
            self.refused_annotations += count
            self._metrics.count("github_annotations_refused", count)

    def _is_ours(self, item: Any) -> bool:
        app = item.get("app") if isinstance(item, dict) else None
        return app is None or (isinstance(app, dict) and app.get("id") == self._app_id)

    def _write(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any],
        *,
        or_422: bool = False,
        within: str = "",
    ) -> Answer:
        answer = self._send(Call(method, path, body=body, guard=self._guard, within=within or self._root))
        if answer.status >= 300 and not (or_422 and answer.status == 422):
            error = failure(answer, write=True)
            # 410 on a collection says that issues are switched off: the repository is still there.
            if answer.status == 410 and method == "POST":
                raise Rejected(str(error), status=410)
            raise error
        return answer


def check_run_body(run: CheckRun) -> dict[str, Any]:
    """The fields that create and update share, without the output."""
    body: dict[str, Any] = {"external_id": run.external_id}
    if run.details_url:
        body["details_url"] = run.details_url
    if run.started_at is not None:
        body["started_at"] = _stamp(run.started_at)
    if run.conclusion is None:
        body["status"] = "in_progress"
        return body
    body |= {"status": "completed", "conclusion": run.conclusion.value}
    if run.completed_at is not None:
        body["completed_at"] = _stamp(run.completed_at)
    body["actions"] = [
        {"label": b.label, "description": b.description, "identifier": b.identifier} for b in run.buttons
    ]
    return body


def output(run: CheckRun, annotations: Sequence[Mapping[str, Any]], refused: int) -> dict[str, Any]:
    """The output of a check run; the summary says how many annotations were left out."""
    summary = sendable(run.summary)
    if refused:
        note = f"\n\n{refused} {'annotation' if refused == 1 else 'annotations'} could not be shown."
        summary = summary[: SUMMARY_CHARACTERS - len(note)] + note
    shown: dict[str, Any] = {"title": sendable(run.title), "summary": summary}
    if run.text:
        shown["text"] = sendable(run.text)
    if annotations:
        shown["annotations"] = list(annotations)
    return shown


def prepare_annotations(annotations: Sequence[Annotation]) -> tuple[list[dict[str, Any]], int]:
    """Annotations as GitHub takes them, and how many had to be left out.

    One bad annotation makes GitHub refuse all 50 of its request. Lines are moved to 1 or later; a
    path that no file of a repository can have is left out.
    """
    prepared = [body for body in map(_annotation, annotations) if body is not None]
    return prepared, len(annotations) - len(prepared)


def _annotation(annotation: Annotation) -> dict[str, Any] | None:
    path = annotation.path.removeprefix("./")
    parts = path.split("/")
    if sendable(path) != path or any(not c.isprintable() for c in path) or {"", ".", ".."} & set(parts):
        return None
    start = max(annotation.start_line, 1)
    message = sendable(annotation.message).encode()[:MESSAGE_BYTES].decode(errors="ignore")
    body: dict[str, Any] = {
        "path": path,
        "start_line": start,
        "end_line": max(annotation.end_line, start),
        "annotation_level": annotation.level if annotation.level in ("notice", "failure") else "warning",
        "message": message or sendable(annotation.title) or "See the summary.",
    }
    if annotation.title:
        body["title"] = sendable(annotation.title)[:TITLE_CHARACTERS]
    return body


def sendable(text: str) -> str:
    """A text that survives JSON: lone surrogates become ``?``, control characters go."""
    whole = text.encode("utf-8", "replace").decode("utf-8")
    return "".join(c for c in whole if c >= " " or c in "\n\r\t")


def _created(answer: Answer, key: str) -> int:
    """The id of what a create made.

    Raises:
        Ambiguous: the answer says that it was made, but not what.
    """
    try:
        return answers.number(answer.json(), key, answer.what)
    except Malformed as error:
        raise Ambiguous(f"{error}; whether it was done is not known") from error


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
