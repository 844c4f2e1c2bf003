"""What was reported on a commit: check runs, statuses, and the two rolled up."""

from __future__ import annotations

from collections.abc import Sequence

from bot.testing.graphql.declaring import Asked, Problem, connection, field, forbidden, represent
from bot.testing.graphql.sources import Commit, Reported, Rollup, Run, Suite
from bot.testing.routing import parse_needs
from bot.testing.state import AppIdentity, latest_runs

_CHECKS = parse_needs("checks=read")
_STATUSES = parse_needs("statuses=read")
_FAILED = frozenset({"failure", "timed_out", "cancelled", "action_required", "startup_failure", "stale"})

represent(Run, "CheckRun")
represent(Reported, "StatusContext")


@field("Commit", "statusCheckRollup", needs="checks=read; statuses=read")
def rollup(source: Commit, _asked: Asked) -> Rollup | None:
    """All that was reported on a commit, null when nothing was."""
    repository = source.repository
    runs = [r for s in repository.check_suites.values() if s.head_sha == source.oid for r in s.runs]
    statuses = {status.context: status for status in repository.statuses.get(source.oid, ())}
    if not runs and not statuses:
        return None
    return Rollup(repository, source.oid, tuple(latest_runs(runs)), tuple(statuses.values()))


@field("StatusCheckRollup", "id")
def rollup_id(source: Rollup, _asked: Asked) -> str:
    """Names the commit."""
    return f"SCR_{source.repository.id}_{source.oid}"


@field("StatusCheckRollup", "state")
def rollup_state(source: Rollup, _asked: Asked) -> str:
    """The worst of all."""
    said = {status.state for status in source.statuses}
    if any(run.conclusion in _FAILED for run in source.runs) or "failure" in said:
        return "FAILURE"
    if "error" in said:
        return "ERROR"
    if any(run.status != "completed" for run in source.runs) or "pending" in said:
        return "PENDING"
    return "SUCCESS"


@field("StatusCheckRollup", "commit")
def rollup_commit(source: Rollup, _asked: Asked) -> Commit:
    """Of which it is told."""
    return Commit(source.repository, source.oid)


@connection("StatusCheckRollup", "contexts")
def contexts(source: Rollup, asked: Asked) -> Sequence[Run | Reported | Problem]:
    """Check runs, then statuses; null with an error for each that the token may not read."""
    runs = asked.may(_CHECKS, source.repository, restricted=False)
    statuses = asked.may(_STATUSES, source.repository, restricted=False)
    return [
        *(Run(source.repository, run) if runs else forbidden() for run in source.runs),
        *(
            Reported(source.repository, source.oid, status) if statuses else forbidden()
            for status in source.statuses
        ),
    ]


# Check runs


@field("CheckRun", "id")
def run_id(source: Run, _asked: Asked) -> str:
    """The global id."""
    return f"CR_{source.record.id:08d}"


@field("CheckRun", "databaseId")
def run_database_id(source: Run, _asked: Asked) -> int:
    """REST's id."""
    return source.record.id


@field("CheckRun", "status")
def run_status(source: Run, _asked: Asked) -> str:
    """How far it is."""
    return source.record.status.upper()


@field("CheckRun", "conclusion")
def run_conclusion(source: Run, _asked: Asked) -> str | None:
    """What came out, null before that."""
    return source.record.conclusion.upper() if source.record.conclusion else None


@field("CheckRun", "detailsUrl")
def run_details_url(source: Run, _asked: Asked) -> str | None:
    """Where the App tells more."""
    return source.record.details_url or None


@field("CheckRun", "externalId")
def run_external_id(source: Run, _asked: Asked) -> str | None:
    """The App's own name of it."""
    return source.record.external_id or None


@field("CheckRun", "checkSuite")
def run_suite(source: Run, _asked: Asked) -> Suite:
    """Where it belongs."""
    return Suite(source.repository, source.record.suite)


# Check suites


@field("CheckSuite", "id")
def suite_id(source: Suite, _asked: Asked) -> str:
    """The global id."""
    return f"CS_{source.record.id:08d}"


@field("CheckSuite", "databaseId")
def suite_database_id(source: Suite, _asked: Asked) -> int:
    """REST's id."""
    return source.record.id


@field("CheckSuite", "status")
def suite_status(source: Suite, _asked: Asked) -> str:
    """How far its runs are."""
    return source.record.outcome()[0].upper()


@field("CheckSuite", "conclusion")
def suite_conclusion(source: Suite, _asked: Asked) -> str | None:
    """The worst of its runs."""
    conclusion = source.record.outcome()[1]
    return conclusion.upper() if conclusion else None


@field("CheckSuite", "app")
def suite_app(source: Suite, _asked: Asked) -> AppIdentity:
    """Whose it is."""
    return source.record.app


@field("CheckSuite", "commit")
def suite_commit(source: Suite, _asked: Asked) -> Commit:
    """Of which it tells."""
    return Commit(source.repository, source.record.head_sha)


@field("App", "id")
def app_id(source: AppIdentity, _asked: Asked) -> str:
    """The global id."""
    return f"A_{source.id:08d}"


@field("App", "databaseId")
def app_database_id(source: AppIdentity, _asked: Asked) -> int:
    """REST's id."""
    return source.id


@field("App", "name")
def app_name(source: AppIdentity, _asked: Asked) -> str:
    """As in REST."""
    return source.slug


# Statuses


@field("StatusContext", "id")
def status_id(source: Reported, _asked: Asked) -> str:
    """The global id."""
    return f"SC_{source.record.id:08d}"


@field("StatusContext", "state")
def status_state(source: Reported, _asked: Asked) -> str:
    """What was said."""
    return source.record.state.upper()


@field("StatusContext", "commit")
def status_commit(source: Reported, _asked: Asked) -> Commit:
    """Of which."""
    return Commit(source.repository, source.oid)
