"""Branches, refs, commits, trees, blobs, comparison, merging."""

from __future__ import annotations

import base64
import re

from bot.testing.branches import MergeConflict
from bot.testing.git import HEX, Commit, GitFailed
from bot.testing.render import Json
from bot.testing.routing import (
    Answer,
    Call,
    Refusal,
    in_repository,
    invalid,
    malformed,
    not_found,
)
from bot.testing.settings import is_protected
from bot.testing.state import FakeRepository, Status

MAX_TREE_ENTRIES = 100_000
MAX_TREE_BYTES = 7_000_000
MAX_COMPARED_FILES = 300
_HEADS = "refs/heads/"
_NO_REF = "Reference does not exist"


def refuse_empty(repository: FakeRepository) -> None:
    """Raise Refusal 409 when there is no commit yet."""
    if repository.empty:
        raise Refusal(409, "Git Repository is empty.")


def find_commit(repository: FakeRepository, name: str) -> str | None:
    """The commit that a branch, a tag, a full or shortened ref, or a sha stands for."""
    for ref in (name, f"refs/{name}", _HEADS + name, f"refs/tags/{name}"):
        if ref in repository.refs:
            return repository.refs[ref]
    if HEX.fullmatch(name):
        return name if repository.git.has_commit(name) else None
    return repository.git.abbreviated(name)


def commit_for(call: Call, name: str) -> Commit:
    """The commit of that name. Raises Refusal 409 (empty) or 422."""
    refuse_empty(call.repository)
    sha = find_commit(call.repository, name)
    if sha is None:
        raise Refusal(422, f"No commit found for SHA: {name}")
    return call.repository.git.commit(sha)


# Branches and refs


@in_repository("GET", "/branches", "contents=read")
def branches(call: Call) -> Answer:
    """All branches by name, or only those that are protected, or that are not."""
    found, wanted = list(call.repository.branches.items()), call.query("protected")
    if wanted in ("true", "false"):
        found = [b for b in found if is_protected(call.repository, b[0]) is (wanted == "true")]
    return call.page(found, lambda b: call.world.render.branch(call.repository, *b))


@in_repository("GET", "/branches/{branch+}", "contents=read")
def branch(call: Call) -> Answer:
    """One branch with its commit."""
    name = call.params["branch"]
    sha = call.repository.branches.get(name)
    if sha is None:
        raise Refusal(404, "Branch not found")
    return Answer(200, call.world.render.full_branch(call.repository, name, call.repository.git.commit(sha)))


@in_repository("GET", "/git/ref/{ref+}", "contents=read")
def ref(call: Call) -> Answer:
    """One ref by its exact name."""
    refuse_empty(call.repository)
    full = "refs/" + call.params["ref"]
    sha = call.repository.refs.get(full)
    if sha is None:
        raise not_found()
    return Answer(200, call.world.render.ref(call.repository, full, sha))


@in_repository("GET", "/git/matching-refs/{ref+}", "contents=read")
def matching_refs(call: Call) -> Answer:
    """Refs that begin so."""
    refuse_empty(call.repository)
    start = "refs/" + call.params["ref"]
    found = [(name, sha) for name, sha in sorted(call.repository.refs.items()) if name.startswith(start)]
    return call.page(found, lambda item: call.world.render.ref(call.repository, *item))


def _text(body: Json, name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise malformed(f'"{name}" wasn\'t supplied.')
    return value


@in_repository("POST", "/git/refs", "contents=write")
def create_ref(call: Call) -> Answer:
    """Make a ref; the name must be full."""
    refuse_empty(call.repository)
    body = call.json()
    name, sha = _text(body, "ref"), _text(body, "sha")
    if not name.startswith("refs/") or name.count("/") < 2:
        raise Refusal(422, "Reference name must start with 'refs/' and have at least two slashes.")
    if name in call.repository.refs:
        raise Refusal(422, "Reference already exists")
    if not call.repository.git.has_commit(sha):
        raise Refusal(422, "Object does not exist")
    try:
        call.world.point(call.repository, name, sha, call.actor)
    except GitFailed:
        raise Refusal(422, "Reference name is not valid") from None
    return Answer(201, call.world.render.ref(call.repository, name, sha))


@in_repository("PATCH", "/git/refs/{ref+}", "contents=write")
def update_ref(call: Call) -> Answer:
    """Move a ref; without ``force`` forward only."""
    refuse_empty(call.repository)
    body = call.json()
    name, sha = "refs/" + call.params["ref"], _text(body, "sha")
    old = call.repository.refs.get(name)
    if old is None:
        raise Refusal(422, _NO_REF)
    if not call.repository.git.has_commit(sha):
        raise Refusal(422, "Object does not exist")
    if body.get("force") is not True and not call.repository.git.is_ancestor(old, sha):
        raise Refusal(422, "Update is not a fast forward")
    call.world.point(call.repository, name, sha, call.actor)
    return Answer(200, call.world.render.ref(call.repository, name, sha))


@in_repository("DELETE", "/git/refs/{ref+}", "contents=write")
def delete_ref(call: Call) -> Answer:
    """Delete a ref, but not the default branch."""
    refuse_empty(call.repository)
    name = "refs/" + call.params["ref"]
    if name not in call.repository.refs:
        raise Refusal(422, _NO_REF)
    if name == _HEADS + call.repository.default_branch:
        raise Refusal(422, "Cannot delete the default branch")
    call.world.unpoint(call.repository, name, call.actor)
    return Answer(204)


# Commits


@in_repository("GET", "/commits", "contents=read")
def commits(call: Call) -> Answer:
    """History, newest first."""
    repository = call.repository
    refuse_empty(repository)
    start = call.query("sha", repository.default_branch)
    sha = find_commit(repository, start)
    if sha is None:
        raise not_found()
    found = repository.git.log(
        [sha],
        path=call.query("path") or None,
        since=call.query("since") or None,
        until=call.query("until") or None,
    )
    return call.page(found, lambda oid: call.world.render.commit(repository, repository.git.commit(oid)))


@in_repository("GET", "/git/commits/{sha}", "contents=read")
def git_commit(call: Call) -> Answer:
    """A commit object."""
    refuse_empty(call.repository)
    sha = call.params["sha"]
    if not HEX.fullmatch(sha) or not call.repository.git.has_commit(sha):
        raise not_found()
    return Answer(200, call.world.render.git_commit(call.repository, call.repository.git.commit(sha)))


@in_repository("GET", "/commits/{ref+}", "contents=read")
def commit(call: Call) -> Answer:
    """One commit with its files."""
    repository, found = call.repository, commit_for(call, call.params["ref"])
    if call.wants("sha"):
        return Answer(200, found.oid.encode(), content_type="application/vnd.github.sha; charset=utf-8")
    changes = repository.git.changes(found.parents[0] if found.parents else None, found.oid)
    added, deleted = sum(c.additions for c in changes), sum(c.deletions for c in changes)
    body = call.world.render.commit(repository, found)
    body["stats"] = {"total": added + deleted, "additions": added, "deletions": deleted}
    body["files"] = [call.world.render.change(repository, found.oid, c) for c in changes[:MAX_COMPARED_FILES]]
    return Answer(200, body)


# Trees and blobs


@in_repository("GET", "/git/trees/{sha+}", "contents=read")
def tree(call: Call) -> Answer:
    """A tree by its own sha, or that of a commit or branch; ``recursive`` by mere presence."""
    repository = call.repository
    refuse_empty(repository)
    name = call.params["sha"]
    sha = find_commit(repository, name)
    oid = repository.git.commit(sha).tree if sha else name
    try:
        if not HEX.fullmatch(oid):
            raise KeyError(oid)
        entries = repository.git.entries(oid, recursive="recursive" in call.request.query)
    except KeyError:
        raise not_found() from None
    shown: list[Json] = []
    size = 0
    for entry in entries[:MAX_TREE_ENTRIES]:
        body = call.world.render.tree_entry(repository, entry)
        size += sum(len(str(value)) for value in body.values())
        if size > MAX_TREE_BYTES:
            break
        shown.append(body)
    url = f"{call.world.render.repository_url(repository)}/git/trees/{oid}"
    return Answer(200, {"sha": oid, "url": url, "tree": shown, "truncated": len(shown) < len(entries)})


@in_repository("GET", "/git/blobs/{sha}", "contents=read")
def blob(call: Call) -> Answer:
    """The bytes of a blob, in base64 or raw."""
    repository, sha = call.repository, call.params["sha"]
    refuse_empty(repository)
    try:
        kind, data = repository.git.read(sha)
    except KeyError:
        raise not_found() from None
    if kind != "blob":
        raise not_found()
    if call.wants("raw"):
        return Answer(200, data, content_type="application/vnd.github.raw+json; charset=utf-8")
    body = {
        "sha": sha,
        "node_id": f"B_{sha}",
        "size": len(data),
        "url": f"{call.world.render.repository_url(repository)}/git/blobs/{sha}",
        "content": in_base64(data),
        "encoding": "base64",
    }
    return Answer(200, body)


def in_base64(data: bytes) -> str:
    """Base64 in lines of 60 characters, each ended, as GitHub writes it."""
    text = base64.b64encode(data).decode()
    return "".join(text[start : start + 60] + "\n" for start in range(0, len(text), 60))


# Comparing and merging


def _compared(call: Call, name: str) -> tuple[FakeRepository, str] | None:
    """A side of a comparison: ``branch``, or ``owner:branch`` in the same network of forks."""
    owner, colon, branch_name = name.partition(":")
    if not colon:
        sha = find_commit(call.repository, name)
        return (call.repository, sha) if sha else None
    root = call.repository.parent or call.repository
    for other in call.world.repositories.values():
        same = other is root or other.parent is root
        if same and not other.deleted and other.owner.login.lower() == owner.lower():
            sha = find_commit(other, branch_name)
            return (other, sha) if sha else None
    return None


@in_repository("GET", "/compare/{basehead+}", "contents=read")
def compare(call: Call) -> Answer:
    """How two commits stand to each other; files on the first page only."""
    repository, git = call.repository, call.repository.git
    refuse_empty(repository)
    names = re.split(r"\.\.\.?", call.params["basehead"], maxsplit=1)
    sides = [_compared(call, name) for name in names]
    if len(sides) != 2 or sides[0] is None or sides[1] is None:
        raise not_found()
    base, head = sides[0][1], sides[1][1]
    start = git.merge_base(base, head)
    if start is None:
        raise Refusal(404, f"No common ancestor between {names[0]} and {names[1]}.")
    ahead, behind = git.ahead_behind(base, head)
    found = tuple(reversed(git.log([head], [base])))
    paged = "page" in call.request.query or "per_page" in call.request.query
    render = call.world.render
    listed = call.page(found, lambda oid: render.commit(repository, git.commit(oid)))
    unpaged = (
        [render.commit(repository, git.commit(oid)) for oid in found[-250:]] if not paged else listed.body
    )
    page_url = f"{render.repository_page(repository)}/compare/{names[0]}...{names[1]}"
    states = {(False, False): "identical", (True, False): "ahead", (False, True): "behind"}
    body: Json = {
        "url": f"{render.repository_url(repository)}/compare/{names[0]}...{names[1]}",
        "html_url": page_url,
        "permalink_url": f"{render.repository_page(repository)}/compare/{base[:12]}...{head[:12]}",
        "diff_url": f"{page_url}.diff",
        "patch_url": f"{page_url}.patch",
        "base_commit": render.commit(repository, git.commit(base)),
        "merge_base_commit": render.commit(repository, git.commit(start)),
        "status": states.get((ahead > 0, behind > 0), "diverged"),
        "ahead_by": ahead,
        "behind_by": behind,
        "total_commits": ahead,
        "commits": unpaged,
    }
    if call.page_size()[0] == 1:
        changes = git.changes(start, head)[:MAX_COMPARED_FILES]
        body["files"] = [render.change(repository, head, c) for c in changes]
    return Answer(200, body, listed.headers if paged else {})


@in_repository("POST", "/merges", "contents=write")
def merge(call: Call) -> Answer:
    """Merge a branch or commit into a branch, really."""
    body = call.json()
    base, head = _text(body, "base"), _text(body, "head")
    repository = call.repository
    refuse_empty(repository)
    if base not in repository.branches:
        raise Refusal(404, "Base does not exist")
    other = find_commit(repository, head)
    if other is None:
        raise Refusal(404, "Head does not exist")
    message = body.get("commit_message") or f"Merge {head} into {base}"
    try:
        sha = call.world.merge_into(repository, base, other, str(message), call.actor)
    except MergeConflict:
        raise Refusal(409, "Merge conflict") from None
    if sha is None:
        return Answer(204)
    return Answer(201, call.world.render.commit(repository, repository.git.commit(sha)))


# Statuses


@in_repository("POST", "/statuses/{sha}", "statuses=write")
def create_status(call: Call) -> Answer:
    """A commit status; at most 1,000 for each context."""
    body, repository = call.json(), call.repository
    sha = call.params["sha"]
    if not HEX.fullmatch(sha) or not repository.git.has_commit(sha):
        raise Refusal(422, f"No commit found for SHA: {sha}")
    state = body.get("state")
    if state not in ("error", "failure", "pending", "success"):
        raise invalid("Status", "custom", "state", "state is not included in the list")
    context = str(body.get("context") or "default")
    listed = repository.statuses.setdefault(sha, [])
    if sum(status.context.lower() == context.lower() for status in listed) >= 1000:
        raise invalid(
            "Status", "custom", "base", "This SHA and context has reached the maximum number of statuses."
        )
    target, description = body.get("target_url"), body.get("description")
    status = Status(call.world.new_id(), state, context, description, target, call.actor, call.world.now())
    listed.append(status)
    return Answer(201, call.world.render.status(repository, sha, status))


@in_repository("GET", "/commits/{ref+}/statuses", "statuses=read")
def statuses(call: Call) -> Answer:
    """All statuses of a commit, newest first."""
    sha = commit_for(call, call.params["ref"]).oid
    found = call.repository.statuses.get(sha, [])[::-1]
    return call.page(found, lambda status: call.world.render.status(call.repository, sha, status))


@in_repository("GET", "/commits/{ref+}/status", "statuses=read")
def combined_status(call: Call) -> Answer:
    """The newest status of each context, and what they come to."""
    repository, sha = call.repository, commit_for(call, call.params["ref"]).oid
    newest = {status.context.lower(): status for status in repository.statuses.get(sha, [])}
    states = {status.state for status in newest.values()}
    state = "success" if states == {"success"} else "pending"
    if states & {"error", "failure"}:
        state = "failure"
    url = f"{call.world.render.repository_url(repository)}/commits/{sha}"
    extra = {
        "state": state,
        "sha": sha,
        "repository": call.world.render.repository(repository),
        "commit_url": url,
        "url": f"{url}/status",
    }
    return call.page(
        list(newest.values()),
        lambda status: call.world.render.status(repository, sha, status),
        key="statuses",
        extra=extra,
    )
