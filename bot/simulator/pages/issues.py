"""Issues and their comments, and what can be done to them."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from bot.simulator.pages.markdown import tick
from bot.simulator.pages.routing import REPOSITORY, Refused, page
from bot.simulator.pages.site import Visit
from bot.simulator.pages.view import path_of
from bot.testing.http import Response
from bot.testing.state import FakeRepository, Issue

BODY_LIMIT = 65_536


def numbered(visit: Visit, repository: FakeRepository) -> Issue:
    """The issue or pull request that the address names. Raises Refused."""
    digits = visit.params["number"]
    issue = repository.issues.get(int(digits)) if len(digits) < 10 else None
    if issue is None or issue.deleted:
        raise Refused(404, f"{repository.full_name} has no number {digits}.")
    return issue


def page_of(repository: FakeRepository, issue: Issue) -> str:
    """Where an issue or pull request is seen."""
    return path_of(repository.full_name, "pull" if issue.pull else "issues", issue.number)


@page("GET", REPOSITORY + r"/issues")
def issues(visit: Visit) -> Response:
    """Issues of a repository, open ones unless asked otherwise."""
    repository = visit.repository()
    state = "closed" if visit.query.get("state") == "closed" else "open"
    every = [i for i in repository.issues.values() if i.pull is None and not i.deleted]
    shown = sorted((i for i in every if i.state == state), key=lambda i: -i.number)
    counts = {s: sum(i.state == s for i in every) for s in ("open", "closed")}
    return visit.html(
        "issues.html",
        repository=repository,
        tab="issues",
        issues=shown,
        state=state,
        counts=counts,
        kind="issues",
    )


@page("GET", REPOSITORY + r"/issues/new")
def new_issue(visit: Visit) -> Response:
    """The form for a new issue."""
    repository = visit.repository()
    visit.require(repository, "read", "open an issue")
    return visit.html("new_issue.html", repository=repository, tab="issues")


@page("POST", REPOSITORY + r"/issues")
def open_issue(visit: Visit) -> Response:
    """Open an issue."""
    repository = visit.repository()
    visit.require(repository, "read", "open an issue")
    title = visit.form.get("title", "").strip()
    if not title:
        raise Refused(422, "Give the issue a title.")
    number = visit.act("open_issue", which=repository.id, title=title[:256], body=_text(visit, "body"))
    return visit.go(path_of(repository.full_name, "issues", number))


@page("GET", REPOSITORY + r"/issues/(?P<number>\d+)")
def issue(visit: Visit) -> Response:
    """One issue; a person with the right to edit it can tick its boxes."""
    repository = visit.repository()
    found = numbered(visit, repository)
    if found.pull is not None:
        return visit.go(page_of(repository, found))
    return visit.html(
        "issue.html", repository=repository, tab="issues", issue=found, **talk(visit, repository, found)
    )


def talk(visit: Visit, repository: FakeRepository, found: Issue) -> dict[str, Any]:
    """What the conversation's template needs."""
    may_edit = visit.may(repository, "write", author=found.user)

    def box(number: int, ticked: bool) -> Markup:
        state = "true" if ticked else "false"
        if not may_edit:
            return Markup(
                '<span class="box" role="checkbox" aria-checked="{}" aria-disabled="true" '
                'aria-label="task {}"></span>'
            ).format(state, number + 1)
        return Markup(
            '<button class="box" type="submit" name="box" value="{}" role="checkbox" '
            'aria-checked="{}" aria-label="task {}"></button>'
        ).format(number, state, number + 1)

    return {
        "may_edit": may_edit,
        "may_close": visit.may(repository, "triage", author=found.user),
        "may_comment": visit.may(repository, "read"),
        "box": box,
    }


@page("POST", REPOSITORY + r"/issues/(?P<number>\d+)/boxes")
def tick_box(visit: Visit) -> Response:
    """Turn a task-list box of the first text over, which edits it."""
    repository = visit.repository()
    found = numbered(visit, repository)
    visit.require(repository, "write", "tick a box in somebody else's text", author=found.user)
    number = visit.form.get("box", "")
    try:
        body = tick((found.body or "").replace("\r\n", "\n"), int(number) if number.isdigit() else -1)
    except LookupError:
        raise Refused(409, "The text has changed since you saw it: load the page again.") from None
    visit.act("change_issue", which=repository.id, number=found.number, body=body)
    return visit.go(page_of(repository, found))


@page("POST", REPOSITORY + r"/issues/(?P<number>\d+)/comments")
def comment(visit: Visit) -> Response:
    """Comment, and perhaps close or reopen at once."""
    repository = visit.repository()
    found = numbered(visit, repository)
    visit.require(repository, "read", "comment")
    text = _text(visit, "body")
    change = visit.form.get("change", "")
    if not text.strip() and not change:
        raise Refused(422, "Write something first.")
    if change not in ("", "close", "reopen"):
        raise Refused(422, "There is no such change.")
    if change:
        visit.require(repository, "triage", f"{change} this", author=found.user)
        if found.pull is not None and found.pull.merged_at is not None:
            raise Refused(422, "It is merged, and stays so.")
    at = page_of(repository, found)
    if text.strip():
        made = visit.act("comment", which=repository.id, number=found.number, body=text)
        at += f"#issuecomment-{made}"
    if change:
        kind = "pull_request" if found.pull else "issue"
        arguments = {"reason": _reason(visit)} if change == "close" and not found.pull else {}
        visit.act(f"{change}_{kind}", which=repository.id, number=found.number, **arguments)
    return visit.go(at)


def _reason(visit: Visit) -> str:
    return "not_planned" if visit.form.get("reason") == "not_planned" else "completed"


def _text(visit: Visit, name: str) -> str:
    text = visit.form.get(name, "")
    if len(text) > BODY_LIMIT:
        raise Refused(422, f"The text has {len(text):,} characters, {BODY_LIMIT:,} are allowed.")
    return text
