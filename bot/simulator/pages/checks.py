"""Check runs: what one says, the remarks on the files' lines, and its buttons."""

from __future__ import annotations

from bot.simulator.pages.diffs import by_path, excerpt
from bot.simulator.pages.routing import REPOSITORY, Refused, page
from bot.simulator.pages.site import Visit
from bot.simulator.pages.view import path_of, runs_on
from bot.testing.http import Response
from bot.testing.state import CheckRun, FakeRepository


def _run(visit: Visit) -> tuple[FakeRepository, CheckRun]:
    repository = visit.repository()
    digits = visit.params["id"]
    run = repository.check_runs.get(int(digits)) if len(digits) < 19 else None
    if run is None:
        raise Refused(404, f"{repository.full_name} has no check run {digits}.")
    return repository, run


@page("GET", REPOSITORY + r"/runs/(?P<id>\d+)")
def run(visit: Visit) -> Response:
    """One check run."""
    repository, found = _run(visit)
    sha = found.suite.head_sha
    files = []
    for path, remarks in by_path(found).items():
        rows = excerpt(repository.git, sha, path, remarks)
        shown = {row.new for row in rows}
        files.append((path, rows, remarks, [remark for remark in remarks if remark.end not in shown]))
    others = runs_on(repository, sha)
    newer = next((r for r in others if r.name == found.name and r.id > found.id), None)
    return visit.html(
        "run.html",
        repository=repository,
        tab="code",
        run=found,
        newer=newer,
        others=others,
        files=files,
        commit=repository.git.commit(sha),
        pulls=[issue for issue, pull in repository.open_pulls() if pull.head_sha == sha],
        may_press=visit.may(repository, "write"),
    )


@page("POST", REPOSITORY + r"/runs/(?P<id>\d+)/rerun")
def rerun(visit: Visit) -> Response:
    """Press *Re-run*."""
    repository, found = _run(visit)
    visit.require(repository, "write", "re-run a check")
    visit.act("rerequest_check_run", check_run_id=found.id)
    return visit.go(path_of(repository.full_name, "runs", found.id), "Asked for a new run; it appears here.")


@page("POST", REPOSITORY + r"/runs/(?P<id>\d+)/press")
def press(visit: Visit) -> Response:
    """Press one of the run's own buttons."""
    repository, found = _run(visit)
    visit.require(repository, "write", "press a check run's button")
    visit.act("press_button", check_run_id=found.id, identifier=visit.form.get("identifier", ""))
    return visit.go(path_of(repository.full_name, "runs", found.id), "Pressed; the App was told.")
