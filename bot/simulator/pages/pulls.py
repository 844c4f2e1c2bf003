"""Pull requests: proposing, looking at the change with its remarks, merging."""

from __future__ import annotations

from urllib.parse import unquote

from bot.simulator.pages.diffs import file_changes, remarks_on
from bot.simulator.pages.issues import numbered, page_of, talk
from bot.simulator.pages.routing import REPOSITORY, Refused, page
from bot.simulator.pages.site import Visit
from bot.simulator.pages.view import combined, path_of, runs_on
from bot.testing.http import Response
from bot.testing.state import FakeRepository, Issue, PullDetails


@page("GET", REPOSITORY + r"/pulls")
def pulls(visit: Visit) -> Response:
    """Pull requests of a repository, open ones unless asked otherwise."""
    repository = visit.repository()
    state = "closed" if visit.query.get("state") == "closed" else "open"
    every = [i for i in repository.issues.values() if i.pull is not None]
    shown = sorted((i for i in every if i.state == state), key=lambda i: -i.number)
    counts = {s: sum(i.state == s for i in every) for s in ("open", "closed")}
    return visit.html(
        "issues.html",
        repository=repository,
        tab="pulls",
        issues=shown,
        state=state,
        counts=counts,
        kind="pulls",
    )


def _pull(visit: Visit) -> tuple[FakeRepository, Issue, PullDetails]:
    repository = visit.repository()
    issue = numbered(visit, repository)
    if issue.pull is None:
        raise Refused(404, f"Number {issue.number} is an issue, not a pull request.")
    return repository, issue, issue.pull


@page("GET", REPOSITORY + r"/pull/(?P<number>\d+)")
@page("GET", REPOSITORY + r"/pull/(?P<number>\d+)/(?P<part>commits|checks|files)")
def pull(visit: Visit) -> Response:
    """The conversation, the commits, the check runs, or the files of a pull request."""
    repository, issue, details = _pull(visit)
    git = repository.git
    open_ = issue.state == "open"
    base = repository.branches.get(details.base_ref, details.base_sha) if open_ else details.base_sha
    start = git.merge_base(base, details.head_sha)
    files = (
        file_changes(git, start, details.head_sha, remarks_on(repository, details.head_sha)) if start else []
    )
    runs = runs_on(repository, details.head_sha)
    return visit.html(
        "pull.html",
        repository=repository,
        tab="pulls",
        issue=issue,
        pull=details,
        part=visit.params.get("part", ""),
        files=files,
        commits=[git.commit(oid) for oid in reversed(git.log([details.head_sha], [base]))],
        runs=runs,
        state=combined(runs),
        conflict=open_ and git.merge_tree(base, details.head_sha) is None,
        may_merge=visit.may(repository, "write"),
        **talk(visit, repository, issue),
    )


@page("POST", REPOSITORY + r"/pull/(?P<number>\d+)/merge")
def merge(visit: Visit) -> Response:
    """Merge, with a merge commit or squashed."""
    repository, issue, details = _pull(visit)
    visit.require(repository, "write", "merge")
    if issue.state != "open":
        raise Refused(422, "This pull request is not open.")
    if visit.form.get("seen", "") != details.head_sha:
        raise Refused(409, "The branch has moved since you saw it: look at the change again.")
    squash = visit.form.get("how") == "squash"
    visit.act("merge_pull_request", which=repository.id, number=issue.number, squash=squash)
    return visit.go(page_of(repository, issue), f"Merged into {details.base_ref}.")


def _sides(visit: Visit, repository: FakeRepository) -> tuple[str, FakeRepository, str]:
    """(base branch, head repository, head branch) of a comparison's address. Raises Refused."""
    base, dots, head = unquote(visit.params["rest"]).partition("...")
    source = repository
    login, colon, branch = head.partition(":")
    if colon:
        forks = [
            r
            for r in visit.fake.repositories.values()
            if r.parent is repository and r.owner.login.lower() == login.lower() and not r.deleted
        ]
        if not forks:
            raise Refused(404, f"{login} has no fork of {repository.full_name}.")
        source, head = forks[0], branch
    if not dots or base not in repository.branches or head not in source.branches:
        raise Refused(404, "Compare two branches, such as main...topic.")
    return base, source, head


@page("GET", REPOSITORY + r"/compare/(?P<rest>.+)")
def compare(visit: Visit) -> Response:
    """What a branch would bring, and the form that proposes it."""
    repository = visit.repository()
    base, source, head = _sides(visit, repository)
    git = repository.git
    ours, theirs = repository.branches[base], source.branches[head]
    start = git.merge_base(ours, theirs)
    files = file_changes(git, start, theirs, {}) if start else []
    commits = [git.commit(oid) for oid in reversed(git.log([theirs], [ours]))]
    return visit.html(
        "compare.html",
        repository=repository,
        tab="pulls",
        base=base,
        source=source,
        head=head,
        files=files,
        commits=commits,
        title=commits[-1].message.splitlines()[0] if commits else "",
        may_open=visit.may(repository, "read"),
    )


@page("POST", REPOSITORY + r"/compare/(?P<rest>.+)")
def propose(visit: Visit) -> Response:
    """Open a pull request."""
    repository = visit.repository()
    visit.require(repository, "read", "open a pull request")
    base, source, head = _sides(visit, repository)
    title = visit.form.get("title", "").strip()
    if not title:
        raise Refused(422, "Give the pull request a title.")
    number = visit.act(
        "open_pull_request",
        which=repository.id,
        head=head,
        base=base,
        title=title[:256],
        body=visit.form.get("body", "")[:65_536] or None,
        head_repository=source.id,
    )
    return visit.go(path_of(repository.full_name, "pull", number))
