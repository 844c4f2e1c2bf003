"""Pull requests."""

from __future__ import annotations

from typing import Any

from bot.testing.authentication import token_covers
from bot.testing.branches import MergeConflict
from bot.testing.routing import (
    NOT_ACCESSIBLE,
    Answer,
    Call,
    Refusal,
    in_repository,
    invalid,
    level_of,
    malformed,
    not_found,
)
from bot.testing.state import FakeRepository, Issue, PullDetails


def _pull(call: Call) -> tuple[Issue, PullDetails]:
    issue = call.repository.issues.get(call.number("number"))
    if issue is None or issue.pull is None:
        raise not_found()
    return issue, issue.pull


@in_repository("GET", "/pulls", "pull_requests=read")
def pulls(call: Call) -> Answer:
    """Pull requests by state, base and head (``owner:branch``), newest first."""
    state, base, head = call.query("state", "open"), call.query("base"), call.query("head")
    found = [(issue, issue.pull) for issue in call.repository.issues.values() if issue.pull is not None]
    found = [
        (issue, pull)
        for issue, pull in found
        if state in ("all", issue.state)
        and base in ("", pull.base_ref)
        and head in ("", f"{pull.head_owner.login}:{pull.head_ref}")
    ]
    sort = call.query("sort", "created")
    found.sort(
        key=lambda item: (item[0].updated_at if sort == "updated" else item[0].created_at, item[0].number)
    )
    if call.query("direction", "desc" if sort == "created" else "asc") == "desc":
        found.reverse()
    return call.page(found, lambda item: call.world.render.pull(call.repository, *item))


@in_repository("POST", "/pulls", "pull_requests=write", content=True)
def create(call: Call) -> Answer:
    """Open a pull request; ``head`` may be ``owner:branch`` of a fork."""
    body, repository = call.json(), call.repository
    for name in ("title", "head", "base"):
        if not isinstance(body.get(name), str) or not body[name]:
            raise malformed(f'"{name}" wasn\'t supplied.')
    source, head = _source(call, body["head"])
    if source is None or head not in source.branches:
        raise invalid("PullRequest", "invalid", "head")
    base = body["base"]
    if base not in repository.branches:
        raise invalid("PullRequest", "invalid", "base")
    for _, pull in repository.open_pulls():
        if (pull.head_repository, pull.head_ref, pull.base_ref) == (source, head, base):
            text = f"A pull request already exists for {source.owner.login}:{head}."
            raise _custom(text)
    if not repository.git.log([source.branches[head]], [repository.branches[base]]):
        raise _custom(f"No commits between {base} and {head}")
    about = body.get("body")
    draft = body.get("draft") is True
    issue = call.world.add_pull(repository, source, head, base, call.actor, body["title"], about, draft=draft)
    return Answer(201, call.world.full_pull(repository, issue))


def _custom(message: str) -> Refusal:
    error = {"resource": "PullRequest", "code": "custom", "message": message}
    return Refusal(422, "Validation Failed", errors=[error])


def _source(call: Call, head: str) -> tuple[FakeRepository | None, str]:
    owner, colon, branch = head.rpartition(":")
    if not colon or owner.lower() == call.repository.owner.login.lower():
        return call.repository, branch
    for other in call.world.repositories.values():
        if (
            other.parent is call.repository
            and not other.deleted
            and other.owner.login.lower() == owner.lower()
        ):
            return other, branch
    return None, branch


@in_repository("GET", "/pulls/{number}", "pull_requests=read")
def pull_request(call: Call) -> Answer:
    """One pull request; ``mergeable`` is null the first time for each pair of base and head."""
    issue, _ = _pull(call)
    return Answer(200, call.world.look_at_pull(call.repository, issue))


@in_repository("PATCH", "/pulls/{number}", "pull_requests=write")
def update(call: Call) -> Answer:
    """Change title, body, state or base."""
    body, repository, world = call.json(), call.repository, call.world
    issue, pull = _pull(call)
    changes: dict[str, Any] = {}
    for name in ("title", "body"):
        if isinstance(body.get(name), str) and body[name] != getattr(issue, name):
            changes[name] = {"from": getattr(issue, name) or ""}
            setattr(issue, name, body[name])
    if changes:
        world.emit_pull(repository, issue, "edited", call.actor, changes=changes)
    if isinstance(body.get("base"), str) and body["base"] != pull.base_ref:
        if body["base"] not in repository.branches:
            raise invalid("PullRequest", "invalid", "base")
        world.retarget_pull_request(repository, issue.number, body["base"], actor=call.actor.login)
    if body.get("state") == "closed" and issue.state == "open":
        world.close_pull(repository, issue, call.actor)
    elif body.get("state") == "open" and issue.state == "closed":
        if pull.merged_at is not None:
            raise invalid("PullRequest", "invalid", "state", "The pull request cannot be reopened.")
        world.reopen_pull_request(repository, issue.number, actor=call.actor.login)
    return Answer(200, world.full_pull(repository, issue))


@in_repository("GET", "/pulls/{number}/files", "pull_requests=read")
def files(call: Call) -> Answer:
    """The changed files, at most 3,000."""
    _, pull = _pull(call)
    return call.page(call.world.pull_changes(call.repository, pull)[:3_000], dict)


@in_repository("GET", "/pulls/{number}/commits", "pull_requests=read")
def commits(call: Call) -> Answer:
    """The commits, oldest first, at most 250."""
    issue, pull = _pull(call)
    call.world.full_pull(call.repository, issue)
    git = call.repository.git
    found = git.log([pull.head_sha], [pull.base_sha])[::-1][:250]
    return call.page(found, lambda sha: call.world.render.commit(call.repository, git.commit(sha)))


@in_repository("PUT", "/pulls/{number}/update-branch", "pull_requests=write,contents=write")
def update_branch(call: Call) -> Answer:
    """Merge the base into the head; the answer is 202, the events tell when it is done."""
    body, repository = call.json(), call.repository
    issue, pull = _pull(call)
    head = pull.head_repository
    if head is None or (head is not repository and not _may_write(call, head)):
        raise Refusal(403, NOT_ACCESSIBLE)
    expected = body.get("expected_head_sha")
    if expected is not None and expected != pull.head_sha:
        raise _unprocessable("expected head sha didn't match current head ref.")
    tip = repository.branches[pull.base_ref]
    if repository.git.is_ancestor(tip, pull.head_sha):
        raise _unprocessable("There are no new commits on the base branch.")
    message = f"Merge branch '{pull.base_ref}' into {pull.head_ref}"
    try:
        call.world.merge_into(head, pull.head_ref, tip, message, call.actor)
    except MergeConflict:
        raise _unprocessable("merge conflict between base and head") from None
    url = f"{call.world.render.repository_page(repository)}/pull/{issue.number}"
    return Answer(202, {"message": "Updating pull request branch.", "url": url})


def _may_write(call: Call, repository: FakeRepository) -> bool:
    token = call.token
    return token_covers(call.world, token, repository) and level_of(token, "contents") >= 2


def _unprocessable(message: str) -> Refusal:
    return Refusal(
        422, message, errors=[{"resource": "PullRequest", "code": "unprocessable", "message": message}]
    )


@in_repository("GET", "/pulls/{number}/merge", "pull_requests=read")
def is_merged(call: Call) -> Answer:
    """204 when merged, else 404."""
    if _pull(call)[1].merged_at is None:
        raise not_found()
    return Answer(204)


@in_repository("PUT", "/pulls/{number}/merge", "contents=write")
def merge(call: Call) -> Answer:
    """Merge by commit or squash; rebasing is switched off in the fake's repositories."""
    body, repository = call.json(), call.repository
    issue, pull = _pull(call)
    method = body.get("merge_method", "merge")
    if method == "rebase":
        raise Refusal(405, "Rebase merges are not allowed on this repository.")
    if issue.state == "closed":
        raise Refusal(405, "Pull Request is not mergeable")
    if pull.draft:
        raise Refusal(405, "Pull Request is still a draft")
    if body.get("sha") not in (None, pull.head_sha):
        raise Refusal(409, "Head branch was modified. Review and try the merge again.")
    try:
        sha = call.world.complete_pull(repository, issue, pull, call.actor, squash=method == "squash")
    except MergeConflict:
        raise Refusal(405, "Pull Request has merge conflicts") from None
    return Answer(200, {"sha": sha, "merged": True, "message": "Pull Request successfully merged"})
