"""Files and directories by path."""

from __future__ import annotations

import base64
import binascii
import posixpath
import re

from bot.testing.git import Content, Entry
from bot.testing.render import Json
from bot.testing.routes.git import find_commit, in_base64
from bot.testing.routing import (
    NOT_ACCESSIBLE,
    Answer,
    Call,
    Refusal,
    in_repository,
    level_of,
    malformed,
    not_found,
)
from bot.testing.state import FakeRepository

MAX_DIRECTORY = 1_000
MAX_EMBEDDED = 1_000_000
MAX_RAW = 100_000_000


def _found(call: Call, path: str) -> tuple[Entry, str, str]:
    """(entry, tree of the commit, ref as named). Raises Refusal 404."""
    repository = call.repository
    if repository.empty:
        raise Refusal(404, "This repository is empty.")
    ref = call.query("ref", repository.default_branch)
    sha = find_commit(repository, ref)
    if sha is None:
        raise Refusal(404, f"No commit found for the ref {ref}")
    tree = repository.git.commit(sha).tree
    entry = repository.git.entry(tree, path)
    if entry is None:
        raise not_found()
    return entry, tree, ref


@in_repository("GET", "/contents", "contents=read")
@in_repository("GET", "/contents/", "contents=read")
@in_repository("GET", "/contents/{path+}", "contents=read")
def contents(call: Call) -> Answer:
    """A file, a directory, a symbolic link (followed to a file), or a submodule."""
    path = call.params.get("path", "")
    entry, tree, ref = _found(call, path)
    if entry.type == "tree":
        return _directory(call, entry, ref)
    if entry.mode == "120000":
        return _link(call, entry, tree, ref)
    if entry.type == "commit":
        body = call.world.render.content(call.repository, ref, entry)
        return Answer(200, body | {"submodule_git_url": _submodule_url(call.repository, tree, path)})
    return _file(call, entry, ref)


def _submodule_url(repository: FakeRepository, tree: str, path: str) -> str | None:
    """The ``url`` that ``.gitmodules`` gives for a path, None when it says nothing."""
    entry = repository.git.entry(tree, ".gitmodules")
    text = repository.git.read(entry.oid)[1].decode(errors="replace") if entry is not None else ""
    for section in text.split("[submodule ")[1:]:
        values = dict(re.findall(r"^\s*(path|url)\s*=\s*(.*?)\s*$", section, re.MULTILINE))
        if values.get("path") == path:
            return values.get("url")
    return None


def _directory(call: Call, directory: Entry, ref: str) -> Answer:
    shown = []
    for inside in call.repository.git.entries(directory.oid)[:MAX_DIRECTORY]:
        path = f"{directory.path}/{inside.path}" if directory.path else inside.path
        body = call.world.render.content(
            call.repository, ref, Entry(inside.mode, inside.type, inside.oid, inside.size, path)
        )
        if body["type"] == "submodule":
            # The listing says "file" for a submodule until version 2026-03-10 of the API.
            body["type"] = "file"
        shown.append(body)
    if call.wants("object"):
        body = call.world.render.content(call.repository, ref, directory)
        return Answer(200, body | {"entries": shown})
    return Answer(200, shown)


def _link(call: Call, entry: Entry, tree: str, ref: str) -> Answer:
    target = call.repository.git.read(entry.oid)[1].decode(errors="replace")
    where = posixpath.normpath(posixpath.join(posixpath.dirname(entry.path), target))
    found = None if where.startswith(("..", "/")) else call.repository.git.entry(tree, where)
    if found is not None and found.type == "blob" and found.mode != "120000":
        return _file(call, found, ref)
    return Answer(200, call.world.render.content(call.repository, ref, entry) | {"target": target})


def _file(call: Call, entry: Entry, ref: str) -> Answer:
    size = entry.size or 0
    if size > MAX_RAW:
        message = "This API returns blobs up to 100 MB in size. The requested blob is too large to fetch."
        error = {"resource": "Blob", "field": "data", "code": "too_large"}
        raise Refusal(403, message, errors=[error])
    data = call.repository.git.read(entry.oid)[1]
    if call.wants("raw"):
        return Answer(200, data, content_type="application/vnd.github.raw+json; charset=utf-8")
    body = call.world.render.content(call.repository, ref, entry)
    small = size <= MAX_EMBEDDED
    body |= {"content": in_base64(data) if small else "", "encoding": "base64" if small else "none"}
    return Answer(200, body)


def _root_entry(call: Call, names: tuple[str, ...]) -> tuple[Entry, str]:
    root, _, ref = _found(call, "")
    for entry in call.repository.git.entries(root.oid):
        if entry.type == "blob" and posixpath.splitext(entry.path)[0].lower() in names:
            return entry, ref
    raise not_found()


@in_repository("GET", "/readme", "contents=read")
def readme(call: Call) -> Answer:
    """The README at the root."""
    return _file(call, *_root_entry(call, ("readme",)))


# Writing


@in_repository("PUT", "/contents/{path+}", "contents=write")
def write_file(call: Call) -> Answer:
    """Make or change one file in one commit."""
    body = call.json()
    try:
        data = base64.b64decode(body.get("content", ""), validate=False)
    except (binascii.Error, TypeError, ValueError):
        raise Refusal(422, "content is not valid Base64") from None
    if "content" not in body:
        raise malformed('"content" wasn\'t supplied.')
    return _commit_file(call, body, data)


@in_repository("DELETE", "/contents/{path+}", "contents=write")
def remove_file(call: Call) -> Answer:
    """Delete one file in one commit."""
    return _commit_file(call, {**call.request.query, **call.json()}, None)


def _commit_file(call: Call, body: Json, content: Content) -> Answer:
    repository, path = call.repository, call.params["path"]
    message = body.get("message")
    if not isinstance(message, str) or not message:
        raise malformed('"message" wasn\'t supplied.')
    if path.startswith(".github/workflows/") and level_of(call.token, "workflows") < 2:
        raise Refusal(
            403, NOT_ACCESSIBLE, headers={"X-Accepted-GitHub-Permissions": "contents=write,workflows=write"}
        )
    branch = str(body.get("branch") or repository.default_branch)
    before = _blob_at(repository, branch, path)
    if before is None and content is None:
        raise not_found()
    if before is not None and body.get("sha") is None:
        raise malformed('"sha" wasn\'t supplied.')
    if before is not None and body["sha"] != before:
        raise Refusal(409, f"{path} does not match {body['sha']}")
    if not repository.empty and branch not in repository.branches:
        raise Refusal(404, f"Branch {branch} not found")
    sha = call.world.push(repository, branch, {path: content}, message=message, actor=call.actor.login)
    commit = call.world.render.git_commit(repository, repository.git.commit(sha))
    entry = repository.git.entry(repository.git.commit(sha).tree, path)
    shown = None if entry is None else call.world.render.content(repository, branch, entry)
    status = 201 if before is None else 200
    return Answer(status, {"content": shown, "commit": commit})


def _blob_at(repository: FakeRepository, branch: str, path: str) -> str | None:
    head = repository.branches.get(branch)
    entry = repository.git.entry(repository.git.commit(head).tree, path) if head else None
    return entry.oid if entry is not None and entry.type == "blob" else None
