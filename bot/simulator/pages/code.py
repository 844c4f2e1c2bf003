"""Files, commits and branches, and the editor that pushes."""

from __future__ import annotations

import re

from bot.simulator.pages.diffs import file_changes, remarks_on, text_of
from bot.simulator.pages.routing import REPOSITORY, Refused, page
from bot.simulator.pages.site import Visit
from bot.simulator.pages.view import coloured, path_of
from bot.testing.git import Commit, Entry
from bot.testing.http import Response
from bot.testing.state import FakeRepository

COMMITS = 50
_READMES = ("readme.md", "readme")
_LAST_CHANGES = 40
"""Entries of a directory for which the last change is looked up."""


def resolve(repository: FakeRepository, rest: str) -> tuple[str, str, str]:
    """(branch or commit, commit, path) from the end of an address. Raises Refused."""
    for branch in sorted(repository.branches, key=len, reverse=True):
        if rest == branch or rest.startswith(branch + "/"):
            return branch, repository.branches[branch], rest[len(branch) + 1 :]
    name, _, path = rest.partition("/")
    if re.fullmatch(r"[0-9a-f]{40}", name) and repository.git.has_commit(name):
        return name, name, path
    raise Refused(404, "There is no such branch or commit.")


def _at(visit: Visit, repository: FakeRepository) -> tuple[str, str, str]:
    rest = visit.params.get("rest", "")
    if rest:
        return resolve(repository, rest)
    if repository.head is None:
        raise Refused(404, "This repository has no commit yet.")
    return repository.default_branch, repository.head, ""


@page("GET", REPOSITORY)
@page("GET", REPOSITORY + r"/tree/(?P<rest>.+)")
def tree(visit: Visit) -> Response:
    """A directory; the root shows the README below."""
    repository = visit.repository()
    if repository.head is None and "rest" not in visit.params:
        return visit.html("repository.html", repository=repository, tab="code", commit=None)
    ref, sha, path = _at(visit, repository)
    git = repository.git
    commit = git.commit(sha)
    entry = git.entry(commit.tree, path)
    if entry is None or entry.type != "tree":
        raise Refused(404, f"There is no directory {path} on {ref}.")
    entries = sorted(git.entries(entry.oid), key=lambda e: (e.type != "tree", e.path.lower()))
    below = f"{path}/" if path else ""
    rows = [
        (e, _last(repository, sha, below + e.path) if number < _LAST_CHANGES else None)
        for number, e in enumerate(entries)
    ]
    readme = next((e for e in entries if e.path.lower() in _READMES), None)
    return visit.html(
        "repository.html",
        repository=repository,
        tab="code",
        ref=ref,
        commit=commit,
        path=path,
        rows=rows,
        readme=text_of(git, readme.oid) if readme else None,
        commits=len(git.log([sha])),
    )


def _last(repository: FakeRepository, sha: str, path: str) -> Commit | None:
    found = repository.git.log([sha], path=path, limit=1)
    return repository.git.commit(found[0]) if found else None


@page("GET", REPOSITORY + r"/blob/(?P<rest>.+)")
def blob(visit: Visit) -> Response:
    """A file with the remarks that check runs made on its lines."""
    repository = visit.repository()
    ref, sha, path = _at(visit, repository)
    entry = _file(repository, sha, path)
    text = text_of(repository.git, entry.oid)
    remarks = remarks_on(repository, sha).get(path, [])
    return visit.html(
        "blob.html",
        repository=repository,
        tab="code",
        ref=ref,
        sha=sha,
        path=path,
        entry=entry,
        lines=None if text is None else coloured(path, text),
        remarks=remarks,
    )


def _file(repository: FakeRepository, sha: str, path: str) -> Entry:
    entry = repository.git.entry(repository.git.commit(sha).tree, path)
    if entry is None or entry.type != "blob":
        raise Refused(404, f"There is no file {path} here.")
    return entry


@page("GET", REPOSITORY + r"/commits(?:/(?P<rest>.+))?")
def commits(visit: Visit) -> Response:
    """What was committed to a branch, newest first."""
    repository = visit.repository()
    ref, sha, _ = _at(visit, repository)
    git = repository.git
    found = [git.commit(oid) for oid in git.log([sha], limit=COMMITS)]
    return visit.html("commits.html", repository=repository, tab="code", ref=ref, commits=found)


@page("GET", REPOSITORY + r"/commit/(?P<sha>[0-9a-f]{4,40})")
def commit(visit: Visit) -> Response:
    """One commit, its check runs and what it changed."""
    repository = visit.repository()
    git = repository.git
    sha = git.abbreviated(visit.params["sha"])
    if sha is None or not git.has_commit(sha):
        raise Refused(404, "There is no such commit.")
    found = git.commit(sha)
    files = file_changes(git, found.parents[0] if found.parents else None, sha, remarks_on(repository, sha))
    return visit.html("commit.html", repository=repository, tab="code", commit=found, files=files)


@page("GET", REPOSITORY + r"/branches")
def branches(visit: Visit) -> Response:
    """All branches, and how far each lags."""
    repository = visit.repository()
    head = repository.head
    rows = [
        (name, repository.git.commit(sha), *repository.git.ahead_behind(head, sha))
        for name, sha in repository.branches.items()
        if head
    ]
    rows.sort(key=lambda row: (row[0] != repository.default_branch, -row[1].committer[2]))
    pulls = {pull.head_ref: issue for issue, pull in repository.open_pulls()}
    return visit.html("branches.html", repository=repository, tab="code", rows=rows, pulls=pulls)


@page("GET", REPOSITORY + r"/(?P<what>edit|new)/(?P<rest>.+)")
def edit(visit: Visit) -> Response:
    """The editor: an existing file, or a new one in a directory."""
    repository = visit.repository()
    if repository.archived:
        raise Refused(403, f"{repository.full_name} is archived: nothing in it can be changed.")
    ref, sha, path = _editable(repository, visit.params["rest"])
    text: str | None = ""
    if visit.params["what"] == "edit":
        text = text_of(repository.git, _file(repository, sha, path).oid)
        if text is None:
            raise Refused(422, f"{path} is binary or too large to be edited here.")
    return visit.html(
        "edit.html",
        repository=repository,
        tab="code",
        ref=ref,
        sha=sha,
        path=path,
        text=text,
        new=visit.params["what"] == "new",
        may_push=visit.may(repository, "write"),
        proposed=_free_branch(repository, visit.person.login),
    )


def _editable(repository: FakeRepository, rest: str) -> tuple[str, str, str]:
    if not repository.branches and rest.split("/")[0] == repository.default_branch:
        return repository.default_branch, "", rest.partition("/")[2]
    ref, sha, path = resolve(repository, rest)
    if ref not in repository.branches:
        raise Refused(422, "Only files on a branch can be edited.")
    return ref, sha, path


@page("POST", REPOSITORY + r"/(?P<what>edit|new)/(?P<rest>.+)")
def push(visit: Visit) -> Response:
    """Push the edited file, to the branch or to a new one for a pull request."""
    repository = visit.repository()
    ref, sha, _ = _editable(repository, visit.params["rest"])
    path = visit.form.get("path", "").strip().strip("/")
    if not path or any(part in ("", ".", "..", ".git") for part in path.split("/")):
        raise Refused(422, "Give the file a name, such as docs/guide.md.")
    text = visit.form.get("text", "").replace("\r\n", "\n")
    text += "" if not text or text.endswith("\n") else "\n"
    message = visit.form.get("message", "").strip() or f"Update {path}"
    was = visit.params["rest"][len(ref) + 1 :]
    files: dict[str, str | None] = {path: text}
    if visit.params["what"] == "edit" and was != path:
        files[was] = None
    if visit.form.get("remove"):
        files = {was: None}
        message = visit.form.get("message", "").strip() or f"Delete {was}"
    if visit.form.get("seen", "") != sha:
        raise Refused(409, f"{ref} has moved since you opened the editor: open it again.")
    if not visit.may(repository, "write"):
        return _propose_from_fork(visit, repository, ref, sha, files, message)
    branch = ref
    if visit.form.get("where") == "branch":
        branch = visit.form.get("branch", "").strip() or _free_branch(repository, visit.person.login)
    arguments = {"parents": [sha]} if sha and branch != ref else {}
    if branch != ref and branch in repository.branches:
        raise Refused(422, f"There is a branch {branch} already.")
    visit.act("push", which=repository.id, branch=branch, files=files, message=message, **arguments)
    if branch != ref:
        return visit.go(
            path_of(repository.full_name, "compare", f"{ref}...{branch}"),
            f"Pushed to the new branch {branch}.",
        )
    shown = ("tree", ref) if None in files.values() and len(files) == 1 else ("blob", ref, path)
    return visit.go(path_of(repository.full_name, *shown), f"Pushed to {ref}.")


def _free_branch(repository: FakeRepository, login: str) -> str:
    number = 1
    while f"{login}-patch-{number}" in repository.branches:
        number += 1
    return f"{login}-patch-{number}"


def _propose_from_fork(
    visit: Visit, repository: FakeRepository, ref: str, sha: str, files: dict[str, str | None], message: str
) -> Response:
    """Who may not push works on a fork, as on github.com."""
    if repository.archived or repository.private:
        visit.require(repository, "write", "push")
    own = next(
        (
            r
            for r in visit.fake.repositories.values()
            if r.parent is repository and r.owner is visit.person and not r.deleted
        ),
        None,
    )
    if own is None:
        own = visit.fake.fork(repository, visit.person.login)
    branch = _free_branch(own, visit.person.login)
    visit.act("push", which=own.id, branch=branch, files=files, message=message, parents=[sha])
    return visit.go(
        path_of(repository.full_name, "compare", f"{ref}...{visit.person.login}:{branch}"),
        f"Pushed to your fork {own.full_name}.",
    )


@page("GET", REPOSITORY + r"/raw/(?P<rest>.+)")
def raw(visit: Visit) -> Response:
    """A file's bytes, as plain text whatever they are."""
    repository = visit.repository()
    _, sha, path = _at(visit, repository)
    _, data = repository.git.read(_file(repository, sha, path).oid)
    shown = visit.html("message.html", text="")
    headers = {name: value for name, value in shown.headers.items() if name != "Content-Type"}
    return Response(200, {**headers, "Content-Type": "text/plain; charset=utf-8"}, data)
