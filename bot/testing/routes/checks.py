"""Check runs and check suites: only the App that made a run may change it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.testing.git import HEX
from bot.testing.render import Json
from bot.testing.routes.git import commit_for
from bot.testing.routing import (
    NOT_ACCESSIBLE,
    Answer,
    Call,
    Refusal,
    in_repository,
    malformed,
    not_found,
)
from bot.testing.state import CheckRun, CheckSuite, latest_runs

MAX_TEXT = 65_535
MAX_ANNOTATIONS = 50
MAX_ACTIONS = 3
_STATUSES = ("queued", "in_progress", "completed")
_CONCLUSIONS = (
    "action_required",
    "cancelled",
    "failure",
    "neutral",
    "success",
    "skipped",
    "timed_out",
)
_ACTION_LIMITS = {"label": 20, "description": 40, "identifier": 20}
_LEVELS = ("notice", "warning", "failure")


# Checking what was sent


def _string(body: Json, name: str, *, required: bool = False, limit: int | None = None) -> str | None:
    value = body.get(name)
    if value is None:
        if required:
            raise malformed(f'"{name}" wasn\'t supplied.')
        return None
    if not isinstance(value, str):
        raise malformed(f"For 'properties/{name}', {value!r} is not a string.")
    if limit is not None and len(value) > limit:
        raise malformed(f"Only {limit} characters are allowed; {len(value)} were supplied.")
    return value


def _member(value: str | None, allowed: Sequence[str]) -> str | None:
    if value is not None and value not in allowed:
        listed = ", ".join(f'"{name}"' for name in allowed)
        raise malformed(f'"{value}" is not a member of [{listed}].')
    return value


def _items(body: Json, name: str, limit: int) -> list[Json]:
    values = body.get(name)
    if values is None:
        return []
    if not isinstance(values, list) or not all(isinstance(value, dict) for value in values):
        raise malformed(f"For 'properties/{name}', value is not an array of objects.")
    if len(values) > limit:
        raise malformed(f"No more than {limit} items are allowed; {len(values)} were supplied.")
    return values


def _time(body: Json, name: str) -> datetime | None:
    text = _string(body, name)
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        raise malformed(f"For 'properties/{name}', {text} is not a valid date-time.") from None


def _annotation(note: Json) -> Json:
    for name in ("path", "annotation_level", "message"):
        _string(note, name, required=True)
    _member(note["annotation_level"], _LEVELS)
    for name in ("start_line", "end_line"):
        if not isinstance(note.get(name), int) or isinstance(note[name], bool):
            raise malformed(f'"{name}" wasn\'t supplied.')
    columns = {"start_column", "end_column"} & {name for name, value in note.items() if value is not None}
    if columns and note["start_line"] != note["end_line"]:
        raise malformed("Annotations on multiple lines can not have columns.")
    if len(_string(note, "title") or "") > 255:
        raise malformed("Only 255 characters are allowed in an annotation's title.")
    for name in ("message", "raw_details"):
        if len((_string(note, name) or "").encode()) > 64 * 1024:
            raise malformed(f"An annotation's {name} is limited to 64 KB.")
    return dict(note)


def _action(action: Json) -> dict[str, str]:
    found = {
        name: _string(action, name, required=True, limit=limit) for name, limit in _ACTION_LIMITS.items()
    }
    return {name: text for name, text in found.items() if text is not None}


def _apply(call: Call, run: CheckRun, body: Json, *, new: bool) -> None:
    """Check everything that was sent, then take it over."""
    status = _member(_string(body, "status"), _STATUSES)
    conclusion = _member(_string(body, "conclusion"), _CONCLUSIONS)
    completed_at, started_at = _time(body, "completed_at"), _time(body, "started_at")
    if conclusion is None and (status == "completed" or completed_at is not None):
        raise malformed('"conclusion" wasn\'t supplied.')
    output = body.get("output")
    if output is not None and not isinstance(output, dict):
        raise malformed("For 'properties/output', value is not an object.")
    sent: Json = output or {}
    title = _string(sent, "title", required=new and output is not None)
    summary = _string(sent, "summary", required=output is not None, limit=MAX_TEXT)
    text = _string(sent, "text", limit=MAX_TEXT)
    notes = [_annotation(note) for note in _items(sent, "annotations", MAX_ANNOTATIONS)]
    actions = [_action(action) for action in _items(body, "actions", MAX_ACTIONS)]
    external_id, details_url = _string(body, "external_id"), _string(body, "details_url")
    now = call.world.now()
    if status is not None or conclusion is not None:
        run.status = "completed" if conclusion is not None else str(status)
        run.conclusion = conclusion
        run.completed_at = (completed_at or now) if conclusion is not None else None
    if started_at is not None:
        run.started_at = started_at
    run.external_id = run.external_id if external_id is None else external_id
    run.details_url = run.details_url if details_url is None else details_url
    if output is not None:
        run.title = run.title if title is None else title
        run.summary, run.text = summary, run.text if text is None else text
        run.annotations += notes
    if "actions" in body:
        run.actions = actions


# Check runs


@in_repository("POST", "/check-runs", "checks=write")
def create_run(call: Call) -> Answer:
    """Make a check run; names are not unique, so a second POST makes a second run."""
    body, repository = call.json(), call.repository
    name = _string(body, "name", required=True)
    sha = _string(body, "head_sha", required=True)
    if not sha or not HEX.fullmatch(sha) or not repository.git.has_commit(sha):
        raise Refusal(422, f"No commit found for SHA: {sha}")
    suite, _ = call.world.suite_of(repository, sha, call.app)
    run = CheckRun(call.world.new_id(), suite, name or "", call.world.now())
    _apply(call, run, body, new=True)
    call.world.add_run(repository, run, call.actor)
    return Answer(201, call.world.render.check_run(repository, run))


def _run(call: Call, *, write: bool = False) -> CheckRun:
    run = call.repository.check_runs.get(call.number("check_run_id"))
    if run is None:
        raise not_found()
    if write and run.suite.app is not call.app:
        raise Refusal(403, NOT_ACCESSIBLE)
    return run


@in_repository("GET", "/check-runs/{check_run_id}", "checks=read")
def run(call: Call) -> Answer:
    """One check run."""
    return Answer(200, call.world.render.check_run(call.repository, _run(call)))


@in_repository("PATCH", "/check-runs/{check_run_id}", "checks=write")
def update_run(call: Call) -> Answer:
    """Change a run; annotations are added to those that are there."""
    found, body = _run(call, write=True), call.json()
    before = found.status
    name = _string(body, "name")
    _apply(call, found, body, new=False)
    found.name = name or found.name
    if found.status == "completed" and before != "completed":
        call.world.finish_run(call.repository, found, call.actor)
    elif found.status != before:
        found.suite.reset = False
    return Answer(200, call.world.render.check_run(call.repository, found))


@in_repository("GET", "/check-runs/{check_run_id}/annotations", "checks=read")
def annotations_of_run(call: Call) -> Answer:
    """The annotations of a run, in the order in which they came."""
    found = _run(call)
    sha = found.suite.head_sha
    return call.page(found.annotations, lambda note: call.world.render.annotation(call.repository, sha, note))


@in_repository("POST", "/check-runs/{check_run_id}/rerequest", "checks=write")
def rerequest_run(call: Call) -> Answer:
    """As if somebody pressed "Re-run"."""
    call.world.request_run_again(call.repository, _run(call, write=True), call.actor)
    return Answer(201, {})


def _filtered(call: Call, runs: list[CheckRun]) -> Answer:
    which = call.query("filter", "latest")
    if which == "latest":
        runs = latest_runs(runs)
    name, status, app = call.query("check_name"), call.query("status"), call.query("app_id")
    found = [
        run
        for run in runs
        if name in ("", run.name) and status in ("", run.status) and app in ("", str(run.suite.app.id))
    ]
    found.sort(key=lambda run: -run.id)
    return call.page(found, lambda run: call.world.render.check_run(call.repository, run), key="check_runs")


@in_repository("GET", "/commits/{ref+}/check-runs", "checks=read")
def runs_of_commit(call: Call) -> Answer:
    """The runs on a commit, newest first; by default the latest of each name."""
    sha = commit_for(call, call.params["ref"]).oid
    return _filtered(call, [run for run in call.repository.check_runs.values() if run.suite.head_sha == sha])


# Check suites


def _suite(call: Call) -> CheckSuite:
    found = call.repository.check_suites.get(call.number("check_suite_id"))
    if found is None:
        raise not_found()
    return found


@in_repository("GET", "/check-suites/{check_suite_id}", "checks=read")
def suite(call: Call) -> Answer:
    """One suite."""
    return Answer(200, call.world.render.full_suite(call.repository, _suite(call)))


@in_repository("GET", "/check-suites/{check_suite_id}/check-runs", "checks=read")
def runs_of_suite(call: Call) -> Answer:
    """The runs of a suite."""
    return _filtered(call, list(_suite(call).runs))


@in_repository("POST", "/check-suites/{check_suite_id}/rerequest", "checks=write")
def rerequest_suite(call: Call) -> Answer:
    """As if somebody pressed "Re-run all"."""
    found = _suite(call)
    if found.app is not call.app:
        raise Refusal(403, NOT_ACCESSIBLE)
    call.world.request_suite_again(call.repository, found, call.actor)
    return Answer(201, {})


@in_repository("GET", "/commits/{ref+}/check-suites", "checks=read")
def suites_of_commit(call: Call) -> Answer:
    """The suites on a commit."""
    sha = commit_for(call, call.params["ref"]).oid
    app, name = call.query("app_id"), call.query("check_name")
    found = [
        suite
        for suite in call.repository.check_suites.values()
        if suite.head_sha == sha
        and app in ("", str(suite.app.id))
        and (not name or any(run.name == name for run in suite.runs))
    ]
    return call.page(found, lambda s: call.world.render.full_suite(call.repository, s), key="check_suites")
