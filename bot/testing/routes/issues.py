"""Issues, comments, labels, reactions."""

from __future__ import annotations

import re
from datetime import datetime

from bot.testing.render import Json
from bot.testing.routing import Answer, Call, Refusal, in_repository, invalid, malformed, not_found
from bot.testing.state import Comment, Issue, Label, Reaction

MAX_BODY = 65_536
MAX_TITLE = 256
MAX_LABEL = 50
MAX_LABEL_DESCRIPTION = 100
_WRITE = "issues=write; pull_requests=write"
_READ = "issues=read; pull_requests=read"
_CONTENTS = ("+1", "-1", "laugh", "confused", "heart", "hooray", "rocket", "eyes")
_DISABLED = "Issues are disabled for this repo"


def _issue(call: Call) -> Issue:
    issue = call.repository.issues.get(call.number("number"))
    if issue is None:
        raise not_found()
    if issue.deleted:
        raise Refusal(410, "This issue was deleted")
    if issue.pull is None and not call.repository.has_issues:
        raise Refusal(410, _DISABLED)
    return issue


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        raise invalid("Issue", "invalid", "since") from None


@in_repository("GET", "/issues", _READ)
def issues(call: Call) -> Answer:
    """Issues and pull requests; filters state, labels (all of them), creator, assignee, since."""
    state, creator, assignee = call.query("state", "open"), call.query("creator"), call.query("assignee")
    if state not in ("open", "closed", "all"):
        raise invalid("Issue", "invalid", "state")
    labels = {name.strip().lower() for name in call.query("labels").split(",") if name.strip()}
    since = _moment(call.query("since")) if call.query("since") else None
    found = [
        issue
        for issue in call.repository.issues.values()
        if not issue.deleted
        and (issue.pull is not None or call.repository.has_issues)
        and state in ("all", issue.state)
        and labels <= {label.name.lower() for label in issue.labels}
        and creator.lower() in ("", issue.user.login.lower())
        and (assignee in ("", "*") or assignee in [a.login for a in issue.assignees])
        and (since is None or issue.updated_at >= since)
    ]
    sort = call.query("sort", "created")
    keys = {"updated": lambda i: (i.updated_at, i.number), "comments": lambda i: (len(i.comments), i.number)}
    found.sort(key=keys.get(sort, lambda i: (i.created_at, i.number)))
    if call.query("direction", "desc") == "desc":
        found.reverse()
    return call.page(found, lambda issue: call.world.issue_json(call.repository, issue))


def _checked_body(body: Json, resource: str) -> str | None:
    text = body.get("body")
    if text is None:
        return None
    if not isinstance(text, str):
        raise malformed("For 'properties/body', value is not a string.")
    if len(text) > MAX_BODY:
        long = f"body is too long (maximum is {MAX_BODY} characters)"
        raise invalid(resource, "custom", "body", long)
    return text


def _checked_title(body: Json) -> str | None:
    title = body.get("title")
    if title is None:
        return None
    title = str(title)
    if not title.strip():
        raise invalid("Issue", "missing_field", "title")
    if len(title) > MAX_TITLE:
        raise invalid("Issue", "custom", "title", f"title is too long (maximum is {MAX_TITLE} characters)")
    return title


def _names(values: object) -> list[str]:
    """Labels as sent: names, or objects with a name."""
    if not isinstance(values, list):
        raise malformed("For 'properties/labels', value is not an array.")
    names = [value.get("name") if isinstance(value, dict) else value for value in values]
    if not all(isinstance(name, str) for name in names):
        raise malformed("For 'anyOf/0', value is not a string.")
    return [str(name) for name in names]


@in_repository("POST", "/issues", "issues=write", content=True)
def create_issue(call: Call) -> Answer:
    """Open an issue."""
    body, repository = call.json(), call.repository
    if not repository.has_issues:
        raise Refusal(410, _DISABLED)
    if "title" not in body:
        raise malformed('"title" wasn\'t supplied.')
    title, text = _checked_title(body), _checked_body(body, "Issue")
    if title is None:
        raise invalid("Issue", "missing_field", "title")
    issue = call.world.add_issue(repository, call.actor, title, text, _names(body.get("labels") or []))
    return Answer(201, call.world.issue_json(repository, issue))


@in_repository("GET", "/issues/{number}", _READ)
def issue(call: Call) -> Answer:
    """One issue or pull request."""
    return Answer(200, call.world.issue_json(call.repository, _issue(call)))


@in_repository("PATCH", "/issues/{number}", _WRITE)
def update_issue(call: Call) -> Answer:
    """Change what is sent; labels replace the set."""
    body, repository, world = call.json(), call.repository, call.world
    found = _issue(call)
    title, text = _checked_title(body), _checked_body(body, "Issue")
    state, reason = body.get("state"), body.get("state_reason")
    if state not in (None, "open", "closed"):
        raise invalid("Issue", "invalid", "state")
    if reason not in (None, "completed", "not_planned", "duplicate", "reopened"):
        raise invalid("Issue", "invalid", "state_reason")
    world.edit_issue(repository, found, call.actor, title, text)
    if "labels" in body:
        world.replace_labels(repository, found, call.actor, _names(body["labels"] or []))
    if state is not None:
        if found.pull is not None and state == "closed" and found.state == "open":
            world.close_pull(repository, found, call.actor)
        else:
            world.set_issue_state(repository, found, call.actor, state, reason)
    return Answer(200, world.issue_json(repository, found))


# Labels


@in_repository("GET", "/issues/{number}/labels", _READ)
def issue_labels(call: Call) -> Answer:
    """The labels of an issue."""
    return _labels_of(call, _issue(call))


def _labels_of(call: Call, found: Issue) -> Answer:
    return Answer(200, [call.world.render.label(call.repository, label) for label in found.labels])


@in_repository("POST", "/issues/{number}/labels", _WRITE)
def add_issue_labels(call: Call) -> Answer:
    """Add labels."""
    found = _issue(call)
    names = [label.name for label in found.labels] + _names(call.json().get("labels") or [])
    call.world.replace_labels(call.repository, found, call.actor, names)
    return _labels_of(call, found)


@in_repository("PUT", "/issues/{number}/labels", _WRITE)
def set_issue_labels(call: Call) -> Answer:
    """Replace the labels."""
    found = _issue(call)
    call.world.replace_labels(call.repository, found, call.actor, _names(call.json().get("labels") or []))
    return _labels_of(call, found)


@in_repository("DELETE", "/issues/{number}/labels/{name}", _WRITE)
def remove_issue_label(call: Call) -> Answer:
    """Take one label away."""
    found, name = _issue(call), call.params["name"].lower()
    kept = [label.name for label in found.labels if label.name.lower() != name]
    if len(kept) == len(found.labels):
        raise Refusal(404, "Label does not exist")
    call.world.replace_labels(call.repository, found, call.actor, kept)
    return _labels_of(call, found)


@in_repository("GET", "/labels", _READ)
def labels(call: Call) -> Answer:
    """All labels by name."""
    found = sorted(call.repository.labels.values(), key=lambda label: label.name.lower())
    return call.page(found, lambda label: call.world.render.label(call.repository, label))


def _label(call: Call) -> Label:
    found = call.repository.labels.get(call.params["name"].lower())
    if found is None:
        raise not_found()
    return found


@in_repository("GET", "/labels/{name}", _READ)
def label(call: Call) -> Answer:
    """One label, by name in any case."""
    return Answer(200, call.world.render.label(call.repository, _label(call)))


def _checked_label(body: Json) -> tuple[str | None, str | None, str | None]:
    name, color, description = body.get("name"), body.get("color"), body.get("description")
    if name is not None and (not isinstance(name, str) or not name.strip()):
        raise invalid("Label", "missing_field", "name")
    if name is not None and len(name) > MAX_LABEL:
        raise invalid("Label", "custom", "name", f"name is too long (maximum is {MAX_LABEL} characters)")
    if color is not None and not re.fullmatch(r"[0-9a-fA-F]{6}", str(color)):
        raise invalid("Label", "invalid", "color")
    if description is not None and len(str(description)) > MAX_LABEL_DESCRIPTION:
        text = f"description is too long (maximum is {MAX_LABEL_DESCRIPTION} characters)"
        raise invalid("Label", "custom", "description", text)
    return name, color, description


@in_repository("POST", "/labels", _WRITE)
def create_label(call: Call) -> Answer:
    """Make a label."""
    name, color, description = _checked_label(call.json())
    if name is None:
        raise malformed('"name" wasn\'t supplied.')
    if name.lower() in call.repository.labels:
        raise invalid("Label", "already_exists", "name")
    made = call.world.add_label(call.repository, call.actor, name, (color or "ededed").lower(), description)
    return Answer(201, call.world.render.label(call.repository, made))


@in_repository("PATCH", "/labels/{name}", _WRITE)
def update_label(call: Call) -> Answer:
    """Rename or recolour a label."""
    found, body = _label(call), call.json()
    _, color, description = _checked_label(body)
    new = body.get("new_name")
    if isinstance(new, str) and new.lower() != found.name.lower():
        if new.lower() in call.repository.labels:
            raise invalid("Label", "already_exists", "name")
        call.repository.labels[new.lower()] = call.repository.labels.pop(found.name.lower())
    found.name = new if isinstance(new, str) else found.name
    found.color = (color or found.color).lower()
    found.description = description if "description" in body else found.description
    return Answer(200, call.world.render.label(call.repository, found))


@in_repository("DELETE", "/labels/{name}", _WRITE)
def delete_label(call: Call) -> Answer:
    """Delete a label."""
    call.world.remove_label(call.repository, call.actor, _label(call))
    return Answer(204)


# Comments


@in_repository("GET", "/issues/{number}/comments", _READ)
def comments(call: Call) -> Answer:
    """The comments of an issue, oldest first; filter since."""
    since = _moment(call.query("since")) if call.query("since") else None
    found = [c for c in _issue(call).comments if since is None or c.updated_at >= since]
    return call.page(found, lambda comment: _shown(call, comment))


def _shown(call: Call, comment: Comment) -> Json:
    return call.world.render.comment(call.repository, comment, call.world.app_behind(comment.user))


def _checked_comment(body: Json) -> str:
    if "body" not in body:
        raise malformed('"body" wasn\'t supplied.')
    text = _checked_body(body, "IssueComment")
    if text is None or not text.strip():
        raise Refusal(
            422,
            "Validation Failed",
            errors=[
                {
                    "resource": "IssueComment",
                    "code": "unprocessable",
                    "field": "data",
                    "message": "Body cannot be blank",
                }
            ],
        )
    return text


@in_repository("POST", "/issues/{number}/comments", _WRITE, content=True)
def create_comment(call: Call) -> Answer:
    """Comment on an issue or pull request."""
    found = _issue(call)
    text = _checked_comment(call.json())
    return Answer(201, _shown(call, call.world.add_comment(call.repository, found, call.actor, text)))


def _comment(call: Call) -> Comment:
    found = call.repository.comments.get(call.number("comment_id"))
    if found is None:
        raise not_found()
    return found


@in_repository("GET", "/issues/comments/{comment_id}", _READ)
def comment(call: Call) -> Answer:
    """One comment."""
    return Answer(200, _shown(call, _comment(call)))


@in_repository("PATCH", "/issues/comments/{comment_id}", _WRITE)
def update_comment(call: Call) -> Answer:
    """Change a comment."""
    found = _comment(call)
    call.world.edit_comment(call.repository, found, call.actor, _checked_comment(call.json()))
    return Answer(200, _shown(call, found))


@in_repository("DELETE", "/issues/comments/{comment_id}", _WRITE)
def delete_comment(call: Call) -> Answer:
    """Delete a comment."""
    call.world.remove_comment(call.repository, _comment(call), call.actor)
    return Answer(204)


# Reactions


def _react(call: Call, reactions: list[Reaction]) -> Answer:
    content = call.json().get("content")
    if content not in _CONTENTS:
        raise invalid("Reaction", "invalid", "content")
    for found in reactions:
        if found.user is call.actor and found.content == content:
            return Answer(200, call.world.render.reaction(found))
    made = Reaction(call.world.new_id(), call.actor, content, call.world.now())
    reactions.append(made)
    return Answer(201, call.world.render.reaction(made))


@in_repository("POST", "/issues/comments/{comment_id}/reactions", "issues=write")
def react_to_comment(call: Call) -> Answer:
    """React to a comment; 200 when the same reaction is there already."""
    return _react(call, _comment(call).reactions)


@in_repository("GET", "/issues/comments/{comment_id}/reactions", "issues=read")
def comment_reactions(call: Call) -> Answer:
    """The reactions to a comment."""
    return call.page(_comment(call).reactions, call.world.render.reaction)


@in_repository("POST", "/issues/{number}/reactions", "issues=write")
def react_to_issue(call: Call) -> Answer:
    """React to an issue; 200 when the same reaction is there already."""
    return _react(call, _issue(call).reactions)


@in_repository("GET", "/issues/{number}/reactions", "issues=read")
def issue_reactions(call: Call) -> Answer:
    """The reactions to an issue."""
    return call.page(_issue(call).reactions, call.world.render.reaction)
