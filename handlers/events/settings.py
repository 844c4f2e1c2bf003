"""Something changed that no commit shows: a rule, an alert, a release, what CI said.

A deploy key that comes or goes waits for the sweep: GitHub tells of it only whoever may read deployments.
"""

from __future__ import annotations

from bot.model.events import Event, Lane
from bot.spec import Submission, on
from handlers.payloads import number, text
from jobs.scan_repository import ScanRepository


@on("branch_protection_rule", lane=Lane.SWEEP)
def look_after_a_branch_rule(event: Event) -> list[Submission]:
    """Classic protection of the repository changed."""
    return _look(event)


@on("repository_ruleset", lane=Lane.SWEEP)
def look_after_a_ruleset(event: Event) -> list[Submission]:
    """A ruleset of the repository changed; one of the organisation names none, and waits for the sweep."""
    return _look(event)


@on("dependabot_alert", lane=Lane.SWEEP)
def look_after_an_alert(event: Event) -> list[Submission]:
    """An alert was opened, fixed or dismissed."""
    return _look(event)


@on("release", actions=("published", "deleted", "unpublished"), lane=Lane.SWEEP)
def look_after_a_release(event: Event) -> list[Submission]:
    """There is something new to be had, or no more."""
    return _look(event)


@on("check_suite", actions=("completed",), lane=Lane.SWEEP)
def look_after_ci(event: Event) -> list[Submission]:
    """CI is done with the default branch. The end of our own checks, or of another branch's, is no news."""
    payload = event.payload
    branch = text(payload, "check_suite", "head_branch")
    app = number(payload, "check_suite", "app", "id")
    if not app or app == event.app_id or not branch:
        return []
    return _look(event) if branch == text(payload, "repository", "default_branch") else []


def _look(event: Event) -> list[Submission]:
    installation, repository = event.installation_id, event.repository_id
    if not installation or not repository:
        return []
    return [Submission(ScanRepository(installation_id=installation, repository_id=repository), Lane.SWEEP)]
